"""Validation of Events, on their core/v1 form, in Kubernetes' words.

Old events (no eventTime) only have to be in the namespace of what they are about. New ones name who reports what. Those
written through events.k8s.io/v1 must be new ones, and hardly anything of them changes but the series.
"""

from __future__ import annotations

from typing import Any

from apiserver.objects.validation import IMMUTABLE, Causes, invalid, required
from apiserver.objects.validation.names import byte_length, problems, qualified_name

Object = dict[str, Any]

SHORT_MAX_BYTES, MESSAGE_MAX_BYTES = 128, 1024
TYPES = ("Normal", "Warning")
OF_OLD_EVENTS = ("firstTimestamp", "lastTimestamp", "count", "source")
SETTLED = (
    ("involvedObject", "involvedObject"),
    ("reason", "reason"),
    ("message", "message"),
    ("source", "source"),
    ("firstTimestamp", "firstTimestamp"),
    ("lastTimestamp", "lastTimestamp"),
    ("count", "count"),
    ("type", "type"),
    ("eventTime", "eventTime"),
    ("action", "action"),
    ("related", "related"),
    ("reportingComponent", "reportingController"),
    ("reportingInstance", "reportingInstance"),
)
"""What events.k8s.io/v1 does not let change: our field, and what answers call it."""

_ELSEWHERE = "does not match event.namespace"


def validate_event(event: Object, reporter_field: str = "reportingComponent") -> Causes:
    """What both forms demand."""
    namespace = event["metadata"].get("namespace", "")
    subject = event.get("involvedObject") or {}
    about = subject.get("namespace", "")
    if not event.get("eventTime"):
        fits = about == namespace or (not about and namespace in ("", "default"))
        return [] if fits else [invalid("involvedObject.namespace", about, _ELSEWHERE)]
    causes: Causes = []
    if not about and namespace not in ("default", "kube-system"):
        causes.append(invalid("involvedObject.namespace", about, _ELSEWHERE))
    reporter = event.get("reportingComponent") or ""
    if not reporter:
        causes.append(required(reporter_field))
    causes += problems(reporter_field, reporter, qualified_name(reporter))
    for field in ("reportingInstance", "action", "reason"):
        causes += _validate_text(field, event.get(field) or "", SHORT_MAX_BYTES, is_required=True)
    return causes + _validate_text("message", event.get("message") or "", MESSAGE_MAX_BYTES, is_required=False)


def _validate_text(field: str, text: str, max_bytes: int, *, is_required: bool) -> Causes:
    if is_required and not text:
        return [required(field)]
    if byte_length(text) > max_bytes:
        return [invalid(field, "", f"can have at most {max_bytes} characters")]
    return []


def validate_new_event(event: Object) -> Causes:
    """What events.k8s.io/v1 demands on top of an event that is created."""
    causes = _validate_series(event)
    if not event.get("eventTime"):
        causes.append(required("eventTime"))
    if event.get("type") not in TYPES:
        causes.append(invalid("type", "", f"has invalid value: {event.get('type', '')}"))
    return causes + [invalid(field, "", "needs to be unset") for field in OF_OLD_EVENTS if event.get(field)]


def validate_event_change(new: Object, old: Object) -> Causes:
    """What events.k8s.io/v1 demands on top of an event that is changed."""
    causes: Causes = []
    if new.get("series") != old.get("series"):
        causes += _validate_series(new)
    for field, shown in SETTLED:
        if (new.get(field) or None) != (old.get(field) or None):
            causes.append(invalid(shown, new.get(field), IMMUTABLE))
    return causes


def _validate_series(event: Object) -> Causes:
    series = event.get("series")
    if series is None:
        return []
    causes: Causes = []
    if series.get("count", 0) < 2:
        causes.append(invalid("series.count", "", "should be at least 2"))
    if not series.get("lastObservedTime"):
        causes.append(required("series.lastObservedTime"))
    return causes
