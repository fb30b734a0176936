"""Deletes what has lost its owners, and does what the finalizers `orphan` and `foregroundDeletion` ask for.

A graph of uids: every object that there is, and who names it as owner. A change puts the object itself, or those that
name it, on the queue (keys are ("", uid)); everything else is decided from what the store says at that moment:

    marked `orphan`               its dependents forget it, then it goes
    marked `foregroundDeletion`   its dependents are deleted; those that block hold it until they are gone
    no owner left                 it is deleted (an owner of another uid, or in another namespace, is no owner)
    some owners left              references to the others are removed
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from apiserver.api import API
from apiserver.deletion import FOREGROUND, ORPHAN, DeleteOptions
from apiserver.errors import Conflict, NotFound
from apiserver.kind import Kind, Object
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Mapper
from apiserver.reconcile.workqueue import Key

NAME = "generic-garbage-collector"
WORKERS = 20


def controller() -> Controller:
    graph = _Graph()

    def mapper_of(kind: Kind) -> Mapper | None:
        """Objects of every kind that can be watched can own, and be owned."""
        return functools.partial(graph.changed, kind) if kind.is_primary and "watch" in kind.verbs else None

    return Controller(NAME, graph.reconcile, {}, workers=WORKERS, watches_all=mapper_of)


@dataclass(frozen=True)
class _Node:
    kind: Kind
    namespace: str
    name: str
    owners: frozenset[str]


class _Graph:
    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._dependents: dict[str, set[str]] = {}

    # -- keeping the graph ---------------------------------------------------------------------------------------------

    def changed(self, kind: Kind, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        keys: list[Key] = []
        if old is not None and (new is None or new["metadata"]["uid"] != old["metadata"]["uid"]):
            keys += self._gone(old)
        if new is not None:
            keys += self._there(kind, old, new)
        return keys

    def _gone(self, old: Object) -> Iterable[Key]:
        uid = old["metadata"]["uid"]
        node = self._nodes.pop(uid, None)
        for owner in node.owners if node else ():
            self._unlink(owner, uid)
            yield "", owner
        for dependent in self._dependents.get(uid, ()):
            yield "", dependent

    def _there(self, kind: Kind, old: Object | None, new: Object) -> Iterable[Key]:
        metadata = new["metadata"]
        uid = metadata["uid"]
        owners = frozenset(reference["uid"] for reference in ownership.owners(new))
        before = self._nodes.get(uid)
        if before is None or before.owners != owners:
            self._nodes[uid] = _Node(kind, metadata.get("namespace", ""), metadata["name"], owners)
            lost = (before.owners if before else frozenset()) - owners
            for owner in lost:
                self._unlink(owner, uid)
                yield "", owner
            for owner in owners:
                self._dependents.setdefault(owner, set()).add(uid)
        if before is None or old is None or _matters(old) != _matters(new):
            if owners or _is_waiting(new):
                yield "", uid
            # Dependents of an owner that goes in the foreground go first; and an owner waits for those that block.
            if old is not None:
                yield from (("", owner) for owner in owners)

    def _unlink(self, owner: str, dependent: str) -> None:
        dependents = self._dependents.get(owner)
        if dependents is not None:
            dependents.discard(dependent)
            if not dependents:
                del self._dependents[owner]

    def _find(self, api: API, uid: str) -> tuple[Kind, Object] | None:
        """The object as it is now; None when this uid is gone."""
        node = self._nodes.get(uid)
        kind = api.kinds.by_name(node.kind.group_version, node.kind.name) if node else None  # it may have a new schema
        record = api.find(kind, node.namespace, node.name) if node and kind else None
        if kind is None or record is None or record.object["metadata"]["uid"] != uid:
            return None
        return kind, record.object

    def _dependents_of(self, api: API, uid: str) -> list[tuple[Kind, Object]]:
        found = (self._find(api, dependent) for dependent in sorted(self._dependents.get(uid, ())))
        return [one for one in found if one is not None]

    # -- what is to be done --------------------------------------------------------------------------------------------

    async def reconcile(self, api: API, key: Key) -> None:
        found = self._find(api, key[1])
        if found is None:
            return
        kind, object = found
        finalizers = object["metadata"].get("finalizers") or ()
        if object["metadata"].get("deletionTimestamp"):
            if ORPHAN in finalizers:
                await self._orphan(api, kind, object)
            elif FOREGROUND in finalizers:
                await self._delete_dependents(api, kind, object)
            else:
                return
        await self._collect(api, kind, object)

    async def _orphan(self, api: API, kind: Kind, owner: Object) -> None:
        jobs = [_forget_owners(api, one, object, {owner["metadata"]["uid"]}) for one, object in self._all(api, owner)]
        await ownership.together(jobs)
        await _remove_finalizer(api, kind, owner, ORPHAN)

    async def _delete_dependents(self, api: API, kind: Kind, owner: Object) -> None:
        """Delete them; when none is left that blocks, let the owner go."""
        await ownership.together(self._collect(api, one, object) for one, object in self._all(api, owner))
        if not any(_blocks(object, owner) for _, object in self._all(api, owner)):
            await _remove_finalizer(api, kind, owner, FOREGROUND)

    def _all(self, api: API, owner: Object) -> list[tuple[Kind, Object]]:
        return self._dependents_of(api, owner["metadata"]["uid"])

    async def _collect(self, api: API, kind: Kind, object: Object) -> None:
        """Delete the object if no owner keeps it; else take off the references to owners that are no more."""
        metadata = object["metadata"]
        references = ownership.owners(object)
        if metadata.get("deletionTimestamp") or not references:
            return
        keeping, waiting, dead = _sort_owners(api, kind, object, references)
        if keeping:
            await _forget_owners(api, kind, object, dead | waiting)
        elif waiting and self._dependents.get(metadata["uid"]):
            await _delete(api, kind, object, DeleteOptions(propagation="Foreground", uid=metadata["uid"]))
        else:
            # What its own finalizers ask for, it has been told already; else its dependents go as well.
            asked = {FOREGROUND, ORPHAN} & {*(metadata.get("finalizers") or ())}
            await _delete(
                api, kind, object, DeleteOptions(propagation="" if asked else "Background", uid=metadata["uid"])
            )


def _matters(object: Object) -> tuple[object, ...]:
    metadata = object["metadata"]
    return metadata.get("ownerReferences"), metadata.get("deletionTimestamp"), metadata.get("finalizers")


def _is_waiting(object: Object) -> bool:
    """Whether a deleted object waits for this controller."""
    metadata = object["metadata"]
    finalizers = metadata.get("finalizers") or ()
    return bool(metadata.get("deletionTimestamp")) and (ORPHAN in finalizers or FOREGROUND in finalizers)


def _blocks(dependent: Object, owner: Object) -> bool:
    uid = owner["metadata"]["uid"]
    return any(r["uid"] == uid and r.get("blockOwnerDeletion") for r in ownership.owners(dependent))


def _sort_owners(
    api: API, kind: Kind, object: Object, references: Iterable[Object]
) -> tuple[set[str], set[str], set[str]]:
    """The uids of owners that keep the object, of those that wait for it to go, and of those that are no more."""
    keeping: set[str] = set()
    waiting: set[str] = set()
    dead: set[str] = set()
    for reference in references:
        uid = reference["uid"]
        owner_kind = api.kinds.by_name(reference["apiVersion"], reference["kind"])
        if owner_kind is None or (owner_kind.namespaced and not kind.namespaced):
            # Of a kind that is not known (any more), or out of reach: nobody can say that it is gone.
            keeping.add(uid)
            continue
        namespace = object["metadata"].get("namespace", "") if owner_kind.namespaced else ""
        owner = api.find(owner_kind, namespace, reference["name"])
        if owner is None or owner.object["metadata"]["uid"] != uid:
            dead.add(uid)
        elif _is_waiting(owner.object) and FOREGROUND in owner.object["metadata"]["finalizers"]:
            waiting.add(uid)
        else:
            keeping.add(uid)
    return keeping, waiting, dead


async def _forget_owners(api: API, kind: Kind, object: Object, uids: set[str]) -> None:
    if not uids:
        return
    metadata = object["metadata"]

    def forgotten(current: Object) -> Object:
        if current["metadata"]["uid"] == metadata["uid"]:
            ownership.set_owners(current, [r for r in ownership.owners(current) if r["uid"] not in uids])
        return current

    try:
        await api.modify(kind, metadata.get("namespace", ""), metadata["name"], forgotten, call=api.named(NAME))
    except NotFound:
        return


async def _remove_finalizer(api: API, kind: Kind, object: Object, finalizer: str) -> None:
    metadata = object["metadata"]

    def released(current: Object) -> Object:
        if current["metadata"]["uid"] == metadata["uid"]:
            kept = [one for one in current["metadata"].get("finalizers") or () if one != finalizer]
            current["metadata"].pop("finalizers", None)
            if kept:
                current["metadata"]["finalizers"] = kept
        return current

    try:
        await api.modify(kind, metadata.get("namespace", ""), metadata["name"], released, call=api.named(NAME))
    except NotFound:
        return


async def _delete(api: API, kind: Kind, object: Object, options: DeleteOptions) -> None:
    try:
        await ownership.delete_if_there(api, kind, object, api.named(NAME), options)
    except Conflict:
        # Another object has taken its name meanwhile: this one is gone.
        return
