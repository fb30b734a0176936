"""The containers of a Pod as this runtime keeps them: made from its spec, and from what its status says of them, for
they may have been started by an earlier process. Those go on as if it had never been away."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from apiserver.objects.podfacts import Running, State, Terminated, Waiting, comes_back
from apiserver.runtime.commands import Ending, ending
from apiserver.runtime.container import Container, backoff_seconds

Object = dict[str, Any]

MESSAGE_FILE = "/dev/termination-log"
MAX_MESSAGE_LENGTH, MAX_LOG_LENGTH, MAX_LOG_LINES = 4096, 2048, 80
PROBES = ("Startup", "Liveness", "Readiness")
"""In the order in which it matters that they fail."""


def containers(pod: Object, specs: str, statuses: str, scheme: str) -> list[Container]:
    known = {s["name"]: s for s in (pod.get("status") or {}).get(statuses) or []}
    return [container(pod, spec, known.get(spec["name"]), scheme) for spec in pod["spec"].get(specs) or []]


def container(pod: Object, spec: Object, status: Object | None, scheme: str) -> Container:
    metadata = pod["metadata"]
    policy = pod["spec"].get("restartPolicy", "Always")
    if policy == "Always" and spec in (pod["spec"].get("initContainers") or ()):
        policy = "OnFailure"  # once through, an init container has done its work
    startup, readiness = spec.get("startupProbe"), spec.get("readinessProbe")
    failing = next((name for name in PROBES if _fails(spec.get(f"{name.lower()}Probe"))), "")
    how = ending([*(spec.get("command") or ()), *(spec.get("args") or ())])
    made = Container(
        name=spec["name"],
        image=spec["image"],
        comes_back=partial(comes_back, spec, policy),
        whom=f"container={spec['name']} pod={metadata['name']}_{metadata['namespace']}({metadata['uid']})",
        scheme=scheme,
        state=Waiting("PodInitializing" if pod["spec"].get("initContainers") else "ContainerCreating"),
        ending=how,
        farewell=_farewell(spec, how) if how is not None else "",
        start_seconds=_probe_seconds(startup),
        ready_seconds=_probe_seconds(readiness),
        failing=failing,
        patience_seconds=_patience(spec, failing),
    )
    if status is not None:
        _adopt(made, status)
    return made


def _probe_seconds(probe: Object | None) -> float:
    """From the start of a container until a probe that always answers has answered often enough."""
    if probe is None:
        return 0.0
    more = probe.get("successThreshold", 1) - 1
    return float(probe.get("initialDelaySeconds", 0) + more * probe.get("periodSeconds", 10))


def _farewell(spec: Object, how: Ending) -> str:
    """What is read of a container's end: the file for that, or if it is wanted, the end of the output of a failure."""
    message = how.written.get(spec.get("terminationMessagePath") or MESSAGE_FILE, "")
    if not message and how.exit_code and spec.get("terminationMessagePolicy") == "FallbackToLogsOnError":
        lines = how.written.get("", "").splitlines(keepends=True)[-MAX_LOG_LINES:]
        message = "".join(lines)[-MAX_LOG_LENGTH:]
    return message[:MAX_MESSAGE_LENGTH]


def _fails(probe: Object | None) -> bool:
    """Whether a probe runs a command that is known to fail."""
    command = ((probe or {}).get("exec") or {}).get("command")
    known = ending(command) if command else None
    return known is not None and known.exit_code != 0


def _patience(spec: Object, failing: str) -> float:
    """From the start of a container until a probe that always fails has done so too often."""
    probe: Object = spec.get(f"{failing.lower()}Probe") or {}
    waits = _probe_seconds(spec.get("startupProbe")) if failing != "Startup" else 0.0
    more = probe.get("failureThreshold", 3) - 1
    return waits + float(probe.get("initialDelaySeconds", 0) + more * probe.get("periodSeconds", 10))


def _adopt(made: Container, status: Object) -> None:
    made.image = status.get("image") or made.image
    made.container_id = status.get("containerID", "")
    made.restarts = status.get("restartCount", 0)
    made.ready, made.started = bool(status.get("ready")), bool(status.get("started"))
    state = _state(status.get("state") or {})
    made.state = state or made.state
    last = _state(status.get("lastState") or {})
    made.last = last if isinstance(last, Terminated) else None
    if isinstance(state, Running) and state.started_at:
        made.since = datetime.fromisoformat(state.started_at)
        made.ends = made.end_of_instance(made.since)
    if made.restarts and isinstance(made.last, Terminated):
        made.crashes = made.restarts
    if isinstance(state, Waiting) and state.reason == "CrashLoopBackOff" and made.last is not None:
        made.crashes = made.restarts + 1
        ended = datetime.fromisoformat(made.last.finished_at)
        made.resumes = ended + timedelta(seconds=backoff_seconds(max(made.crashes, 2)))


def _state(stored: Object) -> State | None:
    if "running" in stored:
        return Running(stored["running"].get("startedAt", ""))
    if "terminated" in stored:
        ended = stored["terminated"]
        return Terminated(
            ended.get("exitCode", 0),
            ended.get("reason", ""),
            ended.get("startedAt") or "",
            ended.get("finishedAt") or "",
            ended.get("containerID", ""),
            ended.get("message", ""),
        )
    if "waiting" in stored:
        return Waiting(stored["waiting"].get("reason", ""), stored["waiting"].get("message", ""))
    return None
