"""HorizontalPodAutoscaler: how many replicas a workload has, by how busy they are; in the form that is stored."""

from __future__ import annotations

from apiserver.kind import Kind, Object
from apiserver.kinds._autoscalers import COLUMNS
from apiserver.objects.autoscalers import DEFAULT_UTILIZATION, cpu_use
from apiserver.objects.validation.autoscaler import validate, validate_status
from apiserver.objects.validation.names import subdomain_name

PERIOD_SECONDS = 15
BY_PODS = {"type": "Pods", "value": 4, "periodSeconds": PERIOD_SECONDS}
BY_PERCENT = {"type": "Percent", "value": 100, "periodSeconds": PERIOD_SECONDS}
GROWING: Object = {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [BY_PODS, BY_PERCENT]}
SHRINKING: Object = {"selectPolicy": "Max", "policies": [BY_PERCENT]}


def default(autoscaler: Object) -> None:
    spec = autoscaler["spec"]
    if not spec.get("metrics"):
        spec["metrics"] = [cpu_use(DEFAULT_UTILIZATION)]
    behavior = spec.get("behavior")
    if behavior is not None:
        for direction, rules in (("scaleUp", GROWING), ("scaleDown", SHRINKING)):
            given = behavior.get(direction) or {}
            policies = [dict(policy) for policy in rules["policies"]]
            behavior[direction] = {**rules, "policies": policies, **given}


kind = Kind(
    "autoscaling/v2",
    "HorizontalPodAutoscaler",
    "horizontalpodautoscalers",
    short=("hpa",),
    categories=("all",),
    status=True,
    columns=COLUMNS,
    validate_name=subdomain_name,
    default=default,
    validate=validate,
    validate_status=validate_status,
)
