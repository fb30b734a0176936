"""An object's way through its Kind, without a server: prepare, default, validate."""

from __future__ import annotations

import copy

from apiserver.kind import Kind, Object
from apiserver.objects import defaulting
from schemas import load


def created(kind: Kind, object: Object) -> Object:
    """What a create makes of `object`, validation left out."""
    return _settled(kind, object, None)


def updated(kind: Kind, object: Object, old: Object) -> Object:
    """What a replacement of `old` by `object` makes of it."""
    return _settled(kind, object, old)


def _settled(kind: Kind, object: Object, old: Object | None) -> Object:
    new = copy.deepcopy(object)
    new.setdefault("metadata", {}).setdefault("name", "x")
    kind.prepare(new, copy.deepcopy(old))
    defaulting.apply_defaults(load(kind.group_version, kind.name), new)
    kind.default(new)
    return new


def refusals(kind: Kind, object: Object) -> list[str]:
    """What validation says of a new object."""
    new = created(kind, object)
    return [str(cause) for cause in kind.validate(new) + kind.validate_create(new)]


def update_refusals(kind: Kind, object: Object, old: Object) -> list[str]:
    """What is said of a change only."""
    return [str(cause) for cause in kind.validate_update(updated(kind, object, old), old)]


def cells(kind: Kind, object: Object) -> dict[str, object]:
    """A table row by column name."""
    return {column.name: column.cell(object) for column in kind.columns}
