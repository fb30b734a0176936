"""Requests to a control plane without a socket: the ASGI application, called as its HTTP server calls it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from tests.apiserver.harness import Harness

JSON = "application/json"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.json.get("message", ""))


class Client:
    """The administrator's client of a harness, as on its Unix socket."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.app, _ = harness.cluster.apps("secret", "127.0.0.1:6443")

    async def __call__(self, method: str, path: str, body: Any = None, /, **headers: str) -> Answer:
        """`body` is bytes or what becomes JSON; headers are named with underscores."""
        if body is not None and not isinstance(body, bytes):
            headers = {"content_type": JSON, **headers}
            body = json.dumps(body).encode()
        chunks: list[bytes] = []
        head: MutableMapping[str, Any] = {}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                head.update(message)
            else:
                chunks.append(message["body"])

        await self.app(self._scope(method, path, body, headers), self._receive(body), send)
        names = {name.decode("latin-1"): value.decode() for name, value in head["headers"]}
        return Answer(head["status"], names, b"".join(chunks))

    @asynccontextmanager
    async def watch(self, path: str, /, **headers: str) -> AsyncIterator[asyncio.Queue[Any]]:
        """The events of a watch as they come; None at its end."""
        events: asyncio.Queue[Any] = asyncio.Queue()

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.body":
                for line in message["body"].splitlines():
                    events.put_nowait(orjson.loads(line))
                if not message.get("more_body"):
                    events.put_nowait(None)

        task = asyncio.create_task(self.app(self._scope("GET", path, None, headers), self._receive(None), send))
        try:
            yield events
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @staticmethod
    def _scope(method: str, path: str, body: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
        raw_path, _, query = path.partition("?")
        sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        if body is not None:
            sent.append((b"content-length", str(len(body)).encode()))
        return {
            "type": "http", "method": method, "path": raw_path, "raw_path": quote(raw_path, "/%").encode(),
            "query_string": query.encode(), "headers": sent, "state": {},
        }  # fmt: skip

    @staticmethod
    def _receive(body: bytes | None) -> Any:
        messages = [{"type": "http.request", "body": body or b"", "more_body": False}]

        async def receive() -> MutableMapping[str, Any]:
            if messages:
                return messages.pop()
            await asyncio.Event().wait()  # the client stays connected
            raise AssertionError

        return receive
