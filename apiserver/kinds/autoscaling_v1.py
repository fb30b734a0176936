"""HorizontalPodAutoscaler as autoscaling/v1 shows it: the same stored objects as v2's (objects/autoscalers.py)."""

from __future__ import annotations

from dataclasses import replace

from apiserver.errors import Resource
from apiserver.kind import Cell, Column, Kind, Object, Since, StoredAs
from apiserver.kinds._autoscalers import COLUMNS
from apiserver.objects.autoscalers import CONDITIONS, CURRENT, DEFAULT_UTILIZATION, METRICS, as_v1, as_v2
from apiserver.objects.validation import Causes
from apiserver.objects.validation.autoscaler import validate, validate_status
from apiserver.objects.validation.names import subdomain_name


def prepare(new: Object, old: Object | None) -> None:
    """Of the annotations, those that carry status are not for clients to write."""
    before = (old["metadata"].get("annotations") if old else None) or {}
    annotations = new["metadata"].get("annotations") or {}
    for name in (CURRENT, CONDITIONS):
        annotations.pop(name, None)
        if name in before:
            annotations[name] = before[name]
    if annotations:
        new["metadata"]["annotations"] = annotations


def default(autoscaler: Object) -> None:
    annotations = autoscaler["metadata"].get("annotations") or {}
    if METRICS not in annotations:
        autoscaler["spec"].setdefault("targetCPUUtilizationPercentage", DEFAULT_UTILIZATION)


def _validate(autoscaler: Object) -> Causes:
    return validate(as_v2(autoscaler))


def _column(column: Column) -> Column:
    def cell(autoscaler: Object) -> Cell | Since:
        return column.cell(as_v2(autoscaler))

    return replace(column, cell=cell)


kind = Kind(
    "autoscaling/v1",
    "HorizontalPodAutoscaler",
    "horizontalpodautoscalers",
    short=("hpa",),
    categories=("all",),
    status=True,
    columns=tuple(map(_column, COLUMNS)),
    validate_name=subdomain_name,
    prepare=prepare,
    default=default,
    validate=_validate,
    validate_status=validate_status,
    stored_as=StoredAs(Resource("horizontalpodautoscalers", "autoscaling"), inward=as_v2, outward=as_v1),
)
