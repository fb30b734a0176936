"""why: in plain words, why something is not as one would have it."""

from __future__ import annotations

from minictl.errors import CommandError, UsageError
from minictl.grammar.flags import Command, Flag
from minictl.insight import causes, claiming, keeping, name_of, owners, serving
from minictl.steps import targets, telling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

KEEPERS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job")
MAKERS = ("deployments.apps", "statefulsets.apps", "daemonsets.apps")
"""What has a template with the labels of Pods that need not be there yet."""


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints a verdict for each object, the causes below it, and the command that mends each."""
    if not args:
        raise UsageError("say what you wonder about, such as service/web or pod/web-1", session.path)
    found = list(targets.fetch(session, targets.select(session, args, targets.Choice())))
    told = [_told(session, object) for _, object in found]
    if telling.structured(session, flags, told):
        return
    for number, answer in enumerate(told):
        session.say(f"{chr(10) if number else ''}{answer['object']}: {answer['verdict']}")
        for cause in answer["causes"]:
            session.say(f"  {cause['text']}")
            if "fix" in cause:
                session.say(f"    {cause['fix']}")


def _told(session: Session, object: Object) -> Object:
    verdict, found = _judged(session, object)
    return {"object": name_of(object), "verdict": verdict, "causes": [cause.fields for cause in found]}


def _judged(session: Session, object: Object) -> tuple[str, list[causes.Cause]]:
    kind, namespace = object["kind"], object["metadata"].get("namespace", "")
    if kind == "PersistentVolumeClaim":
        return claiming.of_claim(object, causes.Surroundings(classes=_listed(session, "storageclasses")))
    if kind not in ("Pod", "Service", *KEEPERS):
        raise CommandError(f"why is asked of services, pods, what keeps pods, and claims; not of {name_of(object)}")
    around = causes.Surroundings(
        nodes=_listed(session, "nodes"),
        claims=_listed(session, "persistentvolumeclaims", namespace),
        classes=_listed(session, "storageclasses"),
    )
    if kind == "Pod":
        found = causes.of_pod(object, around)
        return ("It is not ready." if found else "It is running and ready."), found
    if kind == "Service":
        around.keepers = [each for word in MAKERS for each in _listed(session, word, namespace)]
        everywhere = telling.listed(session, "pods", "")
        here = [pod for pod in everywhere if pod["metadata"]["namespace"] == namespace]
        return serving.of_service(object, here, [pod for pod in everywhere if pod not in here], around)
    everything = _listed(session, "replicasets.apps", namespace) + telling.listed(session, "pods", namespace)
    below = _below(object, everything)
    uids = {each["metadata"]["uid"] for each in (object, *below)}
    events = _listed(session, "events", namespace)
    around.events = [event for event in events if event["involvedObject"].get("uid") in uids]
    return keeping.of_owner(object, [each for each in below if each["kind"] == "Pod"], around)


def _listed(session: Session, word: str, namespace: str = "") -> list[Object]:
    """What may be to blame, as far as one may look at it: somebody else's cluster need not show its nodes."""
    try:
        return telling.listed(session, word, namespace)
    except CommandError:
        return []


def _below(object: Object, everything: list[Object]) -> list[Object]:
    nodes = [owners.tree(object, everything)]
    found = []
    while nodes:
        node = nodes.pop()
        found += [below.object for below in node.below]
        nodes += node.below
    return sorted(found, key=lambda each: str(each["metadata"]["name"]))


DETAILS = """Says of a Service why it has no endpoints, or not those you expect (labels that nearly match, Pods that are
not ready, port names that no container declares); of a Pod why it is not scheduled or not ready; of a Deployment and
its like why it has not all of its Pods; of a PersistentVolumeClaim why it has no volume. Below each cause stands the
command that mends it.

Examples: `minictl why service/backend-service`; `minictl why pod web-1`; `minictl why deployment web -o json`."""

command = Command(
    "why",
    run,
    usage="why (TYPE NAME ... | TYPE/NAME ...) [-o json|yaml]",
    details=DETAILS,
    flags=(Flag("output", "string", "o", help="json or yaml"),),
)
