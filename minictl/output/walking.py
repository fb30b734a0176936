"""Running a parsed JSONPath template over a value (see jsonpath.py for the steps).

Every step maps a list of values to a list of values. `range` and `end` are not nested in the parse: a range runs the
chains behind it once for each value until an `end` stops that run, then goes on behind that end.
"""

from __future__ import annotations

from minictl.errors import CommandError, go_quote
from minictl.output import structured
from minictl.output.jsonpath import PathError, parse, relaxed
from minictl.texts import gotext
from minictl.texts.gotext import Byte

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minictl.output.jsonpath import Chain, Step


def find(path: str, value: Any) -> list[Any]:
    """The values a relaxed path (`.spec.ports[*].port`) leads to; missing keys lead nowhere.

    Raises:
        PathError: a wrong path, or one the value does not allow.
    """
    return [found for results in run(parse(relaxed(path)), value, lenient=True) for found in results]


def run(chains: list[Chain], value: Any, lenient: bool) -> list[list[Any]]:
    """One list of results for each chain that was run, in order.

    Raises:
        PathError: a step that cannot be taken.
    """
    return _Run(chains, lenient).block(0, value)


class Template:
    """A printer: the results of a template as text, or as JSON arrays."""

    def __init__(self, text: str, chains: list[Chain], lenient: bool, as_json: bool) -> None:
        self._text = text
        self._chains = chains
        self._lenient = lenient
        self._as_json = as_json

    def __call__(self, value: Any) -> str:
        try:
            groups = run(self._chains, value, self._lenient)
        except PathError as error:
            raise CommandError(
                f"error executing jsonpath {go_quote(self._text)}: Error executing template: {error}. "
                "Printing more information for debugging the template:\n"
                f"\ttemplate was:\n\t\t{self._text}\n"
                f"\tobject given to jsonpath engine was:\n\t\t{gotext.syntax(value)}\n\n\n"
            ) from None
        if self._as_json:
            return "".join(structured.to_json(group) for group in groups)
        return "".join(" ".join(_text(value) for value in group) for group in groups)


_NOTHING = object()
"""What a range goes through where a list has a null."""


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return structured.to_compact_json(value)
    if value is _NOTHING:
        return "<no value>"
    return "null" if value is None else gotext.plain(value)


class _Run:
    def __init__(self, chains: list[Chain], lenient: bool) -> None:
        self._chains = chains
        self._lenient = lenient
        self._begin = 0
        """Ranges begun and not yet entered."""
        self._end = 0
        """Ends met and not yet obeyed."""
        self._depth = 0
        self._last_end = -1
        self._steps: dict[str, Callable[[list[Any], Step], list[Any]]] = {
            "text": lambda values, step: [step[1]],
            "value": lambda values, step: [step[1]] * len(values),
            "field": self._field,
            "wildcard": lambda values, step: [child for value in values for child in _children(value)],
            "recursive": lambda values, step: _descend(values),
            "array": _array,
            "union": lambda values, step: [v for chain in step[1] for v in self._walk(values, chain)],
            "filter": self._filter,
            "word": self._word,
        }

    def block(self, start: int, value: Any) -> list[list[Any]]:
        """The results of the chains from `start` on, up to the end of the range that is being run."""
        found: list[list[Any]] = []
        position = start
        while position < len(self._chains):
            results = self._walk([value], self._chains[position])
            if 0 < self._end <= self._depth:
                self._end -= 1
                self._last_end = position
                break
            if self._begin:
                self._begin -= 1
                position = self._range(position, results, found)
            else:
                found.append(results)
            position += 1
        return found

    def _range(self, position: int, results: list[Any], found: list[list[Any]]) -> int:
        self._depth += 1
        for value in results:
            found += self.block(position + 1, _NOTHING if value is None else value)
        if not results:
            self.block(position + 1, None)  # only to find the end
        self._depth -= 1
        return self._last_end if self._last_end > position else position

    def _walk(self, values: list[Any], chain: Chain) -> list[Any]:
        for step in chain:
            values = self._steps[step[0]](values, step)
        return values

    def _word(self, values: list[Any], step: Step) -> list[Any]:
        if step[1] == "range":
            self._begin += 1
        elif step[1] == "end":
            if not self._depth:
                raise PathError("not in range, nothing to end")
            self._end += 1
        else:
            raise PathError(f"unrecognized identifier {step[1]}")
        return values

    def _field(self, values: list[Any], step: Step) -> list[Any]:
        found = [value[step[1]] for value in values if isinstance(value, dict) and step[1] in value]
        if values and not found and not self._lenient:
            raise PathError(f"{step[1]} is not found")
        return found

    def _filter(self, values: list[Any], step: Step) -> list[Any]:
        _, left_chain, operator, right_chain = step
        found = []
        for value in values:
            if not isinstance(value, list):
                raise PathError(f"{gotext.plain(value)} is not array or slice and cannot be filtered")
            for item in value:
                if operator == "exists":
                    if self._exists(item, left_chain):
                        found.append(item)
                    continue
                left, right = self._walk([item], left_chain), self._walk([item], right_chain)
                if len(left) > 1 or (left and len(right) > 1):
                    raise PathError("can only compare one element at a time")
                if left and right and compare(left[0], operator, right[0]):
                    found.append(item)
        return found

    def _exists(self, item: Any, chain: Chain) -> bool:
        try:
            return bool(self._walk([item], chain))
        except PathError:
            return False


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    if isinstance(value, str):
        return [Byte(byte) for byte in value.encode()]
    return list(value) if isinstance(value, list) else []


def _descend(values: list[Any]) -> list[Any]:
    found = []
    for value in values:
        children = _children(value)
        if children:
            found.append(value)
            found += _descend(children)
    return found


def _array(values: list[Any], step: Step) -> list[Any]:
    _, first, last, stride, derived = step
    found: list[Any] = []
    for value in values:
        if value is None or value is _NOTHING:
            continue
        if not isinstance(value, list):
            raise PathError(f"{gotext.type_name(value)} is not array or slice")
        length = len(value)
        start = (first or 0) + (length if (first or 0) < 0 else 0)
        stop = length if last is None else last + (length if last < 0 or (last == 0 and derived) else 0)
        if start == stop:
            return found
        if not 0 <= start < length:
            raise PathError(f"array index out of bounds: index {start}, length {length}")
        if not 0 <= stop <= length:
            raise PathError(f"array index out of bounds: index {stop - 1}, length {length}")
        if start > stop:
            raise PathError(f"starting index {start} is greater than ending index {stop}")
        if stride is not None and stride <= 0:
            raise PathError("step must be > 0")
        found += value[start : stop : stride or 1]
    return found


def compare(left: Any, operator: str, right: Any) -> bool:
    """A filter's comparison; only values of one kind can be compared.

    Raises:
        PathError: they cannot, or there is no such operator.
    """
    if operator not in _OPERATORS:
        raise PathError(f"unrecognized filter operator {operator}")
    kinds = [_kind(value) for value in (left, right)]
    if "" in kinds:
        raise PathError("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise PathError("incompatible types for comparison")
    if kinds[0] == "bool" and operator not in ("==", "!="):
        raise PathError("invalid type for comparison")
    return _OPERATORS[operator](left, right)


def _kind(value: Any) -> str:
    return type(value).__name__ if isinstance(value, bool | int | float | str) else ""


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}
