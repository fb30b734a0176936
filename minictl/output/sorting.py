"""--sort-by: objects or table rows in order of the value behind a JSONPath.

Numbers by value, strings that are quantities (500M, 1Gi) by amount, other strings by their characters (pod-10 before
pod-9); what has no such value comes first.
"""

from __future__ import annotations

import re
from functools import cmp_to_key

from minictl.errors import CommandError
from minictl.output.jsonpath import PathError, parse, relaxed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE]?))\Z")
_SCALE = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SCALE |= {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", 1)}


def sort(items: list[Any], path: str, of: Callable[[Any], Any] = lambda item: item) -> list[Any]:
    """The items in order; `of` gives the object that an item (a table row) is about.

    Raises:
        CommandError: a wrong path, or one that no object has.
    """
    from minictl.output import walking

    try:
        chains = parse(relaxed(path))
        keyed: list[tuple[list[Any], Any]] = []
        for item in items:
            groups = walking.run(chains, of(item), lenient=True)
            keyed.append((groups[0][:1] if groups else [], item))
    except PathError as error:
        raise CommandError(str(error)) from None
    if items and not any(values for values, _ in keyed):
        raise CommandError(f'couldn\'t find any field with path "{relaxed(path)}" in the list of objects')
    order = cmp_to_key(_order)
    return [item for _, item in sorted(keyed, key=lambda pair: order(pair[0]))]


def _order(a: list[Any], b: list[Any]) -> int:
    if not a or not b or a[0] is None or b[0] is None:
        return (len(a) > 0 and a[0] is not None) - (len(b) > 0 and b[0] is not None)
    left, right = _comparable(a[0], b[0])
    try:
        return int(left > right) - int(left < right)
    except TypeError:
        raise CommandError(f"unsortable type: {type(a[0]).__name__}") from None


def _comparable(a: Any, b: Any) -> tuple[Any, Any]:
    if not (isinstance(a, str) and isinstance(b, str)):
        return a, b
    left, right = quantity(a), quantity(b)
    if left is not None and right is not None:
        return left, right
    return a, b


def quantity(text: str) -> float | None:
    """What an amount such as `500M`, `1Gi`, `250m` or `1e3` comes to; None for other text."""
    match = _QUANTITY.match(text)
    if not match:
        return None
    number, exponent, suffix = match.groups()
    return float(number + (exponent or "")) * _SCALE[suffix or ""]
