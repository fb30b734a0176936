"""Watches: nothing missed, nothing twice, whatever happens in between."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from apiserver.kind import Kind
from apiserver.objects.selectors import parse_labels
from apiserver.storage import Compacted
from apiserver.storage.memory import MemoryLog
from apiserver.storage.store import Store
from apiserver.watching import BUFFER_EVENTS, Selection, Watch
from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import Client

THING = Kind("v1", "Thing", "things")
WATCHERS, WRITES = 50, 400


def thing(name: str, n: int, **labels: str) -> dict[str, Any]:
    return {"kind": "Thing", "apiVersion": "v1", "metadata": {"name": name, "labels": labels}, "n": n}


async def put(store: Store, name: str, n: int, **labels: str) -> int:
    key = THING.key("default", name)
    while True:
        current = store.get(key)
        try:
            return (await store.write(key, thing(name, n, **labels), current.revision if current else 0)).revision
        except Exception:
            await asyncio.sleep(0)


async def remove(store: Store, name: str) -> None:
    key = THING.key("default", name)
    current = store.get(key)
    if current is not None:
        await store.write(key, current.copy(), current.revision, deleted=True)


def opened() -> Store:
    store = Store(MemoryLog())
    store.load()
    return store


async def take(watch: Watch, count: int) -> list[tuple[str, str, int]]:
    got: list[tuple[str, str, int]] = []
    while len(got) < count:
        batch = await watch.batch(10)
        assert batch, f"nothing came after {got}"
        got += [(e.type, e.record.object["metadata"]["name"], e.record.object["n"]) for e in batch]
    return got


async def test_selector_transitions() -> None:
    store = opened()
    watch = Watch(store, Selection(THING, labels=parse_labels("tier=a")))
    assert watch.start() == []
    for n, tier in enumerate(["b", "a", "a", "b", "a"]):
        await put(store, "x", n, tier=tier)
    await remove(store, "x")
    assert await take(watch, 5) == [
        ("ADDED", "x", 1),
        ("MODIFIED", "x", 2),
        ("DELETED", "x", 2),
        ("ADDED", "x", 4),
        ("DELETED", "x", 4),
    ]
    await store.close()


async def test_fifty_watchers_see_every_change_once_and_in_order_from_wherever_they_start() -> None:
    """Watchers join at random moments, from random revisions, while writers write; each must see exactly the log."""
    chance = random.Random(7)
    store = opened()

    async def write() -> None:
        for n in range(WRITES // 4):
            await put(store, f"t{chance.randrange(8)}", n)

    async def follow() -> tuple[int, list[int]]:
        for _ in range(chance.randrange(60)):
            await asyncio.sleep(0)
        since = chance.randrange(store.revision + 1)
        watch = Watch(store, Selection(THING))
        await watch.resume(since)
        seen: list[int] = []
        while not seen or seen[-1] < WRITES:
            batch = await watch.batch(10)
            assert batch, "the watch ended early"
            seen += [e.record.revision for e in batch]
        watch.close()
        return since, seen

    results = await asyncio.gather(*(follow() for _ in range(WATCHERS)), *(write() for _ in range(4)))
    for since, seen in [r for r in results if r is not None]:
        assert seen == list(range(since + 1, WRITES + 1))
    await store.close()


async def test_whoever_missed_very_much_lists_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apiserver.storage.store.HISTORY_RECORDS", 2)
    monkeypatch.setattr("apiserver.storage.store.REPLAYED_REVISIONS", 5)
    store = opened()
    for n in range(10):
        await put(store, "x", n)
    far, near = (Watch(store, Selection(THING)) for _ in range(2))
    with pytest.raises(Compacted):
        await far.resume(4)
    await near.resume(5)
    assert [n for _, _, n in await take(near, 5)] == [5, 6, 7, 8, 9]
    await store.close()


async def test_a_revision_that_is_gone_cannot_be_watched_from() -> None:
    store = opened()
    for n in range(10):
        await put(store, "x", n)
    await store.compact(8)
    watch = Watch(store, Selection(THING))
    with pytest.raises(Compacted):
        await watch.resume(3)
    watch.close()
    again = Watch(store, Selection(THING))
    await again.resume(8)
    assert await take(again, 2) == [("MODIFIED", "x", 8), ("MODIFIED", "x", 9)]
    await store.close()


async def test_a_slow_watcher_is_dropped() -> None:
    store = opened()
    watch = Watch(store, Selection(THING))
    watch.start()
    await asyncio.gather(*(put(store, f"t{n}", n) for n in range(BUFFER_EVENTS + 10)))
    assert watch.overrun
    assert len(await watch.batch(0)) == BUFFER_EVENTS
    assert await watch.batch(10) == [], "it waits for nothing more"
    await store.close()


async def test_large_objects_wait_for_nobody_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apiserver.watching.BUFFER_BYTES", 10_000)
    monkeypatch.setattr("apiserver.storage.store.HISTORY_BYTES", 10_000)
    store = opened()
    slow, quick = (Watch(store, Selection(THING)) for _ in range(2))
    slow.start()
    quick.start()
    for n in range(30):
        await put(store, f"t{n}", n, padding="x" * 1000)
        assert len(await quick.batch(10)) == 1, "who reads is not dropped"
    assert slow.overrun
    kept = await slow.batch(0)
    assert len(kept) < 10
    assert not quick.overrun
    slow = Watch(store, Selection(THING))
    await slow.resume(kept[-1].record.revision)
    found = [*kept, *(await slow.batch(0))]
    assert [event.record.revision for event in found] == list(range(1, len(found) + 1)), "and can go on from there"
    await store.close()


@pytest.mark.parametrize(("asked", "bookmarks"), [("", 0), ("allowWatchBookmarks=true&", 1)])
async def test_a_watch_that_ends_says_once_how_far_it_came(asked: str, bookmarks: int) -> None:
    async with Harness() as h:
        told = []
        async with Client(h).watch(f"/api/v1/configmaps?watch=1&{asked}timeoutSeconds=1&resourceVersion=0") as events:
            while (event := await events.get()) is not None:
                told.append(event["type"])
        assert told.count("BOOKMARK") == bookmarks
