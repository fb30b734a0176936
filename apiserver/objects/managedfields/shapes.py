"""What of an object can be owned: its schema, compiled into a tree of shapes that walk over values.

    Leaf        owned as a whole: scalars, and lists and maps declared atomic
    Members     a struct or a map: each member by its name
    Keyed       a list whose items are told apart by key fields (containers by name)
    Distinct    a list of distinct scalars
    Deduced     what no schema describes: maps member by member, the rest as a whole

Each answers three questions, in the trees of sets.py:

    added(value)           every path in a value that was not there before, the value's own included
    compared(old, new)     (changed or added paths, removed paths)
    applied(value)         the paths that an applied manifest claims: leaves, items and map members, no structs

They follow the rules of Kubernetes' structured merge. Creating an object is a comparison with the zero object: what Go
writes of a value nobody set (`spec: {}`, `containers: null`), which is why nobody owns `.spec` itself, but `.data`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import orjson

from apiserver.objects.managedfields.sets import MEMBER, SELF, Tree, node_of
from apiserver.objects.remembered import Remembered
from schemas import ABSENT, Field, Schema

Difference = tuple[Tree | None, Tree | None]

NO_DIFFERENCE: Difference = (None, None)
CHANGED: Difference = (MEMBER, None)

REMEMBERED = 4_096
"""Steps of list items that are remembered as text: names of containers and ports repeat."""

UNOWNED = frozenset({"apiVersion", "kind"})
UNOWNED_METADATA = frozenset(
    {
        "name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink",
        "clusterName",
    }
)  # fmt: skip
"""Identity and bookkeeping belong to nobody."""


class Leaf:
    """Owned as a whole."""

    def added(self, value: Any) -> Tree:
        return MEMBER

    def compared(self, old: Any, new: Any) -> Difference:
        return NO_DIFFERENCE if old == new else CHANGED

    def applied(self, value: Any) -> Tree | None:
        return MEMBER


class Members:
    """A struct (fields known by name) or a map (`values` for any other name)."""

    def __init__(self, field: Field | None, unowned: Container[str] = ()) -> None:
        self._field = field
        self._unowned = unowned

    @cached_property
    def fields(self) -> Mapping[str, tuple[str, Shape]]:
        """The struct's fields, name -> (step, shape); compiled when first met: shapes may contain themselves."""
        if self._field is None:
            return {}
        return {name: ("f:" + name, shape_of(field)) for name, field in self._field.properties.items()}

    @cached_property
    def values(self) -> Shape:
        """What stands under a name that is no field of the struct."""
        if self._field is None or self._field.preserve_unknown:
            return DEDUCED
        return shape_of(self._field.values) if self._field.values else LEAF

    def member(self, name: str) -> tuple[str, Shape]:
        """(step, shape) of a member."""
        return self.fields.get(name) or ("f:" + name, self.values)

    def added(self, value: Any) -> Tree:
        if not value:
            return MEMBER
        tree: Tree = {SELF: MEMBER}
        fields = self.fields
        for name, member in value.items():
            step, shape = fields.get(name) or ("f:" + name, self.values)
            tree[step] = MEMBER if shape is LEAF else shape.added(member)
        return tree

    def compared(self, old: Any, new: Any) -> Difference:
        if old == new:
            return NO_DIFFERENCE
        if not old and not new:
            return CHANGED
        changed: Tree = {}
        removed: Tree = {}
        old, new = old or {}, new or {}
        for name, member in new.items():
            if name in self._unowned:
                continue
            step, shape = self.member(name)
            if name not in old:
                changed[step] = shape.added(member)
            elif old[name] != member:
                _note(changed, removed, step, shape.compared(old[name], member))
        for name in old.keys() - new.keys():
            if name not in self._unowned:
                step, shape = self.member(name)
                removed[step] = shape.added(old[name])
        return changed or None, removed or None

    def applied(self, value: Any) -> Tree | None:
        tree: Tree = {}
        for name, member in (value or {}).items():
            if name in self._unowned:
                continue
            step, shape = self.member(name)
            # A struct's field is there by its schema; a map's member is there because somebody says so.
            said = name not in self.fields or member is None or member == {}
            node = shape.applied(member)
            if said:
                node = node_of(True, {k: v for k, v in (node or {}).items() if k != SELF})
            if node is not None:
                tree[step] = node
        return tree or None

    @cached_property
    def zero(self) -> dict[str, Any]:
        """What Go writes of this struct when nobody has set anything in it."""
        result = {}
        fields = self._field.properties.items() if self._field else ()
        required = self._field.required if self._field else ()
        for name, field in fields:
            decided = field.keeps_zero or not field.has_zero_default
            if field.written_default is not ABSENT and not decided:
                shape = self.fields[name][1]
                result[name] = shape.zero if isinstance(shape, Members) and field.default == {} else field.default
            elif name in required:
                result[name] = _ZEROS.get(field.type)
        return result


class Keyed:
    """A list of items with key fields. Items with equal keys are owned together, as one leaf."""

    def __init__(self, field: Field) -> None:
        assert field.items is not None
        self._items = field.items
        self.keys = tuple(sorted(field.list_map_keys))
        defaults = ((key, self._items.properties[key].default) for key in self.keys)
        self.defaults = {key: default for key, default in defaults if default is not ABSENT}

    @cached_property
    def item(self) -> Shape:
        return shape_of(self._items)

    def step(self, item: Any) -> str:
        """`k:{"port":80,"protocol":"TCP"}`; a key field that is not set and has no default is left out."""
        get = item.get
        values = tuple(get(key, self.defaults.get(key, ABSENT)) for key in self.keys)
        try:
            return _key_step(self.keys, values)
        except TypeError:  # a list or a map for a key: wrong, but that is not said here
            return _key_text(self.keys, values)

    def added(self, value: Any) -> Tree:
        if not value:
            return MEMBER
        tree: Tree = {SELF: MEMBER}
        for item in value:
            step = self.step(item)
            tree[step] = MEMBER if step in tree else self.item.added(item)
        return tree

    def compared(self, old: Any, new: Any) -> Difference:
        if old == new:
            return NO_DIFFERENCE
        if not old and not new:
            return CHANGED
        changed: Tree = {}
        removed: Tree = {}
        before, after = _grouped(self, old), _grouped(self, new)
        for step, items in after.items():
            others = before.get(step, [])
            if len(items) == 1 and len(others) == 1:
                _note(changed, removed, step, self.item.compared(others[0], items[0]))
            elif items != others:
                changed[step] = self._added(items)
                if others:
                    removed[step] = self._added(others)
        for step, items in before.items():
            if step not in after:
                removed[step] = self._added(items)
        return changed or None, removed or None

    def _added(self, items: list[Any]) -> Tree:
        """The paths of what stands under one step: of an item, or of duplicates as one leaf."""
        return self.item.added(items[0]) if len(items) == 1 else MEMBER

    def applied(self, value: Any) -> Tree | None:
        tree: Tree = {}
        for item in value or ():
            node = self.item.applied(item) or {}
            tree[self.step(item)] = node_of(True, {k: v for k, v in node.items() if k != SELF})
        return tree or None


class Distinct:
    """A list of distinct scalars."""

    def step(self, item: Any) -> str:
        return "v:" + orjson.dumps(item).decode()

    def added(self, value: Any) -> Tree:
        return {SELF: MEMBER, **dict.fromkeys(map(self.step, value), MEMBER)} if value else MEMBER

    def compared(self, old: Any, new: Any) -> Difference:
        if old == new:
            return NO_DIFFERENCE
        if not old and not new:
            return CHANGED
        before, after = self._steps(old), self._steps(new)
        changed = {step: MEMBER for step in after if step not in before}
        removed = {step: MEMBER for step in before if step not in after}
        return changed or None, removed or None

    def applied(self, value: Any) -> Tree | None:
        return self._steps(value) or None

    def _steps(self, value: Any) -> Tree:
        return dict.fromkeys(map(self.step, value or ()), MEMBER)


class Deduced(Members):
    """Whatever it is: maps member by member, the rest as a whole."""

    def added(self, value: Any) -> Tree:
        return super().added(value) if isinstance(value, dict) else MEMBER

    def compared(self, old: Any, new: Any) -> Difference:
        if isinstance(old, dict) and isinstance(new, dict):
            return super().compared(old, new)
        return NO_DIFFERENCE if old == new else CHANGED

    def applied(self, value: Any) -> Tree | None:
        return super().applied(value) if isinstance(value, dict) else MEMBER


class FromZero(Members):
    """A member of the root whose comparison with what Go writes of nothing is remembered: most objects are created from
    a template, and all that stand under it own the same fields."""

    def __init__(self, field: Field, zero: Any) -> None:
        super().__init__(field.definition)
        self._zero = zero
        self._known: Remembered[Difference] = Remembered()

    def compared(self, old: Any, new: Any) -> Difference:
        if old is not self._zero:
            return super().compared(old, new)
        return self._known.of(new, None, lambda: super(FromZero, self).compared(old, new))


Shape = Leaf | Members | Keyed | Distinct

LEAF = Leaf()
DISTINCT = Distinct()
DEDUCED = Deduced(None)

_ZEROS = {"string": "", "integer": 0, "number": 0, "boolean": False}


def shape_of(field: Field) -> Shape:
    """The shape of a place in a schema, made once."""
    shape: Shape | None = field.memo.get("shape")
    if shape is None:
        shape = field.memo["shape"] = _shape(field)
    return shape


def _shape(field: Field) -> Shape:
    if field.type == "array":
        if field.list_type == "map" and field.items is not None:
            return Keyed(field)
        return DISTINCT if field.list_type == "set" else LEAF
    if field.type == "object" and field.map_type != "atomic":
        if field.properties or field.values is not None:
            return Members(field.definition if field.properties else field)
        return DEDUCED if field.preserve_unknown else LEAF
    return DEDUCED if field.type == "any" and field.preserve_unknown else LEAF


class Root(NamedTuple):
    """The shape of a kind, as one subresource may write it."""

    owned: Members
    """Without what belongs to nobody, and without what this subresource may not write."""
    whole: Members
    zero: dict[str, Any]


def root_of(schema: Schema, subresource: str, *, has_status: bool = True) -> Root:
    """The shape of a kind, for writes to the object itself (without its status) or to a subresource."""
    name = "status alone" if subresource == "status" else "without status" if has_status else "all of it"
    root: Root | None = schema.root.memo.get(name)
    if root is None:
        root = schema.root.memo[name] = _root(schema, subresource == "status", has_status)
    return root


def _root(schema: Schema, only_status: bool, has_status: bool) -> Root:
    field = schema.root
    if only_status:
        unowned = UNOWNED | (field.properties.keys() - {"metadata", "status"})
    else:
        unowned = UNOWNED | {"status"} if has_status else UNOWNED
    owned = Members(field, unowned)
    whole = Members(field)
    zero = whole.zero if schema.is_struct else {"metadata": {}}
    fields = dict(owned.fields)
    if "metadata" in fields:
        fields["metadata"] = ("f:metadata", Members(field.properties["metadata"].definition, UNOWNED_METADATA))
    if isinstance(zero.get("spec"), dict):
        fields["spec"] = ("f:spec", FromZero(field.properties["spec"], zero["spec"]))
    owned.fields = fields
    return Root(owned, whole, zero)


def _note(changed: Tree, removed: Tree, step: str, difference: Difference) -> None:
    if difference[0] is not None:
        changed[step] = difference[0]
    if difference[1] is not None:
        removed[step] = difference[1]


def _grouped(shape: Keyed, items: Iterable[Any] | None) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for item in items or ():
        groups.setdefault(shape.step(item), []).append(item)
    return groups


@lru_cache(maxsize=REMEMBERED)
def _key_step(keys: tuple[str, ...], values: tuple[Any, ...]) -> str:
    return _key_text(keys, values)


def _key_text(keys: tuple[str, ...], values: tuple[Any, ...]) -> str:
    said = {key: value for key, value in zip(keys, values, strict=True) if value is not ABSENT}
    return "k:" + orjson.dumps(said).decode()
