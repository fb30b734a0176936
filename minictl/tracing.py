"""-v=6 to -v=9: what is asked of the server and what it answers, on stderr in the form of Kubernetes' programs.

6 tells method, address, status and duration of each request, 7 the headers, 8 the bodies up to a size, 9 all of them.
"""

from __future__ import annotations

import os
import time

from minictl.errors import go_quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

URLS, HEADERS, BODIES, ALL = 6, 7, 8, 9
"""The levels at which more is told."""
BODY_CHARACTERS = {BODIES: 1024}
"""How much of a body is told; all of it at other levels."""
SECRET = {"authorization"}
CALLS, TEXTS = "round_trippers.go:632", "helper.go:105"
"""Where Kubernetes' client tells calls and bodies."""
STATUS = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 301: "Moved Permanently", 304: "Not Modified",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 409: "Conflict", 410: "Gone", 415: "Unsupported Media Type", 422: "Unprocessable Entity",
    429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable",
    504: "Gateway Timeout",
}  # fmt: skip


class Tracer:
    """Tells about requests from `level` on; `note` takes a line."""

    def __init__(self, level: int, note: Callable[[str], None]) -> None:
        self.level = level
        self._note = note
        self._started = 0.0
        self._request = ""

    def asked(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> None:
        """A request is about to go out."""
        self._request = f"verb={go_quote(method)} url={go_quote(url)}"
        if self.level >= BODIES:
            self._tell(TEXTS, "Request Body", self._body(body or b""))
        if self.level >= HEADERS:
            shown = {name: _masked(name, value) for name, value in headers.items()}
            self._tell(CALLS, "Request", f"{self._request} headers={_lines(shown)}")
        self._started = time.monotonic()

    def answered(self, status: int, headers: Mapping[str, list[str]], body: bytes | None = None) -> None:
        """Its answer has come; `body` is None for one that comes piece by piece."""
        took = int((time.monotonic() - self._started) * 1000)
        about = f"{self._request} " if self.level < HEADERS else ""
        shown = {name.title(): value for name, values in headers.items() for value in values}
        middle = f" headers={_lines(shown) if self.level >= BODIES else go_quote('')}" if self.level >= HEADERS else ""
        text = f"{about}status={go_quote(f'{status} {STATUS.get(status, str())}'.strip())}{middle} milliseconds={took}"
        self._tell(CALLS, "Response", text)
        if self.level >= BODIES and body is not None:
            self._tell(TEXTS, "Response Body", self._body(body))

    def failed(self, reason: str) -> None:
        """There is no answer."""
        self._tell(CALLS, "Response", f'{self._request} status="" err={go_quote(reason)}')

    def _body(self, body: bytes) -> str:
        text, most = body.decode("utf-8", "replace"), BODY_CHARACTERS.get(self.level, len(body))
        cut = f" [truncated {len(text) - most} chars]" if len(text) > most else ""
        return f"body={_quoted(text[:most] + cut)}"

    def _tell(self, place: str, what: str, rest: str) -> None:
        now = time.time()
        stamp = time.strftime("%m%d %H:%M:%S", time.localtime(now)) + f".{int(now % 1 * 1e6):06d}"
        self._note(f"I{stamp} {os.getpid():7d} {place}] {go_quote(what)} {rest}")


def _masked(name: str, value: str) -> str:
    return f"{value.partition(' ')[0]} <masked>" if name.lower() in SECRET else value


def _lines(headers: Mapping[str, str]) -> str:
    return _quoted("\n".join(f"{name}: {value}" for name, value in sorted(headers.items())))


def _quoted(text: str) -> str:
    """A text of several lines between `<` and `>`, each indented; else in quotes."""
    if "\n" not in text:
        return go_quote(text)
    return "<\n" + "".join(f"\t{line}\n" for line in text.rstrip("\n").split("\n")) + " >"
