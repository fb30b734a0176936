"""Values as Go prints them."""

from __future__ import annotations

from apiserver.objects.govalues import printed, syntax
from apiserver.quoting import quoted

VALUE = {"b": [1, None, True, 1.5], "a": "x y", "c": {}}


def test_printed() -> None:
    assert printed(VALUE) == "map[a:x y b:[1 <nil> true 1.5] c:map[]]"


def test_syntax() -> None:
    assert syntax({"a": [1, "x"]}) == 'map[string]interface {}{"a":[]interface {}{1, "x"}}'


def test_quoted() -> None:
    assert quoted('bad\x01 "name" \\ \n ü \u0085') == r'"bad\x01 \"name\" \\ \n ü \u0085"'
