"""Tables in kubectl's layout: columns at least six wide, three spaces between them, the last one not padded."""

from __future__ import annotations

from itertools import groupby

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Object = dict[str, Any]

MIN_WIDTH = 6
PADDING = 3


class Writer:
    """Collects rows and writes them aligned. Widths never shrink, so that the rows of a watch stay under their
    header."""

    def __init__(
        self, write: Callable[[str], object], paint: Callable[[list[str], list[str]], list[str]] | None = None
    ) -> None:
        self._write = write
        self._paint = paint
        self._rows: list[list[str]] = []
        self._widths: list[int] = []
        self.written = 0

    def row(self, cells: Sequence[str]) -> None:
        """One row; a cell of several lines makes several, and its tabs are further cells."""
        for line in "\t".join(cells).split("\n"):
            self._rows.append(line.split("\t"))

    def forget(self) -> None:
        """Starts anew: what follows need not align with what went before."""
        self.flush()
        self._widths = []

    def flush(self) -> None:
        if not self._rows:
            return
        self._write("".join(self._lines(self._rows, 0)))
        self.written += len(self._rows)
        self._rows = []

    def _lines(self, rows: list[list[str]], column: int) -> Iterator[str]:
        """The rows, of which all columns before this one have their widths. Neighbours that have a cell in a column are
        aligned there; the last cell of a row stands in no column."""
        for has_cell, group in groupby(rows, key=lambda cells: len(cells) - 1 > column):
            block = list(group)
            if not has_cell:
                yield from map(self._line, block)
                continue
            self._widths += [MIN_WIDTH] * (column + 1 - len(self._widths))
            self._widths[column] = max(self._widths[column], *(len(cells[column]) + PADDING for cells in block))
            yield from self._lines(block, column + 1)

    def _line(self, cells: list[str]) -> str:
        last = len(cells) - 1
        padded = [cell if i == last else cell.ljust(self._widths[i]) for i, cell in enumerate(cells)]
        if self._paint:
            padded = self._paint(cells, padded)
        return "".join(padded) + "\n"


class Style:
    """What of a table is shown, and what is added to it. `kind`: put before each name (`pod`, `deployment.apps`)."""

    __slots__ = ("headers", "kind", "label_columns", "namespace", "show_labels", "wide")

    def __init__(
        self,
        *,
        headers: bool = True,
        wide: bool = False,
        namespace: bool = False,
        kind: str = "",
        label_columns: Sequence[str] = (),
        show_labels: bool = False,
    ) -> None:
        self.headers = headers
        self.wide = wide
        self.namespace = namespace
        self.kind = kind
        self.label_columns = list(label_columns)
        self.show_labels = show_labels


class Printer:
    """Prints the Tables of one resource type; the header comes before the first row and again when columns change."""

    def __init__(self, writer: Writer, style: Style) -> None:
        self._writer = writer
        self._style = style
        self._columns: list[Any] = []
        self._printed: list[Any] | None = None

    def table(self, table: Object, event: str = "") -> None:
        """One Table; `event` (ADDED ...) becomes a first column."""
        self._columns = table.get("columnDefinitions") or self._columns
        rows = table.get("rows") or []
        if not rows:
            return
        if self._style.headers and self._printed != self._columns:
            self._writer.row(header(self._columns, self._style, bool(event)))
            self._printed = self._columns
        for row in rows:
            self._writer.row(cells_of(row, self._columns, self._style, event))


def header(columns: list[Any], style: Style, with_event: bool = False) -> list[str]:
    """The names above the cells."""
    names = ["EVENT"] if with_event else []
    names += ["NAMESPACE"] if style.namespace else []
    names += [str(columns[i]["name"]).upper() for i in _shown(columns, style)]
    names += [label.rpartition("/")[2].upper() for label in style.label_columns]
    return names + (["LABELS"] if style.show_labels else [])


def cells_of(row: Object, columns: list[Any], style: Style, event: str = "") -> list[str]:
    """The cells of a Table's row as texts."""
    metadata = (row.get("object") or {}).get("metadata") or {}
    labels = metadata.get("labels") or {}
    values = row.get("cells") or []
    cells = [event] if event else []
    cells += [metadata.get("namespace", "")] if style.namespace else []
    for i in _shown(columns, style):
        cell = cell_text(values[i]) if i < len(values) else ""
        cells.append(f"{style.kind}/{cell}" if style.kind and i == _named(columns) else cell)
    cells += [labels.get(label, "") for label in style.label_columns]
    return cells + ([labels_text(labels)] if style.show_labels else [])


def _shown(columns: list[Any], style: Style) -> list[int]:
    return [i for i, column in enumerate(columns) if style.wide or not column.get("priority")]


def _named(columns: list[Any]) -> int:
    """The column that holds the object's own name: others may hold names, too."""
    names = (i for i, c in enumerate(columns) if c.get("format") == "name" and c.get("type") == "string")
    return next(names, -1)


def cell_text(value: Any) -> str:
    """A cell on one line: only the first line of a longer text, and nothing that would steer a terminal."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        from minictl.texts.gofloats import float_text

        return float_text(value)
    text = str(value)
    cut = min((at for at in map(text.find, "\f\n\r") if at >= 0), default=-1)
    return escape(text[:cut]) + "..." if cut >= 0 else escape(text)


def escape(text: str) -> str:
    """Control characters a terminal would obey, made visible."""
    return text.replace("\x1b", "^[").replace("\r", "\\r") if "\x1b" in text or "\r" in text else text


def labels_text(labels: dict[str, str]) -> str:
    """`a=b,c=d` in order of the keys, `<none>` for no labels."""
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels)) or "<none>"


def generic(object: Object, age: Callable[[str], str]) -> Object:
    """A Table of name and age made here, for an object the server did not print itself."""
    metadata = object.get("metadata") or {}
    columns = [{"name": "Name", "type": "string", "format": "name"}, {"name": "Age", "type": "string"}]
    cells = [metadata.get("name", ""), age(metadata.get("creationTimestamp") or "")]
    return {"columnDefinitions": columns, "rows": [{"cells": cells, "object": {"metadata": metadata}}]}
