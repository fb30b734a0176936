"""The functions a Go template may call, kubectl's own two (base64decode, exists) among them."""

from __future__ import annotations

from minictl.texts import gotext
from minictl.texts.gotext import Byte, Int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class _Missing:
    """The value behind a key that a map does not have."""

    def __str__(self) -> str:
        return "<no value>"


MISSING: Any = _Missing()


class FunctionError(Exception):
    """A function that refuses its arguments, in Go's words."""


class Boxed:
    """A value as an item of a map or list: Go has it in an interface there."""

    __slots__ = ("inside",)

    def __init__(self, inside: Any) -> None:
        self.inside = inside


def unboxed(value: Any) -> Any:
    """The value itself; a null is MISSING."""
    if not isinstance(value, Boxed):
        return value
    return MISSING if value.inside is None else value.inside


def wrong_number(name: str, given: int, piped: int) -> str:
    """What is wrong with the number of arguments, "" for nothing."""
    _, least, most = _FUNCTIONS[name]
    if most < 0:
        return f"wrong number of args for {name}: want at least {least} got {given}" if given + piped < least else ""
    return f"wrong number of args for {name}: want {least} got {given + piped}" if given + piped != least else ""


def types(name: str, number: int) -> list[str]:
    """What each argument has to be: "string" or "any"."""
    first = "string" if name in ("printf", "base64decode") else "any"
    return [first, *["any"] * (number - 1)] if number else []


def call(name: str, args: list[Any]) -> Any:
    """Calls a function; what it takes out of a map or list is Boxed.

    Raises:
        FunctionError: it refuses the arguments.
    """
    return _FUNCTIONS[name][0](*args)


def refuse_call(what: Any, value: Any) -> None:
    """`call` has nothing to call: no value is a function.

    Raises:
        FunctionError: always.
    """
    value = unboxed(value)
    if value is MISSING:
        raise FunctionError("call of nil")
    if not isinstance(what, str):
        what = f"<{gotext.type_name(what)} Value>"
    raise FunctionError(f"non-function {what} of type {gotext.type_name(value)}")


def truth(value: Any) -> bool:
    """Is it neither false nor zero nor empty nor missing?"""
    value = unboxed(value)
    return value is not MISSING and bool(value)


# --- comparison


def _kind(value: Any) -> str:
    """bool, int, float or str; "" for what has no order."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return type(value).__name__ if isinstance(value, float | str) else ""


def _equal(first: Any, *others: Any) -> bool:
    if not others:
        raise FunctionError("missing argument for comparison")
    first = unboxed(first)
    for other in map(unboxed, others):
        if MISSING in (first, other):
            if first is other:
                return True
        elif _kind(first) != _kind(other):
            raise FunctionError("incompatible types for comparison")
        elif not _kind(first):
            raise FunctionError(_incomparable(first, other))
        elif first == other:
            return True
    return False


def _incomparable(first: Any, other: Any) -> str:
    from minictl.texts.gofmt import printf

    if type(first) is type(other):
        return printf("non-comparable type %s: %v", (other, gotext.type_name(other)))
    types = gotext.type_name(first), gotext.type_name(other)
    return printf("non-comparable types %s: %v, %s: %v", (first, *types, other))


def _less(a: Any, b: Any) -> bool:
    a, b = unboxed(a), unboxed(b)
    if not _kind(a) or not _kind(b):
        raise FunctionError("invalid type for comparison")
    if _kind(a) != _kind(b):
        raise FunctionError("incompatible types for comparison")
    if _kind(a) == "bool":
        raise FunctionError("invalid type for comparison")
    return bool(a < b)


def _less_or_equal(a: Any, b: Any) -> bool:
    return _less(a, b) or _equal(a, b)


# --- looking inside


def _length(value: Any) -> int:
    boxed, value = isinstance(value, Boxed), unboxed(value)
    if isinstance(value, str):
        return Int(len(_bytes(value)))
    if isinstance(value, dict | list):
        return Int(len(value))
    if value is MISSING:
        raise FunctionError("len of nil pointer" if boxed else "reflect: call of reflect.Value.Type on zero Value")
    raise FunctionError(f"len of type {gotext.type_name(value)}")


def _bytes(text: str) -> bytes:
    """A text as Go holds it; what base64decode gives need not be UTF-8."""
    return text.encode(errors="surrogateescape")


def _position(key: Any, most: int) -> int:
    key = unboxed(key)
    if key is MISSING:
        raise FunctionError("cannot index slice/array with nil")
    if not isinstance(key, int) or isinstance(key, bool):
        raise FunctionError(f"cannot index slice/array with type {gotext.type_name(key)}")
    if not 0 <= key <= most:
        raise FunctionError(f"index out of range: {key}")
    return key


def _index(value: Any, *keys: Any) -> Any:
    if unboxed(value) is MISSING:
        raise FunctionError("index of untyped nil")
    value = unboxed(value)
    for key in keys:
        inside = unboxed(value)
        if inside is MISSING:
            raise FunctionError("index of nil pointer")
        if isinstance(inside, list | str):
            items = inside if isinstance(inside, list) else _bytes(inside)
            at = _position(key, len(items))
            if at == len(items):
                what = "slice" if isinstance(inside, list) else "string"
                raise FunctionError(f"reflect: {what} index out of range")
            value = Boxed(items[at]) if isinstance(inside, list) else Byte(items[at])
        elif isinstance(inside, dict):
            value = Boxed(inside.get(_key(key)))
        else:
            raise FunctionError(f"can't index item of type {gotext.type_name(inside)}")
    return value


def _key(key: Any) -> str:
    key = unboxed(key)
    if key is MISSING:
        raise FunctionError("value is nil; should be of type string")
    if not isinstance(key, str):
        raise FunctionError(f"value has type {gotext.type_name(key)}; should be string")
    return key


def _slice(value: Any, *bounds: Any) -> Any:
    value = unboxed(value)
    if value is MISSING:
        raise FunctionError("slice of untyped nil")
    if len(bounds) > 3:
        raise FunctionError(f"too many slice indexes: {len(bounds)}")
    if not isinstance(value, list | str):
        raise FunctionError(f"can't slice item of type {gotext.type_name(value)}")
    if isinstance(value, str) and len(bounds) == 3:
        raise FunctionError("cannot 3-index slice a string")
    items = _bytes(value) if isinstance(value, str) else value
    at = [_position(bound, len(items)) for bound in bounds]
    start, stop, most = (*at, *(0, len(items), len(items))[len(at) :])
    for low, high in ((start, stop), (stop, most)):
        if low > high:
            raise FunctionError(f"invalid slice index: {low} > {high}")
    return items[start:stop].decode(errors="surrogateescape") if isinstance(items, bytes) else items[start:stop]


def _exists(value: Any, *keys: Any) -> bool:
    value = unboxed(value)
    for key in map(unboxed, keys):
        if isinstance(value, list | str) and isinstance(key, int) and not isinstance(key, bool):
            items = value if isinstance(value, list) else _bytes(value)
            if not 0 <= key < len(items):
                return False
            value = unboxed(Boxed(items[key]))
        elif isinstance(value, dict) and isinstance(key, str):
            value = unboxed(Boxed(value.get(key)))
        else:
            return False
    return value is not MISSING


# --- text


def _print(*args: Any) -> str:
    """Spaces only between two values of which neither is text."""
    out, values = "", [_value(arg) for arg in args]
    for i, value in enumerate(values):
        if i and not isinstance(value, str) and not isinstance(values[i - 1], str):
            out += " "
        out += gotext.plain(value)
    return out


def _value(arg: Any) -> Any:
    inside = unboxed(arg)
    return None if inside is MISSING else inside


def _escaped(*args: Any) -> str:
    """As html, js and urlquery print what they escape: nothing is "<no value>" to them."""
    return _print(*(str(MISSING) if unboxed(arg) is MISSING else arg for arg in args))


def _println(*args: Any) -> str:
    return " ".join(gotext.plain(_value(arg)) for arg in args) + "\n"


def _printf(form: str, *args: Any) -> str:
    from minictl.texts import gofmt

    return gofmt.printf(form, [_value(arg) for arg in args])


_HTML = {"&": "&amp;", "'": "&#39;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "\0": "\ufffd"}
_JS = {
    "\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D",
}  # fmt: skip


def _html(*args: Any) -> str:
    return "".join(_HTML.get(char, char) for char in _escaped(*args))


def _js(*args: Any) -> str:
    return "".join(_JS.get(c, c if c.isprintable() else f"\\u{ord(c):04X}") for c in _escaped(*args))


def _urlquery(*args: Any) -> str:
    from urllib.parse import quote_plus

    return quote_plus(_escaped(*args))


def _base64decode(text: str) -> str:
    import base64
    import binascii

    data = text.encode()
    try:
        return base64.b64decode(data.translate(None, b"\r\n"), validate=True).decode(errors="surrogateescape")
    except binascii.Error:
        raise FunctionError(f"base64 decode failed: illegal base64 data at input byte {_damage(data)}") from None


def _damage(data: bytes) -> int:
    """Where a text stops being base64: at what does not belong there, or at the last four that are not four."""
    good = 0
    for at, byte in enumerate(data):
        char = chr(byte)
        if char in "\r\n":
            continue
        if not (char.isascii() and (char.isalnum() or char in "+/")):
            padding = data[at:].translate(None, b"\r\n")
            if char != "=" or good % 4 < 2:
                return at
            if good % 4 == 2:
                return at + (2 if padding[1:2] == b"=" else 1)
            return at + 1
        good += 1
    return len(data) - good % 4


_FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    # name: function, least and most arguments (-1: any number)
    "and": (lambda *values: None, 1, -1),
    "or": (lambda *values: None, 1, -1),
    "not": (lambda value: not truth(value), 1, 1),
    "len": (_length, 1, 1),
    "index": (_index, 1, -1),
    "slice": (_slice, 1, -1),
    "exists": (_exists, 1, -1),
    "print": (_print, 0, -1),
    "println": (_println, 0, -1),
    "printf": (_printf, 1, -1),
    "html": (_html, 0, -1),
    "js": (_js, 0, -1),
    "urlquery": (_urlquery, 0, -1),
    "call": (lambda *values: None, 1, -1),
    "eq": (_equal, 1, -1),
    "ne": (lambda a, b: not _equal(a, b), 2, 2),
    "lt": (_less, 2, 2),
    "le": (_less_or_equal, 2, 2),
    "gt": (lambda a, b: not _less_or_equal(a, b), 2, 2),
    "ge": (lambda a, b: not _less(a, b), 2, 2),
    "base64decode": (_base64decode, 1, 1),
}
