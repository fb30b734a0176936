"""The store: nothing is seen before it is on disk, stale writes lose, a failing disk breaks no promise."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from apiserver.storage import LogError, Record
from apiserver.storage.memory import MemoryLog
from apiserver.storage.store import Change, Stale, Store


def pod(**fields: Any) -> dict[str, Any]:
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "x"}, **fields}


def store_over(log: MemoryLog) -> Store:
    store = Store(log)
    store.load()
    return store


async def test_write() -> None:
    store = store_over(MemoryLog())
    first = await store.write("pods/a/x", pod(), 0)
    assert (first.revision, first.created, first.previous) == (1, 1, 0)
    assert first.object["metadata"]["resourceVersion"] == "1"
    second = await store.write("pods/a/x", pod(spec=1), 1)
    assert (second.revision, second.created, second.previous) == (2, 1, 1)
    assert store.get("pods/a/x") is second
    await store.close()


async def test_a_stale_write_is_told_what_is_there() -> None:
    store = store_over(MemoryLog())
    await store.write("pods/a/x", pod(), 0)
    with pytest.raises(Stale) as caught:
        await store.write("pods/a/x", pod(), 0)
    assert caught.value.current is store.get("pods/a/x")
    with pytest.raises(Stale):
        await store.write("pods/a/y", pod(), 7)
    await store.close()


async def test_of_many_writers_of_one_version_exactly_one_succeeds() -> None:
    store = store_over(MemoryLog())
    await store.write("pods/a/x", pod(), 0)
    results = await asyncio.gather(*(store.write("pods/a/x", pod(n=n), 1) for n in range(20)), return_exceptions=True)
    assert sum(isinstance(r, Record) for r in results) == 1
    assert sum(isinstance(r, Stale) for r in results) == 19
    await store.close()


async def test_revisions_have_no_gaps_and_listeners_hear_them_in_order() -> None:
    store = store_over(MemoryLog())
    heard: list[Change] = []
    store.listen("pods", heard.append)
    await asyncio.gather(*(store.write(f"pods/a/{n}", pod(), 0) for n in range(700)))
    assert [c.record.revision for c in heard] == list(range(1, 701))
    assert [r.key for r in store.under("pods/a/")] == sorted(f"pods/a/{n}" for n in range(700))
    assert await store.changes(690, "pods/") == heard[690:]
    await store.close()


async def test_lists_are_cut_at_the_prefix() -> None:
    store = store_over(MemoryLog())
    for key in ("pods/x/1", "pods/x-b/1", "podsets/x/1", "pods/x/2"):
        await store.write(key, pod(), 0)
    assert [r.key for r in store.under("pods/")] == ["pods/x-b/1", "pods/x/1", "pods/x/2"]
    assert [r.key for r in store.under("pods/x/")] == ["pods/x/1", "pods/x/2"]
    assert store.count("pods/x/") == 2
    await store.close()


class FailingLog(MemoryLog):
    """Refuses what it is told to refuse."""

    broken = False

    def append(self, records: Sequence[Record]) -> None:
        if self.broken:
            raise LogError("disk full")
        super().append(records)


async def test_a_refused_write_is_never_seen_and_numbering_goes_on() -> None:
    log = FailingLog()
    store = store_over(log)
    await store.write("pods/a/x", pod(), 0)
    log.broken = True
    heard: list[Change] = []
    store.listen("pods", heard.append)
    results = await asyncio.gather(*(store.write(f"pods/a/{n}", pod(), 0) for n in range(5)), return_exceptions=True)
    assert all(isinstance(r, LogError) for r in results)
    assert (store.revision, heard, store.get("pods/a/1")) == (1, [], None)
    log.broken = False
    assert (await store.write("pods/a/1", pod(), 0)).revision == 2
    await store.close()


async def test_a_client_that_hangs_up_does_not_undo_its_write() -> None:
    store = store_over(MemoryLog())
    writing = asyncio.ensure_future(store.write("pods/a/x", pod(), 0))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await store.write("pods/a/y", pod(), 0)
    assert store.get("pods/a/x") is not None
    await store.close()


async def test_settled_waits_for_the_writes_under_way_and_for_no_later_ones() -> None:
    store = store_over(MemoryLog())
    await store.settled()
    writes = [asyncio.ensure_future(store.write(f"pods/a/{n}", pod(), 0)) for n in range(3)]
    await asyncio.sleep(0)
    await store.settled()
    assert store.revision == 3
    await asyncio.gather(*writes)
    await store.close()


async def test_a_log_is_tidied_after_those_who_wrote_were_told() -> None:
    class Untidy(MemoryLog):
        is_untidy = False

        def append(self, records: Sequence[Record]) -> None:
            super().append(records)
            self.is_untidy = True

        def tidy(self) -> None:
            self.is_untidy = False
            loop.call_soon_threadsafe(tidied.set_result, store.revision)

    loop, log = asyncio.get_running_loop(), Untidy()
    tidied = loop.create_future()
    store = store_over(log)
    await store.write("pods/a/x", pod(), 0)
    assert await asyncio.wait_for(tidied, 5) == 1
    assert not log.is_untidy
    await store.close()


async def test_to_look_far_back_keeps_nobody_from_writing() -> None:
    class Slow(MemoryLog):
        def at(self, prefix: str, revision: int) -> list[Record]:
            assert revision == 0 or may_go_on.wait(5), "nobody could write meanwhile"
            return super().at(prefix, revision)

    may_go_on = threading.Event()
    store = store_over(Slow())
    await store.write("pods/a/x", pod(), 0)
    await store.write("pods/a/y", pod(), 0)
    looking = asyncio.ensure_future(store.at("pods/", 1))
    await asyncio.sleep(0)
    await asyncio.wait_for(store.write("pods/a/z", pod(), 0), 3)
    may_go_on.set()
    assert [r.key for r in await looking] == ["pods/a/x"]
    await store.close()
