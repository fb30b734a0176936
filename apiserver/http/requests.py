"""A request and a response, free of the HTTP library."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from apiserver import errors
from apiserver.call import Identity
from apiserver.http.negotiate import JSON, SHAPES, Accepted, accepted
from apiserver.kind import Kind

MAX_BODY_BYTES = 3 * 1024 * 1024
"""Kubernetes' own limit."""


class About(NamedTuple):
    """A verb, a kind, a subresource ("" for the object itself), and whether an object, a namespace or the cluster is
    asked about: what requests are counted by."""

    verb: str
    kind: Kind
    subresource: str
    scope: str


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
    sent: bytes = b"{}"
    """The object of its body, as JSON, once that is read."""
    about: About | None = None
    """What it turned out to ask for, where that is about objects."""

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
