"""Values as expressions see them, and the names of their fields."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from apiserver.objects.expressions.loading import Failed, module
from apiserver.objects.structural import Node, is_embedded, values_of

KEYWORDS = frozenset((
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
    "loop", "package", "namespace", "return", "var", "void", "while",
))  # fmt: skip
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9,
}  # fmt: skip


def fields_of(schema: Node, *, whole: bool) -> dict[str, Node]:
    """The fields that expressions can name, each by its name in CEL; a whole object has those every object has."""
    fields: dict[str, Node] = dict(schema.get("properties") or {})
    if whole:
        text: Node = {"type": "string"}
        metadata: Node = {"type": "object", "properties": {"name": text, "generateName": text}}
        fields |= {"apiVersion": text, "kind": text, "metadata": metadata}
    return {escaped: inner for name, inner in fields.items() if (escaped := in_cel(name)) is not None}


def in_cel(name: str) -> str | None:
    """A field's name as expressions write it; None: they cannot."""
    if name in KEYWORDS:
        return f"__{name}__"
    escaped = re.sub(r"__|[./-]", lambda found: _ESCAPES[found.group()], name)
    return escaped if _NAME.match(escaped) else None


def plain(value: Any, schema: Node, *, whole: bool = False) -> Any:
    """A value as expressions see it: times are times, numbers floats, and only known fields are there."""
    if isinstance(value, list):
        items = schema.get("items") or {}
        return [plain(item, items) for item in value]
    if isinstance(value, dict):
        values = values_of(schema)
        if values is not None:
            return {key: plain(item, values) for key, item in value.items()}
        if schema.get("type") != "object":
            return value
        fields = fields_of(schema, whole=whole)
        return {
            escaped: plain(item, fields[escaped], whole=is_embedded(fields[escaped]))
            for name, item in value.items()
            if (escaped := in_cel(name)) in fields and escaped is not None
        }
    if isinstance(value, str):
        return _READERS.get(schema.get("format") or "", str)(value) if schema.get("type") == "string" else value
    is_number = schema.get("type") == "number" and isinstance(value, int) and not isinstance(value, bool)
    return float(value) if is_number else value


def _time(text: str) -> Any:
    time = module("google.protobuf.timestamp_pb2").Timestamp()
    time.FromJsonString(text if "T" in text else f"{text}T00:00:00Z")
    return time


@lru_cache(maxsize=1024)
def _duration(text: str) -> Any:
    found = _DURATION.findall(text)
    if not found and text.strip("+-") != "0":
        raise Failed(f'time: invalid duration "{text}"')
    sign = -1 if text.startswith("-") else 1
    total = sign * sum(round(float(number) * _NANOSECONDS[unit]) for number, unit in found)
    duration = module("google.protobuf.duration_pb2").Duration()
    duration.FromNanoseconds(total)
    return duration


_READERS: dict[str, Callable[[str], Any]] = {
    "date": _time,
    "date-time": _time,
    "duration": _duration,
    "byte": base64.b64decode,
}
