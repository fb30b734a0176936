"""JSONPath as columns and selectable fields of custom kinds use it: `.spec.replicas`, `.items[?(@.type=="A")].status`,
`.metadata.labels['app\\.kubernetes\\.io/name']`, `.spec.list[0]`. What is missing yields nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Step = Callable[[list[Any]], list[Any]]

_FIELD = re.compile(r"((?:\\.|[^.\[\\])+)")
_BRACKET = re.compile(r"\[((?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^\]'\"])*)\]")
_FILTER = re.compile(
    r"\?\(\s*@(?P<path>[^=!<>]*?)\s*(?:(?P<operator>==|!=|<=|>=|<|>)\s*(?P<value>.+?))?\s*\)\Z", re.DOTALL
)
_SLICE = re.compile(r"(-?\d*)(:)?(-?\d*)\Z")


class BadPath(ValueError):
    """Text that is no path."""


class Path:
    """A parsed path. Raises BadPath."""

    def __init__(self, text: str) -> None:
        self._steps = _parsed(text)

    def find(self, object: Any) -> list[Any]:
        """All values that the path leads to."""
        values = [object]
        for step in self._steps:
            values = step(values)
        return values


def _parsed(text: str) -> list[Step]:
    steps: list[Step] = []
    at = 0
    while at < len(text):
        if text[at] == "[":
            found = _BRACKET.match(text, at)
            if not found:
                raise BadPath(f"unterminated array: {text}")
            steps.append(_bracket(found[1].strip()))
        elif text[at] == ".":
            if text[at + 1 : at + 2] in ("", "["):
                at += 1
                continue
            found = _FIELD.match(text, at + 1)
            if not found:
                raise BadPath(f"unrecognized path: {text}")
            steps.append(_field(re.sub(r"\\(.)", r"\1", found[1])))
        else:
            raise BadPath(f"unrecognized path: {text}")
        at = found.end()
    return steps


def _field(name: str) -> Step:
    if name == "*":
        return _everything
    return lambda values: [value[name] for value in values if isinstance(value, dict) and name in value]


def _everything(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if isinstance(value, dict | list):
            found += value.values() if isinstance(value, dict) else value
    return found


def _bracket(text: str) -> Step:
    if text == "*":
        return _everything
    if text[:1] in ("'", '"') and text[-1:] == text[0]:
        return _field(re.sub(r"\\(.)", r"\1", text[1:-1]))
    if text.startswith("?"):
        return _filter(text)
    found = _SLICE.match(text)
    if not found or not text:
        raise BadPath(f"invalid array index {text}")
    if not found[2]:
        index = int(text)
        return lambda values: [
            value[index] for value in values if isinstance(value, list) and -len(value) <= index < len(value)
        ]
    start, stop = (int(part) if part else None for part in (found[1], found[3]))
    return lambda values: [item for value in values if isinstance(value, list) for item in value[start:stop]]


def _filter(text: str) -> Step:
    found = _FILTER.match(text)
    if not found:
        raise BadPath(f"unrecognized filter: {text}")
    path, wanted = Path(found["path"].strip()), _literal(found["value"]) if found["operator"] else None
    compare = _COMPARISONS[found["operator"]] if found["operator"] else None

    def keeps(item: Any) -> bool:
        values = path.find(item)
        if compare is None:
            return bool(values)
        try:
            return bool(values) and compare(values[0], wanted)
        except TypeError:
            return False

    return lambda values: [item for value in values if isinstance(value, list) for item in value if keeps(item)]


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda one, other: bool(one == other),
    "!=": lambda one, other: bool(one != other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}


def _literal(text: str) -> Any:
    if text[:1] in ("'", '"') and text[-1:] == text[0]:
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            raise BadPath(f"unrecognized value: {text}") from None
