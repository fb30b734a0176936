"""The ASGI application: from bytes to a Request, to the right handler, and back. It serves both listeners."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from apiserver import errors
from apiserver.authorization import Authorizer
from apiserver.call import Identity
from apiserver.http import authorization, clockdoor
from apiserver.http.authentication import ADMIN, Authenticator, refuse_other_sites
from apiserver.http.clockdoor import ClockDoor
from apiserver.http.documents import Documents
from apiserver.http.handlers import Handlers
from apiserver.http.paths import segments
from apiserver.http.requests import MAX_BODY_BYTES, Request, Response, too_large

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)

MAX_WARNING_CHARACTERS = 4096
"""What all warnings of an answer may come to, so that its head stays small."""
MAX_SHORTENED_CHARACTERS = 256
"""How long each is at most once they come to more."""

_QUOTED = str.maketrans({"\\": "\\\\", '"': '\\"'})


class App:
    """`trusted` says that whoever can connect is the administrator (a Unix socket guarded by its file mode)."""

    def __init__(
        self,
        documents: Documents,
        handlers: Handlers,
        authenticator: Authenticator,
        authorizer: Authorizer,
        clock: ClockDoor | None = None,
        *,
        trusted: bool,
    ) -> None:
        self._documents = documents
        self._handlers = handlers
        self._authenticator = authenticator
        self._clock = clock
        self._authorizer = authorizer
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            request = self._request(scope, receive)
        except errors.APIError as error:
            await _respond(send, refusal(error), [])
            return
        try:
            response = await self._answer(request)
        except errors.APIError as error:
            response = refusal(error)
        except Exception as error:
            log.exception("%s %s failed", scope["method"], scope["path"])
            response = refusal(
                errors.InternalError(f"{type(error).__name__}: {error} (the server's log has the details)")
            )
        if response.stream is not None:
            await _stream(receive, send, response)
        else:
            await _respond(send, response, request.warnings)

    def _request(self, scope: Scope, receive: Receive) -> Request:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._trusted:
            refuse_other_sites(headers)
        parts = segments(scope["raw_path"].partition(b"?")[0].decode("latin-1"))
        query_string = scope["query_string"].decode("latin-1")
        query = dict(reversed(parse_qsl(query_string, keep_blank_values=True))) if query_string else {}
        identity = self._identity(scope, headers)
        authorization.check(self._authorizer, identity, scope["method"], scope["path"], parts, query)

        async def read() -> bytes:
            return await _body(receive, headers)

        return Request(scope["method"], parts, query, headers, identity, read)

    def _identity(self, scope: Scope, headers: dict[str, str]) -> Identity:
        """Who asks, or whom they ask for. Raises Unauthorized, Forbidden."""
        certified = ADMIN if self._trusted else scope["state"].get("identity")
        identity = self._authenticator.identify(headers, certified)
        if not authorization.IMPERSONATION.isdisjoint(headers):
            return authorization.impersonated(self._authorizer, identity, scope["headers"])
        return identity

    async def _answer(self, request: Request) -> Response:
        if self._clock is not None and request.parts[:1] == [clockdoor.PREFIX]:
            return await self._clock.answer(request)
        document = self._documents.find(request)
        return document if document is not None else await self._handlers.handle(request)


async def _body(receive: Receive, headers: dict[str, str]) -> bytes:
    if int(headers.get("content-length") or 0) > MAX_BODY_BYTES:
        raise too_large()
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    chunks, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise too_large()
        chunks.append(chunk)
    return b"".join(chunks)


def refusal(error: errors.APIError) -> Response:
    """An error as a response."""
    pause = (error.details or {}).get("retryAfterSeconds")
    headers = {"Retry-After": str(pause)} if pause else {}
    return Response(orjson.dumps(error.status()), error.code, headers=headers)


def _head(response: Response, warnings: list[str]) -> MutableMapping[str, Any]:
    headers = [
        (b"content-type", response.media_type.encode()),
        (b"cache-control", b"no-cache, private"),
        *((name.lower().encode(), value.encode()) for name, value in response.headers.items()),
    ]
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


async def _respond(send: Send, response: Response, warnings: list[str]) -> None:
    head = _head(response, warnings)
    head["headers"].append((b"content-length", str(len(response.body)).encode()))
    await send(head)
    await send({"type": "http.response.body", "body": response.body})


async def _stream(receive: Receive, send: Send, response: Response) -> None:
    """Send a stream until it ends or the client hangs up."""

    assert response.stream is not None
    await send(_head(response, []))

    async def pump() -> None:
        assert response.stream is not None
        async for chunk in response.stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def hang_up() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    tasks = [asyncio.ensure_future(pump()), asyncio.ensure_future(hang_up())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await response.stream.aclose()
