"""Words that look like another: what someone may have meant."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

FARTHEST = 2
"""How many letters may differ."""


def distance(a: str, b: str) -> int:
    """How many letters must be added, dropped or changed to turn one word into the other."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def near(word: str, known: Iterable[str]) -> list[str]:
    """The known words that differ little from `word` or begin with it, sorted."""
    word = word.lower()
    return [name for name in sorted(known) if distance(word, name.lower()) <= FARTHEST or name.startswith(word)]


def hint(word: str, known: Iterable[str]) -> str:
    """A line of advice, "" when nothing known is like the word."""
    found = near(word, known)
    return f"Did you mean {' or '.join(found[:3])}?" if found else ""
