"""Colour for terminals: the words of a table that say how something is."""

from __future__ import annotations

GOOD, BAD, WAITING, DONE, BOLD, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
WORDS = {
    **dict.fromkeys(("Running", "Ready", "Active", "Bound", "Available", "Complete"), GOOD),
    **dict.fromkeys(("Pending", "ContainerCreating", "PodInitializing", "Terminating", "NotReady", "Unknown"), WAITING),
    **dict.fromkeys(
        ("Error", "Failed", "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "OOMKilled", "Evicted", "Warning"),
        BAD,
    ),
    **dict.fromkeys(("Completed", "Succeeded"), DONE),
}
"""What a word says about the state of an object."""


def paint(column: int, cell: str, padded: str) -> str:
    """A padded cell in the colour of its word; counts such as `1/2` that are not full are marked, too."""
    colour = WORDS.get(cell) or (BAD if cell.startswith("Init:") and cell.endswith("Error") else "")
    ready, slash, wanted = cell.partition("/")
    if slash and ready.isdigit() and wanted.isdigit() and ready != wanted:
        colour = WAITING
    return f"{colour}{padded}{PLAIN}" if colour else padded
