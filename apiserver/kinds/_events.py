"""What both kinds of Event show of one: cells and selectable fields, read off the core/v1 form."""

from __future__ import annotations

from collections.abc import Callable

from apiserver.kind import Column, Object, Since, name_column

Reader = Callable[[Object], str]

ABOUT = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
"""What is selectable of the object that an event is about."""


def _subject(event: Object) -> Object:
    return event.get("involvedObject") or {}


def about(field: str) -> Reader:
    return lambda event: str(_subject(event).get(field, ""))


def said(field: str) -> Reader:
    return lambda event: str(event.get(field) or "")


def component(event: Object) -> str:
    """Who reports it, in the older field or in the newer one."""
    return str((event.get("source") or {}).get("component") or event.get("reportingComponent") or "")


def first_seen(event: Object) -> Since:
    return Since(event.get("firstTimestamp") or event.get("eventTime"))


def last_seen(event: Object) -> Since:
    if series := event.get("series"):
        return Since(series.get("lastObservedTime"))
    last = event.get("lastTimestamp")
    return Since(last) if last else first_seen(event)


def count(event: Object) -> int:
    if series := event.get("series"):
        return int(series.get("count", 0))
    return event.get("count") or 1


def subject(event: Object) -> str:
    """`pod/web`."""
    about = _subject(event)
    kind, name = str(about.get("kind", "")).lower(), about.get("name")
    return f"{kind}/{name}" if name else kind


def source(event: Object) -> str:
    """`kubelet, node-1`."""
    instance = (event.get("source") or {}).get("host") or event.get("reportingInstance")
    return f"{component(event)}, {instance}" if instance else component(event)


COLUMNS = (
    Column("Last Seen", last_seen),
    Column("Type", said("type")),
    Column("Reason", said("reason")),
    Column("Object", subject),
    Column("Subobject", about("fieldPath"), priority=1),
    Column("Source", source, priority=1),
    Column("Message", lambda event: str(event.get("message", "")).strip()),
    Column("First Seen", first_seen, priority=1),
    Column("Count", count, priority=1),
    Column("Name", name_column, format="name", priority=1),
)
