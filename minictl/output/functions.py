"""The functions a Go template may call, kubectl's own two (base64decode, exists) among them."""

from __future__ import annotations

from minictl.texts import gotext

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
    """A call that fails. `of_the_call`: within the function, not for its arguments' number or type."""

    def __init__(self, message: str, of_the_call: bool = True) -> None:
        super().__init__(message)
        self.of_the_call = of_the_call


def call(name: str, args: list[Any]) -> Any:
    """Calls a function.

    Raises:
        FunctionError: wrong arguments, or the function refuses them.
    """
    function, least, most = _FUNCTIONS[name]
    if not least <= len(args) <= (most if most >= 0 else len(args)):
        want = f"at least {least}" if most < 0 else str(least)
        raise FunctionError(f"wrong number of args for {name}: want {want} got {len(args)}", of_the_call=False)
    return function(*[None if arg is MISSING else arg for arg in args])


def truth(value: Any) -> bool:
    """Is it neither false nor zero nor empty nor missing?"""
    return value is not MISSING and bool(value)


# --- comparison


def _kind(value: Any) -> str:
    if value is None:
        return "nil"
    if isinstance(value, bool | int | float | str):
        return type(value).__name__
    raise FunctionError(f"non-comparable type {gotext.plain(value)}: {_go(value)}")


def _go(value: Any) -> str:
    return gotext.type_name(value)


def _equal(first: Any, *others: Any) -> bool:
    if not others:
        raise FunctionError("missing argument for comparison")
    for other in others:
        kinds = _kind(first), _kind(other)
        if kinds[0] != kinds[1]:
            if "nil" not in kinds:
                raise FunctionError("incompatible types for comparison")
        elif first == other:
            return True
    return False


def _less(a: Any, b: Any) -> bool:
    if any(isinstance(value, dict | list) for value in (a, b)):
        raise FunctionError("invalid type for comparison")
    kinds = _kind(a), _kind(b)
    if kinds[0] != kinds[1]:
        raise FunctionError("incompatible types for comparison")
    if kinds[0] in ("bool", "nil"):
        raise FunctionError("invalid type for comparison")
    return bool(a < b)


def _less_or_equal(a: Any, b: Any) -> bool:
    return _less(a, b) or _equal(a, b)


# --- looking inside


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, dict | list):
        return len(value)
    raise FunctionError("len of nil pointer" if value is None else f"len of type {_go(value)}")


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, dict):
            if not isinstance(key, str):
                got = "int" if isinstance(key, int) and not isinstance(key, bool) else _go(key)
                raise FunctionError(f"value has type {got}; should be string")
            value = value.get(key)
        elif isinstance(value, list | str):
            size = len(value)
            if not isinstance(key, int) or isinstance(key, bool):
                raise FunctionError(f"cannot index slice/array with type {_go(key)}")
            if not 0 <= key < size:
                raise FunctionError(f"index out of range: {key}")
            value = value[key] if isinstance(value, list) else value.encode()[key]
        elif value is None:
            raise FunctionError("index of untyped nil")
        else:
            raise FunctionError(f"can't index item of type {_go(value)}")
    return value


def _slice(value: Any, *bounds: Any) -> Any:
    if not isinstance(value, list | str):
        raise FunctionError(f"can't slice item of type {_go(value)}")
    for bound in bounds:
        if not isinstance(bound, int) or not 0 <= bound <= len(value):
            raise FunctionError(f"index out of range: {gotext.plain(bound)}")
    start, stop = (*bounds, 0)[0], bounds[1] if len(bounds) > 1 else len(value)
    if start > stop:
        raise FunctionError(f"invalid slice index: {start} > {stop}")
    return value[start:stop]


def _exists(value: Any, *keys: Any) -> bool:
    for key in keys:
        known = range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ()
        if key not in known:
            return False
        value = value[key]
    return True


# --- text


def _print(*args: Any) -> str:
    """Spaces only between two values of which neither is text."""
    out = ""
    for i, arg in enumerate(args):
        if i and not isinstance(arg, str) and not isinstance(args[i - 1], str):
            out += " "
        out += gotext.plain(arg)
    return out


def _println(*args: Any) -> str:
    return " ".join(gotext.plain(arg) for arg in args) + "\n"


def _printf(form: Any, *args: Any) -> str:
    if not isinstance(form, str):
        raise FunctionError(f"wrong type for value; expected string; got {_go(form)}", of_the_call=False)
    return gotext.printf(form, args)


_HTML = {"&": "&amp;", "'": "&#39;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "\0": "\ufffd"}
_JS = {
    "\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D",
}  # fmt: skip


def _html(*args: Any) -> str:
    return "".join(_HTML.get(char, char) for char in _print(*args))


def _js(*args: Any) -> str:
    return "".join(_JS.get(c, c if c >= " " else f"\\u{ord(c):04X}") for c in _print(*args))


def _urlquery(*args: Any) -> str:
    from urllib.parse import quote_plus

    return quote_plus(_print(*args))


def _base64decode(value: Any) -> str:
    import base64
    import binascii

    if not isinstance(value, str):
        what = "invalid value" if value is None else "wrong type for value"
        got = "" if value is None else f"; got {_go(value)}"
        raise FunctionError(f"{what}; expected string{got}", of_the_call=False)
    try:
        return base64.b64decode(value, validate=True).decode(errors="replace")
    except binascii.Error:
        raise FunctionError("base64 decode failed: illegal base64 data at input byte 0") from None


def _call(*args: Any) -> Any:
    raise FunctionError(f"non-function {gotext.plain(args[0])} of type {_go(args[0])}")


_FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    # name: function, least and most arguments (-1: any number)
    "not": (lambda value: not truth(value), 1, 1),
    "len": (_length, 1, 1),
    "index": (_index, 1, -1),
    "slice": (_slice, 1, 4),
    "exists": (_exists, 1, -1),
    "print": (_print, 0, -1),
    "println": (_println, 0, -1),
    "printf": (_printf, 1, -1),
    "html": (_html, 0, -1),
    "js": (_js, 0, -1),
    "urlquery": (_urlquery, 0, -1),
    "call": (_call, 1, -1),
    "eq": (_equal, 1, -1),
    "ne": (lambda a, b: not _equal(a, b), 2, 2),
    "lt": (_less, 2, 2),
    "le": (_less_or_equal, 2, 2),
    "gt": (lambda a, b: not _less_or_equal(a, b), 2, 2),
    "ge": (lambda a, b: not _less(a, b), 2, 2),
    "base64decode": (_base64decode, 1, 1),
}
