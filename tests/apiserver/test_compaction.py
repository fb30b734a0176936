"""History is forgotten when it is old and there is enough of it, and nobody waits for that."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from apiserver.clock import ManualClock
from apiserver.storage import LogError, Record
from apiserver.storage.memory import MemoryLog
from apiserver.storage.retention import TURNS, Retention, compact_regularly
from apiserver.storage.sql import SQLLog
from apiserver.storage.store import SWEPT_REVISIONS, Store

PAUSE_SECONDS = 0.05


async def put(store: Store, key: str) -> Record:
    current = store.get(key)
    return await store.write(key, {"metadata": {}, "more": "x" * 2000}, current.revision if current else 0)


class Keeping:
    """A store with a clock, and what compacts it."""

    def __init__(self, kept: Retention, log: MemoryLog | None = None) -> None:
        self.clock = ManualClock()
        self.store = Store(log or MemoryLog())
        self._task = asyncio.create_task(compact_regularly(self.store, self.clock, kept))
        self._turn = kept.seconds / TURNS

    async def write(self, number: int) -> None:
        for n in range(number):
            await put(self.store, f"things/{n % 5}")

    async def turns(self, number: int) -> int:
        """Let time pass; returns since when there is history then."""
        for _ in range(number):
            await asyncio.sleep(0.001)
            self.clock.advance(self._turn)
        await asyncio.sleep(0.01)
        return self.store.oldest()

    async def __aenter__(self) -> Keeping:
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: Any) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.store.close()


async def test_what_is_young_is_kept_however_much_it_is() -> None:
    async with Keeping(Retention(revisions=10, seconds=3600)) as keeping:
        assert await keeping.turns(1) == 0
        await keeping.write(100)
        assert await keeping.turns(TURNS - 1) == 0
        assert await keeping.turns(2) == 90


async def test_what_is_little_is_kept_however_old_it_is() -> None:
    async with Keeping(Retention(revisions=100, seconds=60)) as keeping:
        await keeping.write(100)
        assert await keeping.turns(5 * TURNS) == 0
        await keeping.write(7)
        assert await keeping.turns(2 * TURNS) == 7


async def test_a_disk_that_refuses_is_tried_again() -> None:
    class Refusing(MemoryLog):
        refuses = True

        def compact(self, revision: int) -> None:
            if self.refuses:
                raise LogError("disk is full")
            super().compact(revision)

    log = Refusing()
    async with Keeping(Retention(revisions=10, seconds=60), log) as keeping:
        await keeping.write(50)
        assert await keeping.turns(2 * TURNS) == 0
        log.refuses = False
        assert await keeping.turns(1) == 40


class Observed(SQLLog):
    """Notes what the log's thread does and what each step costs in CPU seconds: no other process counts."""

    steps: list[tuple[str, float]]

    def append(self, records: Sequence[Record]) -> None:
        self._noted("append", super().append, records)

    def compact(self, revision: int) -> None:
        self._noted("compact", super().compact, revision)

    def sweep(self, revisions: int) -> bool:
        return bool(self._noted("sweep", super().sweep, revisions))

    def _noted(self, name: str, do: Any, argument: Any) -> Any:
        began = time.thread_time()
        try:
            return do(argument)
        finally:
            self.steps.append((name, time.thread_time() - began))


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Without collections of what all the other tests have left in this process: they can fall into any thread."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
async def test_writes_go_on_while_much_is_forgotten(tmp_path: Path) -> None:
    """A write waits for one stretch at most, and none takes long enough to be noticed; nor does the event loop."""
    revisions, keys = 6000, 500
    log = Observed(tmp_path / "log.db")
    log.steps = []
    for begin in range(0, revisions, keys):
        log.append(
            [
                Record(f"things/{n}", begin + n + 1, max(0, begin + n + 1 - keys), n + 1, False, b"x" * 2000)
                for n in range(keys)
            ]
        )
    store = Store(log)
    store.load()
    is_done, ticks = False, [time.thread_time()]

    async def write() -> None:
        while not is_done:
            await put(store, "others/1")

    async def tick() -> None:
        while not is_done:
            ticks.append(time.thread_time())
            await asyncio.sleep(0.001)

    others = [asyncio.create_task(write()), asyncio.create_task(tick())]
    await asyncio.sleep(0.02)
    log.steps.clear()
    await store.compact(revisions)
    is_done = True
    await asyncio.gather(*others)
    names = [name for name, _ in log.steps]
    assert names.count("sweep") == revisions // SWEPT_REVISIONS
    assert not any(pair == ("sweep", "sweep") for pair in pairwise(names)), "no write got in between"
    print("the longest step of it:", max(log.steps, key=lambda step: step[1]))
    assert max(seconds for name, seconds in log.steps if name != "append") < PAUSE_SECONDS
    assert max(b - a for a, b in pairwise(ticks)) < PAUSE_SECONDS
    await store.close()


def test_what_was_not_swept_before_the_end_is_swept_later(tmp_path: Path) -> None:
    file = tmp_path / "log.db"
    with closing(SQLLog(file)) as log:
        log.append([Record("things/x", n, n - 1, 1, False, b"{}") for n in range(1, 101)])
        log.compact(80)
        assert log.sweep(30)
    with closing(SQLLog(file)) as log:
        assert (log.compacted(), log.latest()) == (80, 100)
        log.compact(90)
        assert log.sweep(30)
        assert not log.sweep(60)
        assert [r.revision for r in log.at("", 90)] == [90]
    with closing(sqlite3.connect(tmp_path / "log.db")) as file:
        assert file.execute("SELECT count(*) FROM log").fetchone() == (11,)


@pytest.mark.parametrize("flags", [("--keep-revisions=-1",), ("--keep-history=-1",)])
def test_no_less_than_nothing_can_be_kept(flags: tuple[str, ...], tmp_path: Path) -> None:
    from apiserver.__main__ import CannotStart, settings_from

    with pytest.raises(CannotStart, match="--keep-revisions and --keep-history"):
        settings_from([f"--state-dir={tmp_path}", *flags])
    kept = settings_from([f"--state-dir={tmp_path}", "--keep-revisions=7", "--keep-history=60"]).retention
    assert kept == Retention(7, 60.0)
