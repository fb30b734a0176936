"""Numbers that people wrote as text, in annotations and paths: anything may stand there."""

from __future__ import annotations

MAX_DIGITS = 18
"""So many always fit into 64 bits."""


def natural(text: str) -> int | None:
    """The number that a few ASCII digits say; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
