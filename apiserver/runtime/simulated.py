"""A runtime without containers: it reports what a Pod's annotation tells it to, at any time, and else that all is well.

    minictl.dev/simulate   what becomes of the containers
    (none)                 they run and are ready at once; a failed one comes back
    Unready                they run, and fail their readiness probes
    CrashLoopBackOff       they end with exit code 1 as soon as they start, and are started again, later and later
    Error                  the same; where the restartPolicy forbids a restart that was it
    Completed              they end with exit code 0
    ImagePullBackOff       their images cannot be pulled

A container that the Pod's status knows and this runtime does not was started by an earlier process: it goes on as if
it had never been away, with its ID, its start time and its restarts.

An ended container comes back by the kubelet's rule: at once the first time, then 10, 20, 40 ... at most 300 seconds
later, as long as it keeps failing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from apiserver.clock import Clock, timestamp
from apiserver.objects.podfacts import ContainerFacts, PodFacts, Running, State, Terminated, Waiting, is_sidecar

Object = dict[str, Any]

ANNOTATION = "minictl.dev/simulate"
FIRST_BACKOFF_SECONDS = 10.0
LONGEST_BACKOFF_SECONDS = 300.0

EXITS = {"CrashLoopBackOff": (1, "Error"), "Error": (1, "Error"), "Completed": (0, "Completed")}
"""What a container told to end ends with: exit code and reason."""
KILLED = (137, "Error")
"""How a container ends that is taken away while it runs."""


@dataclass(slots=True)
class _Container:
    name: str
    image: str
    container_id: str = ""
    state: State = field(default_factory=lambda: Waiting("ContainerCreating"))
    last: Terminated | None = None
    restarts: int = 0
    ready: bool = False
    crashes: int = 0
    """How often in a row it ended since it last stayed up."""
    resumes: datetime | None = None
    """When a container in back-off is started again."""


@dataclass(slots=True)
class _Pod:
    namespace: str
    name: str
    uid: str
    policy: str
    behaviour: str
    containers: list[_Container]
    init_containers: list[_Container]
    ephemeral_containers: list[_Container]


class SimulatedRuntime:
    """Keeps the Runtime contract for any number of Pods, in memory."""

    scheme = "simulated"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pods: dict[str, _Pod] = {}

    def start(self, pod: Object) -> None:
        metadata, spec = pod["metadata"], pod["spec"]
        behaviour = behaviour_of(pod)
        known = self._pods.get(metadata["uid"])
        now = self._clock.now()
        if known is None:
            known = self._pods[metadata["uid"]] = _adopted(pod)
            self._run_init(known, spec, now)
        changed = known.behaviour != behaviour
        known.behaviour = behaviour
        self._add_ephemeral(known, spec, now)
        for container, wanted in zip(known.containers, spec["containers"], strict=False):
            if changed:
                container.crashes, container.resumes = 0, None
            self._steer(known, container, wanted["image"], now)

    def stop(self, uid: str) -> None:
        self._pods.pop(uid, None)

    def observe(self, uid: str) -> PodFacts:
        pod = self._pods[uid]
        now = self._clock.now()
        for container in pod.containers:
            self._let_time_pass(pod, container, now)
        resumes = [c.resumes for c in pod.containers if c.resumes is not None]
        return PodFacts(
            containers=tuple(map(_facts, pod.containers)),
            init_containers=tuple(map(_facts, pod.init_containers)),
            ephemeral_containers=tuple(map(_facts, pod.ephemeral_containers)),
            again_in_seconds=(min(resumes) - now).total_seconds() if resumes else None,
        )

    # -- one container -------------------------------------------------------------------------------------------------

    def _steer(self, pod: _Pod, container: _Container, image: str, now: datetime) -> None:
        """Bring a container to what its Pod says now."""
        if _is_over(pod, container):
            return
        container.image = image  # a new image is simply there: nothing is stopped, no restart is counted
        behaviour, state = pod.behaviour, container.state
        if behaviour in EXITS:
            if container.resumes is None:
                self._end_again(pod, container, now)
        elif behaviour == "ImagePullBackOff":
            self._lose_image(container, now)
        else:
            if not isinstance(state, Running):
                self._begin(container, now)
            container.crashes = 0
            container.ready = behaviour != "Unready"

    def _begin(self, container: _Container, now: datetime) -> None:
        if isinstance(container.state, Terminated):
            container.last = container.state
        if container.container_id:
            container.restarts += 1
        container.container_id = f"{self.scheme}://{random.getrandbits(256):064x}"
        container.state = Running(timestamp(now))
        container.resumes = None

    def _end_again(self, pod: _Pod, container: _Container, now: datetime) -> None:
        """Start a container that is to end, see it end, and again at once; from then on it is in back-off."""
        if not isinstance(container.state, Running):
            self._begin(container, now)
        self._end(pod, container, now)
        if container.crashes == 1 and not _is_over(pod, container):
            self._end_again(pod, container, now)

    def _end(self, pod: _Pod, container: _Container, now: datetime) -> None:
        exit_code, reason = EXITS[pod.behaviour]
        container.state = _ended(container, exit_code, reason, now)
        container.ready = False
        container.crashes += 1
        if _is_over(pod, container):
            container.resumes = None
            return
        if container.crashes > 1:
            seconds = _backoff_seconds(container.crashes)
            container.resumes = now + timedelta(seconds=seconds)
            container.last = container.state
            whom = f"container={container.name} pod={pod.name}_{pod.namespace}({pod.uid})"
            container.state = Waiting("CrashLoopBackOff", f"back-off {_go_duration(seconds)} restarting failed {whom}")

    def _let_time_pass(self, pod: _Pod, container: _Container, now: datetime) -> None:
        while container.resumes is not None and container.resumes <= now:
            moment, container.resumes = container.resumes, None
            self._begin(container, moment)
            if pod.behaviour in EXITS:
                self._end(pod, container, moment)

    def _lose_image(self, container: _Container, now: datetime) -> None:
        if isinstance(container.state, Running):
            container.last = _ended(container, *KILLED, now)
        container.state = Waiting("ImagePullBackOff", f'Back-off pulling image "{container.image}"')
        container.ready = False
        container.crashes, container.resumes = 0, None

    # -- the others ----------------------------------------------------------------------------------------------------

    def _run_init(self, pod: _Pod, spec: Object, now: datetime) -> None:
        """Init containers do their work in no time; sidecars among them stay."""
        for container, wanted in zip(pod.init_containers, spec.get("initContainers") or [], strict=False):
            if not isinstance(container.state, Waiting):
                continue
            self._begin(container, now)
            container.ready = True
            if not is_sidecar(wanted):
                container.state = _ended(container, 0, "Completed", now)

    def _add_ephemeral(self, pod: _Pod, spec: Object, now: datetime) -> None:
        wanted = spec.get("ephemeralContainers") or []
        for new in wanted[len(pod.ephemeral_containers) :]:
            container = _Container(new["name"], new["image"])
            self._begin(container, now)
            pod.ephemeral_containers.append(container)


def behaviour_of(pod: Object) -> str:
    """What a Pod's annotation asks for; "" for nothing special."""
    return str((pod["metadata"].get("annotations") or {}).get(ANNOTATION, ""))


def _is_over(pod: _Pod, container: _Container) -> bool:
    """Whether a container has ended and its Pod's restartPolicy leaves it at that."""
    state = container.state
    if not isinstance(state, Terminated) or pod.policy == "Always":
        return False
    return pod.policy == "Never" or state.exit_code == 0


def _ended(container: _Container, exit_code: int, reason: str, now: datetime) -> Terminated:
    state = container.state
    started_at = state.started_at if isinstance(state, Running) else timestamp(now)
    return Terminated(exit_code, reason, started_at, timestamp(now), container.container_id)


def _facts(container: _Container) -> ContainerFacts:
    return ContainerFacts(
        name=container.name,
        image=container.image,
        state=container.state,
        container_id=container.container_id,
        restarts=container.restarts,
        ready=container.ready,
        started=isinstance(container.state, Running),
        last=container.last,
    )


def _backoff_seconds(crashes: int) -> float:
    """How long a container waits after its `crashes`th end in a row (from the second on)."""
    return float(min(FIRST_BACKOFF_SECONDS * 2 ** min(crashes - 2, 10), LONGEST_BACKOFF_SECONDS))


def _go_duration(seconds: float) -> str:
    """`10s`, `1m20s`, `5m0s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


# -- adoption: what an earlier process has left in the Pod's status ----------------------------------------------------


def _adopted(pod: Object) -> _Pod:
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}

    def containers(specs: str, statuses: str) -> list[_Container]:
        known = {s["name"]: s for s in status.get(statuses) or []}
        return [_container(c, known.get(c["name"])) for c in spec.get(specs) or []]

    ephemeral = {s["name"] for s in status.get("ephemeralContainerStatuses") or []}
    return _Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        policy=spec.get("restartPolicy", "Always"),
        behaviour=behaviour_of(pod),
        containers=containers("containers", "containerStatuses"),
        init_containers=containers("initContainers", "initContainerStatuses"),
        ephemeral_containers=[
            c for c in containers("ephemeralContainers", "ephemeralContainerStatuses") if c.name in ephemeral
        ],
    )


def _container(spec: Object, status: Object | None) -> _Container:
    container = _Container(spec["name"], spec["image"])
    if status is None:
        return container
    container.image = status.get("image") or spec["image"]
    container.container_id = status.get("containerID", "")
    container.restarts = status.get("restartCount", 0)
    container.ready = bool(status.get("ready"))
    state = _state(status.get("state") or {})
    container.state = state or container.state
    last = _state(status.get("lastState") or {})
    container.last = last if isinstance(last, Terminated) else None
    if isinstance(state, Waiting) and state.reason == "CrashLoopBackOff" and container.last is not None:
        container.crashes = container.restarts + 1
        ended = datetime.fromisoformat(container.last.finished_at)
        container.resumes = ended + timedelta(seconds=_backoff_seconds(max(container.crashes, 2)))
    return container


def _state(stored: Object) -> State | None:
    if "running" in stored:
        return Running(stored["running"].get("startedAt", ""))
    if "terminated" in stored:
        ended = stored["terminated"]
        return Terminated(
            ended.get("exitCode", 0),
            ended.get("reason", ""),
            ended.get("startedAt", ""),
            ended.get("finishedAt", ""),
            ended.get("containerID", ""),
            ended.get("message", ""),
        )
    if "waiting" in stored:
        return Waiting(stored["waiting"].get("reason", ""), stored["waiting"].get("message", ""))
    return None
