"""What client-go's reflector does: list in pages, watch from there, keep a cache; list anew when history is gone.

It believes nothing: an event that does not follow from the cache (a thing added twice, changed or deleted without
having been there, a revision that is not newer) is a failure at once, not only at the end.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Any

from tests.apiserver.http.asgi import Client

Object = dict[str, Any]

PAGE = 12
EXPIRED = 410
MAX_EVENTS = 60
"""After how many events at most a connection breaks."""


class Informer:
    """`query` selects, `streams` has it list by a watch that starts with what is there. `cache`: key -> object."""

    def __init__(self, client: Client, path: str, query: str, random: Random, *, streams: bool = False) -> None:
        self.cache: dict[str, Object] = {}
        self.told: Counter[str] = Counter()
        """How often what happened: lists, expired pages, expired watches, bookmarks, events by type."""
        self.query = query
        self._client = client
        self._url = f"{path}?{query}&"
        self._random = random
        self._streams = streams
        self._version = ""

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            if not self._version:
                await (self._list_by_watch() if self._streams else self._list())
            await self._watch()
            if self._random.random() < 0.2:
                await asyncio.sleep(self._random.uniform(0, 0.05))  # out of reach for a while

    async def _list(self) -> None:
        self.told["lists"] += 1
        items, token = [], ""
        while True:
            answer = await self._client("GET", f"{self._url}limit={PAGE}&continue={token}")
            if answer.status == EXPIRED:  # in the middle of it: as client-go, ask for all of it at once
                self.told["expired pages"] += 1
                answer = await self._client("GET", self._url)
                items = []
            assert answer.status == 200, answer.body
            items += answer.json["items"]
            token = answer.json["metadata"].get("continue", "")
            if not token:
                break
            await asyncio.sleep(self._random.choice((0, 0, 0.02)))
        keys = [key_of(item) for item in items]
        assert keys == sorted(set(keys)), "pages overlap"
        self.cache = {key_of(item): content(item) for item in items}
        self._version = answer.json["metadata"]["resourceVersion"]

    async def _list_by_watch(self) -> None:
        self.told["lists"] += 1
        self.cache = {}
        async with self._client.watch(
            f"{self._url}watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
        ) as events:
            while True:
                event = await events.get()
                assert event is not None
                self._take(event)
                annotations = event["object"]["metadata"].get("annotations", {})
                if event["type"] == "BOOKMARK" and annotations.get("k8s.io/initial-events-end") == "true":
                    return

    async def _watch(self) -> None:
        """One connection, until it breaks or history from here on is gone."""
        left = self._random.randrange(MAX_EVENTS)
        url = f"{self._url}watch=1&allowWatchBookmarks=true&resourceVersion={self._version}"
        async with self._client.watch(url) as events:
            while left:
                left -= 1
                event = await events.get()
                if event is None:
                    return
                if event["type"] == "ERROR":
                    assert event["object"]["code"] == EXPIRED, event
                    self.told["expired watches"] += 1
                    self._version = ""
                    return
                self._take(event)

    def _take(self, event: Any) -> None:
        type_, new = event["type"], event["object"]
        self.told[type_] += 1
        self._version = new["metadata"]["resourceVersion"]
        if type_ == "BOOKMARK":
            return
        old = self.cache.get(key_of(new))
        assert (old is None) == (type_ == "ADDED"), f"{type_} of what was {'absent' if old is None else 'there'}: {new}"
        if old is not None:
            assert int(self._version) > int(old["metadata"]["resourceVersion"])
        if type_ == "DELETED":
            del self.cache[key_of(new)]
        else:
            self.cache[key_of(new)] = content(new)


def key_of(object: Object) -> str:
    return f"{object['metadata']['namespace']}/{object['metadata']['name']}"


def content(object: Object) -> Object:
    """Without what only an object by itself says, not as one of a list."""
    return {field: value for field, value in object.items() if field not in ("kind", "apiVersion")}
