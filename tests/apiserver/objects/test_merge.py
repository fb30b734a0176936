"""JSON merge patch."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiserver import errors
from apiserver.objects.patch import merge

CASES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ({"a": "b"}, {}, {"a": "b"}),
]


@pytest.mark.parametrize(("old", "patch", "want"), CASES)
def test_merge(old: Any, patch: Any, want: Any) -> None:
    before = copy.deepcopy((old, patch))
    assert merge.apply(old, patch) == want
    assert (old, patch) == before


@pytest.mark.parametrize(("patch", "name"), [([], "array"), ("x", "string"), (1, "number"), (True, "bool")])
def test_what_is_no_object(patch: Any, name: str) -> None:
    with pytest.raises(errors.BadRequest) as caught:
        merge.apply({}, patch)
    what = f"json: cannot unmarshal {name} into Go value of type map[string]interface {{}}"
    assert caught.value.message == f"error decoding patch: {what}"


KEYS = st.sampled_from("abc")
VALUES = st.recursive(
    st.none() | st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner),
    max_leaves=6,
)
OBJECTS = st.dictionaries(KEYS, VALUES)


@given(OBJECTS, OBJECTS)
def test_merging_twice_is_merging_once(old: dict[str, Any], patch: dict[str, Any]) -> None:
    once = merge.apply(old, patch)
    assert merge.apply(once, patch) == once
