"""Who owns what: ownerReferences, adopting and letting go of objects, and writing only what differs.

An object has at most one owner that is its controller. A controller counts as its own what carries its reference and
matches its selector; it takes what matches and belongs to nobody, and lets go of what no longer matches. Names may be
used again, so every decision is bound to a uid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from apiserver.api import API
from apiserver.call import Call
from apiserver.deletion import DeleteOptions
from apiserver.errors import Conflict, NotFound
from apiserver.kind import Kind, Object
from apiserver.objects.selectors import LabelSelector
from apiserver.storage import Record

T = TypeVar("T")


def owner_reference(kind: Kind, owner: Object, *, controller: bool = True) -> Object:
    """The reference that a dependent of `owner` carries."""
    metadata = owner["metadata"]
    reference = {"apiVersion": kind.group_version, "kind": kind.name, "name": metadata["name"], "uid": metadata["uid"]}
    return {**reference, "controller": True, "blockOwnerDeletion": True} if controller else reference


def owners(object: Object) -> list[Object]:
    """All ownerReferences of an object."""
    return object["metadata"].get("ownerReferences") or []


def controller_of(object: Object) -> Object | None:
    """The reference to the object's controller."""
    for reference in owners(object):
        if reference.get("controller"):
            return reference
    return None


def is_controlled_by(object: Object, owner: Object) -> bool:
    reference = controller_of(object)
    return reference is not None and reference["uid"] == owner["metadata"]["uid"]


async def claim(
    api: API,
    kind: Kind,
    owner_kind: Kind,
    owner: Object,
    selector: LabelSelector,
    candidates: Iterable[Record],
    call: Call,
) -> list[Record]:
    """Those of `candidates` (objects of `kind`) that belong to `owner`, after adopting and letting go.

    Left alone are: what another controller owns; orphans that are being deleted; and everything once the owner itself
    is being deleted, for then the garbage collector decides.
    """
    leaving = bool(owner["metadata"].get("deletionTimestamp"))
    mine: list[Record] = []
    for record in candidates:
        object = record.object
        reference = controller_of(object)
        matches = selector.matches(object["metadata"].get("labels"))
        if reference is not None and reference["uid"] != owner["metadata"]["uid"]:
            continue
        if reference is not None and matches:
            mine.append(record)
        elif reference is not None and not leaving:
            await release(api, kind, record, owner, call)
        elif reference is None and matches and not leaving and not object["metadata"].get("deletionTimestamp"):
            adopted = await adopt(api, kind, record, owner_kind, owner, call)
            mine += [adopted] if adopted is not None else []
    return mine


async def adopt(api: API, kind: Kind, record: Record, owner_kind: Kind, owner: Object, call: Call) -> Record | None:
    """Make `owner` the controller of an orphan; None when either has gone or somebody else was faster."""
    metadata = record.object["metadata"]
    current = api.find(owner_kind, owner["metadata"].get("namespace", ""), owner["metadata"]["name"])
    if current is None or current.object["metadata"]["uid"] != owner["metadata"]["uid"]:
        return None

    def adopted(object: Object) -> Object:
        _require_uid(kind, object, metadata["uid"])
        if controller_of(object) is None:
            object["metadata"]["ownerReferences"] = [*owners(object), owner_reference(owner_kind, owner)]
        return object

    try:
        changed = await api.modify(kind, metadata.get("namespace", ""), metadata["name"], adopted, call=call)
    except (NotFound, Conflict):
        return None
    return changed if is_controlled_by(changed.object, owner) else None


async def release(api: API, kind: Kind, record: Record, owner: Object, call: Call) -> None:
    """Take the references to `owner` off an object; nothing to do when it has gone."""
    metadata = record.object["metadata"]

    def released(object: Object) -> Object:
        _require_uid(kind, object, metadata["uid"])
        set_owners(object, [r for r in owners(object) if r["uid"] != owner["metadata"]["uid"]])
        return object

    try:
        await api.modify(kind, metadata.get("namespace", ""), metadata["name"], released, call=call)
    except (NotFound, Conflict):
        return


def set_owners(object: Object, references: list[Object]) -> None:
    """Replace the ownerReferences of an object (in place)."""
    object["metadata"].pop("ownerReferences", None)
    if references:
        object["metadata"]["ownerReferences"] = references


def _require_uid(kind: Kind, object: Object, uid: str) -> None:
    """Bind a change to a uid instead of a resourceVersion: other changes in between do not matter."""
    object["metadata"].pop("resourceVersion", None)
    if object["metadata"]["uid"] != uid:
        name = object["metadata"]["name"]
        raise Conflict(kind.resource, name, "another object has taken its name")


async def converge(
    api: API, kind: Kind, namespace: str, want: Iterable[Object], have: Iterable[Record], call: Call
) -> None:
    """Make `have` into `want`: create what is missing, update what differs, delete what nobody wants.

    Objects are matched by name; a wanted one without a name (generateName) is created.
    """
    present = {record.object["metadata"]["name"]: record for record in have}
    create: list[Object] = []
    update: list[Object] = []
    for object in want:
        record = present.pop(object["metadata"].get("name", ""), None)
        if record is None:
            create.append(object)
        elif object != record.object:
            update.append(object)
    await write(api, kind, namespace, create, update, [record.object for record in present.values()], call)


async def write(
    api: API,
    kind: Kind,
    namespace: str,
    create: Iterable[Object],
    update: Iterable[Object],
    delete: Iterable[Object],
    call: Call,
) -> list[Record]:
    """Do these writes side by side, so that they share a commit. All are tried; then the first error is raised.
    Answers with what was created and updated.

    An update is bound to the resourceVersion it carries, a deletion to the uid; one that is gone already is fine.
    """
    jobs: list[Awaitable[Record | None]] = [api.create(kind, namespace, object, call) for object in create]
    jobs += [api.update(kind, namespace, object["metadata"]["name"], object, call=call) for object in update]
    written = len(jobs)
    jobs += [delete_if_there(api, kind, object, call) for object in delete]
    return [record for record in (await together(jobs))[:written] if record is not None]


async def together(jobs: Iterable[Awaitable[T]]) -> list[T]:
    """What all of `jobs` come to; all are awaited before the first error is raised, if there was one."""
    jobs = list(jobs)
    if len(jobs) == 1:  # most often; and a task of its own would come later than whoever is awake already
        return [await jobs[0]]
    results = []
    for result in await asyncio.gather(*jobs, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
        results.append(result)
    return results


async def delete_if_there(
    api: API, kind: Kind, object: Object, call: Call, options: DeleteOptions | None = None
) -> Record | None:
    """Delete exactly this object; None when it (by uid) is gone already."""
    metadata = object["metadata"]
    options = options or DeleteOptions(uid=metadata["uid"])
    try:
        return await api.delete(kind, metadata.get("namespace", ""), metadata["name"], options, call)
    except NotFound:
        return None
