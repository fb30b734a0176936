"""What a Deployment says of itself: its counts, and the conditions Available, Progressing and ReplicaFailure.

The life of the Progressing condition:

    NewReplicaSetCreated / FoundNewReplicaSet -> ReplicaSetUpdated (each time a count moves forward)
        -> NewReplicaSetAvailable: done, and stays so until the next rollout
        -> ProgressDeadlineExceeded: nothing has moved for progressDeadlineSeconds
    DeploymentPaused <-> DeploymentResumed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apiserver.clock import timestamp
from apiserver.objects import deployments
from apiserver.objects.replicas import parse_time

Object = dict[str, Any]

NO_DEADLINE = 2**31 - 1
"""A progressDeadlineSeconds that means there is none."""
AVAILABLE, PROGRESSING, REPLICA_FAILURE = "Available", "Progressing", "ReplicaFailure"
DONE, TIMED_OUT, PAUSED = "NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"


@dataclass(frozen=True)
class Saying:
    """A condition without its times."""

    type: str
    status: str
    reason: str
    message: str

    def condition(self, now: str) -> Object:
        return {
            "lastTransitionTime": now,
            "lastUpdateTime": now,
            "message": self.message,
            "reason": self.reason,
            "status": self.status,
            "type": self.type,
        }


def find(status: Object, type_: str) -> Object | None:
    return next((c for c in status.get("conditions") or () if c["type"] == type_), None)


def say(status: Object, condition: Object) -> None:
    """Set a condition (in place). The same status for the same reason is not said again; the time of transition stays
    while the status does."""
    before = find(status, condition["type"])
    if before is not None and (before["status"], before.get("reason")) == (condition["status"], condition["reason"]):
        return
    if before is not None and before["status"] == condition["status"]:
        condition = {**condition, "lastTransitionTime": before["lastTransitionTime"]}
    unsay(status, condition["type"])
    status["conditions"] = [*status.get("conditions", ()), condition]


def unsay(status: Object, type_: str) -> None:
    kept = [c for c in status.get("conditions") or () if c["type"] != type_]
    status.pop("conditions", None)
    if kept:
        status["conditions"] = kept


def deadline_seconds(deployment: Object) -> int | None:
    seconds = deployment["spec"].get("progressDeadlineSeconds")
    return None if seconds is None or seconds == NO_DEADLINE else int(seconds)


def counts(deployment: Object, replicasets: Sequence[Object], new: Object | None, now: datetime) -> Object:
    """The status by numbers, with the Available condition; other conditions as they were."""

    def total(field: str, of: Sequence[Object] = replicasets) -> int:
        return sum(rs.get("status", {}).get(field, 0) for rs in of)

    before = deployment.get("status", {})
    available = total("availableReplicas")
    numbers = {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": total("replicas"),
        "updatedReplicas": total("replicas", [new] if new else []),
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(sum(deployments.replicas_of(rs) for rs in replicasets) - available, 0),
        "collisionCount": before.get("collisionCount", 0),
    }
    status: Object = {name: number for name, number in numbers.items() if number}
    if all("terminatingReplicas" in rs.get("status", {}) for rs in replicasets):
        status["terminatingReplicas"] = total("terminatingReplicas")
    if before.get("conditions"):
        status["conditions"] = list(before["conditions"])
    enough = deployments.replicas_of(deployment) - deployments.max_unavailable(deployment)
    say(status, (_HAS_MINIMUM if available >= enough else _LACKS_MINIMUM).condition(timestamp(now)))
    return status


_HAS_MINIMUM = Saying(AVAILABLE, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
_LACKS_MINIMUM = Saying(
    AVAILABLE, "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
)


def rollout_status(deployment: Object, replicasets: Sequence[Object], new: Object | None, now: datetime) -> Object:
    """The whole status during and after a rollout."""
    status = counts(deployment, replicasets, new, now)
    before = find(deployment.get("status", {}), PROGRESSING)
    if deadline_seconds(deployment) is None:
        unsay(status, PROGRESSING)
    elif not _stays_done(status, before):
        _say_progress(deployment, status, new, before, now)
    failure = _failure(replicasets, new)
    if failure is not None:
        say(status, failure)
    else:
        unsay(status, REPLICA_FAILURE)
    return status


def _stays_done(status: Object, before: Object | None) -> bool:
    """A finished rollout stays finished when Pods die or the size changes."""
    is_done = before is not None and before.get("reason") == DONE
    return is_done and status.get("replicas", 0) == status.get("updatedReplicas", 0)


def _say_progress(deployment: Object, status: Object, new: Object | None, before: Object | None, now: datetime) -> None:
    who = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    moment = timestamp(now)
    if is_complete(deployment, status):
        say(status, Saying(PROGRESSING, "True", DONE, f"{who} has successfully progressed.").condition(moment))
    elif _has_moved(deployment.get("status", {}), status):
        moving = Saying(PROGRESSING, "True", "ReplicaSetUpdated", f"{who} is progressing.").condition(moment)
        if before is not None and before["status"] == "True":
            moving["lastTransitionTime"] = before["lastTransitionTime"]
        unsay(status, PROGRESSING)
        say(status, moving)
    elif _has_timed_out(deployment, status, now):
        say(status, Saying(PROGRESSING, "False", TIMED_OUT, f"{who} has timed out progressing.").condition(moment))


def is_complete(deployment: Object, status: Object) -> bool:
    """Whether every wanted replica is of the new template, is available, and no other is left."""
    desired = deployments.replicas_of(deployment)
    all_there = all(status.get(n, 0) == desired for n in ("updatedReplicas", "replicas", "availableReplicas"))
    return all_there and status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)


def _has_moved(before: Object, after: Object) -> bool:
    def old_replicas(status: Object) -> int:
        return int(status.get("replicas", 0) - status.get("updatedReplicas", 0))

    grown = any(after.get(n, 0) > before.get(n, 0) for n in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return grown or old_replicas(after) < old_replicas(before)


def _has_timed_out(deployment: Object, status: Object, now: datetime) -> bool:
    condition = find(status, PROGRESSING)
    if condition is None or condition.get("reason") == DONE:
        return False
    if condition.get("reason") == TIMED_OUT:
        return True
    left = _seconds_left(deployment, condition, now)
    return left is not None and left < 0


def _seconds_left(deployment: Object, condition: Object, now: datetime) -> float | None:
    deadline, moved = deadline_seconds(deployment), parse_time(condition.get("lastUpdateTime"))
    if deadline is None or moved is None:
        return None
    return (moved + timedelta(seconds=deadline) - now).total_seconds()


def seconds_to_deadline(deployment: Object, status: Object, now: datetime) -> float | None:
    """When to look again whether the rollout is stuck; None when it cannot be."""
    condition = find(status, PROGRESSING)
    if condition is None or is_complete(deployment, status) or condition.get("reason") in (TIMED_OUT, DONE):
        return None
    left = _seconds_left(deployment, condition, now)
    # A second more than the deadline: times are kept in whole seconds.
    return None if left is None else max(left, 0.0) + 1.0


def _failure(replicasets: Sequence[Object], new: Object | None) -> Object | None:
    """The failure of the new ReplicaSet, else of any, as a condition of the Deployment."""
    for replicaset in ([new] if new else []) + list(replicasets):
        condition = find(replicaset.get("status", {}), REPLICA_FAILURE)
        if condition is not None and condition["status"] == "True":
            saying = Saying(REPLICA_FAILURE, "True", condition["reason"], condition["message"])
            return saying.condition(condition["lastTransitionTime"])
    return None


def pause_condition(deployment: Object) -> Saying | None:
    """What there is to say about pausing or resuming; None for nothing new."""
    if deadline_seconds(deployment) is None:
        return None
    before = find(deployment.get("status", {}), PROGRESSING)
    reason = before.get("reason") if before is not None else None
    paused = bool(deployment["spec"].get("paused"))
    if reason == TIMED_OUT or paused == (reason == PAUSED):
        return None
    if paused:
        return Saying(PROGRESSING, "Unknown", PAUSED, "Deployment is paused")
    return Saying(PROGRESSING, "Unknown", "DeploymentResumed", "Deployment is resumed")
