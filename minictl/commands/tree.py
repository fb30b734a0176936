"""tree: who owns an object, and what belongs to it."""

from __future__ import annotations

from minictl.errors import UsageError
from minictl.grammar.flags import Command, Flag
from minictl.insight import owners
from minictl.steps import targets, telling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

NEVER_OWNED = ("bindings", "endpoints", "events", "leases")


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Draws the tree from the topmost owner down, with the state of each."""
    if not args:
        raise UsageError("say what to draw, such as deployment/web or service/web", session.path)
    found = [object for _, object in targets.fetch(session, targets.select(session, args, targets.Choice()))]
    namespaces = sorted({object["metadata"].get("namespace", "") for object in found})
    everything = [each for namespace in namespaces for each in _everything(session, namespace)]
    trees = [owners.tree(owners.top(object, everything), everything) for object in found]
    if telling.structured(session, flags, [tree.fields for tree in trees]):
        return
    for tree in trees:
        lines = list(owners.lines(tree))
        width = max(len(name) for name, _ in lines)
        for name, status in lines:
            session.say(f"{name:<{width}}   {status}".rstrip())


def _everything(session: Session, namespace: str) -> list[Object]:
    """All objects of a namespace that may own or be owned."""
    return [
        each
        for resource in session.resources.preferred()
        if resource.namespaced and "list" in resource.verbs and resource.plural not in NEVER_OWNED
        for each in telling.listed(session, resource.full_name, namespace)
    ]


DETAILS = """Starts at the topmost owner and draws everything below; below a Service stand its EndpointSlices and
their Pods.

Examples: `minictl tree deployment/web`; `minictl tree pod web-1`; `minictl tree service web -o yaml`."""

command = Command(
    "tree",
    run,
    usage="tree (TYPE NAME ... | TYPE/NAME ...) [-o json|yaml]",
    details=DETAILS,
    flags=(Flag("output", "string", "o", help="json or yaml"),),
)
