"""printf as Go has it, for the values a template can hold: every verb, flag, width, precision and argument index.

What does not fit is printed and not refused: `%!d(string=x)`, `%!s(MISSING)`, `%!(EXTRA int=1)`.
"""

from __future__ import annotations

import re

from minictl.errors import go_quote
from minictl.texts.gofloats import float_text
from minictl.texts.gotext import plain, syntax, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_DIRECTIVE = re.compile(
    r"%(?P<flags>[-+# 0]*)(?:\[(?P<of_width>\d+)\])?(?P<width>\d+|\*)?"
    r"(?:(?P<dot>\.)(?:\[(?P<of_precision>\d+)\])?(?P<precision>\d+|\*)?)?(?:\[(?P<of_value>\d+)\])?(?P<verb>.)?",
    re.DOTALL,
)
_BASES = {"d": 10, "v": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}
_PREFIXES = {"b": "0b", "x": "0x", "X": "0X"}
_SHORTEST = -1
MAX_RUNE = 0x10FFFF


def printf(form: str, args: Sequence[Any]) -> str:
    """fmt.Sprintf."""
    return _Printf(args).text(form)


class _Printf:
    def __init__(self, args: Sequence[Any]) -> None:
        self._args = args
        self._next = 0
        self._reordered = False
        """Did an index say which argument comes next? Then none is one too many."""

    def text(self, form: str) -> str:
        out = _DIRECTIVE.sub(self._directive, form)
        if self._next < len(self._args) and not self._reordered:
            extra = ", ".join("<nil>" if v is None else f"{type_name(v)}={plain(v)}" for v in self._args[self._next :])
            out += f"%!(EXTRA {extra})"
        return out

    def _directive(self, match: re.Match[str]) -> str:
        said = match.groupdict()
        self._reordered = False
        spec, broken = _Spec(said["flags"]), ""
        good = self._to(said["of_width"])
        if said["width"] == "*":
            spec.width = self._star()
            broken += "%!(BADWIDTH)" if spec.width is None else ""
        elif said["width"]:
            spec.width = int(said["width"])
        if spec.width is not None and spec.width < 0:
            spec.width, spec.minus, spec.zero = -spec.width, True, False
        good = self._to(said["of_precision"]) and good
        if said["precision"] == "*":
            spec.precision = self._star()
            broken += "%!(BADPREC)" if spec.precision is None else ""
            spec.precision = None if (spec.precision or 0) < 0 else spec.precision
        elif said["dot"]:
            spec.precision = int(said["precision"] or 0)
        good = self._to(said["of_value"]) and good
        verb = said["verb"]
        if verb is None:
            return f"{broken}%!(NOVERB)"
        if verb == "%":
            return f"{broken}%"
        if not good:
            return f"{broken}%!{verb}(BADINDEX)"
        if self._next >= len(self._args):
            return f"{broken}%!{verb}(MISSING)"
        self._next += 1
        return broken + spec.shown(verb, self._args[self._next - 1])

    def _to(self, index: str | None) -> bool:
        """Goes to the argument of that number, from 1; False when there is none."""
        if index is None:
            return True
        self._reordered = True
        self._next = int(index) - 1 if 0 < int(index) <= len(self._args) else self._next
        return 0 < int(index) <= len(self._args)

    def _star(self) -> int | None:
        value = self._args[self._next] if self._next < len(self._args) else None
        self._next += self._next < len(self._args)
        return int(value) if isinstance(value, int) and not isinstance(value, bool) else None


class _Spec:
    """Flags, width and precision of one directive."""

    def __init__(self, flags: str) -> None:
        self.minus, self.plus, self.sharp, self.space = "-" in flags, "+" in flags, "#" in flags, " " in flags
        self.zero = "0" in flags and not self.minus
        self.go_syntax = False
        self.width: int | None = None
        self.precision: int | None = None

    def shown(self, verb: str, value: Any) -> str:
        """The value by one verb."""
        if verb == "T":
            return self._text("s", type_name(value))
        if verb == "v":
            self.go_syntax, self.sharp, self.plus = self.sharp, False, False
        return self._value(verb, value, 0)

    def _value(self, verb: str, value: Any, depth: int) -> str:
        if value is None:
            if depth:
                return syntax(None) if self.go_syntax else "<nil>"
            return self._padded("<nil>") if verb == "v" else f"%!{verb}(<nil>)"
        if isinstance(value, bool):
            return self._padded(plain(value)) if verb in "tv" else self._misfit(verb, value)
        if isinstance(value, int):
            return self._integer(verb, value)
        if isinstance(value, float):
            return self._float(verb, value) if verb in "vbgGxXfFeE" else self._misfit(verb, value)
        if isinstance(value, str):
            return self._text(verb, value) if verb in "vsxXq" else self._misfit(verb, value)
        if verb == "p":
            return self._misfit(verb, value)
        return self._several(verb, value, depth + 1)

    def _misfit(self, verb: str, value: Any) -> str:
        return f"%!{verb}({type_name(value)}={self._value('v', value, 0)})"

    def _several(self, verb: str, value: Any, depth: int) -> str:
        if isinstance(value, dict):
            pairs = [f"{self._value(verb, k, depth)}:{self._value(verb, value[k], depth)}" for k in sorted(value)]
            return f"{type_name(value)}{{{', '.join(pairs)}}}" if self.go_syntax else f"map[{' '.join(pairs)}]"
        items = [self._value(verb, item, depth) for item in value]
        return f"{type_name(value)}{{{', '.join(items)}}}" if self.go_syntax else f"[{' '.join(items)}]"

    # --- numbers

    def _integer(self, verb: str, value: int) -> str:
        if verb == "c":
            return self._padded(_rune(value))
        if verb == "q":
            return self._padded(_quoted_rune(value, ascii_only=self.plus))
        if verb == "U":
            digits = f"{value if value >= 0 else value + 2**64:0{max(4, self.precision or 0)}X}"
            shown = f" '{_rune(value)}'" if self.sharp and 0 <= value <= MAX_RUNE and _rune(value).isprintable() else ""
            return self._padded(f"U+{digits}{shown}", zeros=False)
        if verb not in _BASES:
            return self._misfit(verb, value)
        if self.go_syntax and type_name(value) == "uint8":
            return self._padded(f"0x{value:x}")
        if self.precision == 0 and value == 0:
            return " " * (self.width or 0)
        sign = "-" if value < 0 else "+" if self.plus else " " if self.space else ""
        least = self.precision if self.precision is not None else 0
        if self.precision is None and self.zero and self.width:
            least = self.width - len(sign)
        digits = _digits(abs(value), _BASES[verb]).rjust(least, "0")
        if verb == "X":
            digits = digits.upper()
        if self.sharp and verb == "o" and not digits.startswith("0"):
            digits = f"0{digits}"
        prefix = "0o" if verb == "O" else _PREFIXES.get(verb, "") if self.sharp else ""
        return self._padded(sign + prefix + digits, zeros=False)

    def _float(self, verb: str, value: float) -> str:
        verb = {"v": "g", "F": "f"}.get(verb, verb)
        precision = self.precision
        if precision is None:
            precision = 6 if verb in "feE" else _SHORTEST
        digits = float_text(abs(value), verb, precision)
        if self.sharp and verb != "b":
            digits = _with_point(digits, verb, precision)
        sign = "-" if value < 0 or str(value).startswith("-") else "+" if self.plus else " " if self.space else ""
        if self.zero and sign and self.width:
            return sign + digits.rjust(self.width - len(sign), "0")
        return self._padded(sign + digits)

    # --- text

    def _text(self, verb: str, text: str) -> str:
        if verb in "xX":
            return self._hexadecimal(text.encode(), verb)
        cut = text if self.precision is None else text[: self.precision]
        if verb == "q" or (verb == "v" and self.go_syntax):
            if self.sharp and not set(cut) & {"`", *map(chr, range(9)), *map(chr, range(10, 32)), "\x7f", "\ufeff"}:
                return self._padded(f"`{cut}`")
            return self._padded(_ascii(go_quote(cut)) if self.plus else go_quote(cut))
        return self._padded(cut)

    def _hexadecimal(self, data: bytes, verb: str) -> str:
        if self.precision is not None:
            data = data[: self.precision]
        pairs = [f"{byte:02x}" if verb == "x" else f"{byte:02X}" for byte in data]
        prefix = f"0{verb}" if self.sharp and pairs else ""
        return self._padded(" ".join(prefix + pair for pair in pairs) if self.space else prefix + "".join(pairs))

    def _padded(self, text: str, *, zeros: bool = True) -> str:
        missing = (self.width or 0) - len(text)
        if missing <= 0:
            return text
        if self.minus:
            return text + " " * missing
        return ("0" if self.zero and zeros else " ") * missing + text


def _digits(value: int, base: int) -> str:
    return f"{value:{ {2: 'b', 8: 'o', 10: 'd', 16: 'x'}[base] }}"


def _rune(value: int) -> str:
    return chr(value) if 0 <= value <= MAX_RUNE and not 0xD800 <= value < 0xE000 else "\ufffd"


def _quoted_rune(value: int, *, ascii_only: bool) -> str:
    char = _rune(value)
    inner = {"'": "\\'", '"': '"'}.get(char) or go_quote(char)[1:-1]
    return f"'{_ascii(inner) if ascii_only else inner}'"


def _ascii(text: str) -> str:
    return "".join(c if c < "\x80" else f"\\u{ord(c):04x}" if c <= "\uffff" else f"\\U{ord(c):08x}" for c in text)


def _with_point(digits: str, verb: str, precision: int) -> str:
    """A number as the flag # wants it: with a decimal point, and with the zeros that %g leaves out."""
    mark = "p" if verb in "xX" else "e"
    body, exponent, rest = digits.partition(mark if mark in digits else mark.upper())
    if verb in "gG":
        wanted = 6 if precision == _SHORTEST else max(precision, 1)
        missing = wanted - len(body.replace(".", "").lstrip("0") or "0")
        return (body if "." in body else f"{body}.") + "0" * max(0, missing) + exponent + rest
    return (body if "." in body else f"{body}.") + exponent + rest
