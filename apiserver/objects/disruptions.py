"""What a PodDisruptionBudget allows: plans over its Pods and over how many of them there should be.

expected         the Pods it selects; for percentages and maxUnavailable, the scale of their owners
desired healthy  minAvailable, or expected - maxUnavailable; percentages are rounded up
healthy          ready Pods, without those that go away or whose eviction was allowed a moment ago
allowed          healthy - desired healthy
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apiserver.clock import parse_timestamp, timestamp
from apiserver.objects.endpoints import is_ready
from apiserver.objects.selectors import LabelSelector, from_object

Object = dict[str, Any]

DELETION_TIMEOUT = timedelta(minutes=2)
"""How long a Pod whose eviction was allowed may take to be deleted before it counts again."""
TARGET = "DisruptionTarget"
"""The condition of a Pod that is about to be deleted."""
ALLOWED, SUFFICIENT, INSUFFICIENT, SYNC_FAILED = (
    "DisruptionAllowed", "SufficientPods", "InsufficientPods", "SyncFailed",
)  # fmt: skip


@dataclass(frozen=True)
class Disrupted:
    """Pods whose eviction was allowed: those still to go, with when that was; those that should have gone by now; and
    how long until the next of them should have."""

    going: dict[str, str]
    late: tuple[Object, ...]
    next_seconds: float | None


def selector_of(budget: Object) -> LabelSelector | None:
    """None: selects nothing. An empty selector selects everything."""
    selector = (budget.get("spec") or {}).get("selector")
    return None if selector is None else from_object(selector)


def needs_scale(budget: Object) -> bool:
    """Whether it matters how many replicas the Pods' owners want."""
    spec = budget.get("spec") or {}
    return "maxUnavailable" in spec or isinstance(spec.get("minAvailable"), str)


def desired_healthy(budget: Object, expected: int) -> int:
    """How many Pods of `expected` must stay healthy."""
    spec = budget.get("spec") or {}
    if "maxUnavailable" in spec:
        return max(0, expected - scaled(spec["maxUnavailable"], expected))
    return scaled(spec.get("minAvailable", 0), expected)


def scaled(amount: int | str, total: int) -> int:
    """A number of Pods, or a percentage of `total`, rounded up."""
    return math.ceil(int(amount.rstrip("%")) * total / 100) if isinstance(amount, str) else amount


def disrupted(budget: Object, pods: Iterable[Object], now: datetime) -> Disrupted:
    known = (budget.get("status") or {}).get("disruptedPods") or {}
    going: dict[str, str] = {}
    late: list[Object] = []
    waits: list[float] = []
    for pod in pods:
        since = known.get(pod["metadata"]["name"])
        if since is None or "deletionTimestamp" in pod["metadata"]:
            continue
        left = (parse_timestamp(since) + DELETION_TIMEOUT - now).total_seconds()
        if left > 0:
            going[pod["metadata"]["name"]] = since
            waits.append(left)
        else:
            late.append(pod)
    return Disrupted(going, tuple(late), min(waits, default=None))


def healthy(pods: Iterable[Object], going: dict[str, str]) -> int:
    """How many Pods are ready and to stay."""
    return sum(
        is_ready(pod) and "deletionTimestamp" not in pod["metadata"] and pod["metadata"]["name"] not in going
        for pod in pods
    )


def status_of(budget: Object, expected: int, current: int, going: dict[str, str], now: datetime) -> Object:
    """The whole status."""
    desired = desired_healthy(budget, expected)
    allowed = max(0, current - desired) if expected > 0 else 0
    status: Object = {
        "conditions": (budget.get("status") or {}).get("conditions") or [],
        "currentHealthy": current,
        "desiredHealthy": desired,
        "disruptionsAllowed": allowed,
        "expectedPods": expected,
        "observedGeneration": budget["metadata"].get("generation", 0),
    }
    if going:
        status["disruptedPods"] = going
    return with_verdict(status, now)


def with_verdict(status: Object, now: datetime) -> Object:
    """The status with the condition that goes with its number of allowed disruptions."""
    allowed = status["disruptionsAllowed"] > 0
    return _with_condition(status, "True" if allowed else "False", SUFFICIENT if allowed else INSUFFICIENT, "", now)


def failed_status(budget: Object, message: str, now: datetime) -> Object:
    """The status while nothing can be computed: no disruptions, and why."""
    status = {"currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0, **(budget.get("status") or {})}
    return _with_condition({**status, "disruptionsAllowed": 0}, "False", SYNC_FAILED, message, now)


def _with_condition(status: Object, verdict: str, reason: str, message: str, now: datetime) -> Object:
    conditions = status.get("conditions") or []
    before: Object = next((c for c in conditions if c["type"] == ALLOWED), {})
    since = before.get("lastTransitionTime") if before.get("status") == verdict else None
    condition = {
        "type": ALLOWED,
        "status": verdict,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since or timestamp(now),
    }
    if status.get("observedGeneration"):
        condition["observedGeneration"] = status["observedGeneration"]
    return {**status, "conditions": [*(c for c in conditions if c["type"] != ALLOWED), condition]}


def allow(budget: Object, pod_name: str, now: datetime) -> None:
    """Take one eviction off what the budget allows (in place), and remember whose it is."""
    status = budget["status"]
    status["disruptionsAllowed"] -= 1
    if not status["disruptionsAllowed"]:
        budget["status"] = status = with_verdict(status, now)
    status["disruptedPods"] = {**(status.get("disruptedPods") or {}), pod_name: timestamp(now)}


def stale_in_seconds(pod: Object, now: datetime) -> float | None:
    """How long a Pod that is said to go may still take to be deleted; 0: it stays, after all. None: nothing is said, or
    it does go."""
    status = pod.get("status") or {}
    if "deletionTimestamp" in pod["metadata"] or status.get("phase") in ("Succeeded", "Failed"):
        return None
    target = next((c for c in status.get("conditions") or () if c["type"] == TARGET), None)
    if target is None or target["status"] != "True" or target.get("reason") == "TerminationByKubelet":
        return None
    return max(0.0, (parse_timestamp(target["lastTransitionTime"]) + DELETION_TIMEOUT - now).total_seconds())


def take_back(pod: Object, now: datetime) -> None:
    """Say (in place) that a Pod does not go."""
    for condition in pod["status"]["conditions"]:
        if condition["type"] == TARGET:
            condition |= {"status": "False", "lastTransitionTime": timestamp(now)}
            condition.pop("reason", None)
            condition.pop("message", None)


def printed_selector(selector: Object) -> str:
    """A selector as Go prints the struct in the middle of a sentence."""
    labels = "".join(f"{key}: {value}," for key, value in sorted((selector.get("matchLabels") or {}).items()))
    expressions = "".join(
        f"LabelSelectorRequirement{{Key:{e['key']},Operator:{e['operator']},Values:[{_words(e)}],}},"
        for e in selector.get("matchExpressions") or ()
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )


def _words(expression: Object) -> str:
    return " ".join(expression.get("values") or ())
