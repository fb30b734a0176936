"""What the aliases of a YAML document come to once they are spelled out: a page of them can mean a billion values.

The rule is that of Go's YAML library: the larger a document, the smaller the share of its values that aliases may add.
"""

from __future__ import annotations

MIN_ALIASED = 1000
"""Values from aliases that a document may have whatever their share is."""
SHARES = ((400_000, 0.99), (4_000_000, 0.10))
"""What share of all values may come from aliases, of so many values at most and from so many on."""


class Aliasing:
    """Counts values as they are read. `aliases` says within how many aliases the next one stands."""

    def __init__(self) -> None:
        self.aliases = 0
        self._values = 0
        self._aliased = 0

    def is_excessive(self) -> bool:
        """Whether one more value is too much."""
        self._values += 1
        self._aliased += self.aliases > 0
        return self._aliased > MIN_ALIASED and self._aliased > _allowed_share(self._values) * self._values


def _allowed_share(values: int) -> float:
    (few, of_few), (many, of_many) = SHARES
    if values <= few:
        return of_few
    return max(of_many, of_few - (of_few - of_many) * (values - few) / (many - few))
