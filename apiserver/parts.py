"""Which part of an object a write may touch, and what is checked of it: everything but the status, only the status, or
what one of its Kind's parts is for."""

from __future__ import annotations

import orjson

from apiserver.errors import Cause
from apiserver.kind import Kind, Object
from apiserver.objects.validation.meta import validate_meta, validate_meta_change, validate_meta_update

UNPREPARED = ("status", "finalize")
"""Subresources that Kind.prepare has nothing to do with."""


def restrict(kind: Kind, new: Object, old: Object, subresource: str) -> None:
    """Take from `old` what a write may not touch, and prepare what it may."""
    part = kind.parts.get(subresource)
    if part is not None:
        part.restrict(new, old)
        return
    if subresource == "status":
        for key in {*new, *old} - {"status", "metadata"}:
            _keep(new, old, key)
        kind.prepare_status(new, old)
    elif kind.status and subresource != "binding":
        _keep(new, old, "status")
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


def _keep(new: Object, old: Object, key: str) -> None:
    if key in old:
        new[key] = orjson.loads(orjson.dumps(old[key])) if isinstance(old[key], dict | list) else old[key]
    else:
        new.pop(key, None)
