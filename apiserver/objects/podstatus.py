"""A Pod's status, from its spec, what its status said so far, and what the runtime reports. Pure.

Everything here follows the kubelet of Kubernetes 1.36: which phase follows from which container states, the order and
the words of the conditions, and that conditions and fields the kubelet does not own are kept as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from apiserver.objects.podfacts import (
    ContainerFacts,
    PodFacts,
    Running,
    State,
    Terminated,
    Waiting,
    comes_back,
    is_sidecar,
)

Object = dict[str, Any]

PENDING, RUNNING, SUCCEEDED, FAILED = "Pending", "Running", "Succeeded", "Failed"
TERMINAL = (SUCCEEDED, FAILED)

RESIZE_PENDING, DISRUPTION_TARGET = "PodResizePending", "DisruptionTarget"
KUBELET_CONDITIONS = (
    RESIZE_PENDING,
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
)


@dataclass(frozen=True)
class Place:
    """Where the Pod runs: the node's address, and the Pod's own ("" while it has none)."""

    host_ip: str
    pod_ip: str


@dataclass(frozen=True)
class Verdict:
    """A condition's status with its reason and message."""

    status: bool
    reason: str = ""
    message: str = ""


def find_condition(status: Object, kind: str) -> Object | None:
    return next((c for c in status.get("conditions") or () if c["type"] == kind), None)


def status_of(pod: Object, facts: PodFacts, place: Place, now: str, resize: Verdict | None = None) -> Object:
    """The whole status of `pod`; `now` (RFC 3339) dates what has changed since its present status. `resize`: why its
    containers do not get the resources that they should."""
    old: Object = pod.get("status") or {}
    generation = pod["metadata"].get("generation")
    phase = FAILED if facts.failure is not None else phase_of(pod["spec"], facts)
    pod_ip = place.pod_ip if facts.sandbox else ""
    status: Object = {key: old[key] for key in old if key not in _OWNED}
    if generation:
        status["observedGeneration"] = generation
    status["phase"] = phase
    if facts.failure is not None:
        status["reason"], status["message"] = facts.failure
    verdicts = {RESIZE_PENDING: resize} if resize is not None else {}
    verdicts |= _verdicts(pod, facts, phase, bool(pod_ip))
    status["conditions"] = _conditions(pod, verdicts, now)
    status["hostIP"] = place.host_ip
    status["hostIPs"] = [{"ip": place.host_ip}]
    if pod_ip:
        status["podIP"] = pod_ip
        status["podIPs"] = [{"ip": pod_ip}]
    status["startTime"] = old.get("startTime") or now
    for field, containers, reported in _container_lists(pod["spec"], facts):
        if reported:
            specs = {container["name"]: container for container in containers}
            status[field] = [_container_status(specs.get(one.name, {}), one) for one in reported]
    return status


_OWNED = frozenset(
    ("observedGeneration", "phase", "conditions", "hostIP", "hostIPs", "podIP", "podIPs", "startTime", "message",
     "reason", "nominatedNodeName", "containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
)  # fmt: skip


def _container_lists(spec: Object, facts: PodFacts) -> Iterator[tuple[str, list[Object], Sequence[ContainerFacts]]]:
    yield "initContainerStatuses", spec.get("initContainers") or [], facts.init_containers
    yield "containerStatuses", spec["containers"], facts.containers
    yield "ephemeralContainerStatuses", spec.get("ephemeralContainers") or [], facts.ephemeral_containers


# -- phase -------------------------------------------------------------------------------------------------------------


def phase_of(spec: Object, facts: PodFacts) -> str:
    """Pending until every container has started once; Running while one runs or will be started again."""
    policy = spec.get("restartPolicy", "Always")
    initialized = _initialized(spec, facts, policy)
    if initialized is not None:
        return initialized
    specs = {container["name"]: container for container in spec["containers"]}
    lives, codes = False, list[int]()
    for container in facts.containers:
        ended = container.state if isinstance(container.state, Terminated) else container.last
        if isinstance(container.state, Running):
            lives = True
        elif ended is None:
            return PENDING
        else:
            lives = lives or comes_back(specs.get(container.name, {}), policy, ended.exit_code)
            codes.append(ended.exit_code)
    if not facts.containers:
        return PENDING
    if lives:
        return RUNNING
    return FAILED if any(codes) else SUCCEEDED


def _initialized(spec: Object, facts: PodFacts, policy: str) -> str | None:
    """The phase that the init containers dictate, or None when they have done their work."""
    sidecars = {c["name"] for c in spec.get("initContainers") or [] if is_sidecar(c)}
    for container in facts.init_containers:
        if container.name in sidecars:
            if not container.started and not _has_begun(facts):
                return PENDING
        elif not _succeeded(container):
            failed = isinstance(container.state, Terminated) and policy == "Never"
            return FAILED if failed else PENDING
    return None


def _has_begun(facts: PodFacts) -> bool:
    """Whether a container that is not there for initialization has ever run."""
    return any(isinstance(c.state, Running | Terminated) or c.last for c in facts.containers)


def _succeeded(container: ContainerFacts) -> bool:
    return isinstance(container.state, Terminated) and container.state.exit_code == 0


# -- conditions --------------------------------------------------------------------------------------------------------


def _verdicts(pod: Object, facts: PodFacts, phase: str, has_ip: bool) -> dict[str, Verdict]:
    before = {condition["type"]: condition for condition in (pod.get("status") or {}).get("conditions") or ()}
    containers_ready = _containers_ready(pod["spec"], facts, phase)
    return {
        "PodReadyToStartContainers": Verdict(facts.sandbox and has_ip and phase not in TERMINAL),
        "Initialized": _init_verdict(pod["spec"], facts, phase),
        "Ready": _ready(pod["spec"], before, containers_ready),
        "ContainersReady": containers_ready,
        "PodScheduled": Verdict(True),
    }


def _conditions(pod: Object, verdicts: dict[str, Verdict], now: str) -> list[Object]:
    """What others have set (readiness gates, a disruption) comes first and stays as it is."""
    old: list[Object] = (pod.get("status") or {}).get("conditions") or []
    before = {condition["type"]: condition for condition in old}
    kept = [condition for condition in old if condition["type"] not in KUBELET_CONDITIONS]
    generation = pod["metadata"].get("generation")
    return kept + [condition(kind, verdict, before.get(kind), generation, now) for kind, verdict in verdicts.items()]


def condition(kind: str, verdict: Verdict, before: Object | None, generation: int | None, now: str) -> Object:
    """A Pod condition as it is stored; its transition is dated `now` unless the status is what it was before."""
    status = "True" if verdict.status else "False"
    since = before.get("lastTransitionTime") if before and before["status"] == status else None
    stored: Object = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since or now}
    if generation:
        stored["observedGeneration"] = generation
    if verdict.reason:
        stored["reason"] = verdict.reason
    if verdict.message:
        stored["message"] = verdict.message
    return stored


def disrupt(pod: Object, why: Verdict, now: str) -> None:
    """Say (in place) in the status of a Pod that it is about to go, and why."""
    status = pod.setdefault("status", {})
    before = find_condition(status, DISRUPTION_TARGET)
    new = condition(DISRUPTION_TARGET, why, before, pod["metadata"].get("generation"), now)
    status["conditions"] = [*(c for c in status.get("conditions") or () if c is not before), new]


def _containers_ready(spec: Object, facts: PodFacts, phase: str) -> Verdict:
    if phase in TERMINAL:
        return Verdict(False, "PodCompleted" if phase == SUCCEEDED else "PodFailed")
    reported = {c.name: c for c in (*facts.init_containers, *facts.containers)}
    expected = [c["name"] for c in spec.get("initContainers") or [] if is_sidecar(c)]
    expected += [c["name"] for c in spec["containers"]]
    unknown = [name for name in expected if name not in reported]
    unready = [name for name in expected if name in reported and not reported[name].ready]
    messages = []
    if unknown:
        messages.append(f"containers with unknown status: {_go_list(unknown)}")
    if unready:
        messages.append(f"containers with unready status: {_go_list(unready)}")
    if messages:
        return Verdict(False, "ContainersNotReady", ", ".join(messages))
    return Verdict(True)


def _ready(spec: Object, conditions: dict[str, Object], containers_ready: Verdict) -> Verdict:
    if not containers_ready.status:
        return containers_ready
    messages = []
    for gate in spec.get("readinessGates") or []:
        name = gate["conditionType"]
        stored = conditions.get(name)
        if stored is None:
            messages.append(f'corresponding condition of pod readiness gate "{name}" does not exist.')
        elif stored["status"] != "True":
            messages.append(f'the status of pod readiness gate "{name}" is not "True", but {stored["status"]}')
    if messages:
        return Verdict(False, "ReadinessGatesNotReady", ", ".join(messages))
    return Verdict(True)


def _init_verdict(spec: Object, facts: PodFacts, phase: str) -> Verdict:
    if phase == SUCCEEDED:
        return Verdict(True, "PodCompleted")
    if _has_begun(facts):
        return Verdict(True)
    sidecars = {c["name"] for c in spec.get("initContainers") or [] if is_sidecar(c)}
    incomplete = [c.name for c in facts.init_containers if not (c.started if c.name in sidecars else _succeeded(c))]
    if incomplete:
        return Verdict(False, "ContainersNotInitialized", f"containers with incomplete status: {_go_list(incomplete)}")
    return Verdict(True)


def _go_list(names: Iterable[str]) -> str:
    return "[" + " ".join(names) + "]"


# -- containers --------------------------------------------------------------------------------------------------------


def _container_status(spec: Object, facts: ContainerFacts) -> Object:
    status: Object = {
        "name": facts.name,
        "state": _state(facts.state),
        "lastState": _state(facts.last) if facts.last else {},
        "ready": facts.ready,
        "restartCount": facts.restarts,
        "image": facts.image,
        "imageID": "",
        "started": facts.started,
    }
    if facts.container_id:
        status["containerID"] = facts.container_id
    if isinstance(facts.state, Running):
        _add_resources(status, spec.get("resources") or {})
    mounts = spec.get("volumeMounts")
    if mounts:
        status["volumeMounts"] = [_mount(mount) for mount in mounts]
    return status


def _state(state: State) -> Object:
    if isinstance(state, Running):
        return {"running": {"startedAt": state.started_at}}
    if isinstance(state, Waiting):
        return {"waiting": {"reason": state.reason, **({"message": state.message} if state.message else {})}}
    ended = {
        "exitCode": state.exit_code,
        "reason": state.reason,
        "startedAt": state.started_at or None,
        "finishedAt": state.finished_at or None,
    }
    if state.message:
        ended["message"] = state.message
    if state.container_id:
        ended["containerID"] = state.container_id
    return {"terminated": ended}


def _add_resources(status: Object, resources: Object) -> None:
    """What a running container has been given: its requests, and requests and limits together."""
    if resources.get("requests"):
        status["allocatedResources"] = dict(resources["requests"])
    status["resources"] = {key: dict(resources[key]) for key in ("limits", "requests") if resources.get(key)}


def _mount(mount: Object) -> Object:
    shown = {"name": mount["name"], "mountPath": mount["mountPath"]}
    if mount.get("readOnly"):
        shown["readOnly"] = True
        shown["recursiveReadOnly"] = mount.get("recursiveReadOnly", "Disabled")
    return shown
