"""Sees to CustomResourceDefinitions: which names each gets, and that all objects go before their definition does."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.clock import timestamp
from apiserver.errors import NotFound
from apiserver.kind import Kind, Object
from apiserver.kinds.customresourcedefinition import CLEANUP
from apiserver.kinds.customresourcedefinition import kind as DEFINITION
from apiserver.objects.definitions import naming
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Mapper
from apiserver.reconcile.workqueue import Key

NAME = "kube-apiserver"
BATCH = 100
"""Deletions that are under way at once."""


def controller() -> Controller:
    def mapper_of(kind: Kind) -> Mapper | None:
        return _its_ending_definition(kind) if not kind.form.is_struct and kind.is_primary else None

    return Controller(NAME, reconcile, {DEFINITION: _its_group}, watches_all=mapper_of)


def _its_group(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The definition, and when names become free, all others of its group: one of them may wait for them."""
    definition = new or old
    assert definition is not None
    yield "", definition["metadata"]["name"]
    if old is not None and (new is None or _names(new) != _names(old)):
        for record in api.list(DEFINITION):
            if record.object["spec"]["group"] == definition["spec"]["group"]:
                yield "", record.object["metadata"]["name"]


def _names(definition: Object) -> Object:
    found: Object = (definition.get("status") or {}).get("acceptedNames") or {}
    return found


def _its_ending_definition(kind: Kind) -> Mapper:
    """A definition that is being deleted waits for its objects to go."""

    def mapper(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        definition = api.find(DEFINITION, "", str(kind.resource)) if new is None else None
        is_ending = definition is not None and definition.object["metadata"].get("deletionTimestamp")
        return [("", str(kind.resource))] if is_ending else []

    return mapper


async def reconcile(api: API, key: Key) -> None:
    record = api.find(DEFINITION, "", key[1])
    if record is None:
        return
    definition = record.object
    if definition["metadata"].get("deletionTimestamp"):
        if CLEANUP in (definition["metadata"].get("finalizers") or ()):
            await _clean_up(api, definition)
        return
    others = [one.object for one in api.list(DEFINITION) if one.key != record.key]
    taken = naming.taken(one for one in others if one["spec"]["group"] == definition["spec"]["group"])
    now = timestamp(api.clock.now())
    wanted = naming.plan(definition, taken, now)
    if wanted != definition.get("status"):
        await _write_status(api, definition, wanted)


async def _clean_up(api: API, definition: Object) -> None:
    """Delete all objects; when none is left, let the definition go."""
    conditions = definition["status"].get("conditions") or []
    kind = _kind_of(api, definition)
    if kind is not None and naming.is_true(conditions, naming.ESTABLISHED):
        progress = "InstanceDeletionInProgress", "CustomResource deletion is in progress"
        await _write_status(api, definition, _terminating(api, definition, "True", *progress))
        await _delete_all(api, kind)
        if api.list(kind):
            return
        end = "InstanceDeletionCompleted", "removed all instances"
    else:
        end = "NeverEstablished", "resource was never established"
    await _write_status(api, definition, _terminating(api, definition, "False", *end), is_free=True)


def _kind_of(api: API, definition: Object) -> Kind | None:
    group, plural = definition["spec"]["group"], definition["spec"]["names"]["plural"]
    return next((k for k in api.kinds if k.is_primary and (k.group, k.plural) == (group, plural)), None)


async def _delete_all(api: API, kind: Kind) -> None:
    call = api.named(NAME)
    doomed = [one.object for one in api.list(kind) if not one.object["metadata"].get("deletionTimestamp")]
    for start in range(0, len(doomed), BATCH):
        batch = doomed[start : start + BATCH]
        await ownership.together(ownership.delete_if_there(api, kind, object, call) for object in batch)


def _terminating(api: API, definition: Object, state: str, reason: str, message: str) -> Object:
    status = definition["status"]
    now = timestamp(api.clock.now())
    conditions = naming.with_condition(status.get("conditions") or [], naming.TERMINATING, state, reason, message, now)
    return {**status, "conditions": conditions}


async def _write_status(api: API, definition: Object, status: Object, *, is_free: bool = False) -> None:
    metadata = definition["metadata"]

    def written(current: Object) -> Object:
        if current["metadata"]["uid"] == metadata["uid"]:
            current["status"] = status
            if is_free:
                kept = [one for one in current["metadata"].get("finalizers") or () if one != CLEANUP]
                current["metadata"].pop("finalizers", None)
                if kept:
                    current["metadata"]["finalizers"] = kept
        return current

    try:
        await api.modify(DEFINITION, "", metadata["name"], written, "status", api.named(NAME))
    except NotFound:
        return
