"""A watched table, drawn for a terminal that a test can read."""

from __future__ import annotations

import os
from typing import Any

import pytest

from minictl.output import live
from minictl.output.colour import CHANGED, GONE, NEW, PLAIN
from minictl.output.table import Style

COLUMNS = [
    {"name": "Name", "type": "string", "format": "name"},
    {"name": "Status", "type": "string"},
    {"name": "Age", "type": "string"},
]
CREATED = "2026-01-01T00:00:00Z"
EPOCH = 1767225600.0


def table(*rows: tuple[str, str]) -> dict[str, Any]:
    return {
        "columnDefinitions": COLUMNS,
        "rows": [
            {"cells": [name, status, "?"], "object": {"metadata": {"name": name, "creationTimestamp": CREATED}}}
            for name, status in rows
        ],
    }


class Glass:
    """A screen of so many columns and lines, and a clock."""

    def __init__(self, columns: int = 80, lines: int = 24, style: Style | None = None) -> None:
        self.drawn: list[str] = []
        self.seconds = 100.0
        size = os.terminal_size((columns, lines))
        self.screen = live.Screen(
            self.drawn.append, lambda: size, style or Style(), lambda: EPOCH + self.seconds, lambda: self.seconds
        )

    def show(self, event: str, *rows: tuple[str, str]) -> list[str]:
        self.screen.show(event, table(*rows))
        return self.lines()

    def lines(self) -> list[str]:
        return self.drawn[-1].removesuffix(live.CLEAR_BELOW).replace(live.CLEAR_LINE, "").splitlines()


@pytest.fixture(autouse=True)
def no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minictl.output.live.threading.Timer.start", lambda self: None)


def test_what_is_there_first_does_not_stand_out() -> None:
    glass = Glass()
    assert glass.show("ADDED", ("a", "Pending"), ("b", "x")) == [
        "NAME   STATUS    AGE",
        "a      \x1b[33mPending   \x1b[0m100s",
        "b      x         100s",
    ]


def test_changes_stand_out_for_a_while_and_ages_go_on() -> None:
    glass = Glass()
    glass.show("ADDED", ("a", "one"), ("b", "x"))
    glass.seconds += 60
    first, _, a, b = glass.show("MODIFIED", ("a", "two"))[0].partition("F")[0], *glass.lines()
    assert first == "\x1b[3"
    assert a == f"a      {CHANGED}two{PLAIN}      2m40s"
    assert b.endswith("2m40s")
    assert CHANGED not in b
    glass.seconds += 1
    assert CHANGED in glass.show("MODIFIED", ("b", "y"))[1]
    glass.seconds += live.FRESH_SECONDS
    assert CHANGED not in glass.show("MODIFIED", ("b", "z"))[1]
    glass.screen.settle()
    assert CHANGED not in glass.drawn[-1]


def test_rows_come_and_go() -> None:
    glass = Glass()
    glass.show("ADDED", ("a", "x"))
    assert glass.show("ADDED", ("b", "x"))[2].startswith(NEW)
    assert glass.show("DELETED", ("a", "x"))[1].startswith(GONE)
    assert glass.show("ADDED", ("a", "y"))[1].startswith(NEW)
    glass.show("DELETED", ("a", "y"))
    glass.screen.settle()
    assert [line.split()[0] for line in glass.lines()[1:]] == ["b"]


def test_what_does_not_fit_is_cut() -> None:
    glass = Glass(columns=12, lines=5)
    lines = glass.show("ADDED", *((f"pod-{i}", "Running for long") for i in range(9)))
    assert lines[0] == "NAME    ST…"
    assert lines[1:] == [*(f"pod-{i}   Ru…" for i in range(2)), "\x1b[2m... and 7 more\x1b[0m"]
    glass.seconds += 60
    assert [line.split()[0] for line in glass.show("MODIFIED", ("pod-7", "x"))[1:3]] == ["pod-0", "pod-7"]
    assert [line.split()[0] for line in glass.show("DELETED", ("pod-7", "x"))[1:3]] == ["pod-0", "pod-1"]


def test_without_headers() -> None:
    assert Glass(style=Style(headers=False)).show("ADDED", ("a", "x")) == ["a     x     100s"]
