"""A server that is told to stop: requests under way are answered, watches end as streams end, nothing is cut."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.server import Server

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"


class Clients:
    """Connections to one server, by socket or TLS."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self._server = server
        self._stack = stack

    def unix(self) -> socket.socket:
        connection = self._stack.enter_context(socket.socket(socket.AF_UNIX))
        connection.settimeout(20)
        connection.connect(str(self._server.folder / "api.sock"))
        return connection

    def tls(self) -> socket.socket:
        folder = self._server.folder
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        plain = socket.create_connection(("127.0.0.1", int((folder / "port").read_text())), timeout=20)
        return self._stack.enter_context(context.wrap_socket(plain, server_hostname="127.0.0.1"))

    def ask(self, connection: socket.socket, method: str, query: str = "", body: bytes = b"", sent: int = -1) -> None:
        """One request; `sent` says how much of the body goes out with it."""
        head = f"{method} {CONFIGMAPS}{query} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        head += f"authorization: Bearer {(self._server.folder / 'token').read_text().strip()}\r\n"
        connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body[: sent if sent >= 0 else None])

    def answer(self, connection: socket.socket) -> http.client.HTTPResponse:
        response = self._stack.enter_context(http.client.HTTPResponse(connection))
        response.begin()
        return response


def configmap(name: str, size: int) -> bytes:
    return json.dumps({"metadata": {"name": name}, "data": {"k": "x" * size}}).encode()


def test_nothing_is_cut_when_a_server_stops(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    try:
        with ExitStack() as stack:
            _stopping(server, Clients(server, stack))
        assert server.run("get", "configmap", "late", "-o", "name").stdout == "configmap/late\n"
    finally:
        server.stop()


def _stopping(server: Server, clients: Clients) -> None:
    filling = clients.unix()
    for n in range(6):
        clients.ask(filling, "POST", body=configmap(f"big-{n}", 500_000))
        assert clients.answer(filling).read().startswith(b'{"kind":"ConfigMap"')
    watches: list[Any] = []
    for connection in (clients.unix(), clients.tls()):
        clients.ask(connection, "GET", "?watch=1")
        watches.append(clients.answer(connection))
        assert json.loads(watches[-1].readline())["type"] == "ADDED"
    writing, idle, deaf = clients.unix(), clients.unix(), clients.unix()
    clients.ask(deaf, "GET", "?watch=1")
    assert deaf.recv(1) == b"H", "it reads no more than that"
    clients.ask(writing, "POST", body=configmap("late", 1000), sent=100)
    time.sleep(0.2)  # its head has arrived: nothing tells us when
    began = time.monotonic()
    os.kill(server.pid(), signal.SIGTERM)
    for response in watches:
        response.read()  # raises IncompleteRead where the last chunk is missing
    assert idle.recv(1) == b"", "a connection on which nothing happens is closed"
    writing.sendall(configmap("late", 1000)[100:])
    response = clients.answer(writing)
    assert (response.status, response.getheader("connection")) == (201, "close")
    server.run("down")
    assert time.monotonic() - began < 10, "whoever does not read was waited for"
    assert "Traceback" not in (server.folder / "server.log").read_text()
