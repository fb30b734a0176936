"""Which selectors pick an object: the question asked at every change of a Pod, so it must not cost a look at every one.

An index by one label of each selector. A Pod is compared only with the selectors filed under one of its own labels:

    namespace -> (key, value) -> names of those whose selector asks for key=value     (one label of each is enough)
              -> ANY          -> names of those that ask for no exact value (matchExpressions only)
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
        self._filed: dict[tuple[str, Label], dict[str, Matcher]] = {}
        self._where: dict[Key, Label] = {}

    def changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        """A mapper for the selecting kind itself: keeps the index, and answers with the object's own key."""
        key = key_of(old or new)
        label = self._where.pop(key, None)
        if label is not None:
            filed = self._filed[key[0], label]
            del filed[key[1]]
            if not filed:
                del self._filed[key[0], label]
        found = self._read(new) if new is not None else None
        if found is not None:
            matcher, exact = found
            label = min(exact.items(), default=ANY)
            self._where[key] = label
            self._filed.setdefault((key[0], label), {})[key[1]] = matcher
        return (key,)

    def selecting(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        """A mapper for the selected kind: who selects the object, or selected it before the change."""
        before, after = _labels(old), _labels(new)
        found = set(self._matching(old, before))
        if after != before or old is None:
            found.update(self._matching(new, after))
        return found

    def _matching(self, object: Object | None, labels: Mapping[str, str]) -> Iterator[Key]:
        if object is None:
            return
        namespace = object["metadata"].get("namespace", "")
        for label in (ANY, *labels.items()):
            for name, matcher in self._filed.get((namespace, label), {}).items():
                if matcher.matches(labels):
                    yield namespace, name


def key_of(object: Object | None) -> Key:
    """The key of an object."""
    assert object is not None
    return object["metadata"].get("namespace", ""), object["metadata"]["name"]


def itself(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The mapper of a controller's main kind."""
    return (key_of(old or new),)


def _labels(object: Object | None) -> Mapping[str, str]:
    return (object["metadata"].get("labels") or {}) if object is not None else {}
