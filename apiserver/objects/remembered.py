"""What a pure function made of a value, remembered by the value's bytes.

The Pods of one template differ in little but their names, and so do the writes to one object: most of what is decided
about a spec was decided before. Encoding a Pod's spec takes 2 microseconds, validating it 100 and more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

import orjson

T = TypeVar("T")

MAX_VALUES = 512
"""How many are remembered; then all are forgotten, which is as good as choosing where there are few different ones."""
MAX_BYTES = 16_384
"""Larger values are not remembered."""


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
