"""Pruning and defaulting, whatever the schema and the value: doing it twice is doing it once."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apiserver.objects.structural import checking, filling, pruning, reading

Node = dict[str, Any]

NAMES = st.sampled_from(["a", "b", "c", "metadata"])
SCALARS = {"string": st.text(max_size=3), "integer": st.integers(-9, 9), "boolean": st.booleans()}


def scalar_schemas() -> st.SearchStrategy[Node]:
    def one(type_: str) -> st.SearchStrategy[Node]:
        extras = st.fixed_dictionaries({}, optional={"default": SCALARS[type_], "nullable": st.just(True)})
        return extras.map(lambda extra: {"type": type_, **extra})

    return st.sampled_from(sorted(SCALARS)).flatmap(one)


def object_schemas(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    flags = st.fixed_dictionaries(
        {}, optional={"x-kubernetes-preserve-unknown-fields": st.just(True), "default": st.just({})}
    )
    structs = st.dictionaries(NAMES, children, max_size=3).map(lambda p: {"type": "object", "properties": p})
    maps = children.map(lambda values: {"type": "object", "additionalProperties": values})
    lists = children.map(lambda items: {"type": "array", "items": items})
    return st.one_of(st.tuples(structs, flags).map(lambda pair: {**pair[0], **pair[1]}), maps, lists)


SCHEMAS = st.dictionaries(NAMES, st.recursive(scalar_schemas(), object_schemas, max_leaves=6), max_size=3).map(
    lambda properties: {"type": "object", "properties": properties}
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.sampled_from(["d", "e"]), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES | st.sampled_from(["d", "e"]), VALUES, max_size=4)


@given(SCHEMAS, OBJECTS)
def test_what_is_pruned_has_nothing_left_to_prune(schema: Node, object: Node) -> None:
    pruning.prune(object, schema)
    pruning.drop_nulls(object, schema)
    once = copy.deepcopy(object)
    assert pruning.prune(object, schema) == []
    pruning.drop_nulls(object, schema)
    assert object == once


@given(SCHEMAS, OBJECTS)
def test_defaults_are_filled_in_once(schema: Node, object: Node) -> None:
    filling.fill(object, schema)
    once = copy.deepcopy(object)
    filling.fill(object, schema)
    assert object == once


@given(SCHEMAS, OBJECTS)
def test_pruning_keeps_what_the_schema_describes_and_filling_adds_nothing_unknown(schema: Node, object: Node) -> None:
    pruning.prune(object, schema)
    filling.fill(object, schema)
    assert pruning.prune(object, schema) == []


@given(SCHEMAS, OBJECTS)
def test_whatever_is_wrong_with_an_object_is_let_pass_while_it_does_not_change(schema: Node, object: Node) -> None:
    assert checking.check(object, schema, old=copy.deepcopy(object)) == []


@given(VALUES)
def test_whole_numbers_are_integers(value: Any) -> None:
    assert reading.plain(value) == value
    assert reading.plain({"a": [1.0, 2.5, True]}) == {"a": [1, 2.5, True]}
    assert type(reading.plain(1.0)) is int
