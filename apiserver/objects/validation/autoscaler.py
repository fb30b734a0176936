"""Validation of a HorizontalPodAutoscaler, in its autoscaling/v2 form."""

from __future__ import annotations

from collections.abc import Callable

from apiserver.objects.quantity import parse
from apiserver.objects.validation import (
    NOT_NEGATIVE,
    Causes,
    Object,
    forbidden,
    invalid,
    not_negative,
    not_supported,
    required,
)
from apiserver.objects.validation.names import dns_label, path_segment, problems
from apiserver.objects.validation.resources import validate_container_resource_name

MAX_WINDOW_SECONDS, MAX_PERIOD_SECONDS = 3600, 1800
SELECT_POLICIES = ("Disabled", "Max", "Min")
POLICY_TYPES = ("Percent", "Pods")
TARGET_TYPES = ("Utilization", "Value", "AverageValue")
SOURCES = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
"""The type of a metric, and the field that describes such a one."""
ON_ITS_OWN = "must populate the given metric source only"


def validate(autoscaler: Object) -> Causes:
    spec = autoscaler.get("spec") or {}
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    causes: Causes = []
    if least is not None and least < 1:
        causes.append(invalid("spec.minReplicas", least, "must be greater than or equal to 1"))
    if most < 1:
        causes.append(invalid("spec.maxReplicas", most, "must be greater than 0"))
    if least is not None and most < least:
        causes.append(invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"))
    causes += _validate_reference("spec.scaleTargetRef", spec.get("scaleTargetRef") or {})
    metrics = spec.get("metrics") or []
    for index, metric in enumerate(metrics):
        causes += _validate_metric(f"spec.metrics[{index}]", metric)
    if least == 0 and not any(metric.get("type") in ("Object", "External") for metric in metrics):
        text = "must specify at least one Object or External metric to support scaling to zero replicas"
        causes.append(forbidden("spec.metrics", text))
    for direction in ("scaleUp", "scaleDown"):
        rules = (spec.get("behavior") or {}).get(direction)
        if rules is not None:
            causes += _validate_rules(f"spec.behavior.{direction}", rules)
    return causes


def validate_status(new: Object, old: Object) -> Causes:
    status = new.get("status") or {}
    fields = ("currentReplicas", "desiredReplicas")
    return [cause for field in fields for cause in not_negative(f"status.{field}", status.get(field, 0))]


def _validate_reference(at: str, reference: Object) -> Causes:
    causes: Causes = []
    version = reference.get("apiVersion", "")
    if version.count("/") > 1:
        causes.append(invalid(f"{at}.apiVersion", version, f"unexpected GroupVersion string: {version}"))
    for field in ("kind", "name"):
        causes += _validate_segment(f"{at}.{field}", reference.get(field, ""), "")
    return causes


def _validate_segment(at: str, value: str, missing: str) -> Causes:
    return problems(at, value, path_segment(value)) if value else [required(at, missing)]


def _validate_metric(at: str, metric: Object) -> Causes:
    type_ = metric.get("type", "")
    causes: Causes = []
    if not type_:
        causes.append(required(f"{at}.type", "must specify a metric source type"))
    unknown = [] if type_ in SOURCES else [not_supported(f"{at}.type", type_, SOURCES)]
    causes += unknown
    present = [source for source in CHECKS if metric.get(source) is not None]
    if present:
        causes += CHECKS[present[0]](f"{at}.{present[0]}", metric[present[0]])
    expected = SOURCES.get(type_, "")
    if expected and expected not in present:
        causes.append(required(f"{at}.{expected}", "must populate information for the given metric source"))
    causes += unknown
    if len(present) != 1:
        causes += [forbidden(f"{at}.{source}", ON_ITS_OWN) for source in sorted(present) if source != expected]
    return causes


def _validate_object_source(at: str, source: Object) -> Causes:
    causes = _validate_reference(f"{at}.describedObject", source.get("describedObject") or {})
    causes += _validate_identified(at, source)
    if not _targets(source, "value", "averageValue"):
        text = "must set either a target value or averageValue"
        causes.append(required(f"{at}.target.averageValue", text))
    return causes


def _validate_external_source(at: str, source: Object) -> Causes:
    causes = _validate_identified(at, source)
    targets = _targets(source, "value", "averageValue")
    if not targets:
        text = "must set either a target value for metric or a per-pod target"
        causes.append(required(f"{at}.target.averageValue", text))
    if len(targets) == 2:
        text = "may not set both a target value for metric and a per-pod target"
        causes.append(forbidden(f"{at}.target.value", text))
    return causes


def _validate_pods_source(at: str, source: Object) -> Causes:
    causes = _validate_identified(at, source)
    if not _targets(source, "averageValue"):
        causes.append(required(f"{at}.target.averageValue", "must specify a positive target averageValue"))
    return causes


def _validate_resource_source(at: str, source: Object) -> Causes:
    missing = [] if source.get("name") else [required(f"{at}.name", "must specify a resource name")]
    return missing + _validate_use(at, source)


def _validate_container_source(at: str, source: Object) -> Causes:
    name, container = source.get("name", ""), source.get("container", "")
    causes: Causes = []
    if name:
        causes += validate_container_resource_name(f"{at}.name", name)
    else:
        causes.append(required(f"{at}.name", "must specify a resource name"))
    if container:
        causes += problems(f"{at}.container", container, dns_label(container))
    else:
        causes.append(required(f"{at}.container", "must specify a container"))
    return causes + _validate_use(at, source)


CHECKS: dict[str, Callable[[str, Object], Causes]] = {
    "object": _validate_object_source,
    "external": _validate_external_source,
    "pods": _validate_pods_source,
    "resource": _validate_resource_source,
    "containerResource": _validate_container_source,
}
"""In the order in which sources are looked at; of several only the first is."""


def _targets(source: Object, *fields: str) -> list[str]:
    target = source.get("target") or {}
    return [field for field in fields if target.get(field) is not None]


def _validate_identified(at: str, source: Object) -> Causes:
    name = (source.get("metric") or {}).get("name", "")
    causes = _validate_segment(f"{at}.metric.name", name, "must specify a metric name")
    return causes + _validate_target(f"{at}.target", source.get("target") or {})


def _validate_use(at: str, source: Object) -> Causes:
    """How much of a resource is used: a share or an amount."""
    causes = _validate_target(f"{at}.target", source.get("target") or {})
    targets = _targets(source, "averageUtilization", "averageValue")
    if not targets:
        text = "must set either a target raw value or a target utilization"
        causes.append(required(f"{at}.target.averageUtilization", text))
    if len(targets) == 2:
        text = "may not set both a target raw value and a target utilization"
        causes.append(forbidden(f"{at}.target.averageValue", text))
    return causes


def _validate_target(at: str, target: Object) -> Causes:
    type_ = target.get("type", "")
    causes: Causes = []
    if not type_:
        causes.append(required(f"{at}.type", "must specify a metric target type"))
    if type_ not in TARGET_TYPES:
        causes.append(invalid(f"{at}.type", type_, "must be either Utilization, Value, or AverageValue"))
    for field in ("value", "averageValue"):
        if target.get(field) is not None and parse(target[field]).value <= 0:
            causes.append(invalid(f"{at}.{field}", target[field], "must be positive"))
    share = target.get("averageUtilization")
    if share is not None and share < 1:
        causes.append(invalid(f"{at}.averageUtilization", share, "must be greater than 0"))
    return causes


def _validate_rules(at: str, rules: Object) -> Causes:
    window, select, tolerance = (rules.get(f) for f in ("stabilizationWindowSeconds", "selectPolicy", "tolerance"))
    causes: Causes = []
    if window is not None and window < 0:
        causes.append(invalid(f"{at}.stabilizationWindowSeconds", window, "must be greater than or equal to zero"))
    if window is not None and window > MAX_WINDOW_SECONDS:
        text = f"must be less than or equal to {MAX_WINDOW_SECONDS}"
        causes.append(invalid(f"{at}.stabilizationWindowSeconds", window, text))
    if select is not None and select not in SELECT_POLICIES:
        causes.append(not_supported(f"{at}.selectPolicy", select, SELECT_POLICIES))
    policies = rules.get("policies") or []
    if not policies:
        causes.append(required(f"{at}.policies", "must specify at least one Policy"))
    for index, policy in enumerate(policies):
        causes += _validate_policy(f"{at}.policies[{index}]", policy)
    if tolerance is not None and parse(tolerance).value < 0:
        causes.append(invalid(f"{at}.tolerance", tolerance, NOT_NEGATIVE))
    return causes


def _validate_policy(at: str, policy: Object) -> Causes:
    type_, value, period = policy.get("type", ""), policy.get("value", 0), policy.get("periodSeconds", 0)
    causes: Causes = []
    if type_ not in POLICY_TYPES:
        causes.append(not_supported(f"{at}.type", type_, POLICY_TYPES))
    if value <= 0:
        causes.append(invalid(f"{at}.value", value, "must be greater than zero"))
    if period <= 0:
        causes.append(invalid(f"{at}.periodSeconds", period, "must be greater than zero"))
    if period > MAX_PERIOD_SECONDS:
        causes.append(invalid(f"{at}.periodSeconds", period, f"must be less than or equal to {MAX_PERIOD_SECONDS}"))
    return causes
