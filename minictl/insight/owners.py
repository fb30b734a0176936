"""Who belongs to whom: the tree above and below an object."""

from __future__ import annotations

from minictl.insight import is_ready, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Object = dict[str, Any]

SERVICE_NAME = "kubernetes.io/service-name"


class Node:
    """An object, how it is, and what belongs to it."""

    __slots__ = ("below", "object")

    def __init__(self, object: Object, below: list[Node]) -> None:
        self.object = object
        self.below = below

    @property
    def fields(self) -> Object:
        found: Object = {"name": name_of(self.object), "status": status(self.object)}
        return {**found, "children": [node.fields for node in self.below]} if self.below else found


def top(object: Object, everything: list[Object]) -> Object:
    """The first of its line: the owner's owner's owner."""
    by_uid = {each["metadata"]["uid"]: each for each in everything}
    seen: set[str] = set()
    while object["metadata"]["uid"] not in seen:
        seen.add(object["metadata"]["uid"])
        owners = (by_uid.get(reference["uid"]) for reference in object["metadata"].get("ownerReferences") or ())
        object = next((owner for owner in owners if owner is not None), object)
    return object


def tree(root: Object, everything: list[Object]) -> Node:
    """The object and all that belongs to it; to a slice of endpoints, the Pods it names."""
    owned: dict[str, list[Object]] = {}
    for each in everything:
        for reference in each["metadata"].get("ownerReferences") or ():
            owned.setdefault(reference["uid"], []).append(each)
    pods = {each["metadata"]["uid"]: each for each in everything if each["kind"] == "Pod"}

    def grown(object: Object, above: frozenset[str]) -> Node:
        uid = object["metadata"]["uid"]
        below = [each for each in owned.get(uid, ()) if each["metadata"]["uid"] not in above]
        if object["kind"] == "EndpointSlice":
            named = ((e.get("targetRef") or {}).get("uid") for e in object.get("endpoints") or ())
            below += [pods[uid] for uid in named if uid in pods]
        below.sort(key=lambda each: (each["kind"], each["metadata"]["name"]))
        return Node(object, [grown(each, above | {uid}) for each in below])

    return grown(root, frozenset())


def lines(node: Node) -> Iterator[tuple[str, str]]:
    """(name with its branches, status) for each line of the drawing."""

    def drawn(node: Node, first: str, rest: str) -> Iterator[tuple[str, str]]:
        yield first + name_of(node.object), status(node.object)
        for number, below in enumerate(node.below, 1):
            last = number == len(node.below)
            yield from drawn(below, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))

    return drawn(node, "", "")


def status(object: Object) -> str:
    """How it is, in a few words; "" where there is nothing to say."""
    return _STATUS.get(object["kind"], _nothing)(object)


def _nothing(object: Object) -> str:
    return str((object.get("status") or {}).get("phase") or "")


def _pod(pod: Object) -> str:
    state = pod.get("status") or {}
    waiting = (
        ((container.get("state") or {}).get("waiting") or {}).get("reason")
        for container in state.get("containerStatuses") or ()
    )
    word = next((reason for reason in waiting if reason), None) or state.get("reason") or state.get("phase", "")
    if pod["metadata"].get("deletionTimestamp"):
        word = "Terminating"
    return f"{word}{'' if is_ready(pod) or word != 'Running' else ', not ready'} {state.get('podIP', '')}".rstrip()


def _replicas(object: Object) -> str:
    state = object.get("status") or {}
    return f"{state.get('readyReplicas', 0)}/{object['spec'].get('replicas', 1)} ready"


def _daemons(object: Object) -> str:
    state = object.get("status") or {}
    return f"{state.get('numberReady', 0)}/{state.get('desiredNumberScheduled', 0)} ready"


def _job(job: Object) -> str:
    state = job.get("status") or {}
    return f"{state.get('succeeded', 0)}/{job['spec'].get('completions', 1)} completed"


def _slice(slice_: Object) -> str:
    endpoints = slice_.get("endpoints") or []
    ready = sum((e.get("conditions") or {}).get("ready", True) is not False for e in endpoints)
    return f"{ready}/{len(endpoints)} ready"


_STATUS: dict[str, Callable[[Object], str]] = {
    "Pod": _pod,
    "Deployment": _replicas,
    "ReplicaSet": _replicas,
    "StatefulSet": _replicas,
    "ReplicationController": _replicas,
    "DaemonSet": _daemons,
    "Job": _job,
    "EndpointSlice": _slice,
    "Service": lambda service: f"{service['spec'].get('type', '')} {service['spec'].get('clusterIP') or ''}".rstrip(),
}
