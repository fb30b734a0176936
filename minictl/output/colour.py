"""Colour for terminals: the words of a table that say how something is."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

GOOD, BAD, WAITING, DONE, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"
CHANGED, NEW, GONE = "\x1b[7m", "\x1b[1m", "\x1b[2;9m"
"""In a table that is watched: a cell that has just become another, a row that has just come, one that has just gone."""
_MEANINGS = {
    GOOD: "Running Ready Active Bound Available Complete True Succeeded",
    WAITING: (
        "Pending ContainerCreating PodInitializing Terminating NotReady Unknown SchedulingGated Released Suspended "
        "SchedulingDisabled Failing"
    ),
    BAD: (
        "Error Failed CrashLoopBackOff ImagePullBackOff ErrImagePull ErrImageNeverPull InvalidImageName OOMKilled "
        "CreateContainerConfigError CreateContainerError RunContainerError ContainerStatusUnknown ContainerCannotRun "
        "DeadlineExceeded StartError Evicted NodeLost Lost FailureTarget Warning"
    ),
    DONE: "Completed Normal",
}
WORDS = {word: meaning for meaning, words in _MEANINGS.items() for word in words.split()}
"""What a word says about the state of an object."""
_OVER = ("Completed", "Complete", "Succeeded")
_INIT = "Init:"


def paint(cells: Sequence[str], padded: Sequence[str]) -> list[str]:
    """The padded cells of a row, each in the colour of its word. Counts such as `1/2` that are not full are marked,
    unless the row says that it is over."""
    over = any(cell in _OVER for cell in cells)
    colours = [_colour(cell, over) for cell in cells]
    return [f"{colour}{text}{PLAIN}" if colour else text for colour, text in zip(colours, padded, strict=True)]


def _colour(cell: str, over: bool) -> str:
    if cell.startswith(_INIT):
        rest = cell.removeprefix(_INIT)
        return WORDS.get(rest, WAITING if rest[:1].isdigit() else BAD)
    words = cell.split(",")  # as in Ready,SchedulingDisabled
    found = {WORDS[word] for word in words if word in WORDS} if all(words) else set()
    ready, slash, wanted = cell.partition("/")
    if slash and ready.isdigit() and wanted.isdigit() and ready != wanted and not over:
        return WAITING
    return next((colour for colour in (BAD, WAITING, GOOD, DONE) if colour in found), "")
