"""What a container runtime can say about a Pod: facts, never phases. podstatus.py makes a Pod's status of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The container does not run yet, or not again yet."""

    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """The container runs since `started_at` (RFC 3339)."""

    started_at: str


@dataclass(frozen=True, slots=True)
class Terminated:
    """The container has ended. Times are RFC 3339; `container_id` names the ended instance."""

    exit_code: int
    reason: str
    started_at: str
    finished_at: str
    container_id: str = ""
    message: str = ""


State = Waiting | Running | Terminated


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """One container. `last` is how its previous instance ended; `ready` and `started` are what its probes say, and
    `failing` the one that fails, if one does (`Liveness`)."""

    name: str
    image: str
    state: State
    container_id: str = ""
    restarts: int = 0
    ready: bool = False
    started: bool = False
    last: Terminated | None = None
    failing: str = ""


@dataclass(frozen=True, slots=True)
class PodFacts:
    """One Pod. `sandbox` tells whether its network and namespaces are up; `failure` is why the Pod as a whole failed (a
    reason and a message). In `again_in_seconds` (None: never by itself) the facts may have changed through nothing
    but time."""

    containers: tuple[ContainerFacts, ...]
    init_containers: tuple[ContainerFacts, ...] = ()
    ephemeral_containers: tuple[ContainerFacts, ...] = ()
    sandbox: bool = True
    failure: tuple[str, str] | None = None
    again_in_seconds: float | None = None


def is_sidecar(container: Object) -> bool:
    """Whether an init container is one that keeps running beside the others."""
    return container.get("restartPolicy") == "Always"


def comes_back(container: Object, policy: str, exit_code: int) -> bool:
    """Whether a container that ended so is started again: by a rule of its own, its own policy, or that of its Pod."""
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        if (exit_code in (codes.get("values") or ())) is (codes.get("operator") == "In"):
            return True
    policy = container.get("restartPolicy") or policy
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)
