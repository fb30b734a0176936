"""What `kubectl get pods` shows of a Pod: how many containers are ready, a word for its state, its restarts.

The word starts as the phase; a reason in the status, then the containers' own states override it, the first container's
last; a Pod that is being deleted is Terminating whatever else it is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Object = dict[str, Any]

TERMINAL = ("Succeeded", "Failed")


class Summary(NamedTuple):
    """`last_restart` is when the container that ended last ended, "" if none did."""

    ready: int
    total: int
    reason: str
    restarts: int
    last_restart: str


def summarize(pod: Object) -> Summary:
    """Follows the order in which Kubernetes lets one state hide another."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    init = {c.get("name"): c for c in spec.get("initContainers") or ()}
    sidecars = {name for name, c in init.items() if c.get("restartPolicy") == "Always"}
    total = len(spec.get("containers") or ()) + len(sidecars)
    reason = status.get("reason") or status.get("phase") or ""
    if any(c.get("type") == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in _conditions(status)):
        reason = "SchedulingGated"
    all_init, only_sidecars, ready, failure = _read_init_containers(status, init, sidecars)
    restarts, last = all_init
    reason = failure or reason
    if not failure or _is_true(status, "Initialized"):
        restarts, last = only_sidecars
        has_running = False
        for container in reversed(status.get("containerStatuses") or ()):
            restarts, last = _count(container, restarts, last)
            word = _reason_of(container.get("state") or {}, "")
            if word:
                reason = word
            elif container.get("ready") and "running" in (container.get("state") or {}):
                has_running = True
                ready += 1
        if reason == "Completed" and has_running:
            reason = "Running" if _is_true(status, "Ready") else "NotReady"
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif status.get("phase") not in TERMINAL:
            reason = "Terminating"
    return Summary(ready, total, reason, restarts, last)


Count = tuple[int, str]


def _read_init_containers(status: Object, init: Object, sidecars: set[str]) -> tuple[Count, Count, int, str]:
    """Restarts of all init containers up to the one that is not through, of the sidecars among them, how many sidecars
    are ready, and why initialization goes on ("" if it does not)."""
    everyone: Count = (0, "")
    only_sidecars: Count = (0, "")
    ready = 0
    for index, container in enumerate(status.get("initContainerStatuses") or ()):
        is_sidecar = container.get("name") in sidecars
        everyone = _count(container, *everyone)
        if is_sidecar:
            only_sidecars = _count(container, *only_sidecars)
        state = container.get("state") or {}
        terminated = state.get("terminated")
        if terminated is not None and terminated.get("exitCode", 0) == 0:
            continue
        if is_sidecar and container.get("started"):
            ready += bool(container.get("ready"))
            continue
        word = _reason_of(state, "Init:")
        if not word or word == "Init:PodInitializing":
            word = f"Init:{index}/{len(init)}"
        return everyone, only_sidecars, ready, word
    return everyone, only_sidecars, ready, ""


def _count(container: Object, restarts: int, last: str) -> Count:
    ended = ((container.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or ""
    return restarts + container.get("restartCount", 0), max(last, ended)


def _reason_of(state: Object, prefix: str) -> str:
    """Why a container does not run; "" if it runs, or waits without saying why."""
    if waiting := (state.get("waiting") or {}).get("reason"):
        return prefix + str(waiting)
    terminated = state.get("terminated")
    if terminated is None:
        return ""
    if terminated.get("reason"):
        return prefix + str(terminated["reason"])
    if signal := terminated.get("signal"):
        return f"{prefix}Signal:{signal}"
    return f"{prefix}ExitCode:{terminated.get('exitCode', 0)}"


def _conditions(status: Object) -> list[Object]:
    return status.get("conditions") or []


def _is_true(status: Object, type_: str) -> bool:
    return any(c.get("type") == type_ and c.get("status") == "True" for c in _conditions(status))


def readiness_gates(pod: Object) -> str:
    """How many of the Pod's readiness gates are open: `1/2`, or `<none>`."""
    gates = (pod.get("spec") or {}).get("readinessGates") or []
    if not gates:
        return "<none>"
    status = pod.get("status") or {}
    return f"{sum(_is_true(status, gate.get('conditionType', '')) for gate in gates)}/{len(gates)}"
