"""HTTP/1.1 spoken directly over a socket: what a command line needs, and nothing that costs start-up time.

http.client would do, but it imports the whole of email (30 ms, as long as the rest of a command together). Here: one
connection kept alive, Content-Length and chunked bodies, streams for watches, TLS only when the address asks for it.
Proxies are in proxies.py. Left out: redirects, compression, pipelining.
"""

from __future__ import annotations

import socket

from minictl.errors import Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    from minictl.proxies import Proxy

CONNECT_TIMEOUT_SECONDS = 30.0
READ_BYTES = 65536
MAX_LINE_BYTES = 65536
"""Longest status line or header line accepted."""


class Response:
    """An answer: its status code, headers by lower-case name (every value of a repeated one), and the whole body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, list[str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def header(self, name: str) -> str:
        return self.headers.get(name, [""])[0]


class Dropped(OSError):
    """The server closed the connection before it answered."""


class Connection:
    """One connection to one server, opened at the first request and again when the server has closed it.

    `host` is what errors and the Host header say; `connect` opens the socket (see `unix` and `tcp`). `proxy`: it leads
    to a proxy, which is asked by whole URL.
    """

    def __init__(
        self,
        host: str,
        connect: Callable[[float | None], socket.socket],
        scheme: str = "http",
        proxy: Proxy | None = None,
    ) -> None:
        self.host = host
        self.scheme = scheme
        self._proxy = proxy
        self._connect = connect
        self._socket: socket.socket | None = None
        self._buffer = b""

    def request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, timeout: float | None
    ) -> Response:
        """Sends a request and reads the whole answer.

        Raises:
            Unreachable: no connection, or it broke.
        """
        with self._explained(method, target):
            status, answer = self._exchange(method, target, headers, body, timeout)
            content = b"".join(self._body(method, status, answer))
            if answer.get("connection", [""])[0].lower() == "close":
                self.close()
            return Response(status, answer, content)

    def stream(
        self, method: str, target: str, headers: Mapping[str, str], timeout: float | None, body: bytes | None = None
    ) -> tuple[Response, Iterator[bytes]]:
        """Sends a request and gives the body piece by piece as it arrives (nothing in `Response.body`).

        Raises:
            Unreachable: no connection, or it broke.
        """
        with self._explained(method, target):
            status, answer = self._exchange(method, target, headers, body, timeout)
        return Response(status, answer, b""), self._told(method, target, self._body(method, status, answer))

    def _told(self, method: str, target: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
        with self._explained(method, target):
            yield from pieces

    def another(self) -> Connection:
        """A connection of its own to the same server: a stream that is not read to its end leaves one unusable."""
        return Connection(self.host, self._connect, self.scheme, self._proxy)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, b""

    # --- one exchange

    def _explained(self, method: str, target: str) -> _Explained:
        return _Explained(self, method, target)

    def _exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, timeout: float | None
    ) -> tuple[int, dict[str, list[str]]]:
        if self._proxy is not None:
            target, headers = f"{self.scheme}://{self.host}{target}", {**headers, **self._proxy.headers}
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body is not None or method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(body or b'')}")
        message = "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")
        reused = self._socket is not None
        try:
            return self._send(message, timeout)
        except (Dropped, BrokenPipeError, ConnectionResetError):
            self.close()
            if not reused:
                raise
            return self._send(message, timeout)  # it had been idle for too long: once more on a fresh connection

    def _send(self, message: bytes, timeout: float | None) -> tuple[int, dict[str, list[str]]]:
        if self._socket is None:
            self._socket = self._connect(timeout)
        self._socket.settimeout(timeout)
        self._socket.sendall(message)
        while True:
            status = self._line()
            parts = status.split(None, 2)
            if len(parts) < 2 or not parts[0].startswith(b"HTTP/1."):
                raise OSError(f"malformed HTTP response {status[:60].decode('latin-1')!r}".replace("'", '"'))
            headers: dict[str, list[str]] = {}
            while line := self._line():
                name, _, value = line.decode("latin-1").partition(":")
                headers.setdefault(name.strip().lower(), []).append(value.strip())
            if int(parts[1]) >= 200:
                return int(parts[1]), headers

    def _body(self, method: str, status: int, headers: dict[str, list[str]]) -> Iterator[bytes]:
        if method == "HEAD" or status in (204, 304):
            return
        if headers.get("transfer-encoding", [""])[-1].lower() == "chunked":
            while size := int(self._line().split(b";")[0] or b"0", 16):
                yield self._exactly(size)
                self._line()
            while self._line():
                pass
        elif "content-length" in headers:
            left = int(headers["content-length"][0])
            while left > 0:
                piece = self._some(left)
                left -= len(piece)
                yield piece
        else:
            try:
                while True:
                    yield self._some(READ_BYTES)
            except Dropped:
                self.close()

    # --- the buffer

    def _fill(self) -> None:
        assert self._socket is not None
        data = self._socket.recv(READ_BYTES)
        if not data:
            raise Dropped("EOF")
        self._buffer += data

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MAX_LINE_BYTES:
                raise OSError("header line too long")
            self._fill()
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line.rstrip(b"\r")

    def _some(self, most: int) -> bytes:
        if not self._buffer:
            self._fill()
        piece, self._buffer = self._buffer[:most], self._buffer[most:]
        return piece

    def _exactly(self, size: int) -> bytes:
        pieces = []
        while size > 0:
            piece = self._some(size)
            size -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)


class _Explained:
    """Turns the network layer's errors into Unreachable, in the words Go programs use for them."""

    def __init__(self, connection: Connection, method: str, target: str) -> None:
        self._connection = connection
        self._request = f'{method.capitalize()} "{connection.scheme}://{connection.host}{target}"'

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, Unreachable):
            self._connection.close()
            raise Unreachable(self._connection.host, explain(error, self._connection.host), self._request) from error


def explain(error: OSError, host: str) -> str:
    """The reason of a failed connection, as Go's net package would put it."""
    if isinstance(error, ConnectionRefusedError):
        return f"dial tcp {host}: connect: connection refused"
    if isinstance(error, FileNotFoundError):
        return f"dial unix {host}: connect: no such file or directory"
    if isinstance(error, TimeoutError):
        return f"dial tcp {host}: i/o timeout"
    if isinstance(error, socket.gaierror):
        return f"dial tcp: lookup {host.rpartition(':')[0]}: no such host"
    if type(error).__name__ == "SSLCertVerificationError":
        reason = getattr(error, "verify_message", "") or str(error)
        return f"tls: failed to verify certificate: x509: {_X509.get(reason, reason)}"
    if isinstance(error, Dropped):
        return "EOF"
    return str(error.strerror or error)


_X509 = {
    "self-signed certificate": "certificate signed by unknown authority",
    "self-signed certificate in certificate chain": "certificate signed by unknown authority",
    "unable to get local issuer certificate": "certificate signed by unknown authority",
    "certificate has expired": "certificate has expired or is not yet valid",
}


def unix(path: str) -> Callable[[float | None], socket.socket]:
    """Opens the Unix socket at `path`."""

    def connect(timeout: float | None) -> socket.socket:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(timeout or CONNECT_TIMEOUT_SECONDS)
        link.connect(path)
        return link

    return connect


def tcp(
    host: str,
    port: int,
    context: Callable[[], ssl.SSLContext] | None,
    server_name: str,
    proxy: Proxy | None = None,
) -> Callable[[float | None], socket.socket]:
    """Opens a TCP connection, with TLS when there is a context: through the proxy, or to one that is asked by URL."""

    def connect(timeout: float | None) -> socket.socket:
        secure, patience = context() if context else None, timeout or CONNECT_TIMEOUT_SECONDS
        if proxy is None:
            link = socket.create_connection((host, port), patience)
        elif secure or not proxy.is_asked_by_url:
            link = proxy.tunnel(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", patience)
        else:
            link = proxy.dial(patience)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return secure.wrap_socket(link, server_hostname=server_name) if secure else link

    return connect
