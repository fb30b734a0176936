"""JSON Patch: given an object and operations, the new object, or the refusal."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiserver import errors
from apiserver.objects.patch import jsonpatch

CONFIG = {"data": {"one": "1", "two": "2"}, "metadata": {"labels": {"example.com/tier": "a"}, "finalizers": ["a", "b"]}}

Operation = dict[str, Any]

FITS: list[tuple[str, list[Operation], str, Any]] = [
    ("replace", [{"op": "replace", "path": "/data/one", "value": "uno"}], "data", {"one": "uno", "two": "2"}),
    ("replace a missing member", [{"op": "replace", "path": "/data/x", "value": "y"}], "data",
     {"one": "1", "two": "2", "x": "y"}),
    ("add", [{"op": "add", "path": "/data/three", "value": "3"}], "data", {"one": "1", "two": "2", "three": "3"}),
    ("remove", [{"op": "remove", "path": "/data/two"}], "data", {"one": "1"}),
    ("move", [{"op": "move", "from": "/data/one", "path": "/data/eins"}], "data", {"two": "2", "eins": "1"}),
    ("copy", [{"op": "copy", "from": "/data/one", "path": "/data/eins"}], "data",
     {"one": "1", "two": "2", "eins": "1"}),
    ("test", [{"op": "test", "path": "/data/one", "value": "1"}], "data", {"one": "1", "two": "2"}),
    ("test a missing member for null", [{"op": "test", "path": "/data/x", "value": None}], "data",
     {"one": "1", "two": "2"}),
    ("an escaped slash", [{"op": "replace", "path": "/metadata/labels/example.com~1tier", "value": "b"}],
     "metadata", {"labels": {"example.com/tier": "b"}, "finalizers": ["a", "b"]}),
    ("the end of a list", [{"op": "add", "path": "/metadata/finalizers/-", "value": "c"}], "metadata",
     {"labels": {"example.com/tier": "a"}, "finalizers": ["a", "b", "c"]}),
    ("the start of a list", [{"op": "add", "path": "/metadata/finalizers/0", "value": "c"}], "metadata",
     {"labels": {"example.com/tier": "a"}, "finalizers": ["c", "a", "b"]}),
    ("from the end of a list", [{"op": "remove", "path": "/metadata/finalizers/-1"}], "metadata",
     {"labels": {"example.com/tier": "a"}, "finalizers": ["a"]}),
    ("one after the other",
     [{"op": "remove", "path": "/data/two"}, {"op": "add", "path": "/data/two", "value": "zwei"}], "data",
     {"one": "1", "two": "zwei"}),
]  # fmt: skip

MISFITS: list[Operation] = [
    {"op": "test", "path": "/data/one", "value": "wrong"},
    {"op": "test", "path": "/data/one", "value": 1},
    {"op": "remove", "path": "/data/nope"},
    {"op": "add", "path": "/binaryData/x", "value": "YQ=="},
    {"op": "add", "path": "/data/one/two", "value": "x"},
    {"op": "add", "path": "/metadata/finalizers/3", "value": "x"},
    {"op": "add", "path": "/metadata/finalizers/first", "value": "x"},
    {"op": "replace", "path": "/metadata/finalizers/2", "value": "x"},
    {"op": "remove", "path": ""},
    {"op": "move", "from": "/data/nope", "path": "/data/x"},
    {"op": "move", "path": "/data/x"},
    {"op": "explode", "path": "/data"},
    {"path": "/data"},
    {"op": "add", "value": "x"},
]

UNREADABLE: list[tuple[Any, str]] = [
    ({"op": "remove"}, "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
    (["remove"], "json: cannot unmarshal string into Go value of type handlers.jsonPatchOp"),
    ([{"op": 1}], "json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string"),
]


@pytest.mark.parametrize(("name", "operations", "member", "want"), FITS, ids=[case[0] for case in FITS])
def test_fits(name: str, operations: list[Operation], member: str, want: Any) -> None:
    before = copy.deepcopy(CONFIG)
    assert jsonpatch.apply(CONFIG, operations)[member] == want
    assert before == CONFIG


@pytest.mark.parametrize("operation", MISFITS, ids=str)
def test_misfits(operation: Operation) -> None:
    before = copy.deepcopy(CONFIG)
    with pytest.raises(errors.Unprocessable, match="rejected our request due to an error in our request"):
        jsonpatch.apply(CONFIG, [{"op": "add", "path": "/data/first", "value": "x"}, operation])
    assert before == CONFIG


@pytest.mark.parametrize(("operations", "message"), UNREADABLE)
def test_unreadable(operations: Any, message: str) -> None:
    with pytest.raises(errors.BadRequest) as caught:
        jsonpatch.apply(CONFIG, operations)
    assert caught.value.message == f"error decoding patch: {message}"


def test_too_many() -> None:
    with pytest.raises(errors.TooLarge, match="maximum operations in a JSON patch is 10000, got 10001"):
        jsonpatch.apply(CONFIG, [{"op": "remove", "path": "/data"}] * 10_001)


def test_the_whole_document() -> None:
    assert jsonpatch.apply({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}]) == {"b": 2}
    assert jsonpatch.apply({"a": 1}, [{"op": "test", "path": "", "value": {"a": 1}}]) == {"a": 1}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["a", "b", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c/d", "e~f"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "c/d", "e~f"]), VALUES), VALUES)
def test_what_is_added_is_found_and_all_else_is_the_same(object: dict[str, Any], value: Any) -> None:
    before = copy.deepcopy(object)
    operations = [{"op": "add", "path": "/c~1d", "value": value}, {"op": "test", "path": "/c~1d", "value": value}]
    result = jsonpatch.apply(object, operations)
    assert result == {**before, "c/d": value}
    assert object == before
    assert all(result[name] is part for name, part in object.items() if name != "c/d")
    _scribble({"c/d": result["c/d"]})
    assert object == before


def _scribble(value: Any) -> None:
    """Change everything that can be changed in a value."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for member in list(members):
        _scribble(member)
    if isinstance(value, dict | list):
        value.clear()
