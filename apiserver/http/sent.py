"""What a refusal shows of the body it refuses: `{}` and `[]` where a client sent these, not `null`.

Go keeps an empty map or list apart from none at all until the object is stored, and shows the one or the other in what
it says of a field. Here objects are brought into stored form, without either, as they are read. So that the difference
costs nothing where nothing is refused, it is looked up in the body where something is.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import orjson

from apiserver.errors import Cause, Invalid
from apiserver.objects.decoding import parse

_shows_null = re.compile(r"(Invalid|Unsupported) value: null: ").match
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def as_sent(refusal: Invalid, body: bytes) -> Invalid:
    """The refusal of the object in `body` (JSON), or the same where it shows no field as null."""
    if not any(_shows_null(cause.message) for cause in refusal.causes):
        return refusal
    sent, _ = parse(body)
    return refusal.with_causes([_restored(cause, sent) for cause in refusal.causes])


def _restored(cause: Cause, sent: Any) -> Cause:
    value = _at(sent, cause.shown_at or cause.field)
    if not _shows_null(cause.message) or value not in ({}, []):
        return cause
    return replace(cause, message=cause.message.replace("null", orjson.dumps(value).decode(), 1))


def _at(value: Any, path: str) -> Any:
    """The value at `spec.ports[0].name`, None where there is none."""
    for name, index in _STEP.findall(path):
        if name and isinstance(value, dict):
            value = value.get(name)
        elif index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            return None
    return value
