"""A queue of keys with the guarantees controllers rest on (the idea is client-go's, `util/workqueue`):

* a key waits at most once, however often it is added;
* a key is never handed to two workers at the same time;
* a key added while it is being worked on is handed out again afterwards, so that no change is missed.

Three sets keep that: `dirty` (needs work), `processing` (is being worked on) and the `queue` itself, the dirty keys
that are not being processed, in order of arrival.

    add(key) -> dirty -+-> queue -> get() -> processing -> done(key) -+-> (gone)
                       |                                              |
                       +-- key is processing: wait for done ----------+-> queue, if dirty again
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime, timedelta

from apiserver.clock import Clock

Key = tuple[str, str]
"""(namespace, name); the namespace is "" for what is not in one."""

FIRST_RETRY_SECONDS = 0.005
LONGEST_RETRY_SECONDS = 60.0


class WorkQueue:
    """Keys to work on. Belongs to one event loop; `clock` times what is added for later."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._dirty: set[Key] = set()
        self._processing: set[Key] = set()
        self._queue: deque[Key] = deque()
        self._later: dict[Key, tuple[datetime, asyncio.Task[None]]] = {}
        self._failures: dict[Key, int] = {}
        self._getters: deque[asyncio.Future[None]] = deque()
        self._quiet = asyncio.Event()
        self._quiet.set()

    def add(self, key: Key) -> None:
        """Have `key` worked on, as soon as a worker is free."""
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._processing:
            self._push(key)

    def add_after(self, key: Key, seconds: float) -> None:
        """Have `key` worked on in `seconds`; of several such wishes for one key the earliest counts."""
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock.now() + timedelta(seconds=seconds)
        waiting = self._later.get(key)
        if waiting is not None:
            if waiting[0] <= due:
                return
            waiting[1].cancel()
        self._later[key] = (due, asyncio.get_running_loop().create_task(self._add_when_due(key, seconds)))

    def retry(self, key: Key) -> float:
        """Have `key` worked on again, later with every failure in a row; returns in how many seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        # The exponent is bounded too: 2**failures of a key that never succeeds must not grow without end.
        seconds = min(FIRST_RETRY_SECONDS * 2.0 ** min(failures, 30), LONGEST_RETRY_SECONDS)
        self.add_after(key, seconds)
        return seconds

    def retry_now(self, key: Key) -> None:
        """Have `key` worked on again at once; it counts as a failure all the same."""
        self._failures[key] = self._failures.get(key, 0) + 1
        self.add(key)

    def failures(self, key: Key) -> int:
        """How often in a row `key` was retried."""
        return self._failures.get(key, 0)

    def forget(self, key: Key) -> None:
        """`key` went well: its next failure is its first."""
        self._failures.pop(key, None)

    async def get(self) -> Key:
        """The next key; the caller must call done(key) when finished with it, whatever happened."""
        while not self._queue:
            getter = asyncio.get_running_loop().create_future()
            self._getters.append(getter)
            try:
                await getter
            except asyncio.CancelledError:
                # The wake-up was meant for whoever waits; one that dies of cancellation passes it on.
                if getter.done() and not getter.cancelled():
                    self._wake_one()
                raise
        key = self._queue.popleft()
        self._processing.add(key)
        self._dirty.discard(key)
        return key

    def done(self, key: Key) -> None:
        """The work on `key` has ended; it queues again if it was added meanwhile."""
        self._processing.discard(key)
        if key in self._dirty:
            self._push(key)
        elif not self._queue and not self._processing:
            self._quiet.set()

    @property
    def busy(self) -> bool:
        """Whether a key waits for a worker or is being worked on; keys waiting for their time do not count."""
        return bool(self._queue or self._processing)

    async def quiet(self) -> None:
        """Return once the queue is not busy."""
        await self._quiet.wait()

    def close(self) -> None:
        """Drop the timers of keys that wait for their time."""
        for _, task in self._later.values():
            task.cancel()
        self._later.clear()

    def __len__(self) -> int:
        return len(self._queue)

    def _push(self, key: Key) -> None:
        self._queue.append(key)
        self._quiet.clear()
        self._wake_one()

    def _wake_one(self) -> None:
        while self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)
                return

    async def _add_when_due(self, key: Key, seconds: float) -> None:
        await self._clock.sleep(seconds)
        del self._later[key]
        self.add(key)
