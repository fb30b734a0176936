"""Versions as semver.org has them: `1.2.3-beta.1+build`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import total_ordering
from typing import Any

from apiserver.objects.expressions.functions.quantities import compare

_NUMBER = r"(0|[1-9]\d*)"
_WORDS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_STRICT = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_WORDS}))?(?:\+{_WORDS})?")
_LOOSE = re.compile(rf"v?0*(\d+)(?:\.0*(\d+))?(?:\.0*(\d+))?((?:-{_WORDS})?(?:\+{_WORDS})?)")


@total_ordering
class Version:
    """A version; what was built is no part of it. `numbers`: major, minor, patch."""

    def __init__(self, numbers: tuple[int, ...], before: str) -> None:
        self.numbers, self.before = numbers, before

    @classmethod
    def of(cls, text: str) -> Version:
        """Raises ValueError."""
        found = _STRICT.fullmatch(text)
        if found is None or any(_is_padded(word) for word in (found[4] or "").split(".")):
            raise ValueError("No Major.Minor.Patch elements found" if text.count(".") < 2 else "Invalid version")
        return cls((int(found[1]), int(found[2]), int(found[3])), found[4] or "")

    def __str__(self) -> str:
        return ".".join(map(str, self.numbers)) + (f"-{self.before}" if self.before else "")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._order == other._order

    def __lt__(self, other: Version) -> bool:
        return bool(self._order < other._order)

    def __hash__(self) -> int:
        return hash(self._order)

    @property
    def _order(self) -> Any:
        words = [(0, int(word), "") if word.isdigit() else (1, 0, word) for word in self.before.split(".")]
        return self.numbers, not self.before, words


def _is_padded(word: str) -> bool:
    return word.isdigit() and len(word) > 1 and word[0] == "0"


def _normalized(text: str, loosely: bool) -> Version:
    found = _LOOSE.fullmatch(text) if loosely else None
    if found is None:
        return Version.of(text)
    return Version.of(".".join(found[n] or "0" for n in (1, 2, 3)) + found[4])


def _is_version(text: str, loosely: bool = False) -> bool:
    try:
        _normalized(text, loosely)
    except ValueError:
        return False
    return True


DECLARED: dict[str, Callable[..., Any] | None] = {
    "semver(string) Semver": Version.of,
    "semver(string, bool) Semver": _normalized,
    "isSemver(string) bool": _is_version,
    "isSemver(string, bool) bool": _is_version,
    "Semver.major() int": lambda version: version.numbers[0],
    "Semver.minor() int": lambda version: version.numbers[1],
    "Semver.patch() int": lambda version: version.numbers[2],
    "Semver.isLessThan(Semver) bool": operator.lt,
    "Semver.isGreaterThan(Semver) bool": operator.gt,
    "Semver.compareTo(Semver) int": compare,
}
