"""metadata.managedFields after a create, update or patch: whoever changed a field owns it from then on.

The rules, as Kubernetes has them:

- What an Update changes or adds, it owns; every other manager loses it. What it removes belongs to nobody.
- Creating is updating the zero object, defaults included: the creator owns what it left to be defaulted, too.
- The time of an entry is when its manager last took a field, in whole seconds.
- A client may send managedFields of its own (a restored backup), and `[{}]` to have them forgotten; a write to a
  subresource may not. What cannot be read is ignored.

Server-side apply has rules of its own: patch/apply.py.
"""

from __future__ import annotations

from typing import Any

from apiserver.objects.managedfields import entries
from apiserver.objects.managedfields.entries import Managers, Owned
from apiserver.objects.managedfields.sets import check, union
from apiserver.objects.managedfields.shapes import root_of
from schemas import Schema

Object = dict[str, Any]

UNTRACKED = frozenset({"binding"})
"""Subresources whose writes leave no trace of who made them."""


def record_update(
    schema: Schema,
    old: Object | None,
    new: Object,
    manager: str,
    now: str,
    subresource: str,
    api_version: str,
    *,
    has_status: bool = True,
) -> None:
    """Set new["metadata"]["managedFields"] for a write that made `new` of `old` (None: a create).

    `new` must be decoded and defaulted. `has_status`: status is a subresource, so writes to the object do not own it.
    `old` is only read; the trees of FieldsV1 are shared between versions and never changed.
    """
    metadata = new["metadata"]
    if subresource in UNTRACKED:
        _set(metadata, (old or {}).get("metadata", {}).get("managedFields") or [])
        return
    root = root_of(schema, subresource, has_status=has_status)
    try:
        changed, removed = root.owned.compared(root.zero if old is None else old, new)
    except (AttributeError, KeyError, TypeError, ValueError):
        if schema.is_struct:
            raise
        # A custom object that does not fit its schema: what is there about it to own, validation says.
        _set(metadata, (old or {}).get("metadata", {}).get("managedFields") or [])
        return
    managers = _known(old, metadata, subresource)
    if changed or removed:
        managers = entries.give_up(managers, changed or {}, removed or {}, None)
    if changed:
        me = entries.updater(manager or "unknown", api_version, subresource)
        mine = managers.get(me)
        fields = union(mine.fields, changed) if mine else changed
        managers[me] = Owned(fields, api_version, now)
    _set(metadata, entries.encode(entries.capped(managers)))


def _known(old: Object | None, metadata: Object, subresource: str) -> Managers:
    """Who owned what before: by the word of the request, where it has one, else by the stored object's."""
    sent, stored = metadata.get("managedFields"), old["metadata"].get("managedFields") if old is not None else None
    if sent and not subresource and sent != stored:
        if all(entry == {} for entry in sent):
            return {}
        managers = _understood(sent)
        if managers:
            return managers
    return entries.decode(stored or ())


def _understood(sent: list[Any]) -> Managers:
    try:
        managers = entries.decode(sent)
        for owned in managers.values():
            check(owned.fields)
    except (ValueError, RecursionError):
        return {}
    return managers


def _set(metadata: Object, encoded: list[Object]) -> None:
    if encoded:
        metadata["managedFields"] = encoded
    else:
        metadata.pop("managedFields", None)
