"""Amounts of resources: adding up what Pods ask for and writing the sum the way Kubernetes writes quantities."""

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, Decimal

ZERO = Decimal(0)
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = {power: suffix for suffix, power in _BINARY.items()}
_QUANTITY = re.compile(r"([+-]?[0-9.]+)(?:([KMGTPE]i)|([eE][+-]?[0-9]+)|([numkMGTPE]?))")


class Quantity:
    """An amount, and whether it was written with 1024s ("binary"), with an "exponent", or with 1000s ("decimal")."""

    __slots__ = ("style", "value")

    def __init__(self, value: Decimal = ZERO, style: str = "decimal") -> None:
        self.value = value
        self.style = style

    def __add__(self, other: "Quantity") -> "Quantity":
        style = self.style if self.value else other.style
        return Quantity(self.value + other.value, style)

    def __str__(self) -> str:
        if not self.value:
            return "0"
        if self.style == "binary" and abs(self.value) >= 1024:
            return _in_binary(self.value)
        return _in_decimal(self.value, self.style == "exponent")


def parse(text: object) -> Quantity:
    """Raises ValueError where `text` is no quantity."""
    match = _QUANTITY.fullmatch(str(text))
    if match is None:
        raise ValueError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    number, binary, exponent, suffix = match.groups()
    try:
        digits = Decimal(number)
    except ArithmeticError as error:
        raise ValueError(f"{number!r} is no number") from error
    if binary:
        return Quantity(digits * 1024 ** _BINARY[binary], "binary")
    if exponent:
        return Quantity(digits.scaleb(int(exponent[1:])), "exponent")
    return Quantity(digits.scaleb(_DECIMAL[suffix or ""]))


def canonical(text: object) -> str:
    """An amount in its shortest form, as Kubernetes' own types write it: 1000 is 1k, 1024Mi is 1Gi."""
    try:
        return str(parse(text))
    except ValueError:
        return str(text)


def _in_binary(value: Decimal) -> str:
    whole = int(value.to_integral_value(ROUND_CEILING))
    power = 0
    while whole % 1024 == 0 and power < 6:
        whole //= 1024
        power += 1
    return f"{whole}{_BINARY_SUFFIX.get(power, '')}"


def _in_decimal(value: Decimal, exponents: bool) -> str:
    scaled = value.quantize(Decimal("1e-9"), ROUND_CEILING) if value.as_tuple().exponent < -9 else value  # type: ignore[operator]
    exponent = -9
    digits = int(scaled.scaleb(9))
    while digits % 1000 == 0 and exponent < 18:
        digits //= 1000
        exponent += 3
    if exponents:
        return f"{digits}e{exponent}" if exponent else str(digits)
    return f"{digits}{_DECIMAL_SUFFIX[exponent]}"


Amounts = dict[str, Quantity]


def total(lists: Iterable[Mapping[str, object] | None]) -> Amounts:
    """The sum of several resource lists, name by name."""
    amounts: Amounts = {}
    for resources in lists:
        for name, amount in (resources or {}).items():
            quantity = amount if isinstance(amount, Quantity) else parse(amount)
            amounts[name] = amounts[name] + quantity if name in amounts else quantity
    return amounts


def largest(lists: Iterable[Mapping[str, Quantity]]) -> Amounts:
    """The largest amount of each resource in several lists."""
    amounts: Amounts = {}
    for resources in lists:
        for name, quantity in resources.items():
            if name not in amounts or quantity.value > amounts[name].value:
                amounts[name] = quantity
    return amounts
