"""Proxies: which one is chosen, and a small real one that connects by CONNECT."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from minictl.client import Client
from minictl.errors import CommandError, Unreachable
from minictl.proxies import Proxy, SocksProxy, chosen, parse
from minictl.transport import Connection, tcp

ENVIRON = {
    "HTTPS_PROXY": "http://secure:3128",
    "http_proxy": "plain",
    "NO_PROXY": "spared.test, 10.0.0.0/8,one.test:99",
}


@pytest.mark.parametrize(
    ("secure", "host", "port", "proxy"),
    [
        (True, "a.test", 443, ("secure", 3128)),
        (False, "a.test", 80, ("plain", 80)),
        (True, "spared.test", 443, None),
        (True, "very.spared.test", 443, None),
        (True, "unspared.test", 443, ("secure", 3128)),
        (True, "10.1.2.3", 6443, None),
        (True, "11.1.2.3", 6443, ("secure", 3128)),
        (True, "one.test", 99, None),
        (True, "one.test", 443, ("secure", 3128)),
        (True, "localhost", 443, None),
        (True, "127.0.0.1", 443, None),
    ],
)
def test_the_environment_chooses(secure: bool, host: str, port: int, proxy: tuple[str, int] | None) -> None:
    found = chosen("", secure, host, port, ENVIRON)
    assert (found and (found.host, found.port)) == proxy


def test_a_kubeconfig_chooses_before_the_environment_does() -> None:
    found = chosen("http://me:p%40ss@own:1080/", True, "spared.test", 443, ENVIRON)
    assert found is not None
    assert (found.host, found.port, found.headers) == ("own", 1080, {"Proxy-Authorization": "Basic bWU6cEBzcw=="})
    assert chosen("", True, "a.test", 443, {**ENVIRON, "NO_PROXY": "*"}) is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://x", 'unsupported scheme "ftp", must be http, https, or socks5'),
        ("https://x", "proxies of the scheme https are not supported by minictl: https://x"),
        ("http://:80", 'invalid proxy address "http://:80"'),
    ],
)
def test_proxies_that_cannot_be_used(url: str, said: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse(url)
    assert caught.value.message == said


class Tunnel:
    """A proxy that has one answer after the other for what it hears, the last for what comes through."""

    def __init__(self, *answers: bytes) -> None:
        self.heard: list[bytes] = []
        self._answers = answers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        link, _ = self._socket.accept()
        with link:
            for answer in self._answers:
                self.heard.append(link.recv(65536))
                link.sendall(answer)

    def close(self) -> None:
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def tunnels() -> Iterator[list[Tunnel]]:
    made: list[Tunnel] = []
    yield made
    for tunnel in made:
        tunnel.close()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_through_a_tunnel(tunnels: list[Tunnel]) -> None:
    tunnels.append(tunnel := Tunnel(b"HTTP/1.1 200 Connection established\r\n\r\n", OK))
    with Proxy("127.0.0.1", tunnel.port, "Basic x").tunnel("far.test:443", 5) as link:
        link.sendall(b"hello")
        assert link.recv(100) == OK
    assert tunnel.heard == [
        b"CONNECT far.test:443 HTTP/1.1\r\nHost: far.test:443\r\nProxy-Authorization: Basic x\r\n\r\n", b"hello",
    ]  # fmt: skip


def test_plain_http_is_asked_of_the_proxy(tunnels: list[Tunnel]) -> None:
    tunnels.append(tunnel := Tunnel(OK))
    proxy = Proxy("127.0.0.1", tunnel.port)
    connection = Connection("far.test:80", tcp("far.test", 80, None, "", proxy), "http", proxy)
    assert Client(connection).get("/api") == {}
    connection.close()
    assert tunnel.heard[0].startswith(b"GET http://far.test:80/api HTTP/1.1\r\nHost: far.test:80\r\n")


def test_a_proxy_that_does_not_let_us_through(tunnels: list[Tunnel]) -> None:
    import ssl

    tunnels.append(tunnel := Tunnel(b"HTTP/1.1 403 Forbidden\r\n\r\n"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    for port, said in (
        (tunnel.port, "Forbidden"),
        (free, f"proxyconnect tcp: dial tcp 127.0.0.1:{free}: connect: connection refused"),
    ):
        link = tcp("far.test", 443, ssl.create_default_context, "far.test", Proxy("127.0.0.1", port))
        with pytest.raises(Unreachable) as caught:
            Client(Connection("far.test:443", link, "https")).get("/api")
        assert caught.value.detail == said


def test_through_socks(tunnels: list[Tunnel]) -> None:
    tunnels.append(tunnel := Tunnel(b"\x05\x02", b"\x01\x00", b"\x05\x00\x00\x01" + bytes(6), OK))
    proxy = parse(f"socks5://me:p%40ss@127.0.0.1:{tunnel.port}")
    connection = Connection("far.test:80", tcp("far.test", 80, None, "", proxy))
    assert Client(connection).get("/api") == {}
    connection.close()
    assert tunnel.heard[:3] == [
        b"\x05\x02\x00\x02",
        b"\x01\x02me\x04p@ss",
        b"\x05\x01\x00\x03\x08far.test\x00\x50",
    ]
    assert tunnel.heard[3].startswith(b"GET /api HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([b"\x05\xff"], "no acceptable authentication methods"),
        ([b"\x05\x02", b"\x01\x01"], "username/password authentication failed"),
        ([b"\x05\x00", b"\x05\x05\x00\x01"], "->far.test:443: connection refused"),
        ([b"\x05\x00", b""], "unexpected EOF"),
    ],
)
def test_socks_that_does_not_let_us_through(tunnels: list[Tunnel], answers: list[bytes], said: str) -> None:
    tunnels.append(tunnel := Tunnel(*answers))
    with pytest.raises(OSError, match=f"{said}$"):
        SocksProxy("127.0.0.1", tunnel.port, "me:x").tunnel("far.test:443", 5)
