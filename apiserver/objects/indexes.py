"""Sets of completion indexes as a Job's status writes them: `1,3-5,7`. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apiserver.objects.numerals import MAX_DIGITS

MAX_INDEXES = 1_000_000
"""Indexes that are looked at one by one: a short text can name thousands of millions."""


class BadIndexes(ValueError):
    """A text that is no list of indexes in ascending order below the limit; says why in Kubernetes' words."""


def write(indexes: Iterable[int]) -> str:
    """The shortest text: three and more in a row become a range, two stay a pair."""
    parts: list[str] = []
    for first, last in _runs(sorted(set(indexes))):
        if last - first > 1:
            parts.append(f"{first}-{last}")
        else:
            parts.extend(str(index) for index in range(first, last + 1))
    return ",".join(parts)


def _runs(ordered: list[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for position, index in enumerate(ordered):
        if position + 1 == len(ordered) or ordered[position + 1] != index + 1:
            yield ordered[start], index
            start = position + 1


def read(text: str, below: int) -> set[int]:
    """The indexes that a status names, those out of range left out; the text is one that `write` made."""
    found: set[int] = set()
    for first, last in _intervals(text):
        room = MAX_INDEXES - len(found)
        found.update(range(int(first), min(int(last or first), below - 1, int(first) + room - 1) + 1))
    return found


def _intervals(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        yield first, last


def count(text: str, below: int) -> int:
    """How many indexes a text names that anybody may have written. Raises BadIndexes."""
    total, before = 0, -1
    for part in text.split(",") if text else ():
        ends = part.split("-")
        if len(ends) > 2:
            raise BadIndexes(
                f'the fragment "{part}" violates the requirement that an index interval can have at most two parts '
                "separated by '-'"
            )
        numbers = [_number(end, below) for end in ends]
        first, last = numbers[0], numbers[-1]
        if len(numbers) == 2 and first >= last:
            raise BadIndexes(f"non-increasing order, previous: {first}, current: {last}")
        if before >= first:
            raise BadIndexes(f"non-increasing order, previous: {before}, current: {first}")
        total, before = total + last - first + 1, last
    return total


def _number(text: str, below: int) -> int:
    digits = text.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        raise BadIndexes(f'cannot convert string to integer for index: "{text}"')
    if len(digits) > MAX_DIGITS or int(digits) >= below:
        raise BadIndexes(f'too large index: "{text}"')
    return int(digits)
