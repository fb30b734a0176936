"""Accept and Content-Type: which representation a client gets, and what it sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson

from apiserver import errors
from apiserver.objects import decoding, refusing
from apiserver.objects.nesting import TOO_DEEP, is_too_deep

JSON, YAML = "application/json", "application/yaml"
TABLE, PARTIAL, PARTIAL_LIST = "Table", "PartialObjectMetadata", "PartialObjectMetadataList"
DISCOVERY = "APIGroupDiscoveryList"
SHAPES = (TABLE, PARTIAL, PARTIAL_LIST)
"""What objects and lists of them can be shown as."""

SHAPE_VERSIONS = {DISCOVERY: "v2"}
"""The version (`v=`) in which a shape is offered, where it is not v1."""

OFFERED = (
    "application/json, application/yaml, application/vnd.kubernetes.protobuf, "
    "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
)


@dataclass(frozen=True)
class Accepted:
    """The chosen representation: a media type, and what the object is to be shown `as` ("" for itself)."""

    media_type: str = JSON
    shape: str = ""


PLAIN = Accepted()
_ANY = {"*/*": JSON, "application/*": "", JSON: JSON, YAML: YAML, "text/yaml": YAML}


def accepted(header: str, shapes: tuple[str, ...] = ()) -> Accepted:
    """Choose from an Accept header, best first. Raises NotAcceptable.

    `shapes` are the `as=` conversions on offer here; one that is not on offer is passed over.
    """
    if not header or header == JSON or header == "*/*":
        return PLAIN
    for media, parameters in sorted(map(_clause, header.split(",")), key=_preference):
        media_type = _ANY.get(media)
        if not media_type:
            continue
        shape = parameters.get("as", "")
        if not shape:
            return Accepted(media_type)
        if shape in shapes and parameters.get("v") == SHAPE_VERSIONS.get(shape, "v1"):
            return Accepted(media_type, shape)
    raise errors.NotAcceptable(f"406: Not Acceptable\n\nAvailable representations: {OFFERED}", {})


def _clause(text: str) -> tuple[str, dict[str, str]]:
    """(media type, parameters) of one choice in an Accept header."""
    media, *rest = (part.strip() for part in text.split(";"))
    return media, dict(p.partition("=")[::2] for p in rest)


def _preference(clause: tuple[str, dict[str, str]]) -> tuple[float, bool, bool]:
    """What sorts choices, best first: their weight, then how exactly they say what is wanted."""
    media, parameters = clause
    try:
        weight = float(parameters.get("q") or 1)
    except ValueError:
        weight = 1
    return -weight, media.startswith("*"), media.endswith("*")


def media_type(header: str) -> str:
    """The media type of a Content-Type header, without its parameters."""
    return header.partition(";")[0].strip().lower()


LARGE_BYTES = 64 * 1024
"""From here on it takes tenths of a second, and seconds for what is as large as can be, to read YAML."""


class NotYAML(Exception):
    """A body that cannot be read; the message is that of Go's YAML library."""


async def read_yaml(body: bytes) -> tuple[Any, str]:
    """The value of a YAML body, and a complaint about the keys that are written twice, "" where there are none. A large
    one is read beside what others ask.

    Raises NotYAML.
    """
    return _load_yaml(body) if len(body) < LARGE_BYTES else await asyncio.to_thread(_load_yaml, body)


def _load_yaml(body: bytes) -> tuple[Any, str]:
    if body.lstrip()[:1] == b"{":  # most YAML on the wire is JSON, and JSON is read a hundred times faster
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
        else:
            if decoding.is_all_of(body, value):
                return value, ""
    from schemas import yamls  # here: most servers never see any, and PyYAML takes a twentieth of their start

    try:
        value, duplicates = yamls.load_with_duplicates(body)
    except yamls.YAMLError as error:
        raise NotYAML(str(error)) from None
    if is_too_deep(value):
        raise NotYAML(f"yaml: {TOO_DEEP}")
    return value, "\n  ".join([refusing.YAML_PROBLEMS, *duplicates]) if duplicates else ""


def dump_yaml(value: Any) -> bytes:
    from schemas import yamls

    return yamls.dump(value).encode()
