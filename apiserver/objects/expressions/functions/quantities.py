"""Quantities: `1.5Gi`, `250m`. Their values are exact; how they were written is forgotten."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import ROUND_UP, Context, Decimal
from typing import Any

from apiserver.objects import quantity

INT64 = 2**63
DIGITS = 4
"""Digits after the point that a division keeps, where it does not say."""
MAX_DIGITS = 10
_EXACT = Context(prec=2_100)


def read(text: str) -> Decimal:
    """Raises ValueError in Kubernetes' words."""
    return quantity.parse(text).value


def _is_quantity(text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def compare(one: Any, other: Any) -> int:
    """-1, 0 or 1."""
    return int(one > other) - int(one < other)


def _is_integer(value: Decimal) -> bool:
    return value == value.to_integral_value() and -INT64 <= value < INT64


def _as_integer(value: Decimal) -> int:
    if not _is_integer(value):
        raise ValueError("cannot convert value to integer")
    return int(value)


def _divided(value: Decimal, by: int, digits: int = DIGITS) -> Decimal:
    if not by:
        raise ValueError("division by zero error")
    if not 0 <= digits <= MAX_DIGITS:
        raise ValueError(f"the valid range for roundVal is 0 to {MAX_DIGITS} but {digits} was passed")
    return Decimal(value / by).quantize(Decimal(1).scaleb(-digits), ROUND_UP)


def _divided_whole(value: Decimal, by: int) -> Decimal:
    if not by:
        raise ValueError("division by zero error")
    return Decimal(int(value / by))


DECLARED: dict[str, Callable[..., Any] | None] = {
    "quantity(string) Quantity": read,
    "isQuantity(string) bool": _is_quantity,
    "sign(Quantity) int": lambda value: compare(value, 0),
    "Quantity.sign() int": lambda value: compare(value, 0),
    "Quantity.isInteger() bool": _is_integer,
    "Quantity.asInteger() int": _as_integer,
    "Quantity.asApproximateFloat() double": float,
    "Quantity.add(Quantity) Quantity": _EXACT.add,
    "Quantity.add(int) Quantity": _EXACT.add,
    "Quantity.sub(Quantity) Quantity": _EXACT.subtract,
    "Quantity.sub(int) Quantity": _EXACT.subtract,
    "Quantity.mul(int) Quantity": _EXACT.multiply,
    "Quantity.div(int) Quantity": _divided,
    "Quantity.div(int, int) Quantity": _divided,
    "Quantity.divInt(int) Quantity": _divided_whole,
    "Quantity.isLessThan(Quantity) bool": operator.lt,
    "Quantity.isGreaterThan(Quantity) bool": operator.gt,
    "Quantity.compareTo(Quantity) int": compare,
}
