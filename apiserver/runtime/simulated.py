"""A runtime without containers: it reports what would become of them in time, and what a Pod's annotations tell it to.

A container whose command is understood (commands.py) ends when that ends; any other runs for ever and answers its
probes, once their initial delay is over, but for those that run a command which is known to fail. An image tagged
`absent` or `missing` cannot be pulled. Annotations, at any time:

    minictl.dev/simulate             what becomes of the containers
        (none)                       as above; a failed one comes back
        Unready                      they run, and fail their readiness probes
        CrashLoopBackOff             they end with exit code 1 as soon as they start, again and again, later and later
        Error                        the same; where the restartPolicy forbids a restart that was it
        Completed                    they end with exit code 0
        ImagePullBackOff             their images cannot be pulled
    minictl.dev/simulate-until       RFC 3339: from then on they are well again
    minictl.dev/crash                CONTAINER, and anything after it: each new value ends that container once
    minictl.dev/termination-seconds  how long they take to end when the Pod is deleted (a preStop sleep does the same)

A Pod starts in this order: the node takes `start_seconds` to get it ready; then its init containers run one after
another, sidecars among them stay; then the others start together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from apiserver.clock import Clock
from apiserver.objects.podfacts import PodFacts, Terminated, is_sidecar
from apiserver.objects.podresizing import needs_restart
from apiserver.runtime import adoption
from apiserver.runtime.commands import ending
from apiserver.runtime.container import Container

Object = dict[str, Any]

ANNOTATION = "minictl.dev/simulate"
UNTIL = "minictl.dev/simulate-until"
CRASH = "minictl.dev/crash"
TERMINATION = "minictl.dev/termination-seconds"
EXITS = {"CrashLoopBackOff": (1, "Error"), "Error": (1, "Error"), "Completed": (0, "Completed")}
"""What a container told to end ends with: exit code and reason."""
ABSENT_TAGS = (":absent", ":missing")
LATE = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


@dataclass(slots=True)
class _Pod:
    spec: Object
    behaviour: str
    containers: list[Container]
    init_containers: list[Container]
    ephemeral_containers: list[Container]
    crash: str
    """The last value of the crash annotation that was seen."""
    begins: datetime
    """When the node is through with its preparations."""
    deadline: datetime | None = None
    until: datetime | None = None
    """When the behaviour that is asked for is over."""
    changes: list[datetime] = field(default_factory=list)
    """When something may change by itself."""

    @property
    def every(self) -> list[Container]:
        return [*self.init_containers, *self.containers]


class SimulatedRuntime:
    """Keeps the Runtime contract for any number of Pods, in memory."""

    scheme = "simulated"

    def __init__(self, clock: Clock, start_seconds: float = 0.0) -> None:
        self._clock = clock
        self._start_seconds = start_seconds
        self._pods: dict[str, _Pod] = {}

    def start(self, pod: Object) -> None:
        uid, spec, now = pod["metadata"]["uid"], pod["spec"], self._clock.now()
        known = self._pods.get(uid)
        if known is None:
            known = self._pods[uid] = self._taken_in(pod, now)
        before, known.spec = known.spec, spec
        behaviour, until = _behaviour(pod, now)
        if behaviour != known.behaviour:
            for container in known.containers:
                container.crashes, container.resumes = 0, None
        known.behaviour, known.until = behaviour, until
        self._add_ephemeral(known, pod, now)
        for container, wanted, had in zip(known.containers, spec["containers"], before["containers"], strict=False):
            container.image = wanted["image"]  # a new image is simply there: nothing is stopped, no restart is counted
            if container.runs and needs_restart(wanted, had):
                container.restart(now)
        crash = _annotation(pod, CRASH)
        if crash != known.crash:
            known.crash = crash
            _crash(known, crash.split()[0] if crash else "", now)
        self._go_on(known, now)

    def stop(self, uid: str) -> None:
        self._pods.pop(uid, None)

    def observe(self, uid: str) -> PodFacts:
        pod, now = self._pods[uid], self._clock.now()
        self._go_on(pod, now)
        late = pod.deadline is not None and pod.deadline <= now
        if late:
            _take_away(pod, now)
        return PodFacts(
            containers=tuple(container.facts() for container in pod.containers),
            init_containers=tuple(container.facts() for container in pod.init_containers),
            ephemeral_containers=tuple(container.facts() for container in pod.ephemeral_containers),
            sandbox=now >= pod.begins,
            failure=LATE if late else None,
            again_in_seconds=_wait(pod, now),
        )

    def farewell_seconds(self, pod: Object) -> float:
        """How long the containers take to end once the Pod is deleted, if they are given the time."""
        said = _annotation(pod, TERMINATION)
        seconds = float(said) if said.replace(".", "", 1).isdigit() else 0.0
        for container in pod["spec"]["containers"]:
            hook = (container.get("lifecycle") or {}).get("preStop") or {}
            seconds = max(seconds, float((hook.get("sleep") or {}).get("seconds", 0)))
            command = ending((hook.get("exec") or {}).get("command") or ())
            seconds = max(seconds, command.seconds if command is not None else 0.0)
        return seconds

    # -- how a Pod goes on ---------------------------------------------------------------------------------------------

    def _taken_in(self, pod: Object, now: datetime) -> _Pod:
        status = pod.get("status") or {}
        is_new = not status.get("containerStatuses")
        begins = now + timedelta(seconds=self._start_seconds if is_new else 0.0)
        ephemeral = {s["name"] for s in status.get("ephemeralContainerStatuses") or []}
        taken = _Pod(
            spec=pod["spec"],
            behaviour=_behaviour(pod, now)[0],
            containers=adoption.containers(pod, "containers", "containerStatuses", self.scheme),
            init_containers=adoption.containers(pod, "initContainers", "initContainerStatuses", self.scheme),
            ephemeral_containers=[
                container
                for container in adoption.containers(
                    pod, "ephemeralContainers", "ephemeralContainerStatuses", self.scheme
                )
                if container.name in ephemeral
            ],
            crash=_annotation(pod, CRASH),
            begins=begins,
        )
        seconds = pod["spec"].get("activeDeadlineSeconds")
        if seconds is not None:
            started = datetime.fromisoformat(status["startTime"]) if status.get("startTime") else now
            taken.deadline = started + timedelta(seconds=seconds)
        return taken

    def _go_on(self, pod: _Pod, now: datetime) -> None:
        """Let everything happen that was to happen up to now, each thing at its own moment."""
        pod.changes = [pod.begins, *filter(None, [pod.deadline, pod.until])]
        if now < pod.begins:
            return
        if _is_done(pod):
            return
        moment: datetime | None = pod.begins
        for container, wanted in zip(pod.init_containers, pod.spec.get("initContainers") or (), strict=False):
            if moment is None or moment > now:
                break
            moment = _run_init(pod, container, moment, now, stays=is_sidecar(wanted))
        if moment is None or moment > now:
            return
        for container in pod.containers:
            if not container.is_over:
                _run(pod, container, moment, now)
        if _is_done(pod):
            for container in pod.init_containers:
                container.retire(now)

    def _add_ephemeral(self, known: _Pod, pod: Object, now: datetime) -> None:
        wanted = pod["spec"].get("ephemeralContainers") or []
        for new in wanted[len(known.ephemeral_containers) :]:
            container = adoption.container(pod, new, None, self.scheme)
            container.begin(now)
            container.probe(now, answers=True)
            known.ephemeral_containers.append(container)


def _is_done(pod: _Pod) -> bool:
    """Whether all have ended that the sidecars ran for."""
    return bool(pod.containers) and all(container.is_over for container in pod.containers)


def _take_away(pod: _Pod, now: datetime) -> None:
    """End all containers for good. Those that were to be initialized first are not missed."""
    for container in pod.every:
        container.kill(now)
    if not pod.init_containers or any(container.container_id for container in pod.containers):
        for container in pod.containers:
            container.lose()


def _run_init(pod: _Pod, container: Container, since: datetime, now: datetime, *, stays: bool) -> datetime | None:
    """Let an init container go on; when the next one may start (None: not yet, or never)."""
    if not container.is_over:
        if not stays and container.ending is None:
            if not container.runs:
                _start(container, since, now)
            container.end(since, 0, "Completed")  # what it does is not known, so it is done at once
        else:
            _let_time_pass(pod, container, since, now)
    if stays:
        change = container.probe(now, answers=True)
        pod.changes += [change] if change is not None else []
        if not container.started or container.since is None:
            return None
        return max(since, container.since + timedelta(seconds=container.start_seconds))
    container.started = False
    container.ready = container.is_over and _succeeded(container)
    if not container.ready:
        return None
    state = container.state
    finished = state.finished_at if isinstance(state, Terminated) else ""
    return max(since, datetime.fromisoformat(finished)) if finished else since


def _run(pod: _Pod, container: Container, since: datetime, now: datetime) -> None:
    """Bring a container to what its Pod says now."""
    behaviour = pod.behaviour
    if behaviour in EXITS:
        _end_again(container, EXITS[behaviour], now)
        pod.changes += [container.resumes] if container.resumes is not None else []
    elif behaviour == "ImagePullBackOff":
        container.lose_image(now)
    elif container.image.endswith(ABSENT_TAGS) and not container.runs:
        container.miss_image(now, since)
        pod.changes += [container.resumes] if container.resumes is not None else []
    else:
        _let_time_pass(pod, container, since, now)
    change = container.probe(now, answers=behaviour != "Unready")
    pod.changes += [change] if change is not None else []


def _start(container: Container, since: datetime, now: datetime) -> None:
    """The first start belongs to the moment when it was possible; a later one to now."""
    container.begin(now if container.container_id else since)


def _let_time_pass(pod: _Pod, container: Container, since: datetime, now: datetime) -> None:
    """Start it, let its command end, start it again, up to now."""
    if not container.runs and container.resumes is None and not container.is_over:
        _start(container, since, now)
    while not container.is_over:
        if container.ends is not None and container.ends <= now:
            code = container.exit_code
            container.end(container.ends, code, "Completed" if code == 0 else "Error", container.last_words)
        elif container.resumes is not None and container.resumes <= now:
            container.begin(container.resumes)
        else:
            break
    pod.changes += [moment for moment in (container.ends, container.resumes) if moment is not None]


def _end_again(container: Container, how: tuple[int, str], now: datetime) -> None:
    """Start a container that is to end, see it end, and again at once; from then on it is in back-off."""
    if container.resumes is None and not container.runs:
        container.begin(now)
    if container.runs:
        container.end(now, *how)
    while container.resumes is not None and container.resumes <= now and not container.is_over:
        moment = container.resumes
        container.begin(moment)
        container.end(moment, *how)


def _crash(pod: _Pod, name: str, now: datetime) -> None:
    """End a container with exit code 1, the first if none is named; the Pod goes on from there."""
    for container in pod.containers:
        if container.name == name or not name:
            if container.runs:
                container.end(now, 1, "Error")
            return


def _succeeded(container: Container) -> bool:
    return isinstance(container.state, Terminated) and container.state.exit_code == 0


def _wait(pod: _Pod, now: datetime) -> float | None:
    """In how many seconds something changes by itself."""
    return min(((moment - now).total_seconds() for moment in pod.changes if moment > now), default=None)


def _annotation(pod: Object, name: str) -> str:
    return str((pod["metadata"].get("annotations") or {}).get(name, ""))


def _behaviour(pod: Object, now: datetime) -> tuple[str, datetime | None]:
    """What a Pod's annotations ask for now ("": nothing special), and until when."""
    behaviour, text = _annotation(pod, ANNOTATION), _annotation(pod, UNTIL)
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        return behaviour, None
    if until.tzinfo is None or until <= now:
        return "" if until.tzinfo is not None else behaviour, None
    return behaviour, until
