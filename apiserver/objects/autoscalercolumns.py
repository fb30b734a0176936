"""The columns of HorizontalPodAutoscalers: what is scaled, and each metric as current/target."""

from __future__ import annotations

from typing import Any

from apiserver.objects.validation.autoscaler import SOURCES

Object = dict[str, Any]

SHOWN_METRICS = 2
UNKNOWN = "<unknown>"


def reference(autoscaler: Object) -> str:
    target = autoscaler["spec"].get("scaleTargetRef") or {}
    return f"{target.get('kind', '')}/{target.get('name', '')}"


def least(autoscaler: Object) -> str:
    return str(autoscaler["spec"].get("minReplicas", "<unset>"))


def most(autoscaler: Object) -> int:
    return int(autoscaler["spec"].get("maxReplicas", 0))


def replicas(autoscaler: Object) -> int:
    return int((autoscaler.get("status") or {}).get("currentReplicas", 0))


def targets(autoscaler: Object) -> str:
    """`cpu: 40%/80%, 120/100 (avg) + 1 more...`"""
    metrics = autoscaler["spec"].get("metrics") or []
    current = (autoscaler.get("status") or {}).get("currentMetrics") or []
    if not metrics:
        return "<none>"
    padded = [*current, *({} for _ in metrics)]
    shown = [_metric(metric, now) for metric, now in zip(metrics, padded, strict=False)]
    more = len(shown) - SHOWN_METRICS
    text = ", ".join(shown[:SHOWN_METRICS])
    return f"{text} + {more} more..." if more > 0 else text


def _metric(metric: Object, current: Object) -> str:
    source = SOURCES.get(metric.get("type", ""), "")
    described = metric.get(source)
    if described is None:
        return "<unknown type>"
    target, now = described.get("target") or {}, (current.get(source) or {}).get("current") or {}
    if source in ("resource", "containerResource"):
        return f"{described.get('name', '')}: {_use(target, now)}"
    field = "averageValue" if target.get("averageValue") is not None else "value"
    average = " (avg)" if field == "averageValue" and source != "pods" else ""
    return f"{now.get(field, UNKNOWN)}/{target.get(field, UNKNOWN)}{average}"


def _use(target: Object, now: Object) -> str:
    if target.get("averageValue") is not None:
        return f"{now.get('averageValue', UNKNOWN)}/{target['averageValue']}"
    share = target.get("averageUtilization")
    return f"{_percent(now.get('averageUtilization'), UNKNOWN)}/{_percent(share, '<auto>')}"


def _percent(share: int | None, otherwise: str) -> str:
    return otherwise if share is None else f"{share}%"
