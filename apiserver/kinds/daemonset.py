"""DaemonSet: one Pod on each node that suits it."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object, spec_changed
from apiserver.objects.daemons import TEMPLATE_GENERATION
from apiserver.objects.numerals import natural
from apiserver.objects.poddefaults import default_template
from apiserver.objects.podwarnings import template_warnings
from apiserver.objects.validation import Causes, invalid, not_negative, required
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import subdomain_name
from apiserver.objects.validation.podspec import validate_template
from apiserver.objects.validation.workload import (
    not_selected,
    print_selector,
    selects,
    step_amount,
    unknown_strategy,
    validate_at_most_all,
    validate_collisions,
    validate_lasting,
    validate_selector_kept,
    validate_step,
)
from apiserver.objects.workloadcolumns import container_names, counted, images, labels, selector

STRATEGIES = ("RollingUpdate", "OnDelete")
COUNTS = (
    "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "observedGeneration",
    "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount",
)  # fmt: skip


def prepare(new: Object, old: Object | None) -> None:
    """An annotation counts the templates there have been; only the server writes it."""
    before = _template_generation(old) if old is not None else 0
    changed = old is None or _template(new) != _template(old)
    annotations = new["metadata"].get("annotations") or {}
    new["metadata"]["annotations"] = {**annotations, TEMPLATE_GENERATION: str(before + changed)}


def _template_generation(daemonset: Object) -> int:
    return natural((daemonset["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "")) or 0


def _template(daemonset: Object) -> Object:
    return (daemonset.get("spec") or {}).get("template") or {}


def default(daemonset: Object) -> None:
    spec = daemonset["spec"]
    default_template(spec.setdefault("template", {}))
    strategy = spec.setdefault("updateStrategy", {})
    if strategy.get("type") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)


def validate(daemonset: Object) -> Causes:
    spec = daemonset["spec"]
    causes = _validate_selector(spec.get("selector"), spec["template"])
    causes += validate_template("spec.template", spec["template"])
    causes += validate_lasting(spec["template"], kind.name)
    causes += not_negative("spec.minReadySeconds", spec.get("minReadySeconds", 0))
    causes += _validate_strategy("spec.updateStrategy", spec["updateStrategy"])
    return causes + not_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit", 0))


def _validate_selector(selector: Object | None, template: Object) -> Causes:
    if selector is None:  # selects nothing, so not the template either
        return [not_selected(template)]
    causes = validate_label_selector("spec.selector", selector)
    if not causes and not selects(selector, (template.get("metadata") or {}).get("labels") or {}):
        causes.append(not_selected(template))
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        causes.append(invalid("spec.selector", print_selector(selector), "empty selector is invalid for daemonset"))
    return causes


def _validate_strategy(at: str, strategy: Object) -> Causes:
    type_, rolling = strategy.get("type", ""), strategy.get("rollingUpdate")
    if type_ not in STRATEGIES:
        return [unknown_strategy(at, strategy, STRATEGIES)]
    if type_ == "OnDelete":
        return []
    return [required(f"{at}.rollingUpdate")] if rolling is None else _validate_rolling(f"{at}.rollingUpdate", rolling)


def _validate_rolling(at: str, rolling: Object) -> Causes:
    steps = {name: rolling.get(name, 0) for name in ("maxUnavailable", "maxSurge")}
    causes = [cause for name, step in steps.items() for cause in validate_step(f"{at}.{name}", step)]
    causes += [cause for name, step in steps.items() for cause in validate_at_most_all(f"{at}.{name}", step)]
    unavailable, surge = (step_amount(step) for step in steps.values())
    if unavailable and surge:
        causes.append(invalid(f"{at}.maxSurge", steps["maxSurge"], "may not be set when maxUnavailable is non-zero"))
    elif not unavailable and not surge:
        causes.append(required(f"{at}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    return causes


def validate_status(new: Object, old: Object) -> Causes:
    status = new.get("status") or {}
    causes = [cause for field in COUNTS for cause in not_negative(f"status.{field}", status.get(field, 0))]
    return causes + validate_collisions(status, old.get("status") or {})


def warnings(new: Object, old: Object | None) -> list[str]:
    return template_warnings(new["spec"]["template"]) if old is None or spec_changed(new, old) else []


kind = Kind(
    "apps/v1",
    "DaemonSet",
    "daemonsets",
    short=("ds",),
    categories=("all",),
    status=True,
    has_generation=True,
    columns=(
        NAME,
        Column("Desired", counted("desiredNumberScheduled"), type="integer"),
        Column("Current", counted("currentNumberScheduled"), type="integer"),
        Column("Ready", counted("numberReady"), type="integer"),
        Column("Up-to-date", counted("updatedNumberScheduled"), type="integer"),
        Column("Available", counted("numberAvailable"), type="integer"),
        Column("Node Selector", lambda ds: labels((ds["spec"]["template"].get("spec") or {}).get("nodeSelector"))),
        AGE,
        Column("Containers", container_names, priority=1),
        Column("Images", images, priority=1),
        Column("Selector", selector, priority=1),
    ),
    validate_name=subdomain_name,
    prepare=prepare,
    default=default,
    validate=validate,
    validate_update=validate_selector_kept,
    validate_status=validate_status,
    warnings=warnings,
)
