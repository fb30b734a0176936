"""ControllerRevisions of an owner in the store: claimed, made, numbered anew and forgotten. What they say is decided in
objects/revisions.py."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.call import Call
from apiserver.errors import AlreadyExists
from apiserver.kind import Kind, Object
from apiserver.kinds.controllerrevision import kind as CONTROLLERREVISION
from apiserver.objects import revisions
from apiserver.objects.selectors import from_object
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Mapper
from apiserver.reconcile.dependents import Dependents
from apiserver.reconcile.selecting import Selecting

NAME_ATTEMPTS = 10


class History:
    """The revisions of owners of one kind. `hash_label` is the label of a revision that carries its hash."""

    def __init__(self, kind: Kind, selecting: Selecting, hash_label: str) -> None:
        self._kind = kind
        self._hash_label = hash_label
        self._revisions = Dependents(CONTROLLERREVISION, kind, selecting)

    @property
    def changed(self) -> Mapper:
        """The mapper of ControllerRevisions: keeps the index, and answers with their owners."""
        return self._revisions.changed

    async def claimed(self, api: API, owner: Object, call: Call) -> list[Object]:
        """All revisions of `owner`, the oldest first, after adopting and letting go."""
        selector = from_object(owner["spec"]["selector"])
        found = list(self._revisions.candidates(api, owner))
        mine = await ownership.claim(api, CONTROLLERREVISION, self._kind, owner, selector, found, call)
        return revisions.oldest_first(record.object for record in mine)

    async def ensure_newest(self, api: API, owner: Object, known: list[Object], call: Call) -> tuple[Object, int]:
        """The revision of the present template, which is made, or numbered anew, if it is not the newest; and how often
        its name was taken by another so far (status.collisionCount)."""
        collisions = (owner.get("status") or {}).get("collisionCount", 0)
        same = revisions.same_as(owner, known)
        if same and same[-1] is known[-1]:
            return same[-1], collisions
        number = revisions.next_number(known)
        if same:
            return await _numbered(api, same[-1], number, call), collisions
        reference = ownership.owner_reference(self._kind, owner)
        for _ in range(NAME_ATTEMPTS):
            counted = {**owner, "status": {"collisionCount": collisions}}
            wanted = revisions.revision_of(counted, reference, number, self._hash_label)
            try:
                record = await api.create(CONTROLLERREVISION, owner["metadata"]["namespace"], wanted, call)
            except AlreadyExists:
                collisions += 1
            else:
                return record.object, collisions
        raise AlreadyExists(CONTROLLERREVISION.resource, owner["metadata"]["name"])

    async def forget(self, api: API, surplus: Iterable[Object], call: Call) -> None:
        for revision in surplus:
            await ownership.delete_if_there(api, CONTROLLERREVISION, revision, call)


async def _numbered(api: API, revision: Object, number: int, call: Call) -> Object:
    def numbered(fresh: Object) -> Object:
        return {**fresh, "revision": number}

    metadata = revision["metadata"]
    place = metadata["namespace"], metadata["name"]
    return (await api.modify(CONTROLLERREVISION, *place, numbered, call=call)).object
