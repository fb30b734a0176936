"""A table that is watched on a terminal: it stays where it is, and what has changed stands out for a moment.

Each drawing goes up over the one before. A table that is higher than the terminal shows the rows that changed last; a
line that is too long is cut, for a line that wraps could not be found again.
"""

from __future__ import annotations

import threading
import time

from minictl.output import colour, table
from minictl.texts import ages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import terminal_size
    from typing import Any

    Object = dict[str, Any]

FRESH_SECONDS = 3.0
"""How long a change stands out, when others follow it at once."""
UP, CLEAR_LINE, CLEAR_BELOW = "\x1b[{}F", "\x1b[K", "\x1b[J"
AGE = "Age"
"""The column that changes though nothing happens."""


class _Row:
    """A row of a Table; when it came, when each of its cells changed last, and when it went (0: not)."""

    def __init__(self, came: float) -> None:
        self.of: Object = {}
        self.cells: list[str] = []
        self.came = came
        self.changed: dict[int, float] = {}
        self.gone = 0.0

    @property
    def touched(self) -> float:
        return max(self.came, self.gone, *self.changed.values(), 0.0)


class Screen:
    """The table. `write` takes text for the terminal; `size` tells how large it is now, `today` the cluster's time."""

    def __init__(
        self,
        write: Callable[[str], object],
        size: Callable[[], terminal_size],
        style: table.Style,
        today: Callable[[], float] = time.time,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._size = size
        self._style = style
        self._today = today
        self._now = now
        self._columns: list[Any] = []
        self._rows: dict[tuple[str, str], _Row] = {}
        self._widths: list[int] = []
        self._height = 0
        """Lines drawn last."""
        self._last = 0.0
        """When something changed last."""
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        """Draws once more when nothing follows for a while: without what has gone, and with nothing standing out."""

    def show(self, event: str, answer: Object) -> None:
        """Takes in what an event says in a Table, and draws. What is there before the first event counts as old."""
        with self._lock:
            self._take_in(event, answer)
            if self._rows:
                self._draw()
            if self._timer:
                self._timer.cancel()
            self._timer = threading.Timer(FRESH_SECONDS, self.settle)
            self._timer.daemon = True
            self._timer.start()

    def settle(self) -> None:
        """Draws what there is now that nothing is fresh any more."""
        with self._lock:
            self._last = self._now() + FRESH_SECONDS
            self._rows = {key: row for key, row in self._rows.items() if not row.gone}
            self._draw()

    def _take_in(self, event: str, answer: Object) -> None:
        now, is_first = self._now(), not self._height
        self._rows = {k: row for k, row in self._rows.items() if not row.gone or now - row.gone < FRESH_SECONDS}
        self._columns = answer.get("columnDefinitions") or self._columns
        for told in answer.get("rows") or []:
            metadata = told["object"]["metadata"]
            key = metadata.get("namespace", ""), metadata["name"]
            if key not in self._rows or (self._rows[key].gone and event != "DELETED"):
                self._rows[key] = _Row(0.0 if is_first else now)
            row, cells = self._rows[key], self._cells(told, aged=False)
            row.changed |= {i: now for i, (old, new) in enumerate(zip(row.cells, cells, strict=False)) if old != new}
            row.of, row.cells = told, cells
            row.gone = now if event == "DELETED" else 0.0
        self._last = now

    def _cells(self, told: Object, *, aged: bool = True) -> list[str]:
        """The cells as texts, with the age of this moment or with none."""
        created = told["object"]["metadata"].get("creationTimestamp")
        age = ages.since(created, self._today()) if aged else ""
        values = [age if column["name"] == AGE else v for column, v in zip(self._columns, told["cells"], strict=False)]
        return table.cells_of({**told, "cells": values}, self._columns, self._style)

    def _draw(self) -> None:
        now, size = self._now(), self._size()
        rows, left_out = self._fitting(max(size.lines - 2, 1))
        header = [table.header(self._columns, self._style)] if self._style.headers else []
        shown = [self._cells(row.of) for row in rows]
        for cells in (*header, *shown):
            self._widths += [table.MIN_WIDTH] * (len(cells) - len(self._widths))
            self._widths = [max(w, len(c) + table.PADDING) for w, c in zip(self._widths, cells, strict=False)]
        lines = ["".join(self._padded(cells, size.columns)) for cells in header]
        lines += [
            self._line(row, self._padded(cells, size.columns), now) for row, cells in zip(rows, shown, strict=True)
        ]
        if left_out:
            lines.append(f"{colour.DONE}... and {left_out} more{colour.PLAIN}")
        back = UP.format(self._height) if self._height else ""
        self._write(back + "".join(f"{line}{CLEAR_LINE}\n" for line in lines) + CLEAR_BELOW)
        self._height = len(lines)

    def _fitting(self, room: int) -> tuple[list[_Row], int]:
        """The rows there is room for, in their order, and how many are left out."""
        rows = list(self._rows.values())
        if len(rows) <= room:
            return rows, 0
        room = max(room - 1, 1)
        latest = sorted(rows, key=lambda row: (row.gone > 0, -row.touched))[:room]
        kept = set(map(id, latest))
        return [row for row in rows if id(row) in kept], len(rows) - room

    def _padded(self, cells: Sequence[str], columns: int) -> list[str]:
        """The cells as wide as their columns, cut where the terminal ends."""
        left, padded = columns - 1, []
        for i, cell in enumerate(cells):
            text = cell if i == len(cells) - 1 else cell.ljust(self._widths[i])
            padded.append(text if len(text) <= left else text[: max(left - 1, 0)] + "…"[:left])
            left -= len(padded[-1])
        return padded

    def _line(self, row: _Row, padded: list[str], now: float) -> str:
        if row.gone:
            return f"{colour.GONE}{''.join(padded)}{colour.PLAIN}"
        painted = colour.paint(row.cells, padded)
        for i, changed in row.changed.items():
            if i < len(padded) and self._is_fresh(changed, now):
                text = padded[i].rstrip()
                painted[i] = f"{colour.CHANGED}{text}{colour.PLAIN}{padded[i][len(text) :]}"
        if row.came and self._is_fresh(row.came, now):
            painted[0] = f"{colour.NEW}{painted[0]}{colour.PLAIN}"
        return "".join(painted)

    def _is_fresh(self, when: float, now: float) -> bool:
        return when >= self._last or (now - when < FRESH_SECONDS and self._last <= now)
