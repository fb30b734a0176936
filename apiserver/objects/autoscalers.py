"""HorizontalPodAutoscalers have two forms: autoscaling/v2, in which they are stored, and autoscaling/v1, which knows
one metric, the use of CPU. What v1 has no fields for stands in its annotations, as JSON:

    autoscaling/v2                          autoscaling/v1
    spec.metrics: cpu, Utilization          spec.targetCPUUtilizationPercentage
    spec.metrics: all others                autoscaling.alpha.kubernetes.io/metrics
    spec.behavior                           autoscaling.alpha.kubernetes.io/behavior
    status.currentMetrics: cpu              status.currentCPUUtilizationPercentage
    status.currentMetrics: all              autoscaling.alpha.kubernetes.io/current-metrics
    status.conditions                       autoscaling.alpha.kubernetes.io/conditions
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

Object = dict[str, Any]

V1, V2 = "autoscaling/v1", "autoscaling/v2"
PREFIX = "autoscaling.alpha.kubernetes.io/"
METRICS, CURRENT, CONDITIONS, BEHAVIOR = (
    PREFIX + name for name in ("metrics", "current-metrics", "conditions", "behavior")
)
DEFAULT_UTILIZATION = 80

Names = Mapping[str, tuple[str, ...]]

_SELECTED: Names = {"metricName": ("metric", "name"), "selector": ("metric", "selector")}
_EXTERNAL: Names = {"metricName": ("metric", "name"), "metricSelector": ("metric", "selector")}


def _resource(side: str, prefix: str) -> Names:
    return {
        "name": ("name",),
        "container": ("container",),
        f"{prefix}AverageUtilization": (side, "averageUtilization"),
        f"{prefix}AverageValue": (side, "averageValue"),
    }


def _names(side: str, prefix: str) -> dict[str, Names]:
    """The fields of each source of a metric in v1, and where they stand in v2."""
    return {
        "resource": _resource(side, prefix),
        "containerResource": _resource(side, prefix),
        "pods": {**_SELECTED, f"{prefix}AverageValue": (side, "averageValue")},
        "object": {
            **_SELECTED,
            "target": ("describedObject",),
            f"{prefix}Value": (side, "value"),
            "averageValue": (side, "averageValue"),
        },
        "external": {**_EXTERNAL, f"{prefix}Value": (side, "value"), f"{prefix}AverageValue": (side, "averageValue")},
    }


_SPEC_NAMES, _STATUS_NAMES = _names("target", "target"), _names("current", "current")


def as_v1(autoscaler: Object) -> Object:
    """A new object in the autoscaling/v1 form of an autoscaling/v2 one."""
    spec, status = dict(autoscaler.get("spec") or {}), dict(autoscaler.get("status") or {})
    metrics, behavior = spec.pop("metrics", None) or [], spec.pop("behavior", None)
    current, conditions = status.pop("currentMetrics", None) or [], status.pop("conditions", None)
    notes: dict[str, Any] = {}
    cpu = next((m for m in metrics if _is_cpu_use(m, "target")), None)
    others = [m for m in metrics if not _is_cpu_use(m, "target")]
    if cpu is not None:
        spec["targetCPUUtilizationPercentage"] = cpu["resource"]["target"]["averageUtilization"]
    if others:
        notes[METRICS] = [_older(m, _SPEC_NAMES) for m in others]
    if current:
        notes[CURRENT] = [_older(m, _STATUS_NAMES) for m in current]
        used = next((m for m in current if _is_cpu_use(m, "current")), None)
        if used is not None:
            status["currentCPUUtilizationPercentage"] = used["resource"]["current"]["averageUtilization"]
    if conditions:
        notes[CONDITIONS] = conditions
    if behavior:
        notes[BEHAVIOR] = _capitalized(behavior)
    metadata = dict(autoscaler["metadata"])
    if notes:
        encoded = {name: orjson.dumps(value).decode() for name, value in notes.items()}
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **encoded}
    status.setdefault("currentReplicas", 0)
    status.setdefault("desiredReplicas", 0)
    return {**autoscaler, "apiVersion": V1, "metadata": metadata, "spec": spec, "status": status}


def as_v2(autoscaler: Object) -> Object:
    """A new object in the autoscaling/v2 form of an autoscaling/v1 one. Annotations that make no sense are dropped."""
    spec, status = dict(autoscaler.get("spec") or {}), dict(autoscaler.get("status") or {})
    metadata = dict(autoscaler["metadata"])
    annotations = dict(metadata.get("annotations") or {})
    notes = {name: _decoded(annotations.pop(name, "")) for name in (METRICS, CURRENT, CONDITIONS, BEHAVIOR)}
    if annotations:
        metadata["annotations"] = annotations
    else:
        metadata.pop("annotations", None)
    cpu, used = spec.pop("targetCPUUtilizationPercentage", None), status.pop("currentCPUUtilizationPercentage", None)
    metrics = [] if cpu is None else [cpu_use(cpu)]
    metrics += [_newer(m, _SPEC_NAMES, "target") for m in _objects(notes[METRICS])]
    if metrics:
        spec["metrics"] = metrics
    if isinstance(notes[BEHAVIOR], dict):
        spec["behavior"] = _uncapitalized(notes[BEHAVIOR])
    current = [_newer(m, _STATUS_NAMES, "current") for m in _objects(notes[CURRENT])]
    if not current and used is not None:
        source = {"name": "cpu", "current": {"averageUtilization": used}}
        current = [{"type": "Resource", "resource": source}]
    status["currentMetrics"] = current or None
    if conditions := _objects(notes[CONDITIONS]):
        status["conditions"] = conditions
    if not status.get("currentReplicas"):
        status.pop("currentReplicas", None)
    status.setdefault("desiredReplicas", 0)
    return {**autoscaler, "apiVersion": V2, "metadata": metadata, "spec": spec, "status": status}


def cpu_use(percentage: int) -> Object:
    """The metric that Pods use `percentage` of the CPU they request."""
    target = {"type": "Utilization", "averageUtilization": percentage}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def _is_cpu_use(metric: Object, side: str) -> bool:
    source = metric.get("resource") or {}
    known = (source.get(side) or {}).get("averageUtilization") is not None
    return metric.get("type") == "Resource" and source.get("name") == "cpu" and known


def _older(metric: Object, names: Mapping[str, Names]) -> Object:
    """A metric as v1's annotations have it."""
    older: Object = {"type": metric.get("type", "")}
    for source, fields in names.items():
        if metric.get(source) is None:
            continue
        found = {name: _at(metric[source], path) for name, path in fields.items()}
        older[source] = {name: value for name, value in found.items() if value is not None}
    return older


def _newer(metric: Object, names: Mapping[str, Names], side: str) -> Object:
    newer: Object = {"type": metric.get("type", "")}
    for source, fields in names.items():
        given = metric.get(source)
        if not isinstance(given, dict):
            continue
        newer[source] = {}
        for name, path in fields.items():
            if given.get(name) is not None:
                _put(newer[source], path, given[name])
        if side == "target":
            target = newer[source].setdefault("target", {})
            target["type"] = _target_type(target)
    return newer


def _target_type(target: Object) -> str:
    if "averageUtilization" in target:
        return "Utilization"
    return "AverageValue" if "averageValue" in target and "value" not in target else "Value"


def _at(object: Object, path: tuple[str, ...]) -> Any:
    value: Any = object
    for step in path:
        value = (value or {}).get(step)
    return value


def _put(object: Object, path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        object = object.setdefault(step, {})
    object[path[-1]] = value


def _capitalized(value: Any) -> Any:
    """Field names as Go structs have them, for what has no other encoding."""
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: _capitalized(inner) for name, inner in value.items()}
    return [_capitalized(inner) for inner in value] if isinstance(value, list) else value


def _uncapitalized(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: inner for name, inner in value.items() if inner is not None}
        return {name[:1].lower() + name[1:]: _uncapitalized(inner) for name, inner in kept.items()}
    return [_uncapitalized(inner) for inner in value] if isinstance(value, list) else value


def _decoded(text: str) -> Any:
    try:
        return orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return None


def _objects(value: Any) -> list[Object]:
    return [inner for inner in value if isinstance(inner, dict)] if isinstance(value, list) else []
