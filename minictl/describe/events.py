"""The last section of most descriptions: what happened to the object."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from minictl.describe.text import Page, age

Event = Mapping[str, Any]


def write(page: Page, events: Iterable[Event] | None, now: datetime) -> None:
    """Nothing where events were not asked for (None), `<none>` where there are none."""
    if events is None:
        return
    ordered = sorted(events, key=_order)
    if not ordered:
        page.field("Events", "<none>")
        return
    page.flush()
    page.line("Events:")
    page.line("Type\tReason\tAge\tFrom\tMessage", 1)
    page.line("----\t------\t----\t----\t-------", 1)
    for event in ordered:
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent", "")
        cells = (event.get("type", ""), event.get("reason", ""), _when(event, now), source, _message(event))
        page.line("\t".join(cells), 1)


def _order(event: Event) -> str:
    """Oldest last sighting first."""
    return str(event.get("lastTimestamp") or "")


def _when(event: Event, now: datetime) -> str:
    first = age(event.get("eventTime") or event.get("firstTimestamp"), now)
    series = event.get("series")
    if series:
        return f"{age(series.get('lastObservedTime'), now)} (x{series.get('count', 0)} over {first})"
    count = event.get("count") or 0
    if count > 1:
        return f"{age(event.get('lastTimestamp'), now)} (x{count} over {first})"
    return first


def _message(event: Event) -> str:
    text = str(event.get("message", "")).strip()
    path = (event.get("involvedObject") or {}).get("fieldPath")
    return f"{path}: {text}" if path else text
