"""The store: the live state in memory, in front of a log on disk.

    write() --> pending ----- batch -----> log.append (worker thread, one fsync) ---+
      |          (revision and bytes are fixed here)                                 |
      +-- waits for <------------- publish: live state, watchers, waiters <----------+

The idea. Revisions are given out in the event loop, so the bytes (which contain the revision) are final before they
reach the disk. All writes that arrive while one batch is being synced form the next batch: one fsync serves them all.
Nothing is visible before it is on disk: not to readers, not to watchers, not to the writer itself.

The rule for concurrent writers. A write names the revision it was computed from (`expect`, 0 for "must not exist"). If
another write of the same key is on its way to the disk, the write waits for it and is then judged against the outcome.

A client that hangs up cancels its wait, never its write: the batch holds the record, not the request.

When the disk refuses a batch, every write in it and after it fails with LogError and the store stays at the last
revision that is safe: numbering goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import orjson

from apiserver.storage import Compacted, Log, LogError, Record

log = logging.getLogger(__name__)

BATCH_RECORDS = 512
"""Most records in one transaction."""
HISTORY_RECORDS = 8192
HISTORY_BYTES = 32 * 1024 * 1024
"""Changes kept in memory for watches that resume; older ones are read from the log."""
REPLAYED_REVISIONS = 25_000
"""How far back changes are read from the log, into memory: whoever has missed more does better to list anew."""
SWEPT_REVISIONS = 250
"""How much of what is forgotten is freed in one transaction: 5 to 20 ms."""


@dataclass(frozen=True)
class Change:
    """A published record and the one it replaced (None: the key is new)."""

    record: Record
    before: Record | None


class Stale(Exception):
    """The key is not at the expected revision; `current` is what is there (None: nothing)."""

    def __init__(self, current: Record | None) -> None:
        super().__init__("stale write")
        self.current = current


class _Writing:
    """A record on its way to the disk, and who waits for it to get there: its writer, and the next one of its key."""

    __slots__ = ("_waiting", "record")

    def __init__(self, record: Record) -> None:
        self.record = record
        self._waiting: list[asyncio.Future[LogError | None]] = []

    def outcome(self) -> asyncio.Future[LogError | None]:
        """Each waits on a future of its own: a client that hangs up cancels that, and nothing else."""
        outcome: asyncio.Future[LogError | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(outcome)
        return outcome

    def end(self, failure: LogError | None) -> None:
        for outcome in self._waiting:
            if not outcome.done():
                outcome.set_result(failure)


class Store:
    """Live records by key, kept in key order per first path segment ("pods", "deployments.apps")."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._live: dict[str, Record] = {}
        self._keys: dict[str, list[str]] = {}
        self._changed: dict[str, int] = {}
        self._pending: dict[str, _Writing] = {}
        self._queue: deque[_Writing] = deque()
        self._history: deque[Change] = deque()
        self._history_bytes = 0
        self._listeners: dict[str, list[Callable[[Change], None]]] = {}
        self._thread = ThreadPoolExecutor(1, "log")
        self._reader = ThreadPoolExecutor(1, "log-reader")
        self._writer: asyncio.Task[None] | None = None
        self._next = 0
        self.revision = 0
        """The newest published revision."""
        self.is_refused = False
        """Whether the disk refused the last batch of writes."""

    def load(self) -> None:
        """Read the live state from the log; call once, before anything else. Raises LogError."""
        self.revision = self._next = self._log.latest()
        for record in self._log.at("", self.revision):
            self._live[record.key] = record
            self._keys.setdefault(_family(record.key), []).append(record.key)

    def get(self, key: str) -> Record | None:
        return self._live.get(key)

    def under(self, prefix: str) -> list[Record]:
        """The live records under prefix, in key order."""
        keys, first, last = self._range(prefix)
        live = self._live
        return [live[key] for key in (keys if last - first == len(keys) else keys[first:last])]

    def count(self, prefix: str) -> int:
        _, first, last = self._range(prefix)
        return last - first

    def changed(self, prefix: str) -> int:
        """The revision of the latest change in the family of `prefix` since this store was loaded, 0 for none."""
        return self._changed.get(_family(prefix), 0)

    def _range(self, prefix: str) -> tuple[list[str], int, int]:
        """The keys of the family of `prefix`, and which of them start with it: from the first up to the last."""
        keys = self._keys.get(_family(prefix))
        if not keys:
            return [], 0, 0
        first = bisect_left(keys, prefix)
        return keys, first, bisect_left(keys, prefix[:-1] + chr(ord(prefix[-1]) + 1), first)

    async def write(self, key: str, object: dict[str, Any], expect: int, *, deleted: bool = False) -> Record:
        """Store `object` under `key` if the key is at revision `expect` (0: absent); returns when it is on disk.

        Sets metadata.resourceVersion in `object`, which is the store's from now on: it becomes the record's `object`.
        Raises Stale, or LogError when the disk refuses.
        """
        while (ahead := self._pending.get(key)) is not None:
            await ahead.outcome()
        current = self._live.get(key)
        if (current.revision if current else 0) != expect:
            raise Stale(current)
        self._next += 1
        revision = self._next
        object["metadata"]["resourceVersion"] = str(revision)
        encoded = bytes(memoryview(orjson.dumps(object)))  # orjson's own have room to grow: three times their size
        record = Record(key, revision, expect, current.created if current else revision, deleted, encoded)
        record.object = object
        writing = self._pending[key] = _Writing(record)
        self._queue.append(writing)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_batches())
        failure = await writing.outcome()
        if failure is not None:
            raise failure
        return record

    async def settled(self) -> None:
        """Return when all that is being written by now is on disk, or refused."""
        if self._pending:
            await next(reversed(self._pending.values())).outcome()

    async def _write_batches(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0)  # let every task that is ready add to the first batch
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(BATCH_RECORDS, len(self._queue)))]
            records = [writing.record for writing in batch]
            try:
                await loop.run_in_executor(self._thread, self._log.append, records)
            except Exception as error:
                if not self.is_refused:  # once, however many writes are refused: there may be no room for a longer log
                    log.error("writes are refused from now on: %s", error)
                self.is_refused = True
                self._refuse(batch, error)
                break
            if self.is_refused:
                log.info("writes are taken again")
            self.is_refused = False
            for writing in batch:
                self._publish(writing.record)
                del self._pending[writing.record.key]
                writing.end(None)
            if self._log.is_untidy:
                await loop.run_in_executor(self._thread, self._log.tidy)
        self._writer = None

    def _refuse(self, batch: list[_Writing], error: Exception) -> None:
        failure = error if isinstance(error, LogError) else LogError(str(error))
        for writing in [*batch, *self._queue]:
            del self._pending[writing.record.key]
            writing.end(failure)
        self._queue.clear()
        self._next = self.revision

    def _publish(self, record: Record) -> None:
        before = self._live.get(record.key)
        if record.deleted:
            del self._live[record.key]
            keys = self._keys[_family(record.key)]
            del keys[bisect_left(keys, record.key)]
        else:
            self._live[record.key] = record
            if before is None:
                insort(self._keys.setdefault(_family(record.key), []), record.key)
        family = _family(record.key)
        self.revision = self._changed[family] = record.revision
        change = Change(record, before)
        self._remember(change)
        for listener in tuple(self._listeners.get(family, ())):
            listener(change)
        if before is not None:
            before.forget()

    def _remember(self, change: Change) -> None:
        history = self._history
        history.append(change)
        self._history_bytes += len(change.record.encoded)
        while len(history) > HISTORY_RECORDS or (self._history_bytes > HISTORY_BYTES and len(history) > 1):
            self._history_bytes -= len(history.popleft().record.encoded)

    def listen(self, family: str, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` with every change of keys `family/...` from now on, in order; returns what stops it."""
        listeners = self._listeners.setdefault(family, [])
        listeners.append(listener)

        def stop() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return stop

    async def appearance(self, key: str, seconds: float) -> None:
        """Return when there is something under `key`, or after `seconds` without."""
        if key in self._live:
            return
        appeared: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def hear(change: Change) -> None:
            if change.record.key == key and not change.record.deleted and not appeared.done():
                appeared.set_result(None)

        stop = self.listen(_family(key), hear)
        try:
            await asyncio.wait([appeared], timeout=seconds)
        finally:
            stop()

    async def changes(self, since: int, prefix: str) -> list[Change]:
        """What was published after `since`, up to now, under prefix. Raises Compacted when that is not kept.

        The caller must already listen, and drop from there what it gets here (see watching.py).
        """
        upto = self.revision
        if since >= upto:
            return []
        if since < self.oldest():
            raise Compacted(self.oldest())
        if self._history and self._history[0].record.revision <= since + 1:
            return [c for c in self._history if c.record.revision > since and c.record.key.startswith(prefix)]
        if since < upto - REPLAYED_REVISIONS:
            raise Compacted(upto - REPLAYED_REVISIONS)
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._read_changes, since, upto, prefix)

    def _read_changes(self, since: int, upto: int, prefix: str) -> list[Change]:
        state = {record.key: record for record in self._log.at(prefix, since)}
        changes = []
        for record in self._log.between(since, upto, prefix):
            changes.append(Change(record, state.get(record.key)))
            if record.deleted:
                state.pop(record.key, None)
            else:
                state[record.key] = record
        return changes

    async def at(self, prefix: str, revision: int) -> list[Record]:
        """The records under prefix as of `revision`, in key order. Raises Compacted."""
        if revision == self.revision:
            return self.under(prefix)
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._log.at, prefix, revision)

    def oldest(self) -> int:
        """The oldest revision from which a watch can resume."""
        return self._log.compacted()

    async def compact(self, revision: int) -> None:
        """Forget history before `revision`; writes that come meanwhile wait for one stretch of it at most.

        Raises LogError when the disk refuses: what is not freed then is freed by the next one.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._log.compact, revision)
        while self._history and self._history[0].record.revision <= revision:
            self._history_bytes -= len(self._history.popleft().record.encoded)
        while await loop.run_in_executor(self._thread, self._log.sweep, SWEPT_REVISIONS):
            pass

    async def close(self) -> None:
        """Finish the writes under way and close the log."""
        while self._writer is not None:
            await asyncio.wait([self._writer])
        await asyncio.to_thread(self._reader.shutdown)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._log.close)
        self._thread.shutdown()


def _family(key: str) -> str:
    return key.partition("/")[0]


__all__ = ["Change", "Compacted", "Stale", "Store"]
