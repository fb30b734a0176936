"""The only file that may ask the time. Everything else is handed a Clock, so tests can hand in a virtual one."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

SHORT_SECONDS = 1.0
EPOCH = datetime.fromtimestamp(0, UTC)
MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Wall-clock time in UTC, and waiting in it."""

    def now(self) -> datetime:
        """The current time, timezone-aware, UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock's time."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """A clock that stands still until `advance` moves it; sleepers wake in the order of their deadlines.

    It counts microseconds, as datetimes do: who sleeps until a moment finds that moment come.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._moment = (start - EPOCH) // MICROSECOND
        self._order = itertools.count()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return EPOCH + self._moment * MICROSECOND

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._moment + _microseconds(seconds), next(self._order), woken))
        await woken

    def advance(self, seconds: float) -> None:
        """Move time forward by `seconds` and wake every sleeper whose deadline has passed."""
        self._move_to(self._moment + _microseconds(seconds))

    def advance_to_next(self, limit: datetime) -> bool:
        """Move to the deadline of the next sleeper, or to `limit` if that comes first; whether `limit` is reached."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)  # gave up waiting
        last = (limit - EPOCH) // MICROSECOND
        next_moment = self._sleepers[0][0] if self._sleepers else last
        self._move_to(min(next_moment, last))
        return next_moment > last or not self._sleepers

    def _move_to(self, moment: int) -> None:
        self._moment = max(self._moment, moment)
        while self._sleepers and self._sleepers[0][0] <= self._moment:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)


class SteppedClock(ManualClock):
    """The manual clock of a server that people use. It stands still but for pauses of less than `SHORT_SECONDS`: those
    (before a lost race is tried again, say) are no events that anybody waits for, and pass by themselves."""

    async def sleep(self, seconds: float) -> None:
        if not 0 < seconds < SHORT_SECONDS:
            await super().sleep(seconds)
            return
        loop, until = asyncio.get_running_loop(), self._moment + _microseconds(seconds)
        creeping = loop.call_later(seconds, self._move_to, until)
        try:
            await super().sleep(seconds)
        finally:
            creeping.cancel()


def _microseconds(seconds: float) -> int:
    return math.ceil(round(seconds * 1e6, 3))


def monotonic_seconds() -> float:
    """Seconds of a clock that never goes back, for measuring how long real work took."""
    return time.monotonic()


def timestamp(moment: datetime) -> str:
    """A Kubernetes Time: RFC 3339 in UTC with whole seconds, `2026-01-31T08:00:00Z`."""
    return moment.isoformat()[:19] + "Z"  # strftime takes ten times as long


def micro_timestamp(moment: datetime) -> str:
    """A Kubernetes MicroTime: RFC 3339 in UTC with exactly six decimals."""
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


def parse_timestamp(text: str) -> datetime:
    """Read a Time or MicroTime. Raises ValueError."""
    return datetime.fromisoformat(text)
