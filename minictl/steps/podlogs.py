"""Logs of whatever has Pods: which Pods and containers are meant, and their lines."""

from __future__ import annotations

import time

from minictl.errors import CommandError, go_quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from minictl.client import Query
    from minictl.session import Session

    Object = dict[str, Any]

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
LISTS = (("initContainers", " (init)"), ("containers", ""), ("ephemeralContainers", " (ephem)"))
"""Where a Pod lists containers, in the order of their logs, and how their names are marked in sentences."""
PLAIN_SELECTORS = ("ReplicationController", "Service")
SELECTORS = ("ReplicaSet", "StatefulSet", "DaemonSet", "Deployment", "Job")
POLL_SECONDS = 0.2
_PHASES = {"Unknown": 1, "Pending": 2}


class Wanted:
    """What is asked for. `container`: "" for the usual one; `wait_seconds`: how long to wait for a first Pod."""

    __slots__ = ("all_containers", "all_pods", "container", "wait_seconds")

    def __init__(
        self, container: str = "", all_containers: bool = False, all_pods: bool = False, wait_seconds: float = 0.0
    ) -> None:
        self.container = container
        self.all_containers = all_containers
        self.all_pods = all_pods
        self.wait_seconds = wait_seconds


class Source:
    """One container of one Pod."""

    __slots__ = ("container", "path", "pod")

    def __init__(self, pod: Object, container: str) -> None:
        meta = pod["metadata"]
        self.pod = str(meta["name"])
        self.container = container
        self.path = f"/api/v1/namespaces/{meta['namespace']}/pods/{self.pod}/log"

    @property
    def prefix(self) -> str:
        return f"[pod/{self.pod}/{self.container}] "

    def read(self, session: Session, query: Query) -> Iterator[bytes]:
        """What it printed, piece by piece.

        Raises:
            ServerError: the server refuses.
        """
        yield from session.client.pieces(self.path, {"container": self.container, **query})


def sources(session: Session, subject: Object, wanted: Wanted) -> list[Source]:
    """The containers whose logs are meant by a Pod, or by something that has Pods.

    Raises:
        CommandError: it has none, or no such container.
    """
    if subject["kind"] == "Pod":
        return _of_pod(session, subject, wanted)
    pods = _pods(session, subject, wanted.wait_seconds)
    if len(pods) > 1 and not wanted.all_pods:
        session.note(f"Found {len(pods)} pods, using pod/{pods[0]['metadata']['name']}")
    chosen = pods if wanted.all_pods else pods[:1]
    return [source for pod in chosen for source in _of_pod(session, pod, wanted)]


def _of_pod(session: Session, pod: Object, wanted: Wanted) -> list[Source]:
    spec, name = pod["spec"], pod["metadata"]["name"]
    titles = {each["name"]: each["name"] + mark for field, mark in LISTS for each in spec.get(field) or ()}
    regular = [each["name"] for each in spec["containers"]]
    every = ", ".join(titles[each] for each in [*regular, *(one for one in titles if one not in regular)])
    if wanted.all_containers:
        return [Source(pod, each) for each in titles]
    chosen = wanted.container
    preferred: str = (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER) or ""
    if not chosen and preferred in titles:
        chosen = preferred
    elif not chosen and preferred:
        session.note(f"Default container name {go_quote(preferred)} not found in pod {name}")
    if not chosen:
        chosen = regular[0]
        if len(titles) > 1 and not wanted.all_pods:
            session.note(f"Defaulted container {go_quote(chosen)} out of: {every}")
    if chosen not in titles:
        raise CommandError(f"container {chosen} is not valid for pod {name} out of: {every}")
    return [Source(pod, chosen)]


def _pods(session: Session, subject: Object, wait_seconds: float) -> list[Object]:
    """The Pods of something, the most telling first; waits for one when there is none."""
    selector = _selector(subject)
    deadline = time.monotonic() + wait_seconds
    path = f"/api/v1/namespaces/{subject['metadata']['namespace']}/pods"
    while True:
        found: list[Object] = session.client.list(path, {"labelSelector": selector}).get("items") or []
        if found:
            return sorted(found, key=_telling)
        if time.monotonic() > deadline:
            raise CommandError("timed out waiting for the condition")
        time.sleep(POLL_SECONDS)


def _selector(subject: Object) -> str:
    from minictl.describe import text

    kind, chosen = subject["kind"], (subject.get("spec") or {}).get("selector")
    if kind in SELECTORS:
        return text.label_selector(chosen)
    type_name = f"*{subject['apiVersion'].rpartition('/')[2]}.{kind}"
    if kind not in PLAIN_SELECTORS:
        raise CommandError(f"cannot get the logs from {type_name}: selector for {type_name} not implemented")
    if kind == "Service" and not chosen:
        name = subject["metadata"]["name"]
        fault = f"invalid service '{name}': Service is defined without a selector"
        raise CommandError(f"cannot get the logs from {type_name}: {fault}")
    return text.selector(chosen)


def _telling(pod: Object) -> tuple[Any, ...]:
    """A key that puts first what runs, is ready, has been so for longest, or was restarted most."""
    status, spec = pod.get("status") or {}, pod["spec"]
    ready = next(
        (one for one in status.get("conditions") or () if one["type"] == "Ready" and one["status"] == "True"), None
    )
    restarts = max((one.get("restartCount", 0) for one in status.get("containerStatuses") or ()), default=0)
    return (
        not spec.get("nodeName"),
        _PHASES.get(status.get("phase", ""), 0),
        ready is None,
        (ready or {}).get("lastTransitionTime") or "",
        -restarts,
        pod["metadata"].get("creationTimestamp") or "",
    )
