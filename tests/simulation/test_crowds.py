"""Many clients at once, idle, slow or deaf: memory stays bounded, and nobody else is harmed."""

from __future__ import annotations

import json
import resource
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.server import Server
from tests.simulation.test_kill_under_load import Unix

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
CROWD, WATCHERS, READERS = 2000, 1000, 2
LARGE_BYTES, LARGE_WRITES = 700_000, 30
MORE_MEMORY = 200 << 20
"""What the server may take for 1,000 watchers and 20 MB of changes that somebody does not read."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("crowds"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True, scope="module")
def descriptors() -> Iterator[None]:
    """One for each connection, and some more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CROWD + 200
    if before[1] != resource.RLIM_INFINITY and before[1] < wanted:
        pytest.skip(f"the system lets us have {before[1]} file descriptors, and {wanted} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], wanted), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def resident_bytes(server: Server) -> int:
    return int(Path(f"/proc/{server.pid()}/statm").read_text().split()[1]) * resource.getpagesize()


def dial(server: Server, stack: ExitStack, request: str) -> socket.socket:
    connection = stack.enter_context(socket.socket(socket.AF_UNIX))
    connection.connect(str(server.folder / "api.sock"))  # waits where too many wait already: with a timeout it fails
    connection.settimeout(20)
    connection.sendall(f"GET {request} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
    return connection


def heads(connections: list[socket.socket]) -> int:
    """How many of the connections are answered with 200."""
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        good, deadline = 0, time.monotonic() + 30
        while selector.get_map() and time.monotonic() < deadline:
            for key, _ in selector.select(timeout=1):
                assert isinstance(key.fileobj, socket.socket)
                good += key.fileobj.recv(64).startswith(b"HTTP/1.1 200 ")
                selector.unregister(key.fileobj)
    return good


def test_two_thousand_connections_are_answered(own: Server) -> None:
    with ExitStack() as stack:
        crowd = [dial(own, stack, "/version") for _ in range(CROWD)]
        assert heads(crowd) == CROWD
        for each in crowd:
            each.sendall(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n")  # and no end of the head
        with closing(Unix(own.folder / "api.sock")) as late:
            assert late.ask("GET", "/version")[0] == 200


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells how much memory others have")
def test_watchers_who_wait_and_one_who_does_not_read_cost_little(own: Server) -> None:
    with ExitStack() as stack:
        idle = [dial(own, stack, "/api/v1/namespaces/default/secrets?watch=1") for _ in range(WATCHERS)]
        assert heads(idle) == WATCHERS
        readers = [
            dial(own, stack, f"{CONFIGMAPS}?watch=1&fieldSelector=metadata.name%3Dlarge") for _ in range(READERS)
        ]
        deaf = dial(own, stack, f"{CONFIGMAPS}?watch=1")
        assert heads([*readers, deaf]) == READERS + 1
        before = resident_bytes(own)
        writer = stack.enter_context(closing(Unix(own.folder / "api.sock")))
        large = {"metadata": {"name": "large"}, "data": {"k": ""}}
        assert writer.ask("POST", CONFIGMAPS, large)[0] == 201
        seen = [0] * READERS
        for number in range(LARGE_WRITES):
            large["data"]["k"] = f"{number:09d}" + "x" * LARGE_BYTES
            assert writer.ask("PUT", f"{CONFIGMAPS}/large", large)[0] == 200
            for index, reader in enumerate(readers):
                wanted = f'"k":"{number:09d}'.encode()
                tail = b""
                while wanted not in tail:
                    tail = tail[-40:] + reader.recv(1 << 20)
                seen[index] += 1
        assert seen == [LARGE_WRITES] * READERS
        assert resident_bytes(own) - before < MORE_MEMORY
        metrics = own.run("get", "--raw", "/metrics").stdout
        watchers = [line for line in metrics.splitlines() if line.startswith("apiserver_registered_watchers{")]
        assert sum(float(line.rpartition(" ")[2]) for line in watchers) >= WATCHERS + READERS
    assert json.loads(own.run("get", "--raw", f"{CONFIGMAPS}/large").stdout)["data"]["k"].startswith(
        f"{LARGE_WRITES - 1:09d}"
    )
