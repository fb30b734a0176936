"""What belongs to an owner, and what belongs to nobody: asked at every reconcile of a workload, so kept as an index
instead of searched for in the namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apiserver.api import API
from apiserver.kind import Kind, Object
from apiserver.reconcile.ownership import controller_of
from apiserver.reconcile.selecting import Selecting, key_of
from apiserver.reconcile.workqueue import Key
from apiserver.storage import Record

Place = tuple[str, str]
"""("uid", the controller's uid), or ("", namespace) for the orphans of a namespace."""


class Dependents:
    """The objects of one kind by their controller. `changed` must see every change of them."""

    def __init__(self, kind: Kind, owner_kind: Kind, selecting: Selecting) -> None:
        self._kind = kind
        self._owner_kind = owner_kind
        self._selecting = selecting
        self._names: dict[Place, dict[Key, None]] = {}

    def changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        """A mapper: keeps the index, and answers with the owners that the change concerns.

        An orphan concerns every owner that selects it, for one of them may adopt it.
        """
        before, after = _place(old), _place(new)
        if before != after:
            self._move(key_of(old or new), before, after)
        keys = set(self._owners(old)) | set(self._owners(new))
        if new is not None and controller_of(new) is None:
            keys.update(self._selecting.selecting(api, old, new))
        return keys

    def candidates(self, api: API, owner: Object) -> Iterator[Record]:
        """What the owner controls, and the orphans of its namespace."""
        metadata = owner["metadata"]
        for place in (("uid", metadata["uid"]), ("", metadata.get("namespace", ""))):
            for key in list(self._names.get(place, ())):
                record = api.find(self._kind, *key)
                if record is not None:
                    yield record

    def owned(self, api: API, owner: Object) -> Iterator[Record]:
        """What the owner controls, whether its selector matches or not."""
        for key in list(self._names.get(("uid", owner["metadata"]["uid"]), ())):
            record = api.find(self._kind, *key)
            if record is not None:
                yield record

    def _move(self, key: Key, before: Place | None, after: Place | None) -> None:
        if before is not None:
            names = self._names[before]
            del names[key]
            if not names:
                del self._names[before]
        if after is not None:
            self._names.setdefault(after, {})[key] = None

    def _owners(self, object: Object | None) -> Iterator[Key]:
        reference = controller_of(object) if object is not None else None
        if object is None or reference is None:
            return
        if reference["kind"] == self._owner_kind.name and reference["apiVersion"] == self._owner_kind.group_version:
            yield object["metadata"].get("namespace", ""), reference["name"]


def _place(object: Object | None) -> Place | None:
    if object is None:
        return None
    reference = controller_of(object)
    return ("uid", reference["uid"]) if reference else ("", object["metadata"].get("namespace", ""))
