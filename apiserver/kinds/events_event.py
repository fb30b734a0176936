"""Event as events.k8s.io/v1 shows it: the same stored objects as core/v1's, under newer names (objects/events.py)."""

from __future__ import annotations

from dataclasses import replace

from apiserver.errors import Resource
from apiserver.kind import Cell, Column, Kind, Object, Since, StoredAs
from apiserver.kinds._events import ABOUT, COLUMNS, Reader, about, said
from apiserver.objects.events import as_core, as_events
from apiserver.objects.validation import Causes
from apiserver.objects.validation.event import validate_event, validate_event_change, validate_new_event


def _validate(event: Object) -> Causes:
    return validate_event(as_core(event), "reportingController")


def _validate_create(event: Object) -> Causes:
    return validate_new_event(as_core(event))


def _validate_update(new: Object, old: Object) -> Causes:
    return validate_event_change(as_core(new), as_core(old))


def _column(column: Column) -> Column:
    def cell(event: Object) -> Cell | Since:
        return column.cell(as_core(event))

    return replace(column, cell=cell)


def _selectable(read: Reader) -> Reader:
    return lambda event: read(as_core(event))


kind = Kind(
    "events.k8s.io/v1",
    "Event",
    "events",
    short=("ev",),
    columns=tuple(map(_column, COLUMNS)),
    selectable={
        **{f"regarding.{field}": _selectable(about(field)) for field in ABOUT},
        "reason": said("reason"),
        "reportingController": _selectable(said("reportingComponent")),
        "type": said("type"),
    },
    creates_on_update=True,
    validate=_validate,
    validate_create=_validate_create,
    validate_update=_validate_update,
    stored_as=StoredAs(Resource("events"), inward=as_core, outward=as_events),
)
