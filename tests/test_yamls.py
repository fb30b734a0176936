"""YAML as kubectl reads and writes it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import yamls


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True), ("on", True), ("y", True), ("no", False), ("off", False), ("0777", 511), ("0o17", 15),
        ("1e3", 1000), ("1_000", 1000), ("1.10", 1.1), ("12:30", "12:30"), ("null", None), ("~", None), (".5", 0.5),
        ("0x1F", 31), ("2026-01-02", "2026-01-02"), ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"), ('"yes"', "yes"),
        ("+1", 1), ("1 ", 1), ("a b", "a b"), ("!!str 1", "1"), ("!!binary aGk=", "hi"), ("!own x", "x"),
    ],
)  # fmt: skip
def test_what_a_plain_word_means(text: str, value: object) -> None:
    read = yamls.load(f"v: {text}")["v"]
    assert read == value
    assert type(read) is type(value)


def test_keys_become_strings_and_the_last_of_two_wins() -> None:
    assert yamls.load("1: a\ntrue: b\nx: 1\nx: 2\n") == {"1": "a", "true": "b", "x": 2}


def test_aliases_are_spelled_out() -> None:
    read = yamls.load("a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}\n")
    assert read == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2}}
    assert read["a"] is not read["c"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b\n c: d\n", "yaml: line 2: mapping values are not allowed in this context"),
        ("a:\n  - b\n c: d\n", "yaml: line 2: did not find expected key"),
        ("a: 1\nb:\n\tc: 2\n", "yaml: line 3: found character that cannot start any token"),
        ("a: {b: [c\n", "yaml: line 1: did not find expected ',' or ']'"),
        ("a: 1\nb: *y\n", "yaml: unknown anchor 'y' referenced"),
        ("a: &b [*b]\n", "yaml: anchor value contains itself"),
        ("a: .nan\n", "json: unsupported value: NaN"),
        (b"\x89PNG\r\n\x1a\n\x00", "yaml: control characters are not allowed"),
        ("? [a]\n: b\n", 'yaml: invalid map key: []interface {}{"a"}'),
    ],
)
def test_what_is_wrong(text: str | bytes, message: str) -> None:
    with pytest.raises(yamls.YAMLError) as raised:
        yamls.load(text)
    assert str(raised.value) == message


def test_an_explosion_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(yamls.YAMLError, match="excessive aliasing"):
        yamls.load("\n".join(lines))


@pytest.mark.parametrize("opener", ["[", "{a: ", "- "])
def test_what_is_nested_too_deeply_is_refused(opener: str) -> None:
    with pytest.raises(yamls.YAMLError, match="exceeded max depth of 10000"):
        yamls.load(f"a: 1\nb:\n {opener * 100_000}")


def test_writing() -> None:
    value = {
        "b": ["x", {"c": 1, "d": []}],
        "a": "yes",
        "empty": "",
        "literal": "one\ntwo\n",
        "stripped": "one\ntwo",
        "colon": "a: b",
        "padded": "  x ",
        "key10": None,
        "key9": {},
        "n": 1.5,
        "long": " ".join(["word"] * 20),
    }
    assert yamls.dump(value).splitlines() == [
        'a: "yes"', "b:", "- x", "- c: 1", "  d: []", "colon: 'a: b'", 'empty: ""', "key9: {}", "key10: null",
        "literal: |", "  one", "  two", "long: " + " ".join(["word"] * 16), "  word word word word", '"n": 1.5',
        "padded: '  x '", "stripped: |-", "  one", "  two",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (1.0, "1"), (0.1, "0.1"), (1e21, "1e+21"), (1e-7, "1e-7"), (123456789.5, "123456789.5")],
)
def test_numbers_look_like_gos(value: float, text: str) -> None:
    assert yamls.number_text(value) == text


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029\r"), max_size=30)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(values)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert yamls.load(yamls.dump({"value": value})) == {"value": value}
