"""Tables, custom columns, sorting, ages, and the structured formats."""

from __future__ import annotations

from typing import Any

import pytest

from minictl.errors import CommandError
from minictl.output import columns, sorting, structured, table
from minictl.texts import ages

TABLE: dict[str, Any] = {
    "columnDefinitions": [
        {"name": "Name", "type": "string", "format": "name", "priority": 0},
        {"name": "Data", "type": "string", "priority": 0},
        {"name": "Extra", "type": "string", "priority": 1},
    ],
    "rows": [
        {"cells": ["settings", 2, "x"], "object": {"metadata": {"namespace": "a", "labels": {"app": "shop", "b": ""}}}},
        {"cells": ["c", None, "several\nlines"], "object": {"metadata": {"namespace": "b"}}},
    ],
}


def printed(**style: Any) -> str:
    out: list[str] = []
    writer = table.Writer(out.append)
    table.Printer(writer, table.Style(**style)).table(TABLE)
    writer.flush()
    return "".join(out)


def test_columns_are_at_least_six_wide_and_the_last_is_not_padded() -> None:
    assert printed() == "NAME       DATA\nsettings   2\nc          \n"


def test_wide_shows_more_and_only_the_first_line_of_a_text() -> None:
    assert printed(wide=True, headers=False) == "settings   2     x\nc                several...\n"


def test_namespace_kind_and_labels() -> None:
    text = printed(namespace=True, kind="configmap", label_columns=["app", "x.io/Team"], show_labels=True)
    assert text.splitlines()[0].split() == ["NAMESPACE", "NAME", "DATA", "APP", "TEAM", "LABELS"]
    assert text.splitlines()[1].split() == ["a", "configmap/settings", "2", "shop", "app=shop,b="]
    assert text.splitlines()[2].split() == ["b", "configmap/c", "<none>"]


def test_the_header_comes_once_and_widths_are_kept() -> None:
    out: list[str] = []
    writer = table.Writer(out.append)
    printer = table.Printer(writer, table.Style())
    printer.table({**TABLE, "rows": []})
    for _ in range(2):
        printer.table(TABLE, "ADDED")
        writer.flush()
    printer.table({"rows": [{"cells": ["x", 1, ""]}]}, "DELETED")
    writer.flush()
    lines = "".join(out).splitlines()
    assert [line.split()[0] for line in lines] == ["EVENT", "ADDED", "ADDED", "ADDED", "ADDED", "DELETED"]
    assert lines[-1] == "DELETED   x          1"
    assert lines[1] == "ADDED   settings   2"


def test_cells_cannot_steer_a_terminal() -> None:
    assert table.cell_text("a\x1b[31mb") == "a^[[31mb"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (200, "3m20s"), (3600, "60m"),
        (3 * 3600, "3h"), (3 * 3600 + 90, "3h1m"), (30 * 3600, "30h"), (50 * 3600, "2d2h"), (9 * 86400, "9d"),
        (800 * 86400, "2y70d"), (9 * 365 * 86400, "9y"),
    ],
)  # fmt: skip
def test_ages(seconds: float, text: str) -> None:
    assert ages.human(seconds) == text


def custom(spec: str, *objects: dict[str, Any], headers: bool = True) -> tuple[str, str]:
    out: list[str] = []
    try:
        printer = columns.Printer(columns.specification("custom-columns", spec), headers, out.append)
        printer({"kind": "List", "items": list(objects)})
    except CommandError as error:
        return "".join(out), error.message
    return "".join(out), ""


ONE = {"metadata": {"name": "one", "labels": {"a": "b"}}, "list": [1, 2], "null": None}


def test_custom_columns() -> None:
    text, error = custom("N:.metadata.name,L:metadata.labels,V:.list[*],X:.nosuch,Z:{.null}", ONE)
    assert not error
    assert [line.split() for line in text.splitlines()] == [
        ["N", "L", "V", "X", "Z"],
        ["one", "map[a:b]", "1,2", "<none>", "<nil>"],
    ]


def test_rows_before_an_error_are_printed() -> None:
    text, error = custom("N:.metadata.name,V:.list[1]", ONE, {"metadata": {"name": "two"}, "list": [1]})
    assert text.splitlines()[1].split() == ["one", "2"]
    assert error == "array index out of bounds: index 1, length 1"
    assert custom("N:.metadata.name,B:.data[", ONE) == ("N     B\n", "unterminated array")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "custom-columns format specified but no custom columns given"),
        ("NAME", "unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>"),
    ],
)
def test_wrong_specifications(spec: str, message: str) -> None:
    assert custom(spec, ONE) == ("", message)


def by(path: str, *values: Any) -> list[Any]:
    return [item.get("v") for item in sorting.sort([{"v": v} if v is not None else {} for v in values], path)]


def test_sorting() -> None:
    assert by(".v", 30, 5, 100) == [5, 30, 100]
    assert by(".v", "1Gi", "500M", "64Mi", None) == [None, "64Mi", "500M", "1Gi"]
    assert by("{.v}", "pod-9", "pod-10", "pod-1") == ["pod-1", "pod-10", "pod-9"]
    with pytest.raises(CommandError, match="couldn't find any field with path"):
        by(".nosuch", 1)


def test_json_escapes_what_html_might_trip_over() -> None:
    assert structured.to_json({"b": "<&>", "a": []}) == '{\n    "a": [],\n    "b": "\\u003c\\u0026\\u003e"\n}\n'


def test_kyaml() -> None:
    value = {"ports": [{"port": 80}, {"port": 81}], "ips": ["10.0.0.1"], "on": "x", "e": {}, "z": None}
    assert structured.to_kyaml(value) == (
        '---\n{\n  e: {},\n  ips: [\n    "10.0.0.1",\n  ],\n  "on": "x",\n'
        "  ports: [{\n    port: 80,\n  }, {\n    port: 81,\n  }],\n  z: null,\n}\n"
    )
