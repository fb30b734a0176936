"""proxy: the API on a port of this machine, for programs that bring no credentials; and files beside it."""

from __future__ import annotations

import http.server
import os
import re
import socketserver

from minictl.errors import CommandError, Unreachable
from minictl.grammar.flags import Command, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from minictl.client import Client
    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.transport import Response

PORT = 8001
HOSTS = r"^localhost$,^127\.0\.0\.1$,^\[::1\]$"
REJECTED_PATHS = "^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HOP_BY_HOP = frozenset((
    "connection", "content-length", "host", "keep-alive", "proxy-authenticate", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
))  # fmt: skip
"""Headers that are between two neighbours, not between both ends."""


class Filter:
    """Which requests go through: lists of patterns, separated by commas."""

    def __init__(self, flags: Flags) -> None:
        self.off = flags.on("disable-filter")
        self._hosts, self._paths = _patterns(flags, "accept-hosts"), _patterns(flags, "accept-paths")
        self._no_methods, self._no_paths = _patterns(flags, "reject-methods"), _patterns(flags, "reject-paths")

    def accepts(self, method: str, path: str, host: str) -> bool:
        if self.off:
            return True
        refused = _any(self._no_methods, method) or _any(self._no_paths, path)
        return not refused and _any(self._paths, path) and _any(self._hosts, re.sub(r":\d+$", "", host))


def _patterns(flags: Flags, name: str) -> list[re.Pattern[str]]:
    try:
        return [re.compile(pattern) for pattern in flags.text(name).split(",")]
    except re.error as error:
        raise CommandError(f"--{name}: {error}") from None


def _any(patterns: list[re.Pattern[str]], text: str) -> bool:
    return any(pattern.search(text) for pattern in patterns)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens; a thread for every connection."""

    allow_reuse_address = True
    daemon_threads = True


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """The same behind a Unix socket."""

    daemon_threads = True


def handler(client: Client, flags: Flags) -> type[http.server.BaseHTTPRequestHandler]:
    """What answers one connection: files under --www-prefix, the API under --api-prefix."""
    filter_, api, www = Filter(flags), _folder(flags.text("api-prefix")), flags.text("www")
    static = _folder(flags.text("www-prefix"))
    ahead = client.prefix if flags.on("append-server-path") else ""

    class Handler(http.server.SimpleHTTPRequestHandler):
        """One connection of a program to the proxy."""

        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            path = self.path.partition("?")[0]
            if www and path.startswith(static) and self.command in ("GET", "HEAD"):
                self.directory, self.path = www, self.path[len(static) - 1 :]
                (super().do_GET if self.command == "GET" else super().do_HEAD)()
            elif not path.startswith(api):
                self.plain(404, "404 page not found")
            else:
                target = self.path if api.startswith("/api") else self.path[len(api) - 1 :]
                self.forward(target)

        def forward(self, target: str) -> None:
            if not filter_.accepts(self.command, target.partition("?")[0], self.headers.get("Host", "")):
                self.plain(403, "Forbidden")
                return
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size) if size else None
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            connection = client.connection.another()
            try:
                response, pieces = client.forward(connection, self.command, ahead + target, headers, body)
                self.relay(response, pieces)
            except Unreachable as error:
                self.plain(500, error.detail)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                connection.close()

        def relay(self, response: Response, pieces: Iterator[bytes]) -> None:
            self.send_response_only(response.status)
            for name, values in response.headers.items():
                for value in values if name not in HOP_BY_HOP else ():
                    self.send_header(name, value)
            empty = self.command == "HEAD" or response.status in (204, 304)
            if not empty:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if empty:
                return
            for piece in pieces:
                if piece:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

        def plain(self, status: int, text: str) -> None:
            content = f"{text}\n".encode()
            self.send_response_only(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def address_string(self) -> str:
            return "local"

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing: stdout and stderr are the command's."""

    for method in METHODS:
        setattr(Handler, f"do_{method}", Handler.answer)
    return Handler


def _folder(prefix: str) -> str:
    return prefix if prefix.endswith("/") else f"{prefix}/"


def run(session: Session, flags: Flags, args: list[str]) -> None:
    path, port = flags.text("unix-socket"), flags.number("port")
    if path and flags.given("port") and port != PORT:
        raise CommandError("cannot set --unix-socket and --port at the same time")
    made = handler(session.client, flags)
    if flags.on("disable-filter") and not path:
        session.warn("Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious")
    if flags.text("www") and not os.path.exists(flags.text("www")):
        missing = flags.text("www")
        session.warn(f"Failed to stat static file directory {missing}: stat {missing}: no such file or directory")
    with _listening(flags.text("address"), port, path, made) as server:
        where = path or "{}:{}".format(*server.socket.getsockname()[:2])
        session.say(f"Starting to serve on {where}")
        session.out.flush()
        server.serve_forever()


def _listening(
    address: str, port: int, path: str, made: type[http.server.BaseHTTPRequestHandler]
) -> Server | UnixServer:
    try:
        return UnixServer(path, made) if path else Server((address, port), made)
    except OSError as error:
        where = f"listen unix {path}" if path else f"listen tcp {address}:{port}"
        raise CommandError(f"{where}: bind: {(error.strerror or '').lower()}") from None


DETAILS = """Everything under --api-prefix goes to the server with your credentials, so whoever reaches the port acts as
you: it listens on this machine only, unless --address says otherwise. --port=0 picks a free port."""

command = Command(
    "proxy",
    run,
    usage="proxy [--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]",
    details=DETAILS,
    flags=(
        Flag("port", "int", "p", default=PORT, help="port to listen on; 0 for any free one"),
        Flag("address", default="127.0.0.1", help="IP address to listen on"),
        Flag("unix-socket", "string", "u", help="listen on this Unix socket instead"),
        Flag("api-prefix", default="/", help="path under which the API is served"),
        Flag("append-server-path", "bool", help="put the path of the server's address before every request's"),
        Flag("www", "string", "w", help="folder with files to serve, too"),
        Flag("www-prefix", "string", "P", default="/static/", help="path under which the files are served"),
        Flag("accept-hosts", default=HOSTS, help="patterns of Host headers that are let through"),
        Flag("accept-paths", default="^.*", help="patterns of paths that are let through"),
        Flag("reject-methods", default="^$", help="patterns of methods that are not let through"),
        Flag(
            "reject-paths", default=REJECTED_PATHS, help="patterns of paths that are not let through, accepted or not"
        ),
        Flag("disable-filter", "bool", help="let everything through: dangerous on a port that others reach"),
        Flag("keepalive", "seconds", help="ignored", hidden=True),
    ),
)
