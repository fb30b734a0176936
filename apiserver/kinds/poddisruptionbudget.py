"""PodDisruptionBudget: how many of a set of Pods may be evicted at a time."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation import Causes, invalid, not_negative, not_supported, struct
from apiserver.objects.validation.conditions import validate_conditions
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import segment_name
from apiserver.objects.validation.workload import print_selector, validate_at_most_all, validate_step

EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")
AMOUNTS = ("minAvailable", "maxUnavailable")
COUNTS = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")


def amount(budget: Object, field: str) -> str:
    return str((budget.get("spec") or {}).get(field, "N/A"))


def validate(budget: Object) -> Causes:
    spec = budget.get("spec") or {}
    causes: Causes = []
    if all(spec.get(field) is not None for field in AMOUNTS):
        causes.append(invalid("spec", _printed(spec), "minAvailable and maxUnavailable cannot be both set"))
    for field in AMOUNTS:
        if (given := spec.get(field)) is not None:
            causes += validate_step(f"spec.{field}", given) + validate_at_most_all(f"spec.{field}", given)
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in EVICTION_POLICIES:
        causes.append(not_supported("spec.unhealthyPodEvictionPolicy", policy, EVICTION_POLICIES))
    return causes + validate_label_selector("spec.selector", spec.get("selector"))


def _printed(spec: Object) -> str:
    selector = spec.get("selector")
    return struct(
        ("MinAvailable", spec.get("minAvailable")),
        ("Selector", None if selector is None else print_selector(selector)),
        ("MaxUnavailable", spec.get("maxUnavailable")),
        ("UnhealthyPodEvictionPolicy", spec.get("unhealthyPodEvictionPolicy")),
    )


def validate_status(new: Object, old: Object) -> Causes:
    status = new.get("status") or {}
    causes = validate_conditions("status.conditions", status.get("conditions") or [])
    return causes + [cause for field in COUNTS for cause in not_negative(f"status.{field}", status.get(field, 0))]


kind = Kind(
    "policy/v1",
    "PodDisruptionBudget",
    "poddisruptionbudgets",
    short=("pdb",),
    status=True,
    has_generation=True,
    columns=(
        NAME,
        Column("Min Available", lambda budget: amount(budget, "minAvailable")),
        Column("Max Unavailable", lambda budget: amount(budget, "maxUnavailable")),
        Column("Allowed Disruptions", lambda b: (b.get("status") or {}).get("disruptionsAllowed", 0), type="integer"),
        AGE,
    ),
    validate_name=segment_name,
    validate=validate,
    validate_status=validate_status,
)
