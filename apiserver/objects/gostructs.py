"""Go's decoding of JSON into structs, step by step: the reference that the fast path in decoding.py is held to, and
what finds out what is wrong with an object that the fast path does not take.

What Go does, and this does too:

- A value of a wrong type does not end decoding; the first one in the order of the text is reported at the end.
- A type that reads itself (Quantity, Time, IntOrString) ends decoding at once, and its error is the one reported.
- null means "nothing said". A key that comes twice is decoded twice, the second time over the first.
- Field names match by case. Unknown fields and duplicates are noted and otherwise passed over.

An object as it is stored has no nulls and no zero values of fields that Go omits; pointers (`keeps_zero`) keep theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from apiserver.objects import gotime, quantity
from apiserver.objects.gobase64 import canonical as canonical_base64
from apiserver.objects.gojson import LONGEST_INTEGER, Members, Number, number, plain
from schemas import Field

MAX_PROBLEMS = 100
"""Unknown and duplicate fields that are listed; Kubernetes stops there too."""

INT_LIMITS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


class DecodeError(ValueError):
    """An object of the wrong shape. The text is Go's, without what Kubernetes puts around it."""


class _Dropped:
    """The value of a field that is as good as unset."""


DROPPED = _Dropped()


class Place(NamedTuple):
    """Where a value stands: the struct around it and the path of Go's fields (for type errors), and the path as
    written (for unknown and duplicate fields)."""

    struct: str
    go: str
    written: str

    def field(self, struct: str, field: Field) -> Place:
        steps = [s for s in (self.go, field.embedded, field.name) if s]
        return Place(struct, ".".join(steps), self.key(field.name))

    def key(self, name: str) -> str:
        return f"{self.written}.{name}" if self.written else name

    def at(self, written: str) -> Place:
        return Place(self.struct, self.go, written)


ROOT = Place("", "", "")


def shape(field: Field) -> str:
    """Which way of reading a field needs: the name of a Walk method."""
    named = field.definition.node.get("title")
    if named in _SELF_READING:
        return _SELF_READING[named]
    if field.alternative is not None:
        return "alternative"
    if field.preserve_unknown or field.type == "any":
        return "anything"
    if field.type == "object":
        return "map" if field.values else ("struct" if field.properties or field.full_name else "anything")
    if field.type == "string" and field.format == "byte":
        return "bytes"
    return {"array": "list"}.get(field.type, field.type)


_SELF_READING = {"Quantity": "quantity", "Time": "time", "MicroTime": "microtime", "IntOrString": "int_or_string"}


class Walk:
    """One decoding. `problems` lists unknown and duplicate fields; `error` is the first wrong type."""

    def __init__(self) -> None:
        self.problems: dict[str, None] = {}
        self.error: str | None = None

    def decode(self, root: Field, value: Any) -> dict[str, Any]:
        """The object in stored form. Raises DecodeError."""
        result = self.value(root, value, None, ROOT)
        if self.error is not None:
            raise DecodeError(self.error)
        return result if isinstance(result, dict) else {}

    def value(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        """`before` is what an earlier duplicate left here, or None."""
        way = shape(field)
        if value is None:
            return self.nothing(field, way, before)
        read: Callable[[Field, Any, Any, Place], Any] = getattr(self, way)
        result = read(field, value, before, place)
        return DROPPED if is_omitted(field, way, result) else result

    @staticmethod
    def nothing(field: Field, way: str, before: Any) -> Any:
        """null empties pointers, lists and maps, and leaves everything else as it was."""
        if before is None or way in ("map", "list", "anything") or field.keeps_zero:
            return DROPPED
        return DROPPED if way == "struct" and field.default == {} else before

    def mismatch(self, value: Any, field: Field, place: Place) -> Any:
        """Called for each value of a wrong type; the first one counts."""
        if self.error is None:
            is_integer = is_number(value) and shape(field) == "integer"
            found = f"number {value}" if is_integer else json_type(value)
            self.error = wrong_type(found, field.go_name, place)
        return DROPPED

    def note(self, problem: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.setdefault(problem)

    # -- collections ---------------------------------------------------------------------------------------------------

    def struct(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        if not isinstance(value, Members | dict):
            return self.mismatch(value, field, place)
        result: dict[str, Any] = dict(before or {})
        seen: set[str] = set()
        struct, properties = field.go_type, field.properties
        for name, member in members(value):
            child = properties.get(name)
            if child is None:
                self.note(f'unknown field "{place.key(name)}"')
                continue
            if name in seen:
                self.note(f'duplicate field "{place.key(name)}"')
            seen.add(name)
            decoded = self.value(child, member, result.get(name), place.field(struct, child))
            keep(result, name, decoded)
        return result

    def map(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        if not isinstance(value, Members | dict):
            return self.mismatch(value, field, place)
        assert field.values is not None
        result: dict[str, Any] = dict(before or {})
        seen: set[str] = set()
        for name, member in members(value):
            if name in seen:
                self.note(f'duplicate field "{place.key(name)}"')
            seen.add(name)
            result[name] = self.element(field.values, member, None, place.at(place.key(name)))
        if field.go_name == "v1.ResourceList":
            return {name: in_milli(amount) for name, amount in result.items()}
        return result

    def list(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        if not isinstance(value, list):
            return self.mismatch(value, field, place)
        assert field.items is not None
        earlier = before or []
        return [
            self.element(field.items, item, earlier[i] if i < len(earlier) else None, place.at(f"{place.written}[{i}]"))
            for i, item in enumerate(value)
        ]

    def element(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        """What a list or a map holds is never left out: null and nothing are the zero value."""
        decoded = self.value(field, value, before, place)
        return zero(field) if decoded is DROPPED else decoded

    def anything(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        return plain(value) if isinstance(value, Members | list | Number) else value

    def alternative(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        if not isinstance(value, Members | dict):
            return self.anything(field, value, before, place)
        assert field.alternative is not None
        return self.struct(field.alternative, value, before, place)

    # -- scalars -------------------------------------------------------------------------------------------------------

    def string(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        if not is_text(value):
            return self.mismatch(value, field, place)
        return plain(value)

    def boolean(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        return value if isinstance(value, bool) else self.mismatch(value, field, place)

    def integer(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        result = as_int(value, field.go_name)
        return self.mismatch(value, field, place) if result is None else result

    def number(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        if not is_number(value):
            return self.mismatch(value, field, place)
        return number(value) if isinstance(value, Number) else value

    def bytes(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        if not is_text(value):
            return self.mismatch(value, field, place)
        try:
            return canonical_base64(value)
        except ValueError as error:
            if self.error is None:
                self.error = str(error)
            return DROPPED

    # -- types that read themselves ------------------------------------------------------------------------------------

    def quantity(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        try:
            if is_text(value) or is_number(value):
                return str(quantity.parse(str(value).strip()))
            raise ValueError(quantity.FORMAT_WRONG)
        except ValueError as error:
            raise DecodeError(str(error)) from None

    def int_or_string(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        if is_text(value):
            return plain(value)
        result = as_int(value, "int32")
        if result is None:
            found = f"number {value}" if is_number(value) else json_type(value)
            raise DecodeError(wrong_type(found, "int32", place))
        return result

    def time(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        return self._moment(gotime.seconds, value, place)

    def microtime(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        return self._moment(gotime.microseconds, value, place)

    @staticmethod
    def _moment(read: Callable[[str], str], value: Any, place: Place) -> Any:
        if not is_text(value):
            raise DecodeError(wrong_type(json_type(value), "string", place))
        try:
            return read(value)
        except ValueError as error:
            raise DecodeError(str(error)) from None


class Restoration(Walk):
    """How Kubernetes makes an object of a strategic merge patch's result: from values in memory, not from JSON text.

    The first wrong value ends it, whole floats are integers, errors know of no fields, and problems come sorted.
    """

    def mismatch(self, value: Any, field: Field, place: Place) -> Any:
        way = shape(field)
        if way in _RESTORED:
            raise DecodeError(_RESTORED[way] + _GO_KINDS[json_type(value)])
        is_fraction, is_whole = isinstance(value, float), isinstance(value, int) and not isinstance(value, bool)
        if (is_whole and way == "string") or (is_fraction and way == "integer"):
            found = "float64" if is_fraction else "int64"
            raise DecodeError(f"cannot convert {found} to {field.go_name}")
        raise DecodeError(f"unrecognized type: {_GO_SCALARS.get(way) or field.go_name}")

    def integer(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return super().integer(field, value, before, place)

    def value(self, field: Field, value: Any, before: Any, place: Place) -> Any:
        return super().value(field, value, before, Place("", "", place.written))


_RESTORED = {
    "struct": "cannot restore struct from: ", "map": "cannot restore map from ", "list": "cannot restore slice from ",
    "bytes": "cannot restore slice from ",
}  # fmt: skip
_GO_KINDS = {"bool": "bool", "number": "int64", "string": "string", "object": "map", "array": "slice"}
_GO_SCALARS = {"string": "string", "boolean": "bool", "number": "float64"}


def is_omitted(field: Field, way: str, value: Any) -> bool:
    """Whether Go leaves the field out when it has this value."""
    if value is DROPPED:
        return True
    if way in ("list", "map"):
        return not value
    if way in ("string", "integer", "boolean", "number"):
        return not value and not field.keeps_zero
    return way in ("time", "microtime") and str(value).startswith(gotime.ZERO[:-1])


def keep(result: dict[str, Any], name: str, value: Any) -> None:
    if value is DROPPED:
        result.pop(name, None)
    else:
        result[name] = value


def zero(field: Field) -> Any:
    """What stands in a list or map where nothing was said."""
    zeros: dict[str, Any] = {
        "struct": {}, "map": {}, "list": [], "boolean": False, "integer": 0, "number": 0, "quantity": "0",
        "int_or_string": 0, "anything": None, "time": None, "microtime": None,
    }  # fmt: skip
    return zeros.get(shape(field), "")


def as_int(value: Any, go_name: str) -> int | None:
    """A number that Go's type can hold and that is written without a point or an exponent; else None."""
    if not is_number(value):
        return None
    text = str(value)
    low, high = INT_LIMITS.get(go_name, INT_LIMITS["int64"])
    is_short = len(text) <= LONGEST_INTEGER and text.lstrip("-").isdigit()
    return int(text) if is_short and low <= int(text) <= high else None


def members(value: Members | dict[str, Any]) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else value


def is_number(value: Any) -> bool:
    return isinstance(value, Number | int | float) and not isinstance(value, bool)


def is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Number)


def json_type(value: Any) -> str:
    """What Go calls a JSON value."""
    if isinstance(value, bool):
        return "bool"
    if is_number(value):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Members | dict) else "array"


def wrong_type(found: str, go_name: str, place: Place) -> str:
    where = f"Go struct field {place.struct}.{place.go}" if place.struct else "Go value"
    return f"json: cannot unmarshal {found} into {where} of type {go_name}"


@lru_cache(maxsize=quantity.REMEMBERED)
def in_milli(amount: str) -> str:
    """Amounts of resources are kept to a thousandth, rounded up."""
    return str(quantity.parse(amount).rounded_to_milli())
