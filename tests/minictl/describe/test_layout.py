"""Columns, ages, amounts and labels of descriptions."""

from datetime import UTC, datetime, timedelta

import pytest

from minictl.describe import quantities
from minictl.describe.generic import label
from minictl.describe.tabs import align
from minictl.describe.text import LAST_APPLIED, Page, age, duration, label_selector
from minictl.texts import gotext


@pytest.mark.parametrize(
    ("text", "aligned"),
    [
        ("a:\tb\nlonger:\tc\n", "a:       b\nlonger:  c\n"),
        ("a:\tb\nno tab\nlonger:\tc\n", "a:  b\nno tab\nlonger:  c\n"),
        ("Name:\tx\n\ty\n", "Name:  x\n       y\n"),
        ("IP:\t\nNamespace:\tn\n", "IP:         \nNamespace:  n\n"),
        ("a\t\tb\nlong\t\tc\n", "a       b\nlong    c\n"),
        ("x\ty\tz\nxx\tyy\n", "x   y  z\nxx  yy\n"),
    ],
)
def test_neighbouring_lines_share_their_columns(text: str, aligned: str) -> None:
    assert align(text) == aligned


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (125, "2m5s"), (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"), (3 * 3600, "3h"), (5 * 3600 + 60, "5h1m"), (8 * 3600, "8h"), (47 * 3600, "47h"),
        (2 * 86400, "2d"), (3 * 86400 + 7200, "3d2h"), (8 * 86400, "8d"), (729 * 86400, "729d"), (730 * 86400, "2y"),
        (800 * 86400, "2y70d"), (8 * 365 * 86400, "8y"),
    ],
)  # fmt: skip
def test_durations(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_ages_count_from_any_stamp() -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert age("2026-01-01T11:59:30Z", now) == "30s"
    assert age((now - timedelta(hours=1)).isoformat(timespec="microseconds"), now) == "60m"
    assert age(None, now) == "<unknown>"


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("1000m", "1"), ("1000", "1k"), ("1024Mi", "1Gi"), ("0.5", "500m"), ("1.5Gi", "1536Mi"), ("512", "512"),
        ("0", "0"), ("100n", "100n"), ("1e3", "1e3"), ("lots", "lots"), ("500Ki", "500Ki"), ("128M", "128M"),
    ],
)  # fmt: skip
def test_amounts_in_their_shortest_form(text: str, shortest: str) -> None:
    assert quantities.canonical(text) == shortest


def test_sums_keep_the_form_of_the_first_amount() -> None:
    total = quantities.total([{"cpu": "250m", "memory": "64Mi"}, {"cpu": "1", "memory": "1Gi"}, None])
    assert {name: str(amount) for name, amount in total.items()} == {"cpu": "1250m", "memory": "1088Mi"}


def test_annotations_hide_the_manifest_and_fold_long_values() -> None:
    page = Page()
    page.annotations("Annotations", {LAST_APPLIED: "{}", "b": "x" * 150, "a": "one\ntwo\n", "c": "short"})
    assert page.text() == (
        "Annotations:  a:\n                one\n                two\n"
        f"              b:\n                {'x' * 138}...\n              c: short\n"
    )


def test_escapes_cannot_steer_the_terminal() -> None:
    page = Page()
    page.line("\x1b[31mred\r")
    assert page.text() == "^[[31mred\\r\n"


@pytest.mark.parametrize(
    ("field", "words"),
    [("creationTimestamp", "Creation Timestamp"), ("uid", "UID"), ("apiVersion", "API Version"), ("spec", "Spec"),
     ("cronSpec", "Cron Spec"), ("a.b/c", "a.b/c"), ("x1", "x1"), ("podIP", "Pod IP")],
)  # fmt: skip
def test_labels_of_unknown_fields(field: str, words: str) -> None:
    assert label(field) == words


def test_values_as_go_prints_them() -> None:
    assert gotext.plain({"b": [1, True, None], "a": "x"}) == "map[a:x b:[1 true <nil>]]"
    assert [gotext.plain(value) for value in (1.5, 2.0, 1e21, 1.25e-7)] == ["1.5", "2", "1e+21", "1.25e-07"]


def test_selectors_are_sorted_by_key() -> None:
    chosen = {
        "matchLabels": {"b": "2", "a": "1"},
        "matchExpressions": [{"key": "aa", "operator": "In", "values": ["y", "x"]}, {"key": "z", "operator": "Exists"}],
    }
    assert label_selector(chosen) == "a=1,aa in (x,y),b=2,z"
    assert label_selector({}) == "<none>"
