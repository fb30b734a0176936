"""Watches as streams of lines. An event's line is made once for all its watchers and cached on the record."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from itertools import chain

import orjson

from apiserver import errors
from apiserver.clock import Clock, monotonic_seconds
from apiserver.http.negotiate import PARTIAL, PARTIAL_LIST, TABLE, Accepted
from apiserver.http.options import ListOptions
from apiserver.http.representations import definitions, partial_of, table_row
from apiserver.kind import Kind
from apiserver.listing import too_old
from apiserver.objects import table
from apiserver.storage import Compacted, Record
from apiserver.storage.store import Store
from apiserver.watching import ADDED, Event, Watch

BOOKMARK_SECONDS = 60.0
"""How often a watcher that asked for bookmarks gets one."""
LAST_BOOKMARK_SECONDS = 2.0
"""How long before the end of a watch it gets one at the latest, so that it can go on from there."""
PART_BYTES = 256 * 1024
TIMEOUT_SECONDS = 45 * 60
"""How long a watch lasts that names no timeout."""


class WatchStream:
    """The lines of one watch."""

    def __init__(
        self, store: Store, clock: Clock, options: ListOptions, accept: Accepted, query: Mapping[str, str]
    ) -> None:
        self._store = store
        self._clock = clock
        self._options = options
        self._kind = options.selection.kind
        self._shape = accept.shape
        self._query = query
        self._columns_sent = False
        self._watch = Watch(store, options.selection)

    async def lines(self) -> AsyncGenerator[bytes]:
        """The stream, until its timeout or until this watcher is too slow; close() afterwards."""
        ends = monotonic_seconds() + (self._options.timeout_seconds or TIMEOUT_SECONDS)
        try:
            first = await self._begin()
        except Compacted as error:
            since = self._options.resource_version or 0
            yield _line("ERROR", orjson.dumps(errors.Expired(too_old(since, error.oldest)).status()))
            return
        for part in first:
            yield part
        now = monotonic_seconds()
        due = min(now + BOOKMARK_SECONDS, max(ends - LAST_BOOKMARK_SECONDS, now)) if self._options.bookmarks else ends
        while now < ends:
            if now >= due:
                yield self._bookmark(initial=False)
                due = now + BOOKMARK_SECONDS
            batch = await self._watch.batch(min(ends, due) - now)
            if batch:
                for part in self._parts(batch):
                    yield part
            elif self._watch.overrun:
                return
            now = monotonic_seconds()

    async def _begin(self) -> Iterator[bytes]:
        """Subscribe, and return the lines that come before the changes, in parts."""
        options = self._options
        since = options.resource_version or 0
        if options.send_initial is None and since:
            await self._watch.resume(since)
            return iter(())
        records = self._watch.start()
        if options.send_initial is False:
            return iter(())
        parts = self._parts(Event(ADDED, record) for record in records)
        if options.send_initial and options.bookmarks:
            return chain(parts, [self._bookmark(initial=True)])
        return parts

    def _parts(self, events: Iterable[Event]) -> Iterator[bytes]:
        """The lines of events, joined up to PART_BYTES: of what a client has not read, no more is there twice."""
        lines, size = [], 0
        for event in events:
            lines.append(line := self._frame(event))
            size += len(line)
            if size > PART_BYTES:
                yield b"".join(lines)
                lines, size = [], 0
        if lines:
            yield b"".join(lines)

    def _frame(self, event: Event) -> bytes:
        kind, record = self._kind, event.record
        if self._shape == TABLE:
            return _line(event.type, self._table(kind, record))
        if self._shape in (PARTIAL, PARTIAL_LIST):
            return _line(event.type, partial_of(record))
        frame: bytes | None = record.cache.get(event.type)
        if frame is None:
            frame = record.cache[event.type] = _line(event.type, record.encoded)
        return frame

    def _table(self, kind: Kind, record: Record) -> bytes:
        row = table_row(kind, record, self._clock.now(), self._query)
        columns = b"[]" if self._columns_sent else definitions(kind)
        self._columns_sent = True
        version = {"resourceVersion": record.object["metadata"]["resourceVersion"]}
        return table.framed(row, columns, orjson.dumps(version))

    def _bookmark(self, *, initial: bool) -> bytes:
        metadata: dict[str, object] = {"resourceVersion": str(self._watch.position()), "creationTimestamp": None}
        if initial:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        kind = self._kind
        if self._shape in (PARTIAL, PARTIAL_LIST):
            object = {"kind": PARTIAL, "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
        else:
            object = {"kind": kind.name, "apiVersion": kind.group_version, "metadata": metadata}
        if self._shape == TABLE:
            row = b'{"cells":[],"object":' + orjson.dumps(object) + b"}"
            version = orjson.dumps({"resourceVersion": metadata["resourceVersion"]})
            return _line("BOOKMARK", table.framed(row, b"[]", version))
        return _line("BOOKMARK", orjson.dumps(object))

    def close(self) -> None:
        self._watch.close()


def _line(type_: str, object: bytes) -> bytes:
    return b'{"type":"' + type_.encode() + b'","object":' + object + b"}\n"
