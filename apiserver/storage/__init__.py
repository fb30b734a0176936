"""The log: bytes, keys, revisions. Nothing in this folder has ever heard of a Pod.

The idea. A cluster's whole state is an append-only list of records. A record says: at this revision, this key got
these bytes (or was deleted). Revisions start at 1 and have no gaps; a row never changes; one writer appends. Everything
else (the current state, lists, watches, history) is a reading of that list.

          append            between(3, 6)                    at("pods/default/", 5)
    1 2 3 4 5 6 7  <---     4 5 6: what a watch missed       the newest row of each key up to 5, less the deleted
    -------------->
      revision

Each record names the revision it replaces (`previous`, 0 for a new key), and a revision is replaced once: two writers
that read the same version cannot both succeed, whatever else goes wrong.

The price. The log grows until it is compacted: `compact(n)` forgets what only history needed: rows up to n that a later
row up to n replaces, and tombstones. Reading before a compacted revision raises Compacted. The room they took is freed
afterwards, a stretch at a time (`sweep`), so that writes need not wait for all of it.

Left out: leases, transactions over several keys, and ranges other than a prefix. Nothing here needs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import orjson


@dataclass(eq=False)
class Record:
    """One immutable version of one key. `encoded` is what goes over the wire, byte for byte.

    `created` is the revision at which the key came into being (this incarnation), `previous` the revision this one
    replaces, or 0. A deletion (`deleted`) carries the last state, stamped with its own revision.
    """

    key: str
    revision: int
    previous: int
    created: int
    deleted: bool
    encoded: bytes

    @cached_property
    def object(self) -> dict[str, Any]:
        """The decoded object, shared and READ-ONLY: change a copy()."""
        decoded: dict[str, Any] = orjson.loads(self.encoded)
        return decoded

    def copy(self) -> dict[str, Any]:
        """A fresh decoded object that the caller owns."""
        decoded: dict[str, Any] = orjson.loads(self.encoded)
        return decoded

    @cached_property
    def cache(self) -> dict[str, Any]:
        """Room for what others derive from these bytes once (a Table row, a metadata-only form)."""
        return {}

    def forget(self) -> None:
        """Drop what can be derived again: nobody is likely to ask once the record is replaced."""
        self.__dict__.pop("object", None)
        self.__dict__.pop("cache", None)


class LogError(Exception):
    """The log cannot be read or written; the message says which file and what to do next."""


class Compacted(Exception):
    """The revision asked for is older than what is kept; `oldest` is the oldest that can be read."""

    def __init__(self, oldest: int) -> None:
        super().__init__(f"compacted up to {oldest}")
        self.oldest = oldest


class Log(Protocol):
    """The contract that every storage keeps; tests/apiserver/test_log.py runs each through the same examples.

    All methods may block on the disk: they are called from worker threads. One call at a time, but for `between` and
    `at`, which come from a thread of their own, beside the others.
    """

    def append(self, records: Sequence[Record]) -> None:
        """Add records (consecutive revisions, following latest()) as one transaction; on return they are on disk.

        Raises LogError, and then none of them is stored.
        """

    def latest(self) -> int:
        """The newest revision, 0 in an empty log."""

    def compacted(self) -> int:
        """The revision compacted up to, 0 if never."""

    def between(self, since: int, upto: int, prefix: str = "") -> list[Record]:
        """The records with since < revision <= upto whose key starts with prefix, oldest first. Raises Compacted."""

    def at(self, prefix: str, revision: int) -> list[Record]:
        """The live records under prefix as of `revision`, in key order. Raises Compacted."""

    def compact(self, revision: int) -> None:
        """Forget history that only reads before `revision` would need: from now on they raise Compacted."""

    def sweep(self, revisions: int) -> bool:
        """Free the room of what is forgotten, over the next so many revisions; whether there is more to do."""

    @property
    def is_untidy(self) -> bool:
        """Whether enough was appended since the last `tidy` for another."""

    def tidy(self) -> None:
        """Put what was appended where it stays. It is safe before; this is work that no write should wait for."""

    def close(self) -> None:
        """Release the file."""
