"""HTTP proxies on the way to a server: which one, if any, and the tunnel through it.

A cluster's `proxy-url` decides; without one, $HTTPS_PROXY or $HTTP_PROXY (by its scheme) unless $NO_PROXY names
the server or it is on this machine. TLS goes through a CONNECT tunnel; plain HTTP is asked of the proxy by whole URL.
SOCKS5 proxies (RFC 1928, with passwords by RFC 1929) tunnel both, and look up names themselves. Left out, and refused
by name: proxies that are themselves spoken to over TLS.
"""

from __future__ import annotations

import socket

from minictl.errors import CommandError, go_quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ANSWER_BYTES = 65536
"""Longest answer to CONNECT that is read."""
PORTS = {"http": 80, "socks5": 1080}

# --- SOCKS5

VERSION, CONNECT, BY_NAME = b"\x05", b"\x01", b"\x03"
OPEN, PASSWORD = 0, 2
"""Ways to let somebody in."""
MAX_TEXT_BYTES = 255
ADDRESS_BYTES = {1: 4, 4: 16}
"""Length of an address by its type: IPv4, IPv6. A name says its own."""
REFUSALS = {
    1: "general SOCKS server failure", 2: "connection not allowed by ruleset", 3: "network unreachable",
    4: "host unreachable", 5: "connection refused", 6: "TTL expired", 7: "command not supported",
    8: "address type not supported",
}  # fmt: skip


class Proxy:
    """An HTTP proxy: where it is, and the header that lets one through ("" when it asks for none)."""

    __slots__ = ("authorization", "host", "port")
    is_asked_by_url = True
    """Does it take requests for plain HTTP? Others connect, and that is all."""

    def __init__(self, host: str, port: int, authorization: str = "") -> None:
        self.host = host
        self.port = port
        self.authorization = authorization

    @property
    def headers(self) -> dict[str, str]:
        return {"Proxy-Authorization": self.authorization} if self.authorization else {}

    def dial(self, timeout: float) -> socket.socket:
        """A connection to the proxy.

        Raises:
            ProxyError: there is none.
        """
        try:
            return socket.create_connection((self.host, self.port), timeout)
        except OSError as error:
            from minictl.transport import explain

            raise ProxyError(f"proxyconnect tcp: {explain(error, f'{self.host}:{self.port}')}") from error

    def tunnel(self, target: str, timeout: float) -> socket.socket:
        """A connection through the proxy to `target`, host:port.

        Raises:
            ProxyError: the proxy does not answer, or does not let us through.
        """
        link = self.dial(timeout)
        try:
            lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
            lines += [f"{name}: {value}" for name, value in self.headers.items()]
            link.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
            answer = b""
            while b"\r\n\r\n" not in answer:  # nothing follows it: the server waits for our first word
                piece = link.recv(MAX_ANSWER_BYTES)
                if not piece or len(answer) > MAX_ANSWER_BYTES:
                    raise ProxyError("unexpected EOF")
                answer += piece
            _, code, *words = answer.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
            if code != "200":
                raise ProxyError(words[0] if words else f"unknown status code {code}")
        except BaseException:
            link.close()
            raise
        return link


class ProxyError(OSError):
    """The proxy is why there is no connection."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.strerror = message


class SocksProxy(Proxy):
    """A proxy that connects to anything, TLS or not; `login` is user:password, "" for none."""

    __slots__ = ("login",)
    is_asked_by_url = False

    def __init__(self, host: str, port: int, login: str = "") -> None:
        super().__init__(host, port)
        self.login = login

    def tunnel(self, target: str, timeout: float) -> socket.socket:
        """A connection through the proxy to `target`, host:port.

        Raises:
            ProxyError: the proxy does not answer, or does not let us through.
        """
        link = self.dial(timeout)
        try:
            self._enter(link)
            host, _, port = target.rpartition(":")
            name = host.strip("[]").encode("idna")[:MAX_TEXT_BYTES]
            number = int(port).to_bytes(2, "big")
            link.sendall(VERSION + CONNECT + b"\x00" + BY_NAME + bytes([len(name)]) + name + number)
            _, code, _, kind = _read(link, 4)
            if code:
                raise ProxyError(
                    f"socks connect tcp {self.host}:{self.port}->{target}: {REFUSALS.get(code, 'unknown')}"
                )
            length = ADDRESS_BYTES.get(kind) or _read(link, 1)[0]
            _read(link, length + 2)
        except BaseException:
            link.close()
            raise
        return link

    def _enter(self, link: socket.socket) -> None:
        ways = bytes([OPEN, PASSWORD] if self.login else [OPEN])
        link.sendall(VERSION + bytes([len(ways)]) + ways)
        way = _read(link, 2)[1]
        if way == PASSWORD and self.login:
            user, _, password = self.login.partition(":")
            parts = [text.encode()[:MAX_TEXT_BYTES] for text in (user, password)]
            link.sendall(b"\x01" + b"".join(bytes([len(part)]) + part for part in parts))
            if _read(link, 2)[1]:
                raise ProxyError("username/password authentication failed")
        elif way != OPEN:
            raise ProxyError("no acceptable authentication methods")


def _read(link: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = link.recv(size - len(found))
        if not piece:
            raise ProxyError("unexpected EOF")
        found += piece
    return found


def chosen(proxy_url: str, secure: bool, host: str, port: int, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy on the way to a server, None when there is none.

    Raises:
        CommandError: a proxy that cannot be used.
    """
    if not proxy_url and not _spared(host, port, environ):
        names = ("HTTPS_PROXY", "https_proxy") if secure else ("HTTP_PROXY", "http_proxy")
        proxy_url = next((environ[name] for name in names if environ.get(name)), "")
        if proxy_url and "://" not in proxy_url:
            proxy_url = f"http://{proxy_url}"
    return parse(proxy_url) if proxy_url else None


def parse(url: str) -> Proxy:
    """The proxy that a URL names.

    Raises:
        CommandError: it names none, or one of a kind that is not supported.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("http", "https", "socks5"):
        raise CommandError(
            f"unsupported scheme {go_quote(scheme if separator else '')}, must be http, https, or socks5"
        )
    if scheme == "https":
        raise CommandError(f"proxies of the scheme {scheme} are not supported by minictl: {url}")
    authority = rest.partition("/")[0]
    login, _, place = authority.rpartition("@")
    host, colon, port = place.rpartition(":")
    if not colon or "]" in port:
        host, port = place, str(PORTS[scheme])
    if not host or not port.isdigit():
        raise CommandError(f"invalid proxy address {go_quote(url)}")
    if scheme == "socks5":
        from urllib.parse import unquote

        return SocksProxy(host.strip("[]"), int(port), unquote(login))
    return Proxy(host.strip("[]"), int(port), _basic(login) if login else "")


def _basic(login: str) -> str:
    import base64
    from urllib.parse import unquote

    pair = unquote(login) if ":" in login else f"{unquote(login)}:"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _spared(host: str, port: int, environ: Mapping[str, str]) -> bool:
    """Is the server reached without the proxy of the environment?"""
    rules = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    if host == "localhost" or host == "::1" or host.startswith("127."):
        return True
    return any(_matches(rule.strip().lower(), host.lower(), port) for rule in rules.split(",") if rule.strip())


def _matches(rule: str, host: str, port: int) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        import ipaddress

        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(rule, strict=False)
        except ValueError:
            return False
    name, colon, wanted = rule.rpartition(":")
    if colon and wanted.isdigit() and name.count(":") == 0:
        if int(wanted) != port:
            return False
        rule = name
    rule = rule.strip("[]").removeprefix("*")
    return host == rule or host.endswith(rule if rule.startswith(".") else f".{rule}")
