"""The two doors: HTTPS on loopback for kubectl and client libraries, a Unix socket for minictl. One app behind both.

The only place that knows which HTTP server is in use.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Generator
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from apiserver.http.authentication import certified

BACKLOG = 4096
"""Connections that may wait to be accepted: on a Unix socket, one more is not kept waiting but refused."""
SHUTDOWN_SECONDS = 10
"""How long requests under way may take to be answered, the webhooks that they wait for included."""
UNREAD_SECONDS = 90.0
"""A client that in all this time reads nothing of what waits for it is cut off: that takes memory."""
DEAF_SECONDS = 1.0
"""How long a server that stops waits for a client that does not read what it was sent, the end of TLS included."""
TICK_SECONDS = 1.0
"""How old the Date header of an answer may be."""
KEEP_ALIVE_SECONDS = 90
"""A client may think this long between two requests without having to do the TLS handshake again."""


MAX_HEAD_BYTES = 1024 * 1024
"""Request line and headers, as Go's HTTP server has it."""
HEAD_SECONDS = 32.0
"""How long a client may take to send them."""
TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
    b"content-length: 35\r\n\r\n431 Request Header Fields Too Large"
)


SPOKEN = ("1.0", "1.1")
HAS_BODY = b"\r\ncontent-length: "
"""What the head of an answer says when its body is at hand, too (see answers.py)."""


class PortTaken(Exception):
    """Somebody else listens there; the message says what to do."""


class _Together(asyncio.Transport):
    """Has the head of an answer wait for its body, where one of known length follows: one write, one TLS record."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._transport.close()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        piece = bytes(data)  # bytes themselves, if that is what they are
        if self._head is None and HAS_BODY in piece:
            self._head = piece
            return
        self._transport.write(self._head + piece if self._head else piece)
        self._head = b""


class _Connection(HttpToolsProtocol):
    """uvicorn's HTTP, with limits to the head of a request (nothing is known yet of who sends it) and to how long an
    answer waits for somebody who does not read it. It tells the app more than ASGI does, in scope["state"]: whom a
    connection's certificate names ("identity"), and once nothing of the request is under way any more, "is_whole"."""

    _head_bytes = 0
    _is_in_head = True
    _deadline: asyncio.TimerHandle | None = None
    _reading_check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_SECONDS, transport.close)
        tls = transport.get_extra_info("ssl_object")
        peer = tls.getpeercert() if tls is not None else None
        if peer:
            identity = certified(peer.get("subject", ()), tls.getpeercert(binary_form=True))
            self.app_state = {**self.app_state, "identity": identity}

    def connection_lost(self, exc: Exception | None) -> None:
        self._meet_deadline()
        self._stop_checking()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self.parser.get_http_version() not in SPOKEN:
            raise ValueError("no version of HTTP that is spoken here")  # to the parser: this is answered with 400
        self._is_in_head = False
        self._meet_deadline()
        super().on_headers_complete()
        if self.scope["method"] != "HEAD":
            self.cycle.transport = _Together(self.transport)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.scope["state"]["is_whole"] = True

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._is_in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self.transport.write(TOO_LONG)
            self.transport.close()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._check_later()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_checking()

    def _check_later(self) -> None:
        self._reading_check = self.loop.call_later(UNREAD_SECONDS, self._check_reading, self._unread())

    def _check_reading(self, before: int) -> None:
        if self._unread() < before:
            self._check_later()
        else:
            self.transport.abort()

    def _unread(self) -> int:
        return self.transport.get_write_buffer_size()

    def _stop_checking(self) -> None:
        if self._reading_check is not None:
            self._reading_check.cancel()
            self._reading_check = None

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(DEAF_SECONDS, self._give_up_on_deaf)

    def _give_up_on_deaf(self) -> None:
        if self.flow.write_paused or self.transport.is_closing():
            self.transport.abort()

    def _meet_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the cluster decides when to stop. It looks up once a second, and when it is
    told to leave, not ten times a second for either."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        self.should_exit = True
        self._leaving.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # makes the Date header of the next second
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), TICK_SECONDS)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def open_port(address: str, port: int) -> socket.socket:
    """A bound TCP socket; port 0 lets the system choose. Raises PortTaken."""
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        tcp.bind((address, port))
    except OSError as error:
        tcp.close()
        raise PortTaken(f"cannot listen on {address}:{port}: {error.strerror}; choose another with --port") from None
    return tcp


def open_unix(path: Path) -> socket.socket:
    """A bound Unix socket that only its owner may connect to."""
    path.unlink(missing_ok=True)
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        unix.bind(str(path))
    finally:
        os.umask(mask)
    return unix


class Listener:
    """One door. Clients of one with a `client_authority` may show a certificate of its; they need not."""

    def __init__(
        self,
        app: Any,
        door: socket.socket,
        certificate: Path | None = None,
        key: Path | None = None,
        client_authority: Path | None = None,
    ) -> None:
        self._socket = door
        config = uvicorn.Config(
            app,
            interface="asgi3",
            loop="none",
            http=_Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=True,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            ssl_certfile=certificate,
            ssl_keyfile=str(key) if key else None,
            ssl_ca_certs=str(client_authority) if client_authority else None,
            ssl_cert_reqs=ssl.CERT_OPTIONAL if client_authority else ssl.CERT_NONE,
        )
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when connections are accepted."""
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._serving.done():
                await self._serving
                raise RuntimeError("the HTTP server ended before it began")
            await asyncio.sleep(0.001)

    async def stop(self) -> None:
        """Finish the requests under way (what takes longer than SHUTDOWN_SECONDS is cut)."""
        self._server.leave()
        if self._serving is not None:
            await self._serving
        self._socket.close()
