"""Values as Go prints them: %v (`map[a:1 b:[x y]]`), %#v, and the names of their types. The verbs of printf are
gofmt.py's part."""

from __future__ import annotations

from minictl.errors import go_quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Int(int):
    """A number that a template itself holds, or that a function counted: Go's int, where objects have int64."""


class Byte(int):
    """One byte of a text: Go's uint8."""


def plain(value: Any) -> str:
    """%v: maps sorted by key, lists between brackets, nothing quoted."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        from minictl.texts.gofloats import float_text

        return float_text(value)
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{plain(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list | tuple):
        return f"[{' '.join(plain(item) for item in value)}]"
    return str(value)


def syntax(value: Any) -> str:
    """%#v: as a Go program would write the value."""
    if value is None:
        return "interface {}(nil)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return go_quote(value)
    if isinstance(value, float):
        from minictl.texts.gofloats import float_text

        return float_text(value)
    if isinstance(value, dict):
        inner = ", ".join(f"{go_quote(str(key))}:{syntax(value[key])}" for key in sorted(value))
        return f"map[string]interface {{}}{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[]interface {{}}{{{', '.join(syntax(item) for item in value)}}}"
    return str(value)


def type_name(value: Any) -> str:
    """The Go type a value decoded from JSON has."""
    if value is None:
        return "<nil>"
    return _TYPES[type(value).__name__]


_TYPES = {
    "bool": "bool",
    "int": "int64",
    "Int": "int",
    "Byte": "uint8",
    "float": "float64",
    "str": "string",
    "dict": "map[string]interface {}",
    "list": "[]interface {}",
}
