"""What belongs to an owner, and what belongs to nobody: asked at every reconcile of a workload, so kept as an index
instead of searched for in the namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeGuard

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
        was = controller_of(old) if old is not None else None
        now = controller_of(new) if new is not None else None
        key = namespace, _ = key_of(old or new)
        before = _place(was, namespace) if old is not None else None
        after = _place(now, namespace) if new is not None else None
        if before != after:
            self._move(key, before, after)
        keys = {(namespace, reference["name"]) for reference in (was, now) if self._is_ours(reference)}
        if new is not None and now is None:
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

    def _is_ours(self, reference: Object | None) -> TypeGuard[Object]:
        kind = self._owner_kind
        return (
            reference is not None and reference["kind"] == kind.name and reference["apiVersion"] == kind.group_version
        )


def _place(controller: Object | None, namespace: str) -> Place:
    return ("uid", controller["uid"]) if controller else ("", namespace)
