"""A whole control plane in a test: memory log, manual clock, every controller; no listeners, no files but a folder."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from apiserver.api import API
from apiserver.clock import ManualClock
from apiserver.cluster import Cluster
from apiserver.kind import Kind
from apiserver.settings import Settings
from apiserver.storage import Log
from apiserver.storage.memory import MemoryLog

Object = dict[str, Any]


class Harness:
    """`async with Harness() as h:` gives h.api and h.clock; `await h.settle()` returns when no controller has work."""

    def __init__(self, log: Log | None = None, clock: ManualClock | None = None, **settings: Any) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.clock = clock or ManualClock()
        self.cluster = Cluster(
            Settings(state_folder=Path(self._folder.name), **settings), log or MemoryLog(), self.clock, "CA\n"
        )

    @property
    def api(self) -> API:
        return self.cluster.api

    def kind(self, name: str) -> Kind:
        return next(kind for kind in self.cluster.kinds if kind.name == name)

    async def create(self, object: Object, namespace: str = "default") -> Object:
        kind = self.cluster.kinds.by_name(object["apiVersion"], object["kind"])
        assert kind is not None
        return (await self.api.create(kind, namespace if kind.namespaced else "", object)).object

    def get(self, kind: str, name: str, namespace: str = "default") -> Object:
        found = self.kind(kind)
        return self.api.get(found, namespace if found.namespaced else "", name).object

    def list(self, kind: str, namespace: str = "default") -> list[Object]:
        found = self.kind(kind)
        return [r.object for r in self.api.list(found, namespace if found.namespaced else "")]

    async def settle(self) -> None:
        assert self.cluster.runner is not None
        await asyncio.wait_for(self.cluster.runner.idle(), 20)

    async def __aenter__(self) -> Harness:
        await self.cluster.start()
        await self.settle()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cluster.stop()
        self._folder.cleanup()
        if error is None:
            for record in (r for kind in self.cluster.kinds for r in self.cluster.store.under(kind.prefix())):
                assert record.object == orjson.loads(record.encoded), f"somebody changed {record.key} in place"
