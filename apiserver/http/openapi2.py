"""OpenAPI version 2: the definitions only, as JSON or as protobuf.

kubectl (1.32 tested) asks for protobuf alone, to check the items of a `kind: List` before it sends them, and takes
neither JSON nor a 406 in its place. Its message, openapi.v2.Document, is public
(github.com/google/gnostic-models, openapiv2/OpenAPIv2.proto); the handful of its fields that carry definitions is
written here by hand, which spares a dependency on a protobuf library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from apiserver.http.discovery import VERSION

Node = dict[str, Any]

PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
ASKED_FOR = ("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", PROTOBUF)
"""What clients call it. The first is not a well-formed media type, so answers may not be labelled with it."""
JSON = "application/json"
TITLE = "Kubernetes"

REFERENCES = ("#/components/schemas/", "#/definitions/")

# Field numbers of the messages, by name.
DOCUMENT = {"swagger": 1, "info": 2, "paths": 8, "definitions": 9}
INFO = {"title": 1, "version": 2}
NAMED = {"name": 1, "value": 2}
ADDITIONAL = 1
YAML = 2
SCHEMA = {
    "$ref": 1, "format": 2, "description": 4, "default": 5, "required": 19, "enum": 20, "additionalProperties": 21,
    "type": 22, "items": 23, "properties": 25, "extensions": 31,
}  # fmt: skip
_BYTES = 2  # the wire type of everything with a length


def swagger(definitions: Mapping[str, Node], media_type: str) -> bytes:
    """The document with these definitions (given as OpenAPI 3 has them)."""
    simpler = {name: _simplified(node) for name, node in sorted(definitions.items())}
    if media_type == PROTOBUF:
        return _document(simpler)
    info = {"title": TITLE, "version": VERSION["gitVersion"]}
    return orjson.dumps({"swagger": "2.0", "info": info, "paths": {}, "definitions": simpler})


def _simplified(node: Node) -> Node:
    """A schema without what only version 3 has: no wrapped references, no alternatives."""
    result = dict(node)
    for part in result.pop("allOf", ()):
        result |= part
    if "oneOf" in result:
        del result["oneOf"]
        result["type"] = "string"
    if "$ref" in result:
        result["$ref"] = result["$ref"].replace(*REFERENCES)
        result.pop("default", None)
    for keyword in ("items", "additionalProperties"):
        if keyword in result:
            result[keyword] = _simplified(result[keyword])
    if "properties" in result:
        result["properties"] = {name: _simplified(child) for name, child in result["properties"].items()}
    return result


# -- protobuf ----------------------------------------------------------------------------------------------------------


def _document(definitions: Mapping[str, Node]) -> bytes:
    info = _field(INFO["title"], TITLE.encode()) + _field(INFO["version"], VERSION["gitVersion"].encode())
    named = _named((name, _schema(node)) for name, node in definitions.items())
    return (
        _field(DOCUMENT["swagger"], b"2.0")
        + _field(DOCUMENT["info"], info)
        + _field(DOCUMENT["paths"], b"")
        + _field(DOCUMENT["definitions"], named)
    )


def _schema(node: Node) -> bytes:
    parts = [_keyword(keyword, value) for keyword, value in node.items() if keyword in SCHEMA]
    parts += [
        _field(SCHEMA["extensions"], _field(NAMED["name"], keyword.encode()) + _field(NAMED["value"], _any(value)))
        for keyword, value in node.items()
        if keyword.startswith("x-")
    ]
    return b"".join(parts)


def _keyword(keyword: str, value: Any) -> bytes:
    number = SCHEMA[keyword]
    if keyword == "type":
        return _field(number, _field(ADDITIONAL, value.encode()))
    if keyword in ("items", "additionalProperties"):
        return _field(number, _field(ADDITIONAL, _schema(value)))
    if keyword == "properties":
        return _field(number, _named((name, _schema(child)) for name, child in value.items()))
    if keyword == "required":
        return b"".join(_field(number, name.encode()) for name in value)
    if keyword == "enum":
        return b"".join(_field(number, _any(choice)) for choice in value)
    if keyword == "default":
        return _field(number, _any(value))
    return _field(number, value.encode())


def _named(pairs: Iterable[tuple[str, bytes]]) -> bytes:
    return b"".join(
        _field(ADDITIONAL, _field(NAMED["name"], name.encode()) + _field(NAMED["value"], value))
        for name, value in pairs
    )


def _any(value: Any) -> bytes:
    """Any value, as YAML, of which JSON is a part."""
    return _field(YAML, orjson.dumps(value))


def _field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    result = bytearray()
    while number > 0x7F:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    result.append(number)
    return bytes(result)
