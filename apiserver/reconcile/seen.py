"""What a controller last looked at, so that its own writes, which wake it, do not make it look at the same again.

Stored objects never change, so a look at the very same ones would come to the same end. Only looks whose outcome hangs
on nothing else (a clock, say) may be remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apiserver.reconcile.workqueue import Key


class Seen:
    """By key: the objects (and other values) of the last look, with what that look itself wrote."""

    def __init__(self) -> None:
        self._by_key: dict[Key, Sequence[Any]] = {}

    def is_same(self, key: Key, inputs: Sequence[Any]) -> bool:
        """Whether nothing differs from the last look. Comparing is cheap: what is identical is not looked into."""
        return self._by_key.get(key) == inputs

    def remember(self, key: Key, inputs: Sequence[Any]) -> None:
        self._by_key[key] = inputs

    def forget(self, key: Key) -> None:
        self._by_key.pop(key, None)
