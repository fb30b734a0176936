"""-o custom-columns and custom-columns-file: a table whose cells are JSONPaths into each object."""

from __future__ import annotations

from minictl.errors import CommandError
from minictl.output import table
from minictl.output.jsonpath import PathError, parse, relaxed
from minictl.texts import gotext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

EXPECTED = "Expected format is one line of space separated headers, one line of space separated column specs."


def specification(name: str, argument: str) -> list[tuple[str, str]]:
    """(header, path) of each column.

    Raises:
        CommandError: none given, or not of the form HEADER:PATH.
    """
    if name == "custom-columns-file":
        return _from_file(argument)
    if not argument:
        raise CommandError("custom-columns format specified but no custom columns given")
    columns = []
    for part in argument.split(","):
        header, colon, path = part.partition(":")
        if not colon:
            raise CommandError(f"unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
        columns.append((header, _relaxed(path)))
    return columns


def _relaxed(path: str) -> str:
    try:
        return relaxed(path)
    except PathError as error:
        raise CommandError(str(error)) from None


def _from_file(path: str) -> list[tuple[str, str]]:
    if not path:
        raise CommandError("custom-columns format specified but no custom columns given")
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise CommandError(f"error reading template {path}, open {path}: {(error.strerror or '').lower()}") from None
    for number, what in enumerate(("header", "spec")):
        if len(lines) <= number:
            raise CommandError(f"invalid template, missing {what} line. {EXPECTED}")
    headers, paths = lines[0].split(), lines[1].split()
    if len(headers) != len(paths):
        raise CommandError(f"number of headers ({len(headers)}) and field specifications ({len(paths)}) don't match")
    return [(header, _relaxed(path)) for header, path in zip(headers, paths, strict=True)]


class Printer:
    """Prints objects as rows. What was printed before an error stays."""

    def __init__(self, columns: list[tuple[str, str]], headers: bool, write: Callable[[str], object]) -> None:
        self._columns = columns
        self._headers = headers
        self._writer = table.Writer(write)

    def __call__(self, object: dict[str, Any]) -> None:
        try:
            if self._headers:
                self._writer.row([header for header, _ in self._columns])
                self._headers = False
            paths = [parse(path) for _, path in self._columns]
            is_list = isinstance(object.get("items"), list) and str(object.get("kind", "")).endswith("List")
            for item in object["items"] if is_list else [object]:
                self._writer.row([_cell(path, item) for path in paths])
        except PathError as error:
            raise CommandError(str(error)) from None
        finally:
            self._writer.flush()


def _cell(path: list[Any], item: Any) -> str:
    from minictl.output import walking

    groups = walking.run(path, item, lenient=True)
    values = [table.escape(gotext.plain(value)) for group in groups for value in group]
    if not groups or not groups[0]:
        values.insert(0, "<none>")
    return ",".join(values)
