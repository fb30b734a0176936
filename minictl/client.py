"""The verbs over HTTP: requests and answers as Python values, refusals as ServerError, watches as iterators."""

from __future__ import annotations

import json

from minictl.errors import PROGRAM, VERSION, ServerError, Unreachable
from minictl.transport import Connection, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from typing import Any

    from minictl.credentials import Plugin
    from minictl.tracing import Tracer

    Object = dict[str, Any]
    Query = Mapping[str, str | int | bool | None]

JSON = "application/json"
PATCHES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
"""Content types by patch type."""

SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


class Client:
    """Speaks to one server. `warn` gets the text of each Warning header; `plugin` knows who asks, where the headers do
    not say so."""

    def __init__(
        self,
        connection: Connection,
        *,
        prefix: str = "",
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        warn: Callable[[str], None] = lambda text: None,
        plugin: Plugin | None = None,
    ) -> None:
        self.connection = connection
        self.prefix = prefix.rstrip("/")
        self.headers = {"User-Agent": f"{PROGRAM}/{VERSION} (minictl)", **(headers or {})}
        self.timeout = timeout
        self.warn = warn
        self._plugin = plugin
        self.tracer: Tracer | None = None
        """Tells about each request, where somebody wants to know."""

    # --- plain HTTP

    def request(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Object | bytes | None = None,
        *,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Response:
        """One request, one whole answer.

        Raises:
            ServerError: the answer is a refusal (400 and up).
            Unreachable: there is no answer.
        """
        target = self.prefix + path + encode_query(query)
        headers = self._headers(accept)
        data = (
            body
            if isinstance(body, bytes) or body is None
            else json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
        )
        if data is not None:
            headers["Content-Type"] = content_type
        if self.tracer is not None:
            self.tracer.asked(method, self._url(target), headers, data)
        try:
            response = self.connection.request(method, target, headers, data, self.timeout)
        except Unreachable as error:
            if self.tracer is not None:
                self.tracer.failed(error.detail)
            raise
        if self.tracer is not None:
            self.tracer.answered(response.status, response.headers, response.body)
        return self._checked(method, path, response)

    def _url(self, target: str) -> str:
        return f"{self.connection.scheme}://{self.connection.host}{target}"

    def _stream(
        self, connection: Connection, target: str, accept: str, timeout: float | None
    ) -> tuple[Response, Iterator[bytes]]:
        """A GET whose answer comes piece by piece; a refusal is whole."""
        headers = self._headers(accept)
        if self.tracer is not None:
            self.tracer.asked("GET", self._url(target), headers, None)
        response, pieces = connection.stream("GET", target, headers, timeout)
        if self.tracer is not None:
            self.tracer.answered(response.status, response.headers)
        if response.status >= 400:
            response.body = b"".join(pieces)
        return response, pieces

    def forward(
        self, connection: Connection, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[Response, Iterator[bytes]]:
        """Somebody else's request under our credentials, over a connection of its own, and the body as it comes.

        Raises:
            Unreachable: there is no answer.
        """
        own = {name: value for name, value in self._headers(JSON).items() if name not in ("Accept", "User-Agent")}
        response, pieces = connection.stream(method, target, {**own, **headers}, self.timeout, body)
        if response.status == 401 and self._plugin is not None:
            self._plugin.refused()
        return response, pieces

    def _headers(self, accept: str) -> dict[str, str]:
        if self._plugin is None:
            return {**self.headers, "Accept": accept}
        if self._plugin.expired():
            self.connection.close()  # it may have been opened with a certificate that is no longer good
        return {**self.headers, **self._plugin.headers(), "Accept": accept}

    def _checked(self, method: str, path: str, response: Response) -> Response:
        for header in response.headers.get("warning", ()):
            self.warn(warning_text(header))
        if response.status == 401 and self._plugin is not None:
            self._plugin.refused()
        if response.status >= 400:
            raise ServerError(status_of(response, method, path))
        return response

    def call(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Object | bytes | None = None,
        *,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Any:
        """`request`, with the answer decoded from JSON ({} for an empty one)."""
        response = self.request(method, path, query, body, content_type=content_type, accept=accept)
        return json.loads(response.body) if response.body else {}

    # --- the verbs; paths come from Resource.path()

    def get(self, path: str, query: Query | None = None, accept: str = JSON) -> Any:
        return self.call("GET", path, query, accept=accept)

    def create(self, path: str, body: Object, query: Query | None = None) -> Any:
        return self.call("POST", path, query, body)

    def update(self, path: str, body: Object, query: Query | None = None) -> Any:
        return self.call("PUT", path, query, body)

    def patch(self, path: str, patch: Object | bytes | list[Any], patch_type: str, query: Query | None = None) -> Any:
        """`patch_type`: json, merge, strategic or apply (PATCHES)."""
        data = patch if isinstance(patch, bytes) else json.dumps(patch, ensure_ascii=False, sort_keys=True).encode()
        return self.call("PATCH", path, query, data, content_type=PATCHES[patch_type])

    def delete(self, path: str, body: Object | None = None, query: Query | None = None) -> Any:
        """`body` holds the DeleteOptions. Where there is one, servers look there only for a dry run too."""
        if body is not None and query and query.get("dryRun"):
            body = {**body, "dryRun": [query["dryRun"]]}
        return self.call("DELETE", path, query, body)

    def list(self, path: str, query: Query | None = None, chunk_size: int = 0, accept: str = JSON) -> Any:
        """A whole list, fetched in pages of `chunk_size` items (0: at once); the pages are joined into the first."""
        query = {**(query or {})}
        if chunk_size > 0:
            query["limit"] = chunk_size
        whole = self.call("GET", path, query, accept=accept)
        field = "rows" if "rows" in whole else "items"
        page = whole
        while token := (page.get("metadata") or {}).get("continue"):
            page = self.call("GET", path, {**query, "continue": token}, accept=accept)
            whole[field] = (whole.get(field) or []) + (page.get(field) or [])
        if chunk_size > 0 and isinstance(whole.get("metadata"), dict):
            whole["metadata"].pop("continue", None)
            whole["metadata"].pop("remainingItemCount", None)
        return whole

    def pieces(self, path: str, query: Query | None = None) -> Iterator[bytes]:
        """The body of an answer as it comes, over a connection of its own.

        Raises:
            ServerError: the answer is a refusal.
            Unreachable: the connection fails.
        """
        connection = self.connection.another()
        try:
            target = self.prefix + path + encode_query(query)
            response, pieces = self._stream(connection, target, "*/*", self.timeout)
            self._checked("GET", path, response)
            yield from pieces
        finally:
            connection.close()

    def watch(
        self, path: str, query: Query | None = None, accept: str = JSON, timeout: float | None = None
    ) -> Generator[Any, None, None]:
        """Events as they come: {"type": "ADDED", "object": {...}}; ends when the server ends the watch.

        Raises:
            ServerError: the watch is refused.
            Unreachable: the connection fails, or nothing came for `timeout` seconds (the client's own by default).
        """
        target = self.prefix + path + encode_query({**(query or {}), "watch": "true"})
        connection = self.connection.another()
        try:
            response, pieces = self._stream(connection, target, accept, timeout or self.timeout)
            self._checked("GET", path, response)
            pending = b""
            for piece in pieces:
                *lines, pending = (pending + piece).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield json.loads(line)
        finally:
            connection.close()


def encode_query(query: Query | None) -> str:
    """`?a=b&c=d` for what is set: None and "" are left out, booleans become true and false."""
    pairs = []
    for name, value in (query or {}).items():
        if value is None or value == "":
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        pairs.append(f"{name}={quote(text, safe='')}")
    return f"?{'&'.join(pairs)}" if pairs else ""


def quote(text: str, safe: str = "/") -> str:
    """Percent-encodes what may not stand in a URL."""
    return "".join(
        char if char in SAFE and (char != "/" or char in safe) else "".join(f"%{byte:02X}" for byte in char.encode())
        for char in text
    )


def warning_text(header: str) -> str:
    """The text of a `299 - "text"` header."""
    _, _, text = header.partition('"')
    return text[: text.rindex('"')].replace('\\"', '"').replace("\\\\", "\\") if '"' in text else header


def status_of(response: Response, method: str, path: str) -> Object:
    """The Status of a refused request; one is made up where the body is not a Status."""
    try:
        status = json.loads(response.body)
    except ValueError:
        status = None
    if isinstance(status, dict) and status.get("kind") == "Status":
        return status
    reason, message = _BARE.get(
        response.status, ("", "an error on the server has prevented the request from succeeding")
    )
    if not reason and response.status < 500:
        message = "the server responded with the status code but did not return more information"
    return {"kind": "Status", "code": response.status, "reason": reason or "InternalError", "message": message}


_BARE = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "the server has asked for the client to provide credentials"),
    403: ("Forbidden", "the server does not allow access to the requested resource"),
    404: ("NotFound", "the server could not find the requested resource"),
    405: ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
    406: ("NotAcceptable", "the server was unable to respond with a content type that the client supports"),
    409: ("Conflict", "the server reported a conflict"),
    415: ("UnsupportedMediaType", "the server was not able to process the body media type"),
    422: ("Invalid", "the server rejected our request due to an error in our request"),
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
}
"""What to say when a refusal comes without a Status."""
