"""Plain defaults: what the schema alone decides. Those that depend on other fields are hooks of their Kind.

Each struct becomes a `_Filler` the first time an object has one: which scalars to set when absent, which structs to
begin empty, and which of its fields hold structs of their own. An unset list or time that Go writes out as null
(`default: null`) is null here too, and an empty list there counts as unset, as it does after a round through storage.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from schemas import ABSENT, Field, Schema

Object = dict[str, Any]


NOTHING: Object = {}


def apply_defaults(schema: Schema, object: Object, filled: Object = NOTHING) -> None:
    """Fill in every plain default of a decoded object, in place; but for the parts that it has in common with `filled`,
    an earlier version of it."""
    _filler(schema.root).fill(object, filled)


def apply_field_defaults(field: Field, value: Object) -> None:
    """The same for one struct within an object: what a controller adds to a template, say."""
    _filler(field.definition).fill(value)


class _Filler:
    """The defaults of one struct."""

    def __init__(self, field: Field) -> None:
        written = ((name, child.written_default) for name, child in field.properties.items())
        defaults = {name: default for name, default in written if default is not ABSENT}
        self.scalars = {n: d for n, d in defaults.items() if not isinstance(d, dict | list) and d is not None}
        self.structs = tuple(name for name, default in defaults.items() if default == {})
        self.nulls = tuple(name for name, default in defaults.items() if default is None)
        self.children: dict[str, Callable[[Any], None]] = {}
        for name, child in field.properties.items():
            struct = child.items or child.values or child
            if struct.is_struct and struct.properties:
                self.children[name] = self._when_met(name, child, struct)

    def _when_met(self, name: str, child: Field, struct: Field) -> Callable[[Any], None]:
        """Reads the shape of a field once an object has it, and then steps aside."""

        def first(value: Any) -> None:
            filler = _filler(struct.definition)
            self.children[name] = filler.fill if struct is child else filler.each(child)
            self.children[name](value)

        return first

    def fill(self, object: Object, filled: Object = NOTHING) -> None:
        for name, value in self.scalars.items():
            if name not in object:
                object[name] = value
        for name in self.structs:
            if name not in object:
                object[name] = {}
        for name in self.nulls:
            if not object.get(name):
                object[name] = None
        children = self.children
        for name, value in object.items():
            if name in children and (name not in filled or filled[name] != value):
                children[name](value)

    def each(self, collection: Field) -> Callable[[Any], None]:
        """Fills every struct of a list or of a map."""
        fill = self.fill

        def fill_list(values: list[Object] | None) -> None:
            for value in values or ():
                fill(value)

        def fill_map(values: dict[str, Object] | None) -> None:
            for value in (values or {}).values():
                fill(value)

        return fill_list if collection.items else fill_map


@cache
def _filler(definition: Field) -> _Filler:
    return _Filler(definition)
