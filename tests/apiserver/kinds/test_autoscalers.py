"""HorizontalPodAutoscaler in its two forms: defaults, refusals, columns, and the way from one form to the other."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds.autoscaling_v1 import kind as v1
from apiserver.kinds.horizontalpodautoscaler import kind as v2
from apiserver.objects.autoscalers import METRICS, as_v1, as_v2

from .pipeline import cells, created, refusals, updated

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}


def hpa(*metrics: dict[str, Any], **spec: Any) -> dict[str, Any]:
    given = {"scaleTargetRef": TARGET, "minReplicas": 2, "maxReplicas": 5, "metrics": list(metrics), **spec}
    return {"metadata": {"name": "web"}, "spec": given}


def resource(name: str, **target: Any) -> dict[str, Any]:
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def external(**target: Any) -> dict[str, Any]:
    return {"type": "External", "external": {"metric": {"name": "queue"}, "target": target}}


CPU = resource("cpu", type="Utilization", averageUtilization=60)
MEMORY = resource("memory", type="AverageValue", averageValue="100Mi")
PODS = {"type": "Pods", "pods": {"metric": {"name": "hits"}, "target": {"type": "AverageValue", "averageValue": "1k"}}}
OBJECT = {
    "type": "Object",
    "object": {
        "metric": {"name": "hits", "selector": {"matchLabels": {"a": "b"}}},
        "describedObject": {"kind": "Ingress", "name": "main"},
        "target": {"type": "Value", "value": "10k"},
    },
}
CONTAINER = {
    "type": "ContainerResource",
    "containerResource": {
        "name": "cpu",
        "container": "app",
        "target": {"type": "Utilization", "averageUtilization": 5},
    },
}
QUEUE = external(type="AverageValue", averageValue="30")


def test_without_a_metric_it_goes_by_the_use_of_cpu() -> None:
    spec = created(v2, {"spec": {"scaleTargetRef": TARGET, "maxReplicas": 3}})["spec"]
    assert spec["minReplicas"] == 1
    assert spec["metrics"] == [resource("cpu", type="Utilization", averageUtilization=80)]
    assert created(v1, {"spec": {"scaleTargetRef": TARGET}})["spec"]["targetCPUUtilizationPercentage"] == 80


def test_behavior_is_filled_in_where_there_is_some() -> None:
    behavior = created(v2, hpa(CPU, behavior={"scaleDown": {"stabilizationWindowSeconds": 60}}))["spec"]["behavior"]
    by_percent = {"type": "Percent", "value": 100, "periodSeconds": 15}
    assert behavior == {
        "scaleDown": {"stabilizationWindowSeconds": 60, "selectPolicy": "Max", "policies": [by_percent]},
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}, by_percent],
        },
    }
    assert "behavior" not in created(v2, hpa(CPU))["spec"]


@pytest.mark.parametrize(
    "given",
    [
        hpa(CPU),
        hpa(MEMORY, CPU, PODS, OBJECT, CONTAINER, QUEUE),
        hpa(external(type="Value", value="3"), behavior={"scaleUp": {"selectPolicy": "Disabled"}}),
    ],
)
def test_there_and_back_again(given: dict[str, Any]) -> None:
    stored = created(v2, given) | {"apiVersion": "autoscaling/v2"}
    stored["status"]["conditions"] = [{"type": "AbleToScale", "status": "True"}]
    stored["status"]["currentMetrics"] = [{"type": ""}]
    back = as_v2(as_v1(stored))
    metrics, before = back["spec"].pop("metrics"), stored["spec"].pop("metrics")
    assert back == stored
    assert len(metrics) == len(before)
    assert all(metric in before for metric in metrics)


def test_v1_says_the_rest_in_annotations() -> None:
    older = as_v1(created(v2, hpa(CPU, MEMORY)))
    assert older["spec"] == {
        "scaleTargetRef": TARGET, "minReplicas": 2, "maxReplicas": 5, "targetCPUUtilizationPercentage": 60,
    }  # fmt: skip
    assert older["metadata"]["annotations"] == {
        METRICS: '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"100Mi"}}]'
    }


def test_v1_cannot_write_status_by_annotation() -> None:
    noted = "autoscaling.alpha.kubernetes.io/conditions"
    old = {"metadata": {"name": "web", "annotations": {noted: "[1]"}}, "spec": {}}
    new = updated(v1, {"metadata": {"annotations": {noted: "[2]", "a": "b"}}, "spec": {}}, old)
    assert new["metadata"]["annotations"] == {noted: "[1]", "a": "b"}
    assert as_v2({"metadata": {"annotations": {METRICS: "{nonsense"}}, "spec": {}})["metadata"] == {}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (hpa(MEMORY, CPU, PODS, OBJECT, CONTAINER, QUEUE), []),
        (hpa(CPU, minReplicas=3, maxReplicas=2), [
            "spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`"]),
        (hpa(CPU, minReplicas=0), [
            "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1",
            "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero "
            "replicas"]),
        (hpa(CPU, scaleTargetRef={"kind": "a/b"}), [
            "spec.scaleTargetRef.kind: Invalid value: \"a/b\": may not contain '/'",
            "spec.scaleTargetRef.name: Required value"]),
        (hpa({"type": "Moon"}), [
            'spec.metrics[0].type: Unsupported value: "Moon": supported values: "ContainerResource", "External", '
            '"Object", "Pods", "Resource"'] * 2),
        (hpa({**CPU, "pods": PODS["pods"]}), [
            "spec.metrics[0].pods: Forbidden: must populate the given metric source only"]),
        (hpa({"type": "Resource"}), [
            "spec.metrics[0].resource: Required value: must populate information for the given metric source"]),
        (hpa(resource("cpu", type="Utilization")), [
            "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or "
            "a target utilization"]),
        (hpa(resource("", type="Often", averageValue="0", averageUtilization=0)), [
            "spec.metrics[0].resource.name: Required value: must specify a resource name",
            'spec.metrics[0].resource.target.type: Invalid value: "Often": must be either Utilization, Value, or '
            "AverageValue",
            'spec.metrics[0].resource.target.averageValue: Invalid value: "0": must be positive',
            "spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0",
            "spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target "
            "utilization"]),
        (hpa(external(type="Value", value="1", averageValue="1")), [
            "spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a "
            "per-pod target"]),
        (hpa(CPU, behavior={"scaleUp": {"stabilizationWindowSeconds": 9999, "selectPolicy": "Any", "policies": [
            {"type": "Cows", "value": 0, "periodSeconds": 1801}]}}), [
            "spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 9999: must be less than or equal to 3600",
            'spec.behavior.scaleUp.selectPolicy: Unsupported value: "Any": supported values: "Disabled", "Max", "Min"',
            'spec.behavior.scaleUp.policies[0].type: Unsupported value: "Cows": supported values: "Percent", "Pods"',
            "spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero",
            "spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to "
            "1800"]),
    ],
)  # fmt: skip
def test_refusals(given: dict[str, Any], expected: list[str]) -> None:
    assert refusals(v2, given) == expected


def test_v1_is_held_to_the_same_rules() -> None:
    given = {"metadata": {"name": "web"}, "spec": {"scaleTargetRef": TARGET, "targetCPUUtilizationPercentage": 0}}
    assert refusals(v1, given) == [
        "spec.maxReplicas: Invalid value: 0: must be greater than 0",
        "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`",
        "spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0",
    ]


@pytest.mark.parametrize(
    ("metrics", "current", "expected"),
    [
        ([CPU], [{"type": ""}], "cpu: <unknown>/60%"),
        ([CPU], [resource("cpu") | {"resource": {"current": {"averageUtilization": 40}}}], "cpu: 40%/60%"),
        ([MEMORY, PODS, OBJECT, QUEUE], [], "memory: <unknown>/100Mi, <unknown>/1k + 2 more..."),
        ([OBJECT, QUEUE], [], "<unknown>/10k, <unknown>/30 (avg)"),
        ([], [], "<none>"),
    ],
)
def test_targets_are_shown_with_what_is_known(metrics: list[Any], current: list[Any], expected: str) -> None:
    shown = {**hpa(*metrics), "status": {"currentMetrics": current}}
    for row in (cells(v2, shown), cells(v1, as_v1(shown))):
        assert (row["Reference"], row["MinPods"], row["MaxPods"], row["Replicas"]) == ("Deployment/web", "2", 5, 0)
    assert cells(v2, shown)["Targets"] == expected
