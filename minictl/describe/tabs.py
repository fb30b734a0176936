"""Tab stops: columns as wide as their widest cell, aligned only over neighbouring lines.

A cell ends at a tab; what follows the last tab of a line belongs to no column. Lines that have a cell in the same
column and follow each other form a block, and a block is padded as one. This is how Go's text/tabwriter lays text out,
so blocks, not the whole text, decide the widths: a line without tabs ends every block.
"""

from collections.abc import Sequence

PADDING = 2


def align(text: str, padding: int = PADDING) -> str:
    """`text` with its tabs replaced by spaces."""
    *lines, rest = [line.split("\t") for line in text.split("\n")]
    done: list[str] = []
    _block(lines, 0, [], padding, done)
    return "\n".join([*done, "\t".join(rest)])


def _block(lines: Sequence[list[str]], column: int, widths: list[int], padding: int, done: list[str]) -> None:
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and column < len(lines[end]) - 1:
            end += 1
        if end == start:
            done.append(_line(lines[start], widths))
            start += 1
            continue
        width = max(len(line[column]) for line in lines[start:end]) + padding
        _block(lines[start:end], column + 1, [*widths, width], padding, done)
        start = end


def _line(cells: list[str], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return "".join(padded) + "".join(cells[len(widths) :])
