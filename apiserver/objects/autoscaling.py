"""What a HorizontalPodAutoscaler does in a cluster that measures nothing: it keeps its target within minReplicas and
maxReplicas, and says of each metric why it cannot be had, in the words of a cluster without a metrics server.

`decide` is the plan: conditions, events, the number of replicas and the status, from the autoscaler and its target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apiserver.clock import timestamp

Object = dict[str, Any]

ABLE, ACTIVE = "AbleToScale", "ScalingActive"
NO_RESOURCE_METRICS = (
    "unable to fetch metrics from resource metrics API: the server could not find the requested resource "
    "(get pods.metrics.k8s.io)"
)
NO_CUSTOM_METRICS = (
    "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered"
)
NO_EXTERNAL_METRICS = (
    "unable to fetch metrics from external metrics API: no external metrics API (external.metrics.k8s.io) registered"
)


@dataclass(frozen=True)
class Target:
    """What is scaled: how many replicas it wants now, and the selector of its Pods as text."""

    replicas: int
    selector: str


@dataclass
class Decision:
    """`replicas`: to be written to the target, None: nothing. `events` are (type, reason, message)."""

    status: Object
    events: list[tuple[str, str, str]] = field(default_factory=list)
    replicas: int | None = None
    reason: str = ""


def decide(autoscaler: Object, target: Target, now: datetime) -> Decision:
    """What to do about a target that can be scaled."""
    spec, current = autoscaler["spec"], target.replicas
    least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
    text = "the HPA controller was able to get the target's current scale"
    status = with_condition(autoscaler.get("status") or {}, ABLE, "True", "SucceededGetScale", text, now)
    if current == 0 and least != 0:
        text = "scaling is disabled since the replica count of the target is zero"
        status = with_condition(status, ACTIVE, "False", "ScalingDisabled", text, now)
        return Decision(_counted(status, 0, 0, None))
    if current > most:
        return Decision(status, replicas=most, reason="Current number of replicas above Spec.MaxReplicas")
    if current < least:
        return Decision(status, replicas=least, reason="Current number of replicas below Spec.MinReplicas")
    return _without_metrics(autoscaler, target, status, now)


def rescaled(decision: Decision, before: int, now: datetime) -> Object:
    """The status after the target was given its new number of replicas; the decision's events say so."""
    assert decision.replicas is not None
    text = f"New size: {decision.replicas}; reason: {decision.reason}"
    decision.events.append(("Normal", "SuccessfulRescale", text))
    text = f"the HPA controller was able to update the target scale to {decision.replicas}"
    status = with_condition(decision.status, ABLE, "True", "SucceededRescale", text, now)
    return {**_counted(status, before, decision.replicas, None), "lastScaleTime": timestamp(now)}


def not_rescaled(decision: Decision, before: int, because: str, now: datetime) -> Object:
    """The status after that failed."""
    text = f"New size: {decision.replicas}; reason: {decision.reason}; error: {because}"
    decision.events.append(("Warning", "FailedRescale", text))
    text = f"the HPA controller was unable to update the target scale: {because}"
    status = with_condition(decision.status, ABLE, "False", "FailedUpdateScale", text, now)
    return _counted(status, before, status.get("desiredReplicas", 0), None)


def unreachable(autoscaler: Object, because: str, now: datetime) -> Decision:
    """What is left to do when the target is missing or cannot be scaled."""
    text = f"the HPA controller was unable to get the target's current scale: {because}"
    status = with_condition(autoscaler.get("status") or {}, ABLE, "False", "FailedGetScale", text, now)
    return Decision(status, [("Warning", "FailedGetScale", because)])


def _without_metrics(autoscaler: Object, target: Target, status: Object, now: datetime) -> Decision:
    metrics = autoscaler["spec"].get("metrics") or []
    desired = status.get("desiredReplicas", 0)
    if not target.selector:
        text = "the HPA target's scale is missing a selector"
        status = with_condition(status, ACTIVE, "False", "InvalidSelector", text, now)
        events = [("Warning", "SelectorRequired", "selector is required")]
        events.append(("Warning", "FailedComputeMetricsReplicas", "selector is required"))
        return Decision(_counted(status, target.replicas, desired, None), events)
    failures = [_FAILURES[metric["type"]](metric, autoscaler["metadata"]["namespace"]) for metric in metrics]
    events = [("Warning", failure.reason, failure.why) for failure in failures]
    if failures:
        text = f"the HPA was unable to compute the replica count: {failures[0].why}"
        status = with_condition(status, ACTIVE, "False", failures[0].reason, text, now)
        count, first = len(failures), failures[0].error
        text = f"invalid metrics ({count} invalid out of {count}), first error is: {first}"
        events.append(("Warning", "FailedComputeMetricsReplicas", text))
    return Decision(_counted(status, target.replicas, desired, [{"type": ""} for _ in metrics]), events)


@dataclass(frozen=True)
class _Failure:
    """Why one metric cannot be had: `why` for its own event, `error` for the sum of all."""

    reason: str
    why: str
    error: str


def _resource(metric: Object, namespace: str) -> _Failure:
    why = _use(metric["resource"])
    return _Failure(
        "FailedGetResourceMetric", why, f"failed to get {metric['resource']['name']} resource metric value: {why}"
    )


def _container(metric: Object, namespace: str) -> _Failure:
    source = metric["containerResource"]
    why = _use(source)
    error = f"failed to get {source['container']} container metric value: {why}"
    return _Failure("FailedGetContainerResourceMetric", why, error)


def _use(source: Object) -> str:
    name = source["name"]
    what = "usage" if source["target"].get("averageValue") is not None else "utilization"
    return f"failed to get {name} {what}: unable to get metrics for resource {name}: {NO_RESOURCE_METRICS}"


def _pods(metric: Object, namespace: str) -> _Failure:
    why = f"unable to get metric {metric['pods']['metric']['name']}: {NO_CUSTOM_METRICS}"
    return _Failure("FailedGetPodsMetric", why, f"failed to get pods metric value: {why}")


def _object(metric: Object, namespace: str) -> _Failure:
    source = metric["object"]
    about = source["describedObject"]
    place = f"{about['kind']} on {namespace} {about['name']}"
    why = f"unable to get metric {source['metric']['name']}: {place}/{NO_CUSTOM_METRICS}"
    return _Failure("FailedGetObjectMetric", why, f"failed to get object metric value: {why}")


def _external(metric: Object, namespace: str) -> _Failure:
    name = metric["external"]["metric"]["name"]
    why = f"unable to get external metric {namespace}/{name}/nil: {NO_EXTERNAL_METRICS}"
    error = f"failed to get {name} external metric value: failed to get {name} external metric: {why}"
    return _Failure("FailedGetExternalMetric", why, error)


_FAILURES: dict[str, Callable[[Object, str], _Failure]] = {
    "Resource": _resource,
    "ContainerResource": _container,
    "Pods": _pods,
    "Object": _object,
    "External": _external,
}


def _counted(status: Object, current: int, desired: int, metrics: list[Object] | None) -> Object:
    counted = {**status, "currentReplicas": current, "desiredReplicas": desired, "currentMetrics": metrics}
    if not current:
        del counted["currentReplicas"]
    return counted


def with_condition(status: Object, type_: str, verdict: str, reason: str, message: str, now: datetime) -> Object:
    """The status with one condition set; it keeps its place, and its time while the verdict stays."""
    conditions = [dict(c) for c in status.get("conditions") or ()]
    condition = next((c for c in conditions if c["type"] == type_), None)
    if condition is None:
        condition = {"type": type_}
        conditions.append(condition)
    if condition.get("status") != verdict:
        condition["lastTransitionTime"] = timestamp(now)
    condition |= {"status": verdict, "reason": reason, "message": message}
    return {**status, "conditions": conditions}
