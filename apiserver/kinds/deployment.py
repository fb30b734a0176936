"""Deployment: equal Pods that are replaced step by step when their template changes."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object, Scale, spec_changed
from apiserver.objects.poddefaults import default_template
from apiserver.objects.podwarnings import name_warnings, template_warnings
from apiserver.objects.validation import (
    Causes,
    forbidden,
    invalid,
    not_negative,
    required,
)
from apiserver.objects.validation.names import subdomain_name
from apiserver.objects.validation.workload import (
    step_amount,
    unknown_strategy,
    validate_at_most_all,
    validate_collisions,
    validate_counts,
    validate_selector_and_template,
    validate_selector_kept,
    validate_step,
)
from apiserver.objects.workloadcolumns import container_names, images, selector

STRATEGIES = ("Recreate", "RollingUpdate")
DEFAULT_STEP = "25%"
COUNTS = (
    "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas",
    "collisionCount",
)  # fmt: skip
PARTS = ("updatedReplicas", "readyReplicas", "availableReplicas")


def ready_column(deployment: Object) -> str:
    return f"{_status(deployment, 'readyReplicas')}/{deployment['spec'].get('replicas', 0)}"


def _status(deployment: Object, field: str) -> int:
    return int(deployment.get("status", {}).get(field, 0))


def default(deployment: Object) -> None:
    spec = deployment["spec"]
    default_template(spec.setdefault("template", {}))
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", DEFAULT_STEP)
        rolling.setdefault("maxSurge", DEFAULT_STEP)


def is_new_generation(new: Object, old: Object) -> bool:
    """Annotations count too: the controller copies them to the ReplicaSets."""
    return spec_changed(new, old) or (new["metadata"].get("annotations") or {}) != (
        old["metadata"].get("annotations") or {}
    )


def validate(deployment: Object) -> Causes:
    spec = deployment["spec"]
    causes = not_negative("spec.replicas", spec.get("replicas", 0))
    causes += validate_selector_and_template(spec)
    causes += _validate_strategy("spec.strategy", spec.get("strategy") or {})
    min_ready, deadline = spec.get("minReadySeconds", 0), spec.get("progressDeadlineSeconds")
    causes += not_negative("spec.minReadySeconds", min_ready)
    causes += not_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit", 0))
    if deadline is None:
        return causes
    causes += not_negative("spec.progressDeadlineSeconds", deadline)
    if deadline <= min_ready:
        causes.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return causes


def _validate_strategy(at: str, strategy: Object) -> Causes:
    type_, rolling = strategy.get("type", ""), strategy.get("rollingUpdate")
    if type_ not in STRATEGIES:
        return [unknown_strategy(at, strategy, STRATEGIES)]
    if type_ == "Recreate":
        text = "may not be specified when strategy `type` is 'Recreate'"
        return [] if rolling is None else [forbidden(f"{at}.rollingUpdate", text)]
    if rolling is None:
        return [required(f"{at}.rollingUpdate", "this should be defaulted and never be nil")]
    return _validate_rolling(f"{at}.rollingUpdate", rolling)


def _validate_rolling(at: str, rolling: Object) -> Causes:
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    causes = validate_step(f"{at}.maxUnavailable", unavailable) + validate_step(f"{at}.maxSurge", surge)
    if step_amount(unavailable) == 0 and step_amount(surge) == 0:
        causes.append(invalid(f"{at}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0"))
    return causes + validate_at_most_all(f"{at}.maxUnavailable", unavailable)


def validate_status(new: Object, old: Object) -> Causes:
    status, before = new.get("status") or {}, old.get("status") or {}
    return validate_counts(status, COUNTS, PARTS) + validate_collisions(status, before)


def warnings(new: Object, old: Object | None) -> list[str]:
    if old is None:
        found = name_warnings(new["metadata"].get("name", ""), "Pod names and hostnames")
        return found + template_warnings(new["spec"]["template"])
    return template_warnings(new["spec"]["template"]) if is_new_generation(new, old) else []


kind = Kind(
    "apps/v1",
    "Deployment",
    "deployments",
    short=("deploy",),
    categories=("all",),
    status=True,
    scale=Scale(),
    has_generation=True,
    is_new_generation=is_new_generation,
    columns=(
        NAME,
        Column("Ready", ready_column),
        Column("Up-to-date", lambda d: _status(d, "updatedReplicas")),
        Column("Available", lambda d: _status(d, "availableReplicas")),
        AGE,
        Column("Containers", container_names, priority=1),
        Column("Images", images, priority=1),
        Column("Selector", selector, priority=1),
    ),
    validate_name=subdomain_name,
    default=default,
    validate=validate,
    validate_update=validate_selector_kept,
    validate_status=validate_status,
    warnings=warnings,
)
