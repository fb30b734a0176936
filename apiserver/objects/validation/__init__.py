"""What validation functions share: causes in Kubernetes' words. A validator returns a list of Cause, in field order.

Values are shown as Go shows them: strings in double quotes, numbers and booleans bare, all else as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from apiserver.errors import Cause
from apiserver.quoting import quoted

Object = dict[str, Any]
Causes = list[Cause]

IMMUTABLE = "field is immutable"
NOT_NEGATIVE = "must be greater than or equal to 0"


def invalid(field: str, value: Any, detail: str, shown_at: str = "") -> Cause:
    """`Invalid value: VALUE: detail`. `shown_at`: where the value stands, if not at `field`."""
    return Cause(field, "FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}", shown_at)


def not_negative(field: str, value: int) -> Causes:
    """The cause, if any, of a number that must not be negative."""
    return [invalid(field, value, NOT_NEGATIVE)] if value < 0 else []


def required(field: str, detail: str = "") -> Cause:
    """`Required value`, with an explanation where there is one."""
    return Cause(field, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value")


def duplicate(field: str, value: Any, detail: str = "") -> Cause:
    """`Duplicate value: VALUE`, with an explanation where there is one."""
    text = f"Duplicate value: {shown(value)}"
    return Cause(field, "FieldValueDuplicate", f"{text}: {detail}" if detail else text)


def not_supported(field: str, value: Any, supported: Iterable[str]) -> Cause:
    """`Unsupported value: VALUE: supported values: "A", "B"`, in the order given."""
    listed = ", ".join(shown(s) for s in supported)
    return Cause(field, "FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {listed}")


def forbidden(field: str, detail: str) -> Cause:
    return Cause(field, "FieldValueForbidden", f"Forbidden: {detail}")


def not_found(field: str, value: Any) -> Cause:
    return Cause(field, "FieldValueNotFound", f"Not found: {shown(value)}")


def internal(field: str, detail: str) -> Cause:
    """`Internal error: DETAIL`: what Kubernetes failed to look into."""
    return Cause(field, "InternalError", f"Internal error: {detail}")


def too_long(field: str, max_bytes: int) -> Cause:
    return Cause(field, "FieldValueTooLong", f"Too long: may not be more than {max_bytes} bytes")


def too_many(field: str, actual: int, maximum: int) -> Cause:
    return Cause(field, "FieldValueTooMany", f"Too many: {actual}: must have at most {maximum} items")


class Printed(str):
    """A value already printed as Go prints it, and shown as it is: a struct, whose fields keep their order."""

    __slots__ = ()


def struct(*fields: tuple[str, Any]) -> Printed:
    """A Go struct in an error: its fields in this order, an absent pointer as null."""
    return Printed("{" + ",".join(f"{as_json(name)}:{as_json(value)}" for name, value in fields) + "}")


def shown(value: Any) -> str:
    """A value as Go prints it in an error."""
    return quoted(value) if isinstance(value, str) and not isinstance(value, Printed) else as_json(value)


def as_json(value: Any) -> str:
    """A value as Go's encoder writes it: the keys of maps in order."""
    return (
        str(value) if isinstance(value, Printed) else escaped(orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode())
    )


def escaped(json_text: str) -> str:
    """JSON with those characters escaped that Go's encoder escapes, for HTML's sake."""
    return json_text.translate(_ESCAPES)


_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
