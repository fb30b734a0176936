"""Objects of one kind by their labels: a Service's Pods among all of a namespace, without a look at the others.

    (namespace, key, value) -> names of those that carry key=value

A question (all of these labels) is answered from the shortest of its lists.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from apiserver.api import API
from apiserver.kind import Kind, Object
from apiserver.reconcile.selecting import key_of


class Labelled:
    """An index of the objects of `kind`; `changed` must see every change of them.

    `keys` limits it to the labels that will be asked for; None: all.
    """

    def __init__(self, kind: Kind, keys: Collection[str] | None = None) -> None:
        self._kind = kind
        self._keys = keys
        self._names: dict[tuple[str, str, str], dict[str, None]] = {}

    def changed(self, old: Object | None, new: Object | None) -> None:
        before, after = self._labels(old), self._labels(new)
        if before == after and old is not None and new is not None:
            return
        namespace, name = key_of(old or new)
        for key, value in before.items() - after.items():
            names = self._names.get((namespace, key, value))
            if names is not None:
                names.pop(name, None)
                if not names:
                    del self._names[namespace, key, value]
        for key, value in after.items():
            self._names.setdefault((namespace, key, value), {})[name] = None

    def having(self, api: API, namespace: str, labels: Mapping[str, str]) -> list[Object]:
        """The objects of a namespace that carry all of `labels` (one that is indexed at least), by name."""
        wanted = labels.items()
        lists = [self._names.get((namespace, *label), {}) for label in wanted if self._indexes(label[0])]
        lists.sort(key=len)
        found = []
        for name in sorted(lists[0]):
            record = api.find(self._kind, namespace, name)
            if record is not None and wanted <= (record.object["metadata"].get("labels") or {}).items():
                found.append(record.object)
        return found

    def _indexes(self, key: str) -> bool:
        return self._keys is None or key in self._keys

    def _labels(self, object: Object | None) -> Mapping[str, str]:
        labels = (object["metadata"].get("labels") or {}) if object is not None else {}
        return {key: value for key, value in labels.items() if self._indexes(key)}
