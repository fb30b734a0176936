"""What an autoscaler does about its target where nothing is measured."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apiserver.objects import autoscaling
from apiserver.objects.autoscalers import cpu_use
from apiserver.objects.autoscaling import Target

Object = dict[str, Any]
NOW, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
CPU = (
    "failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource "
    "metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"
)


def autoscaler(*metrics: Object, status: Object | None = None) -> Object:
    spec = {"minReplicas": 2, "maxReplicas": 5, "metrics": list(metrics) or [cpu_use(80)]}
    return {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec, "status": status or {}}


def conditions(status: Object) -> dict[str, tuple[str, str]]:
    return {c["type"]: (c["status"], c["reason"]) for c in status["conditions"]}


@pytest.mark.parametrize(
    ("current", "wanted", "reason"),
    [
        (1, 2, "Current number of replicas below Spec.MinReplicas"),
        (9, 5, "Current number of replicas above Spec.MaxReplicas"),
    ],
)
def test_the_target_is_brought_within_bounds(current: int, wanted: int, reason: str) -> None:
    decision = autoscaling.decide(autoscaler(), Target(current, "app=web"), NOW)
    assert (decision.replicas, decision.reason) == (wanted, reason)
    status = autoscaling.rescaled(decision, current, NOW)
    assert conditions(status) == {"AbleToScale": ("True", "SucceededRescale")}
    assert (status["currentReplicas"], status["desiredReplicas"]) == (current, wanted)
    assert status["lastScaleTime"] == "2026-01-01T00:00:00Z"
    assert decision.events == [("Normal", "SuccessfulRescale", f"New size: {wanted}; reason: {reason}")]


def test_a_target_that_cannot_be_written_is_told_of() -> None:
    decision = autoscaling.decide(autoscaler(), Target(1, "app=web"), NOW)
    status = autoscaling.not_rescaled(decision, 1, "no", NOW)
    assert conditions(status) == {"AbleToScale": ("False", "FailedUpdateScale")}
    assert decision.events[0][2].endswith("below Spec.MinReplicas; error: no")


def test_a_target_at_zero_is_left_there() -> None:
    decision = autoscaling.decide(autoscaler(), Target(0, "app=web"), NOW)
    assert decision.replicas is None
    assert conditions(decision.status)["ScalingActive"] == ("False", "ScalingDisabled")
    assert decision.status["desiredReplicas"] == 0
    assert "currentReplicas" not in decision.status


def test_what_cannot_be_measured_is_said() -> None:
    decision = autoscaling.decide(autoscaler(), Target(3, "app=web"), NOW)
    assert decision.replicas is None
    assert conditions(decision.status) == {
        "AbleToScale": ("True", "SucceededGetScale"),
        "ScalingActive": ("False", "FailedGetResourceMetric"),
    }
    assert decision.status["conditions"][1]["message"] == f"the HPA was unable to compute the replica count: {CPU}"
    assert (decision.status["currentReplicas"], decision.status["currentMetrics"]) == (3, [{"type": ""}])
    assert decision.events == [
        ("Warning", "FailedGetResourceMetric", CPU),
        (
            "Warning",
            "FailedComputeMetricsReplicas",
            f"invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: {CPU}",
        ),
    ]


AMOUNT = {"type": "AverageValue", "averageValue": "1"}


@pytest.mark.parametrize(
    ("metric", "reason", "start"),
    [
        ({"type": "Pods", "pods": {"metric": {"name": "hits"}, "target": AMOUNT}}, "FailedGetPodsMetric", (
            "unable to get metric hits: unable to fetch metrics from custom metrics API")),
        ({"type": "Object", "object": {"metric": {"name": "hits"}, "describedObject": {"kind": "Ingress", "name": "m"},
                                       "target": AMOUNT}}, "FailedGetObjectMetric", (
            "unable to get metric hits: Ingress on shop m/unable to fetch")),
        ({"type": "External", "external": {"metric": {"name": "queue"}, "target": AMOUNT}}, "FailedGetExternalMetric", (
            "unable to get external metric shop/queue/nil: unable to fetch")),
        ({"type": "Resource", "resource": {"name": "memory", "target": AMOUNT}}, "FailedGetResourceMetric", (
            "failed to get memory usage: unable to get metrics for resource memory")),
        ({"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "c", "target": AMOUNT}},
         "FailedGetContainerResourceMetric", "failed to get cpu usage: unable to get metrics for resource cpu"),
    ],
)  # fmt: skip
def test_each_sort_of_metric_is_missing_in_its_own_way(metric: Object, reason: str, start: str) -> None:
    decision = autoscaling.decide(autoscaler(metric), Target(3, "app=web"), NOW)
    assert decision.events[0][1] == reason
    assert decision.events[0][2].startswith(start)


def test_a_target_that_is_not_there() -> None:
    decision = autoscaling.unreachable(autoscaler(), 'deployments.apps "web" not found', NOW)
    assert conditions(decision.status) == {"AbleToScale": ("False", "FailedGetScale")}
    assert decision.events == [("Warning", "FailedGetScale", 'deployments.apps "web" not found')]


def test_a_target_without_a_selector() -> None:
    decision = autoscaling.decide(autoscaler(), Target(3, ""), NOW)
    assert conditions(decision.status)["ScalingActive"] == ("False", "InvalidSelector")
    assert [reason for _, reason, _ in decision.events] == ["SelectorRequired", "FailedComputeMetricsReplicas"]


def test_conditions_keep_their_time_while_they_hold() -> None:
    first = autoscaling.decide(autoscaler(), Target(3, "app=web"), NOW).status
    again = autoscaling.decide(autoscaler(status=first), Target(3, "app=web"), LATER).status
    assert again == first
    gone = autoscaling.unreachable(autoscaler(status=first), "gone", LATER).status
    assert [c["lastTransitionTime"][:10] for c in gone["conditions"]] == ["2026-01-02", "2026-01-01"]
