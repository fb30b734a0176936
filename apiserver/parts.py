"""Which part of an object a write may touch, and what is checked of it: everything but the status, only the status, or
what one of its Kind's parts is for.

What a write leaves as it is, it has in common with the stored object: the very same spec, say, which nobody may change.
To compare it takes no time then. Hooks that amend find nothing to amend there: it has been through them before.
"""

from __future__ import annotations

from typing import Any

import orjson

from apiserver.errors import Cause
from apiserver.kind import Kind, Object
from apiserver.objects.validation.meta import validate_meta, validate_meta_change, validate_meta_update
from apiserver.storage import Record

STATUS_PARTS = frozenset(("metadata", "status"))
"""What a write to the status subresource may touch."""
UNPREPARED = ("status", "finalize")
"""Subresources that Kind.prepare has nothing to do with."""


def shared(kind: Kind, old: Record) -> Object:
    """What a new version may have parts in common with, READ-ONLY: the stored object, or a copy where it may not be."""
    return old.object if _shares(kind) else old.copy()


def detached(new: Object, old: Object) -> Object:
    """`new` with parts of its own, but for those that are the very same in `old`, which is `shared`. Metadata is such a
    part member by member."""
    return {
        name: _members_apart(part, old.get(name) or {})
        if name == "metadata" and isinstance(part, dict)
        else _apart(part, old.get(name))
        for name, part in new.items()
    }


def draft(kind: Kind, old: Record, subresource: str) -> Object:
    """A copy for changes; of one that is for changes of the status, the rest is READ-ONLY."""
    if subresource != "status":
        return old.copy()
    return {name: _own(part) if name in STATUS_PARTS else part for name, part in shared(kind, old).items()}


def _shares(kind: Kind) -> bool:
    """Not where parts may have to be filled in anew: with what a definition says by now, or for another face."""
    return kind.form.is_struct and kind.stored_as is None


def _members_apart(new: Object, old: Object) -> Object:
    return {name: _apart(part, old.get(name)) for name, part in new.items()}


def _apart(part: Any, before: Any) -> Any:
    return part if part is before else _own(part)


def _own(part: Any) -> Any:
    return orjson.loads(orjson.dumps(part)) if isinstance(part, dict | list) else part


def restrict(kind: Kind, new: Object, old: Object, subresource: str) -> None:
    """Take from `old` what a write may not touch, and prepare what it may."""
    part = kind.parts.get(subresource)
    if part is not None:
        part.restrict(new, old)
        return
    if subresource == "status":
        for key in {*new, *old} - STATUS_PARTS:
            _keep(kind, new, old, key)
        kind.prepare_status(new, old)
    elif kind.status and subresource != "binding":
        _keep(kind, new, old, "status")
    if subresource not in UNPREPARED:
        kind.prepare(new, old)


def causes_of(kind: Kind, new: Object, old: Object, subresource: str) -> list[Cause]:
    """What is wrong with a write, each thing once."""
    if subresource == "binding":
        return []
    if subresource == "status":
        causes = validate_meta_update(new, old) + kind.validate_status(new, old)
        return list(dict.fromkeys(causes))
    part = kind.parts.get(subresource)
    causes = validate_meta(kind, new) + validate_meta_change(new, old)
    of_itself = kind.validate(new)
    of_the_change = part.validate(new, old) if part is not None else kind.validate_update(new, old)
    causes += of_the_change + of_itself if kind.tells_changes_first else of_itself + of_the_change
    return list(dict.fromkeys(causes))


def _keep(kind: Kind, new: Object, old: Object, key: str) -> None:
    if key in old:
        new[key] = old[key] if _shares(kind) else _own(old[key])
    else:
        new.pop(key, None)
