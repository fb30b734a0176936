"""What a kubelet says in Events about a Pod's containers: the difference between what its status says and the facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apiserver.objects.podfacts import ContainerFacts, PodFacts, Terminated, Waiting

Object = dict[str, Any]

NORMAL, WARNING = "Normal", "Warning"
KILLED = 137
"""The exit code of a container that was ended from outside."""


@dataclass(frozen=True)
class Happening:
    """One Event to be: about the part of the Pod that `field_path` names (`spec.containers{web}`)."""

    type: str
    reason: str
    message: str
    field_path: str


def happenings(pod: Object, facts: PodFacts) -> list[Happening]:
    """What has happened since `pod.status` was written, in order."""
    status = pod.get("status") or {}
    found: list[Happening] = []
    for field, statuses, reported in (
        ("initContainers", "initContainerStatuses", facts.init_containers),
        ("containers", "containerStatuses", facts.containers),
        ("ephemeralContainers", "ephemeralContainerStatuses", facts.ephemeral_containers),
    ):
        known = {s["name"]: s for s in status.get(statuses) or []} if reported else {}
        for container in reported:
            found.extend(_of_container(pod, f"spec.{field}{{{container.name}}}", known.get(container.name), container))
    if facts.failure is not None and status.get("reason") != facts.failure[0]:
        found.append(Happening(NORMAL, *facts.failure, ""))
    return found


def killings(pod: Object) -> list[Happening]:
    """What is said when the Pod's running containers are stopped for good."""
    names = [
        status["name"]
        for status in (pod.get("status") or {}).get("containerStatuses") or ()
        if "running" in (status.get("state") or {})
    ]
    return [Happening(NORMAL, "Killing", f"Stopping container {n}", f"spec.containers{{{n}}}") for n in names]


def _of_container(pod: Object, path: str, known: Object | None, container: ContainerFacts) -> Iterator[Happening]:
    before = known or {}
    yield from _of_probe(before, path, container)
    if container.container_id != before.get("containerID", ""):
        text = f'Container image "{container.image}" already present on machine'
        yield Happening(NORMAL, "Pulled", text, path)
        yield Happening(NORMAL, "Created", "Container created", path)
        yield Happening(NORMAL, "Started", "Container started", path)
        if container.failing == "Readiness":
            yield _unhealthy(container, path)
    state = container.state
    if isinstance(state, Waiting) and state.reason == "ErrImagePull" and state.message not in str(before.get("state")):
        yield Happening(WARNING, "Failed", f'Failed to pull image "{container.image}": {state.message}', path)
        yield Happening(WARNING, "Failed", "Error: ErrImagePull", path)
    if isinstance(state, Waiting) and state.reason in _BACK_OFF:
        was = ((before.get("state") or {}).get("waiting") or {}).get("reason")
        if was != state.reason or container.restarts != before.get("restartCount"):
            yield Happening(WARNING, "BackOff", _BACK_OFF[state.reason](pod["metadata"], container), path)


def _of_probe(before: Object, path: str, container: ContainerFacts) -> Iterator[Happening]:
    """A probe that has failed too often ends its container."""
    ended = container.state if isinstance(container.state, Terminated) else container.last
    known = [(before.get(state) or {}).get("terminated") or {} for state in ("state", "lastState")]
    if container.failing not in ("Startup", "Liveness") or ended is None or ended.exit_code != KILLED:
        return
    if all(one.get("containerID") != ended.container_id for one in known):
        yield _unhealthy(container, path)
        text = f"Container {container.name} failed {container.failing.lower()} probe, will be restarted"
        yield Happening(NORMAL, "Killing", text, path)


def _unhealthy(container: ContainerFacts, path: str) -> Happening:
    return Happening(WARNING, "Unhealthy", f"{container.failing} probe failed: ", path)


def _restarting(metadata: Object, container: ContainerFacts) -> str:
    whom = f"{container.name} in pod {metadata['name']}_{metadata['namespace']}({metadata['uid']})"
    return f"Back-off restarting failed container {whom}"


def _pulling(_: Object, container: ContainerFacts) -> str:
    return f'Back-off pulling image "{container.image}"'


_BACK_OFF = {"CrashLoopBackOff": _restarting, "ImagePullBackOff": _pulling}
