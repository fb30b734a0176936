"""Events have two forms: core/v1, in which they are stored, and events.k8s.io/v1, the same facts under newer names.

core/v1                                   events.k8s.io/v1
involvedObject, message                   regarding, note
reportingComponent                        reportingController
source, count, firstTimestamp, last...    deprecatedSource, deprecatedCount, deprecatedFirstTimestamp, ...
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

CORE, EVENTS = "v1", "events.k8s.io/v1"

NEWER_NAMES = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "count": "deprecatedCount",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
}
OLDER_NAMES = {newer: older for older, newer in NEWER_NAMES.items()}

ALWAYS_IN_CORE = ("reportingComponent", "reportingInstance")
"""Written out in core/v1 even when empty, left out in events.k8s.io/v1."""


def as_core(event: Object) -> Object:
    """A new object in the core/v1 form of an events.k8s.io/v1 event."""
    renamed = {OLDER_NAMES.get(name, name): value for name, value in event.items()}
    for name in ALWAYS_IN_CORE:
        renamed.setdefault(name, "")
    return {**renamed, "apiVersion": CORE}


def as_events(event: Object) -> Object:
    """A new object in the events.k8s.io/v1 form of a core/v1 event."""
    renamed = {
        NEWER_NAMES.get(name, name): value for name, value in event.items() if value or name not in ALWAYS_IN_CORE
    }
    return {**renamed, "apiVersion": EVENTS}
