"""Values as Go prints them in messages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from apiserver.quoting import quoted

SHORTEST_DIGITS = 6
"""Numbers from ten to this power on are printed with an exponent."""


def printed(value: Any) -> str:
    """As `%v` prints: `map[a:1 b:[x y]]`."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{printed(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(printed(item) for item in value) + "]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _float(value) if isinstance(value, float) else str(value)


def syntax(value: Any) -> str:
    """As `%#v` prints: `map[string]interface {}{"a":1}`."""
    if isinstance(value, dict):
        members = ", ".join(f"{quoted(key)}:{syntax(value[key])}" for key in sorted(value))
        return f"{type_name(value)}{{{members}}}"
    if isinstance(value, list):
        return f"{type_name(value)}{{{', '.join(map(syntax, value))}}}"
    if value is None:
        return "interface {}(nil)"
    return quoted(value) if isinstance(value, str) else printed(value)


def type_name(value: Any) -> str:
    """The Go type that holds a decoded JSON value: `map[string]interface {}`, `int64`."""
    return _TYPES.get(type(value), "<nil>")


_TYPES: dict[type, str] = {
    dict: "map[string]interface {}",
    list: "[]interface {}",
    str: "string",
    bool: "bool",
    int: "int64",
    float: "float64",
}


def _float(value: float) -> str:
    """The shortest text that reads back, with an exponent from 1e21 on, as Go has it."""
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return repr(value)


def json_type(value: Any) -> str:
    """What Go's JSON decoder calls a value: `object`, `array`, `number`."""
    return _JSON_TYPES.get(type(value), "null")


_JSON_TYPES: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
}


def general(value: int | float) -> str:
    """A float64 as `%v` prints it: the shortest text, with an exponent from 1e+06 on and below 1e-04."""
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    assert isinstance(exponent, int)
    power = len(digits) - 1 + exponent
    if not value or -4 <= power < SHORTEST_DIGITS:
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    text = "".join(map(str, digits))
    mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
