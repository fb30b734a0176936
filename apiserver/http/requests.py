"""A request and a response, free of the HTTP library."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from apiserver import errors
from apiserver.call import Identity
from apiserver.http.negotiate import JSON, SHAPES, Accepted, accepted

MAX_BODY_BYTES = 3 * 1024 * 1024
"""Kubernetes' own limit."""


@dataclass
class Request:
    """`read` fetches the body, once. `query` keeps the first value of each name."""

    method: str
    parts: list[str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    identity: Identity
    read: Callable[[], Awaitable[bytes]]
    warnings: list[str] = field(default_factory=list)

    @cached_property
    def accepted(self) -> Accepted:
        """The representation that the client wants of objects. Raises NotAcceptable."""
        return accepted(self.headers.get("accept", ""), SHAPES)


@dataclass
class Response:
    """Bytes, or a stream of them (`stream` closes itself when its consumer stops iterating)."""

    body: bytes = b""
    status: int = 200
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    stream: AsyncGenerator[bytes] | None = None


def too_large() -> errors.TooLarge:
    return errors.TooLarge(f"Request entity too large: limit is {MAX_BODY_BYTES}")
