"""The ASGI application: from bytes to a Request, to the right handler, and back. It serves both listeners."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from apiserver import errors
from apiserver.authorization import Authorizer
from apiserver.call import ANONYMOUS, Identity
from apiserver.clock import monotonic_seconds
from apiserver.http import answers, authorization, clockdoor
from apiserver.http.authentication import ADMIN, Authenticator, refuse_other_sites
from apiserver.http.clockdoor import ClockDoor
from apiserver.http.documents import Documents
from apiserver.http.handlers import Handlers
from apiserver.http.measures import Measures
from apiserver.http.paths import segments
from apiserver.http.requests import MAX_BODY_BYTES, Request, Response, too_large
from apiserver.storage import LogError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)
requests_log = logging.getLogger("apiserver.requests")

BODY_SECONDS = 60.0
"""How long a client may take to send the body of a request."""


class App:
    """`trusted` says that whoever can connect is the administrator (a Unix socket guarded by its file mode);
    `ending` is done when the server is about to stop, and streams with it."""

    def __init__(
        self,
        documents: Documents,
        handlers: Handlers,
        authenticator: Authenticator,
        authorizer: Authorizer,
        clock: ClockDoor | None = None,
        *,
        trusted: bool,
        measures: Measures | None = None,
        logs_requests: bool = False,
        ending: asyncio.Future[None] | None = None,
    ) -> None:
        self._documents = documents
        self._handlers = handlers
        self._authenticator = authenticator
        self._clock = clock
        self._authorizer = authorizer
        self._trusted = trusted
        self._measures = measures or Measures()
        self._logs_requests = logs_requests
        self._ending = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        began = monotonic_seconds()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        audit = answers.audit_id(headers.get("audit-id", ""))
        request = Request(scope["method"], [], {}, headers, ANONYMOUS, partial(_body, receive, headers, scope["state"]))
        try:
            self._read_head(scope, request)
            response = await self._answer(request)
        except errors.APIError as error:
            response = answers.refusal(error)
        except LogError as error:
            response = answers.refusal(errors.InternalError(str(error)))
        except Exception as error:
            log.exception("%s %s failed", scope["method"], scope["path"])
            response = answers.refusal(
                errors.InternalError(f"{type(error).__name__}: {error} (the server's log has the details)")
            )
        if response.stream is not None:
            with self._measures.following(request):
                await answers.stream(receive, send, response, request.warnings, audit, self._ending)
        else:
            await answers.respond(send, response, request.warnings, audit, headers.get("accept-encoding", ""))
        seconds = monotonic_seconds() - began
        self._measures.count(request, response.status, seconds)
        if self._logs_requests:
            requests_log.info(*line_of(scope, headers, response.status, seconds, audit))

    def _read_head(self, scope: Scope, request: Request) -> None:
        """Find out what is asked for and by whom. Raises Unauthorized, Forbidden, OtherSite."""
        if not self._trusted:
            refuse_other_sites(request.headers)
        request.parts = segments(scope["raw_path"].partition(b"?")[0].decode("latin-1"))
        query_string = scope["query_string"].decode("latin-1")
        if query_string:
            request.query = dict(reversed(parse_qsl(query_string, keep_blank_values=True)))
        request.identity = self._identity(scope, request.headers)
        authorization.check(
            self._authorizer, request.identity, scope["method"], scope["path"], request.parts, request.query
        )

    def _identity(self, scope: Scope, headers: Mapping[str, str]) -> Identity:
        """Who asks, or whom they ask for. Raises Unauthorized, Forbidden."""
        certified = ADMIN if self._trusted else scope["state"].get("identity")
        identity = self._authenticator.identify(headers, certified)
        if not authorization.IMPERSONATION.isdisjoint(headers):
            return authorization.impersonated(self._authorizer, identity, scope["headers"])
        return identity

    async def _answer(self, request: Request) -> Response:
        if self._clock is not None and request.parts[:1] == [clockdoor.PREFIX]:
            return await self._clock.answer(request)
        if request.parts == ["metrics"]:
            return self._measures.answer(self._handlers.api)
        document = self._documents.find(request)
        return document if document is not None else await self._handlers.handle(request)


async def _body(receive: Receive, headers: Mapping[str, str], state: Mapping[str, Any]) -> bytes:
    """The whole body. Raises TooLarge, Timeout."""
    if int(headers.get("content-length") or 0) > MAX_BODY_BYTES:
        raise too_large()
    if "is_whole" in state:
        return await _read(receive)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(receive)
    except TimeoutError:
        raise errors.Timeout("Timeout: request did not complete within the allotted timeout", {}) from None


async def _read(receive: Receive) -> bytes:
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


def line_of(scope: Scope, headers: Mapping[str, str], status: int, seconds: float, audit: str) -> tuple[object, ...]:
    """One request as Kubernetes logs it: a format, and what goes in."""
    query = scope["query_string"].decode("latin-1")
    uri = scope["path"] + ("?" + query if query else "")
    return (
        'HTTP verb=%s URI="%s" latency="%.3fms" userAgent="%s" audit-ID="%s" resp=%d',
        scope["method"], printable(uri), seconds * 1000, printable(headers.get("user-agent", "")), printable(audit),
        status,
    )  # fmt: skip


def printable(text: str) -> str:
    """For one line of a log, whatever a client sends."""
    return text if text.isprintable() and '"' not in text else text.encode("unicode_escape").decode().replace('"', "'")
