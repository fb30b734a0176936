"""What a pure function made of a value, remembered by the value's bytes, or for as long as it is the very same object.

The Pods of one template differ in little but their names, and so do the writes to one object: most of what is decided
about a spec was decided before. Encoding a Pod's spec takes 2 microseconds, validating it 100 and more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

import orjson

T = TypeVar("T")

MAX_VALUES = 512
"""How many are remembered; then all are forgotten, which is as good as choosing where there are few different ones."""
MAX_BYTES = 16_384
"""Larger values are not remembered."""


class PerObject(Generic[T]):
    """What was last made of each of a set of stored objects, which never change: of the same object it is the same."""

    def __init__(self) -> None:
        self._about: Any = None
        self._made: dict[int, tuple[Any, T]] = {}

    def of(self, objects: Sequence[Any], about: Any, make: Callable[[Any], T]) -> list[T]:
        """What `make` gives for each; `about` is all else that it depends on. The results are shared."""
        known = self._made if self._about == about else {}
        made: dict[int, tuple[Any, T]] = {}
        for object in objects:
            entry = known.get(id(object))
            made[id(object)] = entry if entry is not None and entry[0] is object else (object, make(object))
        self._about, self._made = about, made
        return [result for _, result in made.values()]


class Remembered(Generic[T]):
    """The results of one function. They are shared: nobody may change them."""

    def __init__(self) -> None:
        self._results: dict[Hashable, T] = {}

    def of(self, value: Any, about: Hashable, make: Callable[[], T]) -> T:
        """What `make()` gives for a JSON value; `about` is all else that the result depends on."""
        encoded = orjson.dumps(value)
        if len(encoded) > MAX_BYTES:
            return make()
        key = (encoded, about)
        result = self._results.get(key)
        if result is None:
            result = make()
            if len(self._results) >= MAX_VALUES:
                self._results.clear()
            self._results[key] = result
        return result
