"""Values in errors, as Go shows them."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.objects.validation import as_json, shown, struct


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a<b> & é", '"a<b> & é"'),
        ("\a\x7f\u00a0\u200b\U0001f600", r'"\a\x7f\u00a0\u200b' + '\U0001f600"'),
        ('say "hi" \\', r'"say \"hi\" \\"'),
        (3, "3"),
        (True, "true"),
        (None, "null"),
        (["<a>", 1], r'["\u003ca\u003e",1]'),
        ({"b": "&", "a": None}, r'{"a":null,"b":"\u0026"}'),
        (struct(("Name", "<"), ("Inner", struct(("N", 1)))), r'{"Name":"\u003c","Inner":{"N":1}}'),
    ],
)
def test_strings_are_quoted_and_the_rest_is_json(value: Any, expected: str) -> None:
    assert shown(value) == expected


def test_a_string_in_json_is_a_json_string() -> None:
    assert as_json("\a<\u2028") == r'"\u0007\u003c\u2028"'
