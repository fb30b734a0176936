"""Bodies in Kubernetes' protobuf form -> JSON bytes. Typed Go clients (`kubectl create deployment`) send them and
take no refusal; answers to them are JSON, which they accept.

The wire format says numbers, not names: schemas/protobuf.json lists each definition's field names by their number.
What the schema calls a string may be a message on the wire (quantities, times), so the Go type decides.

    k8s\\0 Unknown{ 1: TypeMeta{1: apiVersion, 2: kind}, 2: raw object, 3: encoding, 4: content type }
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from apiserver import errors
from apiserver.clock import micro_timestamp, timestamp
from apiserver.objects.nesting import is_too_deep
from schemas import Field, Schema, protobuf_fields

MAGIC = b"k8s\x00"
MEDIA_TYPE = "application/vnd.kubernetes.protobuf"

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZERO_TIME_SECONDS = -62135596800
"""Go's zero time: means that there is none."""
MAX_DEPTH = 64
INLINE = "~"
"""Marks a message whose fields JSON shows in place of it."""

Wire = int | bytes
Message = list[tuple[int, Wire]]


class _Broken(Exception):
    """Not protobuf, or not of this shape."""


def to_json(body: bytes, schema: Schema) -> bytes:
    """The JSON of a protobuf body that holds an object of `schema`. Raises BadRequest."""
    try:
        if body[:4] != MAGIC:
            raise _Broken("it does not begin as Kubernetes' protobuf does")
        envelope = dict(_message(body[4:]))
        meta = dict(_message(_bytes(envelope.get(1, b""))))
        value = _struct(schema.root, _bytes(envelope.get(2, b"")), 0)
        value["apiVersion"], value["kind"] = _text(meta.get(1, b"")), _text(meta.get(2, b""))
    except (_Broken, IndexError, UnicodeDecodeError, OverflowError) as error:
        raise errors.BadRequest(f"the body cannot be read as protobuf: {error}") from None
    return orjson.dumps({k: v for k, v in value.items() if v != "" or k not in ("apiVersion", "kind")})


def _message(data: bytes) -> Iterator[tuple[int, Wire]]:
    """The fields of a message in the order sent: (number, value)."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            yield number, value
        elif wire == BYTES:
            size, at = _varint(data, at)
            if at + size > end:
                raise _Broken("it ends too early")
            yield number, data[at : at + size]
            at += size
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
            yield number, int.from_bytes(data[at : at + size], "little")
            at += size
        else:
            raise _Broken(f"unknown wire type {wire}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while shift < 70:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7
    raise _Broken("a number is too long")


def _bytes(value: Wire) -> bytes:
    if isinstance(value, bytes):
        return value
    raise _Broken("a number stands where a message should")


def _text(value: Wire) -> str:
    return _bytes(value).decode()


def _signed(value: Wire) -> int:
    if isinstance(value, bytes):
        raise _Broken("a message stands where a number should")
    return value - (1 << 64) if value >> 63 else value


def _struct(field: Field, data: bytes, depth: int, definition: str = "") -> dict[str, Any]:
    """A message as an object; `definition` names the numbering where it is not the field's own (inlined messages)."""
    if depth > MAX_DEPTH:
        raise _Broken("it is nested too deeply")
    names = protobuf_fields(definition or field.definition.full_name)
    result: dict[str, Any] = {}
    for number, wire in _message(data):
        name = names[number - 1] if 0 < number <= len(names) else None
        if name is None:
            continue
        if name.startswith(INLINE):
            result.update(_struct(field, _bytes(wire), depth + 1, name[1:]))
            continue
        child = field.properties.get(name)
        if child is None:
            continue
        if child.items is not None:
            result.setdefault(name, []).append(_value(child.items, wire, depth))
        elif child.values is not None:
            entry = dict(_message(_bytes(wire)))
            result.setdefault(name, {})[_text(entry.get(1, b""))] = _value(child.values, entry.get(2, b""), depth)
        else:
            result[name] = _value(child, wire, depth)
    return result


def _value(field: Field, wire: Wire, depth: int) -> Any:
    special = _SPECIAL.get(field.go_type)
    if special is not None:
        return special(_bytes(wire))
    if field.format == "byte":
        return base64.b64encode(_bytes(wire)).decode()
    match field.type:
        case "string":
            return _text(wire)
        case "integer":
            return _signed(wire)
        case "boolean":
            return bool(wire)
        case "array" if field.items is not None:  # a list within a list or a map: {1: items}
            return [_value(field.items, item, depth + 1) for _, item in _message(_bytes(wire))]
        case _:
            return _struct(field, _bytes(wire), depth + 1)


def _quantity(data: bytes) -> str:
    return _text(dict(_message(data)).get(1, b""))


def _int_or_string(data: bytes) -> int | str:
    fields = dict(_message(data))
    return _text(fields.get(3, b"")) if fields.get(1) else _signed(fields.get(2, 0))


def _moment(data: bytes) -> datetime | None:
    fields = dict(_message(data))
    seconds, nanos = _signed(fields.get(1, 0)), _signed(fields.get(2, 0))
    if not data or seconds == ZERO_TIME_SECONDS:
        return None
    return EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)


def _time(data: bytes) -> str | None:
    moment = _moment(data)
    return timestamp(moment) if moment else None


def _micro_time(data: bytes) -> str | None:
    moment = _moment(data)
    return micro_timestamp(moment) if moment else None


def _raw(data: bytes) -> Any:
    raw = _bytes(dict(_message(data)).get(1, b""))
    try:
        value = orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        raise _Broken("JSON within it is none") from None
    if is_too_deep(value):
        raise _Broken("it is nested too deeply")
    return value


_SPECIAL: dict[str, Callable[[bytes], Any]] = {
    "Quantity": _quantity,
    "IntOrString": _int_or_string,
    "Time": _time,
    "MicroTime": _micro_time,
    "FieldsV1": _raw,
    "RawExtension": _raw,
}
