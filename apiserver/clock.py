"""The only file that may ask the time. Everything else is handed a Clock, so tests can hand in a virtual one."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime
from typing import Protocol

SHORT_SECONDS = 1.0


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
    """A clock that stands still until `advance` moves it; sleepers wake in the order of their deadlines."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._seconds = start.timestamp()
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._seconds, UTC)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._seconds + seconds, next(self._order), woken))
        await woken

    def advance(self, seconds: float) -> None:
        """Move time forward by `seconds` and wake every sleeper whose deadline has passed."""
        self._seconds += seconds
        while self._sleepers and self._sleepers[0][0] <= self._seconds:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)

    def advance_to_next(self, seconds: float) -> float:
        """Move to the next sleeper's deadline, at most by `seconds`; returns by how much."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)  # gave up waiting
        moved = min(seconds, max(0.0, self._sleepers[0][0] - self._seconds)) if self._sleepers else seconds
        self.advance(moved)
        return moved


class SteppedClock(ManualClock):
    """The manual clock of a server that people use: what waits for less than `SHORT_SECONDS` only makes way for others
    (the pause before a lost race is tried again, say), and does so in real time."""

    async def sleep(self, seconds: float) -> None:
        if seconds < SHORT_SECONDS:
            await asyncio.sleep(seconds)
        else:
            await super().sleep(seconds)


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
