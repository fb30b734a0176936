"""URLs, absolute ones: with a scheme, or a path from the root."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

_IN_PATHS = "/:@!$&'()*+,;=-._~%"


def read(text: str) -> str:
    """The text, if it is a URL. Raises ValueError in Kubernetes' words."""
    said = f"URL parse error during conversion from string: parse {quoted(text)}: "
    if not text:
        raise ValueError(f"{said}empty url")
    parts = None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"{said}{error}") from None
    if not (parts.scheme or text.startswith("/")):
        raise ValueError(f"{said}invalid URI for request")
    return text


def quoted(text: str) -> str:
    """A text as Go quotes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_url(text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _host(text: str) -> str:
    return urlsplit(text).netloc.rpartition("@")[2]


DECLARED: dict[str, Callable[..., Any] | None] = {
    "url(string) URL": read,
    "isURL(string) bool": _is_url,
    "URL.getScheme() string": lambda text: urlsplit(text).scheme,
    "URL.getHost() string": _host,
    "URL.getHostname() string": lambda text: (
        _host(text).rpartition("]")[0].lstrip("[") or _host(text).partition(":")[0]
    ),
    "URL.getPort() string": lambda text: str(urlsplit(text).port or ""),
    "URL.getEscapedPath() string": lambda text: quote(urlsplit(text).path, safe=_IN_PATHS),
    "URL.getQuery() map<string,list<string>>": lambda text: parse_qs(urlsplit(text).query, keep_blank_values=True),
}
