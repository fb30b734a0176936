"""From published records to watch events, under a selection.

A watch first listens, then looks at what is already there, and drops from the first what the second has covered:
nothing is missed and nothing comes twice, whatever is published in between.

    old matches   new matches   event
    no            yes           ADDED
    yes           yes           MODIFIED
    yes           no            DELETED, with the last state that matched, at the new revision
    yes           deleted       DELETED, with the last state

A watcher that does not keep up is dropped, never waited for: its stream ends, and it resumes or starts over.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from apiserver.kind import Kind, Object
from apiserver.objects.meta import ordered
from apiserver.objects.selectors import FieldSelector, LabelSelector
from apiserver.storage import Record
from apiserver.storage.store import Change, Store

BUFFER_EVENTS = 16_384
BUFFER_BYTES = 32 * 1024 * 1024
"""Events that may wait for one slow watcher, and what their objects may come to, before it is dropped."""

ADDED, MODIFIED, DELETED = "ADDED", "MODIFIED", "DELETED"


@dataclass(frozen=True)
class Selection:
    """Which objects of a kind are meant: a namespace ("" for all), labels and fields."""

    kind: Kind
    namespace: str = ""
    labels: LabelSelector | None = None
    fields: FieldSelector | None = None

    @property
    def prefix(self) -> str:
        return self.kind.prefix(self.namespace)

    @property
    def is_everything(self) -> bool:
        """Whether every object under the prefix is meant, so that none needs to be decoded to know."""
        return self.labels is None and self.fields is None

    def matches(self, object: Object) -> bool:
        if self.labels is not None and not self.labels.matches(object["metadata"].get("labels")):
            return False
        return self.fields is None or self.fields.matches(lambda path: read_field(self.kind, object, path))


def face(kind: Kind, record: Record) -> Record:
    """The record as `kind` shows it: itself, but for a kind that is stored in the form of another."""
    stored_as = kind.stored_as
    if stored_as is None:
        return record
    faced: Record | None = record.cache.get(kind.group_version)
    if faced is None:
        object = ordered(stored_as.outward(record.copy()), kind.name, kind.group_version)
        faced = Record(
            record.key, record.revision, record.previous, record.created, record.deleted, orjson.dumps(object)
        )
        record.cache[kind.group_version] = faced
    return faced


def faces(kind: Kind, records: list[Record]) -> list[Record]:
    return records if kind.stored_as is None else [face(kind, record) for record in records]


def read_field(kind: Kind, object: Object, path: str) -> str:
    """The value of a selectable field, "" where absent."""
    if path in ("metadata.name", "metadata.namespace"):
        return str(object["metadata"].get(path.removeprefix("metadata."), ""))
    return kind.selectable[path](object)


@dataclass(frozen=True)
class Event:
    """One watch event; the record's bytes are the object's."""

    type: str
    record: Record


class Watch:
    """One subscription: begin with resume() or start(), then ask for batch() after batch(). Call close() when done."""

    def __init__(self, store: Store, selection: Selection) -> None:
        self._store = store
        self._selection = selection
        self._queue: deque[Event] = deque()
        self._waiting_bytes = 0
        self._woken: asyncio.Future[None] | None = None
        """What batch() waits for."""
        self._from = 0
        self.revision = 0
        """Everything up to here has been delivered: what a bookmark says."""
        self.overrun = False
        family = selection.kind.prefix().rstrip("/")
        self._stop: Callable[[], None] = store.listen(family, self._hear)

    async def resume(self, since: int) -> None:
        """Deliver every change after `since`. Raises storage.Compacted when that is no longer kept."""
        upto = self._store.revision
        missed = await self._store.changes(since, self._selection.prefix)
        heard, self._queue, self._waiting_bytes = self._queue, deque(), 0
        self._from = 0
        for change in missed:
            if change.record.revision <= upto:
                self._take(change)
        self._from = max(since, upto)
        self._queue.extend(event for event in heard if event.record.revision > self._from)
        self.revision = max(self.revision, upto)

    def start(self) -> list[Record]:
        """Deliver every change from now on; returns what is there now."""
        self._from = self.revision = self._store.revision
        self._queue.clear()
        self._waiting_bytes = 0
        records = faces(self._selection.kind, self._store.under(self._selection.prefix))
        if self._selection.is_everything:
            return records
        return [r for r in records if self._selection.matches(r.object)]

    def _hear(self, change: Change) -> None:
        if change.record.revision > self._from and change.record.key.startswith(self._selection.prefix):
            self._take(change)

    def _take(self, change: Change) -> None:
        event = classify(self._selection, change)
        if event is None:
            return
        self._waiting_bytes += len(event.record.encoded)
        if len(self._queue) >= BUFFER_EVENTS or (self._waiting_bytes > BUFFER_BYTES and self._queue):
            self.overrun = True
            self.close()
        else:
            self._queue.append(event)
        if self._woken is not None:
            _wake(self._woken)

    async def batch(self, seconds: float) -> list[Event]:
        """The events there are, else the first to come within `seconds`; none in time is []. After an overrun, what was
        kept until then still comes, and then nothing any more.

        Watchers are many and wake up at every change: a future and a timer each cost a tenth of tasks.
        """
        if not self._queue and not self.overrun:
            loop = asyncio.get_running_loop()
            self._woken = woken = loop.create_future()
            timer = loop.call_later(seconds, _wake, woken)
            try:
                await woken
            finally:
                timer.cancel()
                self._woken = None
        events = list(self._queue)
        self._queue.clear()
        self._waiting_bytes = 0
        if events:
            self.revision = max(self.revision, events[-1].record.revision)
        return events

    def position(self) -> int:
        """The revision for a bookmark: everything up to it was delivered."""
        if not self._queue:
            self.revision = max(self.revision, self._store.revision)
        return self.revision

    def close(self) -> None:
        self._stop()


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def classify(selection: Selection, change: Change) -> Event | None:
    """The event that one change is to a watcher of `selection`, or None."""
    kind = selection.kind
    record, before = face(kind, change.record), change.before and face(kind, change.before)
    if selection.is_everything:
        return Event(DELETED if record.deleted else MODIFIED if before else ADDED, record)
    old = before is not None and selection.matches(before.object)
    new = not record.deleted and selection.matches(record.object)
    if new:
        return Event(MODIFIED if old else ADDED, record)
    if not old or before is None:
        return None
    return Event(DELETED, record if record.deleted else restamped(before, record.revision))


def restamped(record: Record, revision: int) -> Record:
    """The same object at another revision."""
    object = record.copy()
    object["metadata"]["resourceVersion"] = str(revision)
    return Record(record.key, revision, record.previous, record.created, True, orjson.dumps(object))
