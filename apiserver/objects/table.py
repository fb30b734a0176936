"""Objects as rows: the Table that `kubectl get` asks for. The cells that do not depend on the time are cached on the
record, so a list of a thousand unchanged Pods is mostly joining bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import orjson

from apiserver.clock import parse_timestamp

Object = dict[str, Any]

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 86400 * 365


class Row(NamedTuple):
    """A row but for its ages: `cells` are encoded JSON, or (timestamp, before, after) for an age."""

    cells: tuple[bytes | tuple[str | None, str, str], ...]
    metadata: bytes


def age(seconds: float) -> str:
    """How long, in two units at most, as Kubernetes' tables say it: 45s, 3m20s, 5h, 2d3h, 400d, 2y35d."""
    total = int(seconds)
    if total < -1:
        return "<invalid>"
    if total < 0:
        return "0s"
    minutes, hours, days, years = total // MINUTE, total // HOUR, total // DAY, total // YEAR
    if total < 2 * MINUTE:
        return f"{total}s"
    if minutes < 10:
        return _two(minutes, "m", total % MINUTE, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    if years < 8:
        return _two(years, "y", days % 365, "d")
    return f"{years}y"


def _two(big: int, big_unit: str, small: int, small_unit: str) -> str:
    return f"{big}{big_unit}{small}{small_unit}" if small else f"{big}{big_unit}"


def since(timestamp: str | None, now: datetime) -> str:
    """The age of an RFC 3339 timestamp; `<unknown>` when there is none."""
    if not timestamp:
        return "<unknown>"
    return age((now - parse_timestamp(timestamp)).total_seconds())


def render(row: Row, now: datetime, object: bytes) -> bytes:
    """One row's JSON, with what it shows as its object."""
    cells = [c if isinstance(c, bytes) else orjson.dumps(c[1] + since(c[0], now) + c[2]) for c in row.cells]
    return b'{"cells":[' + b",".join(cells) + b'],"object":' + object + b"}"


def framed(rows: bytes, definitions: bytes, list_metadata: bytes) -> bytes:
    """The whole Table around its joined rows."""
    head = b'{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":'
    return b"".join((head, list_metadata, b',"columnDefinitions":', definitions, b',"rows":[', rows, b"]}"))


def partial(object: Object) -> bytes:
    """The PartialObjectMetadata of an object, with its apiVersion in meta.k8s.io/v1."""
    head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]}
    return orjson.dumps(head)
