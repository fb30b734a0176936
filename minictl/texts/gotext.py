"""Values as Go prints them: %v (`map[a:1 b:[x y]]`), %#v and the verbs of printf, for templates and their errors."""

from __future__ import annotations

import re

from minictl.errors import go_quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def plain(value: Any) -> str:
    """%v: maps sorted by key, lists between brackets, nothing quoted."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
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
        return float_text(value)
    if isinstance(value, dict):
        inner = ", ".join(f"{go_quote(str(key))}:{syntax(value[key])}" for key in sorted(value))
        return f"map[string]interface {{}}{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[]interface {{}}{{{', '.join(syntax(item) for item in value)}}}"
    return str(value)


def float_text(value: float) -> str:
    """A float64 as %v: shortest form, exponents below 1e-4 and from 1e21 on."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e21:
        text = repr(value)
        if "e" in text:
            text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}e{exponent[0]}{exponent[1:].zfill(2)}"


def type_name(value: Any) -> str:
    """The Go type a value decoded from JSON has."""
    if value is None:
        return "<nil>"
    return _TYPES.get(type(value).__name__, "string")


_TYPES = {
    "bool": "bool",
    "int": "int64",
    "float": "float64",
    "str": "string",
    "dict": "map[string]interface {}",
    "list": "[]interface {}",
}

_VERB = re.compile(r"%([-+# 0]*)(\d+|\*)?(?:\.(\d+|\*)?)?(.)", re.DOTALL)


def printf(form: str, args: Sequence[Any]) -> str:
    """fmt.Sprintf for the values a template can hold; what does not fit is printed as Go does: `%!d(string=x)`."""
    left = list(args)
    used = 0

    def one(match: re.Match[str]) -> str:
        nonlocal used
        marks, width, precision, verb = match.groups()
        if verb == "%":
            return "%"
        if width == "*" and used < len(left):
            width, used = str(left[used]), used + 1
        if used >= len(left):
            return f"%!{verb}(MISSING)"
        value = left[used]
        used += 1
        text = _verb(verb, value, marks, int(precision) if precision else (0 if "." in match.group(0) else None))
        return _pad(text, marks, int(width) if width else 0, isinstance(value, int | float))

    out = _VERB.sub(one, form)
    if used < len(left):
        extra = ", ".join(f"{type_name(v)}={plain(v)}" for v in left[used:])
        out += f"%!(EXTRA {extra})"
    return out


def _verb(verb: str, value: Any, marks: str, precision: int | None) -> str:
    number = isinstance(value, int) and not isinstance(value, bool)
    if verb in ("v", "s") and isinstance(value, str):
        return value if precision is None else value[:precision]
    if verb == "v":
        return syntax(value) if "#" in marks else plain(value)
    if verb == "T":
        return type_name(value)
    if verb == "t" and isinstance(value, bool):
        return plain(value)
    if verb == "q" and isinstance(value, str):
        return f"`{value}`" if "#" in marks and "`" not in value else go_quote(value)
    if number and verb in _INTEGER:
        return ("+" if "+" in marks and value >= 0 else "") + _INTEGER[verb](value, "#" in marks)
    if isinstance(value, float) and verb in "feEgG":
        sign = "+" if "+" in marks and value >= 0 else ""
        return sign + (float_text(value) if verb == "g" and precision is None else f"{value:.{precision or 6}{verb}}")
    if isinstance(value, str) and verb in "xX":
        return value.encode().hex() if verb == "x" else value.encode().hex().upper()
    if isinstance(value, list):
        return f"[{' '.join(_verb(verb, item, marks, precision) for item in value)}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{k}:{_verb(verb, value[k], marks, precision)}' for k in sorted(value))}]"
    if value is None:
        return f"%!{verb}(<nil>)"
    return f"%!{verb}({type_name(value)}={plain(value)})"


def _hexadecimal(value: int, marked: bool) -> str:
    return f"{'-' if value < 0 else ''}{'0x' if marked else ''}{abs(value):x}"


_INTEGER: dict[str, Callable[[int, bool], str]] = {
    "d": lambda value, marked: str(value),
    "x": _hexadecimal,
    "X": lambda value, marked: _hexadecimal(value, False).upper(),
    "o": lambda value, marked: f"{'0' if marked else ''}{value:o}",
    "b": lambda value, marked: f"{value:b}",
    "c": lambda value, marked: chr(value),
    "q": lambda value, marked: f"'{chr(value)}'",
    "U": lambda value, marked: f"U+{value:04X}",
}


def _pad(text: str, marks: str, width: int, number: bool) -> str:
    if len(text) >= abs(width):
        return text
    if "-" in marks or width < 0:
        return text.ljust(abs(width))
    if "0" in marks and number:
        sign, digits = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
        return sign + digits.rjust(width - len(sign), "0")
    return text.rjust(width)
