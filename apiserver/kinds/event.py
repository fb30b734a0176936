"""Event: what happened to an object, in the core/v1 form, which is the stored one."""

from __future__ import annotations

from apiserver.kind import Kind
from apiserver.kinds._events import ABOUT, COLUMNS, about, component, said
from apiserver.objects.validation.event import validate_event
from apiserver.objects.validation.names import segment_name

kind = Kind(
    "v1",
    "Event",
    "events",
    short=("ev",),
    columns=COLUMNS,
    selectable={
        **{f"involvedObject.{field}": about(field) for field in ABOUT},
        "reason": said("reason"),
        "reportingComponent": said("reportingComponent"),
        "source": component,
        "type": said("type"),
    },
    validate_name=segment_name,
    creates_on_update=True,
    validate=validate_event,
)
