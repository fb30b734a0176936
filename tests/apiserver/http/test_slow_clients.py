"""Clients that take their time, a byte at a time, or for ever: cut off when theirs is up, and only they."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from apiserver.http.listeners import Listener, open_unix
from tests.apiserver.harness import Harness

PATIENCE_SECONDS = 0.3
HEAD = b"GET /version HTTP/1.1\r\nhost: localhost\r\n"
POST = b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("listeners.HEAD_SECONDS", "listeners.UNREAD_SECONDS", "app.BODY_SECONDS"):
        monkeypatch.setattr(f"apiserver.http.{name}", PATIENCE_SECONDS)


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[str]:
    """The address of a whole server in this process."""
    async with Harness() as harness:
        app, _ = harness.cluster.apps("secret", "127.0.0.1:6443")
        listener = Listener(app, open_unix(folder / "s"))
        await listener.start()
        try:
            yield str(folder / "s")
        finally:
            await listener.stop()


async def dribble(writer: asyncio.StreamWriter, text: bytes) -> None:
    """A byte at a time, much faster than anybody's patience ends, until the other side has enough."""
    for byte in text:
        writer.write(bytes([byte]))
        await asyncio.sleep(PATIENCE_SECONDS / 20)


async def heard(path: str, before: bytes, slowly: bytes) -> bytes:
    """What a client gets to hear that sends the one at once and the other a byte at a time."""
    reader, writer = await asyncio.open_unix_connection(path)
    with closing(writer):
        writer.write(before)
        dribbling = asyncio.create_task(dribble(writer, slowly))
        try:
            return await asyncio.wait_for(everything(reader), 20 * PATIENCE_SECONDS)
        finally:
            dribbling.cancel()


async def everything(reader: asyncio.StreamReader, pause_seconds: float = 0) -> bytes:
    """All there is to read until the end, or until the connection breaks."""
    whole = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(100_000):
            whole += part
            await asyncio.sleep(pause_seconds)
    return whole


async def test_heads_and_bodies_that_come_a_byte_at_a_time(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        slow_head, slow_body, chunked, silent = await asyncio.gather(
            heard(path, b"", HEAD * 9),
            heard(path, POST + b"content-length: 400\r\n\r\n", b"{" + b" " * 399),
            heard(path, POST + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n{\r\n" * 50),
            heard(path, b"", b""),
        )
        assert (slow_head, silent) == (b"", b"")
        for answer in (slow_body, chunked):
            assert answer.startswith(b"HTTP/1.1 504 "), answer[:200]
            assert b"connection: close" in answer
        assert (await heard(path, HEAD + b"connection: close\r\n\r\n", b"")).startswith(b"HTTP/1.1 200 ")


async def test_whoever_reads_slowly_is_served_and_whoever_reads_nothing_is_cut_off(tmp_path: Path) -> None:
    size = 500_000
    async with serving(tmp_path) as path:
        for n in range(4):
            body = json.dumps({"metadata": {"name": f"x{n}"}, "data": {"k": "x" * size}}).encode()
            said = await heard(path, POST + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body, b"")
            assert said.startswith(b"HTTP/1.1 201 ")
        slow, writer = await asyncio.open_unix_connection(path, limit=1024)
        deaf, deaf_writer = await asyncio.open_unix_connection(path, limit=1024)
        with closing(writer), closing(deaf_writer):
            for each in (writer, deaf_writer):
                each.write(POST.replace(b"POST", b"GET") + b"connection: close\r\n\r\n")
            assert len(await everything(slow, PATIENCE_SECONDS / 10)) > 4 * size
            await asyncio.sleep(3 * PATIENCE_SECONDS)
            assert len(await everything(deaf)) < 4 * size
