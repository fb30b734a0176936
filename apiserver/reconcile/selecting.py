"""Which selectors pick an object: the question asked at every change of a Pod, so it must not cost a look at every one.

An index by one label of each selector. A Pod is compared only with the selectors filed under one of its own labels:

    namespace -> (key, value) -> names of those whose selector asks for key=value     (one label of each is enough)
              -> ANY          -> names of those that ask for no exact value (matchExpressions only)

Where nothing is filed under a namespace, nothing needs to be known of the object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from apiserver.api import API
from apiserver.kind import Object
from apiserver.reconcile.workqueue import Key

Label = tuple[str, str]
ANY: Label = ("", "")


class Matcher(Protocol):
    """What both kinds of selector can do."""

    def matches(self, labels: Mapping[str, str] | None) -> bool: ...


class EqualLabels:
    """A plain map of labels (a Service's selector): all of them, exactly."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._items = dict(labels).items()

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        return self._items <= (labels or {}).items()


class Selecting:
    """The selectors of one kind of object, kept up to date by its changes.

    `read(object)` gives a selector and its exact labels, or None for an object that selects nothing.
    """

    def __init__(self, read: Callable[[Object], tuple[Matcher, Mapping[str, str]] | None]) -> None:
        self._read = read
        self._filed: dict[str, dict[Label, dict[str, Matcher]]] = {}
        self._where: dict[Key, Label] = {}

    def changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        """A mapper for the selecting kind itself: keeps the index, and answers with the object's own key."""
        key = namespace, name = key_of(old or new)
        label = self._where.pop(key, None)
        if label is not None:
            filed = self._filed[namespace]
            del filed[label][name]
            if not filed[label]:
                del filed[label]
            if not filed:
                del self._filed[namespace]
        found = self._read(new) if new is not None else None
        if found is not None:
            matcher, exact = found
            label = min(exact.items(), default=ANY)
            self._where[key] = label
            self._filed.setdefault(namespace, {}).setdefault(label, {})[name] = matcher
        return (key,)

    def selecting(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        """A mapper for the selected kind: who selects the object, or selected it before the change."""
        namespace, _ = key_of(old or new)
        filed = self._filed.get(namespace)
        if filed is None:
            return ()
        versions = [_labels(object) for object in (old, new) if object is not None]
        if len(versions) == 2 and versions[0] == versions[1]:
            del versions[1]
        return {(namespace, name) for labels in versions for name in _matching(filed, labels)}


def _matching(filed: Mapping[Label, Mapping[str, Matcher]], labels: Mapping[str, str]) -> Iterator[str]:
    for label in (ANY, *labels.items()):
        for name, matcher in filed.get(label, {}).items():
            if matcher.matches(labels):
                yield name


def key_of(object: Object | None) -> Key:
    """The key of an object."""
    assert object is not None
    return object["metadata"].get("namespace", ""), object["metadata"]["name"]


def itself(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The mapper of a controller's main kind."""
    return (key_of(old or new),)


def _labels(object: Object) -> Mapping[str, str]:
    return object["metadata"].get("labels") or {}
