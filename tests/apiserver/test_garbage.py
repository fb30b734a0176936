"""Python's collector is kept from looking at all there is while there is work, and finds what it missed in time."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from apiserver import garbage
from apiserver.clock import ManualClock


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds, callbacks = gc.get_threshold(), list(gc.callbacks)
    yield
    gc.callbacks[:] = callbacks
    gc.set_threshold(*thresholds)
    gc.enable()
    gc.unfreeze()


class Cycle:
    def __init__(self) -> None:
        self.itself = self


def test_what_lives_is_looked_at_no_more() -> None:
    garbage.settle()
    frozen = gc.get_freeze_count()
    state = [{"n": [n]} for n in range(20 * garbage.YOUNG)]
    assert gc.get_freeze_count() - frozen > len(state), "most of the dicts and lists, while more are made"
    assert len(gc.get_objects(generation=2)) < len(state) / 10


def test_nothing_is_looked_at_while_the_server_starts() -> None:
    garbage.ignore()
    gone = weakref.ref(Cycle())
    [[n] for n in range(5 * garbage.YOUNG)]
    assert gone() is not None
    garbage.settle()
    assert gc.isenabled()


def test_new_cycles_go_at_once() -> None:
    garbage.settle()
    gone = weakref.ref(Cycle())
    gc.collect(1)
    assert gone() is None


async def test_frozen_cycles_go_when_the_server_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, busy = ManualClock(), [0.0]
    monkeypatch.setattr(garbage, "_busy_seconds", lambda: busy[0])
    garbage.settle()
    cycle = Cycle()
    gc.freeze()
    gone = weakref.ref(cycle)
    del cycle
    looking = asyncio.create_task(garbage.look_when_idle(clock))
    for spent, is_there in ((garbage.REST_SECONDS / 2, True), (1.0, False)):
        await asyncio.sleep(0)
        busy[0] += spent
        clock.advance(garbage.REST_SECONDS)
        for _ in range(5):
            await asyncio.sleep(0)
        assert (gone() is not None) is is_there
    looking.cancel()
