"""Caches of clients stay equal to the server, whatever is written, forgotten and cut off in between.

MINICTL_SEEDS=100 runs that many seeds of ten thousand operations each.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from random import Random
from typing import Any

import pytest

from apiserver import errors
from apiserver.deletion import DeleteOptions
from apiserver.http import streams
from apiserver.objects.selectors import from_labels
from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import Client
from tests.simulation.informer import Informer, key_of

SEEDS = range(int(os.environ.get("MINICTL_SEEDS", "1")))
OPERATIONS = 10_000
"""For each seed."""
WRITERS = 10
NAMES = 120
PATH = "/api/v1/configmaps"
SELECTIONS = ("", "labelSelector=side=left", "labelSelector=side!=left", "fieldSelector=metadata.name=m7")


class Writers:
    """Create, change and delete ConfigMaps at random, and now and then have the server forget its history."""

    def __init__(self, harness: Harness, seed: int) -> None:
        self._harness = harness
        self._kind = harness.kind("ConfigMap")
        self._seed = seed

    async def run(self) -> None:
        await asyncio.gather(*(self._write(Random(f"{self._seed} {n}")) for n in range(WRITERS)))

    async def _write(self, random: Random) -> None:
        for _ in range(OPERATIONS // WRITERS):
            with contextlib.suppress(errors.NotFound, errors.AlreadyExists, errors.Conflict):  # another was faster
                await self._operate(random)
            if random.random() < 0.008:
                await self._harness.cluster.store.compact(self._harness.api.revision)

    async def _operate(self, random: Random) -> None:
        """Something that can be done: what is not there is created, what is there changed, deleted, or swept away."""
        api, kind, name = self._harness.api, self._kind, f"m{random.randrange(NAMES)}"
        labels = {"side": random.choice(("left", "right"))}
        roll = random.random()
        if api.find(kind, "default", name) is None:
            await self._harness.create(manifest(name, labels, random.random()))
        elif roll < 0.7:
            await api.modify(kind, "default", name, lambda old: {**old, **changed(old, labels, random.random())})
        elif roll < 0.999:
            await api.delete(kind, "default", name)
        else:
            await api.delete_collection(kind, api.list(kind, "default", from_labels(labels)), DeleteOptions())


def manifest(name: str, labels: dict[str, str], value: float) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels},
        "data": {"v": str(value)},
    }


def changed(old: dict[str, Any], labels: dict[str, str], value: float) -> dict[str, Any]:
    return {"metadata": {**old["metadata"], "labels": labels}, "data": {"v": str(value)}}


@pytest.mark.parametrize("seed", SEEDS)
async def test_caches_end_equal_to_the_server(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BOOKMARK_SECONDS", 0.002)
    async with Harness() as harness:
        client = Client(harness)
        informers = [
            Informer(client, PATH, query, Random(f"{seed} {query} {by_watch}"), streams=by_watch)
            for query in SELECTIONS
            for by_watch in (False, True)
        ]
        following = [asyncio.create_task(informer.run()) for informer in informers]
        await Writers(harness, seed).run()
        wanted = [{key_of(o): o for o in (await client("GET", f"{PATH}?{i.query}")).json["items"]} for i in informers]
        async with asyncio.timeout(10):
            while [informer.cache for informer in informers] != wanted:
                for task in following:
                    assert not task.done(), task.exception()
                await asyncio.sleep(0.01)
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
    told = sum((informer.told for informer in informers), Counter[str]())
    for what in ("lists", "expired pages", "expired watches", "BOOKMARK", "ADDED", "MODIFIED", "DELETED"):
        assert told[what], f"{what}: {told}"
