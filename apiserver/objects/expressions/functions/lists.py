"""Functions over lists: sums, extremes, order. The library's indexOf is for texts alone, and stays so."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable
from typing import Any

ADDED = ("int", "uint", "double", "duration")
ORDERED = (*ADDED, "bool", "string", "bytes", "timestamp")


def _sum(values: list[Any]) -> Any:
    return functools.reduce(operator.add, values) if values else 0


def _is_sorted(values: list[Any]) -> bool:
    return all(a <= b for a, b in itertools.pairwise(values))


def _extreme(name: str, choose: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    def extreme(values: list[Any]) -> Any:
        if not values:
            raise ValueError(f"{name} called on empty list")
        return choose(values)

    return extreme


DECLARED: dict[str, Callable[..., Any] | None] = {
    **{f"list<{type_}>.sum() {type_}": _sum for type_ in ADDED},
    **{f"list<{type_}>.isSorted() bool": _is_sorted for type_ in ORDERED},
    **{f"list<{type_}>.min() {type_}": _extreme("min", min) for type_ in ORDERED},
    **{f"list<{type_}>.max() {type_}": _extreme("max", max) for type_ in ORDERED},
    "kubernetes.merged(map, map) map": lambda one, other: {**one, **other},
}
