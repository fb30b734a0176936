"""The conditions of a Job, and what they say of it."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

COMPLETE, FAILED, SUSPENDED = "Complete", "Failed", "Suspended"
FAILURE_TARGET, SUCCESS_CRITERIA_MET = "FailureTarget", "SuccessCriteriaMet"
ENDS = (COMPLETE, FAILED)
FINAL = {FAILURE_TARGET: FAILED, SUCCESS_CRITERIA_MET: COMPLETE}
"""A Job that is decided waits for its last Pods; then the second condition follows."""


def find(status: Object, type_: str) -> Object | None:
    return next((c for c in status.get("conditions") or () if c["type"] == type_), None)


def is_true(status: Object, type_: str) -> bool:
    found = find(status, type_)
    return found is not None and found["status"] == "True"


def finished(job: Object) -> Object | None:
    """The condition that says how the Job ended; None while it has not."""
    status = job.get("status") or {}
    return next((c for c in status.get("conditions") or () if c["type"] in ENDS and c["status"] == "True"), None)


def new(type_: str, reason: str, message: str, now: str, status: str = "True") -> Object:
    return {
        "type": type_,
        "status": status,
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }


def ensure(conditions: list[Object], condition: Object) -> tuple[list[Object], bool]:
    """The conditions with this one in its place, and whether that changes anything. One that never was true is not
    added to say that it is false."""
    for position, known in enumerate(conditions):
        if known["type"] != condition["type"]:
            continue
        if all(known.get(field) == condition[field] for field in ("status", "reason", "message")):
            return conditions, False
        return [*conditions[:position], condition, *conditions[position + 1 :]], True
    return ([*conditions, condition], True) if condition["status"] == "True" else (conditions, False)
