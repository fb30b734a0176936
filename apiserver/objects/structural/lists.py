"""Lists of type set hold nothing twice, lists of type map no two items with the same keys."""

from __future__ import annotations

from collections import Counter
from typing import Any

from apiserver.errors import Cause
from apiserver.objects.structural import Node, member
from apiserver.objects.validation import duplicate, invalid, shown

Keys = list[Any]


def check(value: Any, schema: Node | None, path: str = "") -> list[Cause]:
    """Every item that stands a second time in its list."""
    if schema is None:
        return []
    causes: list[Cause] = []
    if isinstance(value, dict):
        for name, child in value.items():
            causes += check(child, member(schema, name), f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        causes = _LISTS.get(schema.get("x-kubernetes-list-type", ""), _nothing)(value, schema, path)
        items = schema.get("items")
        for index, item in enumerate(value):
            causes += check(item, items, f"{path}[{index}]")
    return causes


def _nothing(value: list[Any], schema: Node, path: str) -> list[Cause]:
    return []


def _set_causes(value: list[Any], schema: Node, path: str) -> list[Cause]:
    return [duplicate(f"{path}[{index}]", value[index]) for index in _seconds(value)]


def _map_causes(value: list[Any], schema: Node, path: str) -> list[Cause]:
    for index, item in enumerate(value):
        if item is not None and not isinstance(item, dict):
            return [invalid(f"{path}[{index}]", item, "must be an object for an array of list-type map")]
    names = schema.get("x-kubernetes-list-map-keys") or ()
    keys = [{name: item[name] for name in names if name in item} if item else {} for item in value]
    return [duplicate(f"{path}[{index}]", keys[index]) for index in _seconds(keys)]


def _seconds(values: Keys) -> list[int]:
    """The places where something stands for the second time (not for the third)."""
    times: Counter[str] = Counter()
    found = []
    for index, value in enumerate(values):
        text = shown(value)
        times[text] += 1
        if times[text] == 2:
            found.append(index)
    return found


_LISTS = {"set": _set_causes, "map": _map_causes}
