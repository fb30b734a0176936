"""Responses -> bytes on the wire: heads, bodies compressed where that pays, streams as they come."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import orjson

from apiserver import errors
from apiserver.http.requests import Response
from apiserver.objects.meta import random_uid

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MIN_COMPRESSED_BYTES = 128 * 1024
"""Smaller bodies are sent as they are, whatever the client accepts: as Kubernetes does."""
COMPRESSION_LEVEL = 1
PIECE_BYTES = 64 * 1024
"""Bodies are sent in pieces of this size: encrypted while they are in the processor's cache, which takes less than half
the time, and no faster than the client reads, so that a slow one does not have a whole list kept for it."""
NOT_MODIFIED = 304
MAX_AUDIT_ID_CHARACTERS = 64
MAX_WARNING_CHARACTERS = 4096
"""What all warnings of an answer may come to, so that its head stays small."""
MAX_SHORTENED_CHARACTERS = 256
"""How long each is at most once they come to more."""

_LAST: MutableMapping[str, Any] = {"type": "http.response.body", "body": b""}
_QUOTED = str.maketrans({"\\": "\\\\", '"': '\\"'})


def audit_id(given: str) -> str:
    """The name of one request in logs: the client's own, or a new UUID."""
    return given[:MAX_AUDIT_ID_CHARACTERS] or random_uid()


def refusal(error: errors.APIError) -> Response:
    """An error as a response."""
    pause = (error.details or {}).get("retryAfterSeconds")
    headers = {"retry-after": str(pause)} if pause else {}
    if isinstance(error, errors.TooLarge | errors.Timeout):
        headers["connection"] = "close"  # the rest of the body may still be under way, and nobody will read it
    return Response(orjson.dumps(error.status()), error.code, headers=headers)


def _head(response: Response, warnings: list[str], audit: str) -> MutableMapping[str, Any]:
    headers = [(b"audit-id", audit.encode("latin-1")), (b"content-type", response.media_type.encode())]
    if response.headers:
        headers += [(name.encode(), value.encode()) for name, value in response.headers.items()]
    if "cache-control" not in response.headers:
        headers.append((b"cache-control", b"no-cache, private"))
    if warnings:
        headers += [(b"warning", f'299 - "{text.translate(_QUOTED)}"'.encode()) for text in _sendable(warnings)]
    return {"type": "http.response.start", "status": response.status, "headers": headers}


def _sendable(warnings: list[str]) -> Iterator[str]:
    """What of the warnings goes into headers: no control characters, nothing twice, and not too much."""
    texts = [text for text in dict.fromkeys(warnings) if text.isprintable()]
    if sum(map(len, texts)) > MAX_WARNING_CHARACTERS:
        texts = [text[:MAX_SHORTENED_CHARACTERS] for text in texts]
    left = MAX_WARNING_CHARACTERS
    for text in texts:
        left -= len(text)
        if left < 0:
            return
        yield text


async def respond(send: Send, response: Response, warnings: list[str], audit: str, accepted_encoding: str) -> None:
    """Send a response that is no stream."""
    head, body = _head(response, warnings, audit), response.body
    if len(body) > MIN_COMPRESSED_BYTES and "gzip" in accepted_encoding:
        body = await asyncio.to_thread(gzip.compress, body, COMPRESSION_LEVEL, mtime=0)
        head["headers"] += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
    if response.status != NOT_MODIFIED:
        head["headers"].append((b"content-length", str(len(body)).encode()))
    await send(head)
    last = (len(body) - 1) // PIECE_BYTES * PIECE_BYTES if body else 0
    for start in range(0, last, PIECE_BYTES):
        await send({"type": "http.response.body", "body": body[start : start + PIECE_BYTES], "more_body": True})
    await send({"type": "http.response.body", "body": body[last:]})


async def stream(
    receive: Receive,
    send: Send,
    response: Response,
    warnings: list[str],
    audit: str,
    ending: asyncio.Future[None] | None = None,
) -> None:
    """Send a stream until it ends, the client hangs up, or the server is about to stop (`ending` is done): in whole
    chunks, and with the mark that there are no more."""
    assert response.stream is not None
    await send(_head(response, warnings, audit))

    async def pump() -> None:
        assert response.stream is not None
        async for chunk in response.stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send(_LAST)

    async def hang_up() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    pumping, listening = asyncio.ensure_future(pump()), asyncio.ensure_future(hang_up())
    try:
        ends = (pumping, listening) if ending is None else (pumping, listening, ending)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        pumping.cancel()
        listening.cancel()
        await asyncio.gather(pumping, listening, return_exceptions=True)
        await response.stream.aclose()
    if ending is not None and ending.done() and pumping.cancelled():
        await send(_LAST)
