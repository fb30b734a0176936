"""route: hop by hop, how a request to a Service would travel, or where it ends."""

from __future__ import annotations

from minictl.errors import CommandError, UsageError
from minictl.grammar.flags import Command, Flag
from minictl.insight import routes
from minictl.steps import targets, telling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session

FETCHED = ("services", "endpointslices", "pods", "nodes", "networkpolicies")
ENDS_ON_THE_WAY = 1
"""Exit status of a request that does not arrive."""


def run(session: Session, flags: Flags, args: list[str]) -> int:
    """Prints the hops; nothing is sent anywhere."""
    outside = flags.on("outside")
    if len(args) != (1 if outside else 2):
        raise UsageError("say from which Pod and to which URL, or --outside and a URL", session.path)
    try:
        host, port = routes.parse(args[-1])
    except ValueError as error:
        raise CommandError(str(error)) from None
    services, slices, pods, nodes, policies = (telling.listed(session, word, "") for word in FETCHED)
    cluster = routes.Cluster(services, slices, pods, nodes, flags.text("cluster-domain"), policies)
    if outside:
        route = routes.outside(host, port, cluster)
    else:
        pod = targets.Target(session.resources.find("pods"), session.namespace, args[0].removeprefix("pod/"))
        route = routes.inside(targets.get(session, pod), host, port, cluster)
    if not telling.structured(session, flags, route.fields):
        for number, hop in enumerate(route.hops, 1):
            session.say(f"{number}. {hop}")
        session.say(f"{'arrives at' if route.arrives else 'ends:'} {route.end}")
    return 0 if route.arrives else ENDS_ON_THE_WAY


DETAILS = """Nothing is sent: the way is read off the cluster's objects, as its DNS and its nodes would go it. The
exit status is 1 for a request that does not arrive. NetworkPolicies on the way are told of, and not enforced.

Examples: `minictl route web-1 http://backend-service/`; `minictl route web-1 backend-service.other:80`;
`minictl route --outside http://10.96.45.12/`; `minictl route --outside 192.168.0.11:30080 -o json`."""

command = Command(
    "route",
    run,
    usage="route POD URL | route --outside URL [-o json|yaml]",
    details=DETAILS,
    flags=(
        Flag("outside", "bool", help="ask from outside the cluster"),
        Flag("cluster-domain", default="cluster.local", help="the cluster's DNS domain"),
        Flag("output", "string", "o", help="json or yaml"),
    ),
)
