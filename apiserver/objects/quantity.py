"""Amounts with units, as in `cpu: 250m` and `memory: 1.5Gi`: exact values, and the one text Kubernetes stores for each.

A quantity remembers the family of its suffix, because that decides how it is written back:

    decimal SI    n u m "" k M G T P E        1500m   0.5 -> 500m   1000m -> 1
    binary SI     Ki Mi Gi Ti Pi Ei           1024Mi -> 1Gi   1.5Gi -> 1536Mi   0.5Ki -> 512
    exponent      e3 E-6 ...                  1e3   1500e3 -> 1500e3

The canonical text has no fraction, the largest suffix that allows this, and no sign but `-`. Nothing finer than a
billionth is kept: it is rounded away from zero.
"""

from __future__ import annotations

import re
from decimal import ROUND_UP, Context, Decimal
from functools import lru_cache, total_ordering

FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
SUFFIX_WRONG = "unable to parse quantity's suffix"
NUMBER_WRONG = "unable to parse numeric part of quantity"

DECIMAL, BINARY, EXPONENT = "decimal", "binary", "exponent"

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = {0: "", **{exponent // 10: suffix for suffix, exponent in _BINARY.items()}}

# The numeric part may be empty: Kubernetes' own reader takes "m" and "." for zero.
_SHAPE = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)")
_EXPONENT = re.compile(r"[eE][+-]?[0-9]+")

MAXIMUM = Decimal(2**63 - 1)
FINEST = Decimal("1e-9")
FAST_DIGITS = 18
"""Numbers of up to this many digits are kept as written; longer ones are rounded to a billionth."""
MAX_EXPONENT = 1_000
"""Beyond this an exponent is capped: the value is out of every range anyway."""
REMEMBERED = 4_096
"""Distinct texts whose parse is remembered: manifests repeat a few amounts over and over."""

_EXACT = Context(prec=2_100)


@total_ordering
class Quantity:
    """An immutable amount. Equal when the values are, whatever their suffixes."""

    __slots__ = ("format", "value")

    def __init__(self, value: Decimal | int, format: str = DECIMAL) -> None:
        self.value = Decimal(value)
        self.format = format

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.value == other.value

    def __lt__(self, other: Quantity) -> bool:
        return self.value < other.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(_EXACT.add(self.value, other.value), self.format if self else other.format)

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(_EXACT.subtract(self.value, other.value), self.format if self else other.format)

    def __neg__(self) -> Quantity:
        return Quantity(-self.value, self.format)

    def __str__(self) -> str:
        """The canonical text."""
        if not self.value:
            return "0"
        if self.format == BINARY and abs(self.value) >= 1024 and self.is_whole:
            return _binary_text(int(self.value))
        return _decimal_text(self.value, exponent=self.format == EXPONENT)

    def __repr__(self) -> str:
        return f"Quantity({str(self)!r})"

    @property
    def is_whole(self) -> bool:
        return bool(self.value == self.value.to_integral_value())

    def is_multiple_of(self, other: Quantity) -> bool:
        return not _EXACT.remainder(self.value, other.value)

    def whole(self) -> int:
        """The value as a whole number, rounded up: memory in bytes, Pods."""
        return int(self.value.to_integral_value(ROUND_UP))

    def milli(self) -> int:
        """The value in thousandths, rounded up: CPU."""
        return int(_EXACT.scaleb(self.value, 3).to_integral_value(ROUND_UP))

    def rounded_to_milli(self) -> Quantity:
        """No finer than thousandths, rounded up: what resource lists are defaulted to."""
        if self.value == self.value.quantize(Decimal("1e-3"), ROUND_UP, _EXACT):
            return self
        return Quantity(self.value.quantize(Decimal("1e-3"), ROUND_UP, _EXACT), self.format)


@lru_cache(maxsize=REMEMBERED)
def parse(text: str) -> Quantity:
    """Raises ValueError with the sentence that a client is shown."""
    match = _SHAPE.fullmatch(text)
    if not text or match is None:
        raise ValueError(FORMAT_WRONG)
    sign, whole, fraction, suffix = match.groups()
    number = (whole.lstrip("0") or "0") + (fraction or "")
    value = _EXACT.scaleb(Decimal(int(number)), -len(fraction or ""))
    if suffix in _DECIMAL:
        format, value = DECIMAL, _EXACT.scaleb(value, _DECIMAL[suffix])
    elif suffix in _BINARY:
        format, value = BINARY, _EXACT.multiply(value, Decimal(2 ** _BINARY[suffix]))
    elif _EXPONENT.fullmatch(suffix):
        power = max(-MAX_EXPONENT, min(MAX_EXPONENT, int(suffix[1:])))
        format, value = EXPONENT, _EXACT.scaleb(value, power)
    else:
        raise ValueError(SUFFIX_WRONG)
    if format == BINARY or len(number) > FAST_DIGITS or value != value.quantize(FINEST, context=_EXACT):
        value = value.quantize(FINEST, ROUND_UP, _EXACT)
    if format == BINARY:
        value = min(value, MAXIMUM)
    if format == BINARY and fraction is not None and 0 < value < 1:
        format = DECIMAL
    return Quantity(-value if sign == "-" else value, format)


@lru_cache(maxsize=REMEMBERED)
def canonical(text: str) -> str:
    """The text Kubernetes stores for `text`. Raises ValueError."""
    return str(parse(text))


def _decimal_text(value: Decimal, *, exponent: bool) -> str:
    _, digits, power = value.normalize(_EXACT).as_tuple()
    assert isinstance(power, int)
    padding = power % 3
    power -= padding
    if not exponent and power > 18:  # there is no suffix beyond E
        padding, power = padding + power - 18, 18
    number = "".join(map(str, digits)) + "0" * padding
    suffix = (f"e{power}" if power else "") if exponent else _DECIMAL_SUFFIX[power]
    return f"{'-' if value < 0 else ''}{number}{suffix}"


def _binary_text(value: int) -> str:
    power = 0
    while value % 1024 == 0 and power < 6:
        value //= 1024
        power += 1
    return f"{value}{_BINARY_SUFFIX[power]}"
