"""OpenAPI: the shapes of what is served, made from the schemas in the forms that clients ask for.

Version 3 has an index and one document for each group and version; kubectl explains with them, looks up merge keys, and
finds out whether the server checks field names. Version 2 is one document for all; kubectl still wants it, as protobuf,
to check the items of a `kind: List` (openapi2.py).

A document is made when somebody first asks for it and kept; the index names each by a hash of its bytes, because
clients cache a document for as long as its address stays the same.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

import orjson

from apiserver.http import customopenapi, openapi2
from apiserver.http.discovery import VERSION
from apiserver.http.operations import paths_of
from apiserver.kind import Kind, Kinds
from schemas import Field, Schema, load

Node = dict[str, Any]

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
REFERENCE = "#/components/schemas/"
ALWAYS = (("v1", "Status"), ("v1", "DeleteOptions"))
"""Kinds that every document needs for answers and for bodies of DELETE."""

RESPONSES = {"Scale": "autoscaling/v1", "Eviction": "policy/v1", "TokenRequest": "authentication.k8s.io/v1"}
"""Where kinds that only subresources use stand."""

SELF_READING: dict[str, Node] = {
    "Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "IntOrString": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    "Time": {"format": "date-time", "type": "string"},
    "MicroTime": {"format": "date-time", "type": "string"},
}


class OpenAPI:
    """The documents about a catalogue of kinds; they follow it when it changes."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._edition = -1
        self._documents: dict[str, bytes] = {}
        self._tags: dict[str, str] = {}
        self._swagger: dict[str, bytes] = {}

    def index(self) -> Node:
        """GET /openapi/v3."""
        paths = {}
        for path in self._paths():
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={self.tag(path)}"}
        return {"paths": paths}

    def tag(self, path: str) -> str:
        """What changes with the document at a path."""
        body = self.document(path) or b""
        if path not in self._tags:
            self._tags[path] = hashlib.sha512(body).hexdigest().upper()
        return self._tags[path]

    def document(self, path: str) -> bytes | None:
        """GET /openapi/v3/PATH, as JSON; None if nothing is served there. `path` is like `apis/apps/v1`."""
        if path not in self._paths():
            return None
        if path not in self._documents:
            group_version = path.partition("/")[2]
            kinds = [kind for kind in self._kinds if kind.group_version == group_version]
            self._documents[path] = orjson.dumps(_document(kinds), option=orjson.OPT_SORT_KEYS)
        return self._documents[path]

    def swagger(self, accept: str = "") -> tuple[bytes, str]:
        """GET /openapi/v2 and its media type: protobuf if the Accept header names that, else JSON."""
        self._paths()
        media_type = openapi2.PROTOBUF if any(name in accept for name in openapi2.ASKED_FOR) else openapi2.JSON
        if media_type not in self._swagger:
            definitions = definitions_of(list(self._kinds), old=True)
            self._swagger[media_type] = openapi2.swagger(definitions, media_type)
        return self._swagger[media_type], media_type

    def _paths(self) -> list[str]:
        """Every path that has a document. Forgets all documents when the catalogue has changed."""
        if self._edition != self._kinds.edition:
            self._edition = self._kinds.edition
            self._documents.clear()
            self._tags.clear()
            self._swagger.clear()
        return [f"apis/{gv}" if "/" in gv else f"api/{gv}" for gv in self._kinds.group_versions()]


def _document(kinds: list[Kind]) -> Node:
    paths: Node = {}
    for kind in kinds:
        paths |= paths_of(kind, partial(schema_name, kind))
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": VERSION["gitVersion"]},
        "paths": paths,
        "components": {
            "schemas": definitions_of(kinds),
            "securitySchemes": {
                "BearerToken": {
                    "type": "apiKey",
                    "name": "authorization",
                    "in": "header",
                    "description": "A bearer token: `Bearer` and the token.",
                }
            },
        },
    }


# -- definitions -------------------------------------------------------------------------------------------------------


def schema_name(kind: Kind, group_version: str, name: str) -> str:
    """The name of the definition of a kind, or of one that its subresources use: `io.k8s.api.core.v1.Pod`."""
    own = (group_version, name) == (kind.group_version, kind.name)
    return (kind.schema if own else load(group_version, name)).root.full_name


def definitions_of(kinds: list[Kind], *, old: bool = False) -> dict[str, Node]:
    """The definitions of kinds, their lists, the kinds of their subresources, and all that these are made of; `old`: as
    version 2 has them."""
    found: dict[str, Field] = {}
    result: dict[str, Node] = {}
    for schema in _schemas(kinds):
        found |= schema.definitions()
    result |= {name: _definition(field) for name, field in found.items()}
    for kind in kinds:
        name = kind.schema.root.full_name
        if "list" in kind.verbs:
            result[name + "List"] = _list_definition(kind, name)
        if not kind.form.is_struct:
            result[name] = customopenapi.definition(kind, old=old)
    result[META + "Patch"] = {"type": "object", "description": "A patch, in the form its Content-Type says."}
    return result


def _schemas(kinds: list[Kind]) -> list[Schema]:
    wanted = dict.fromkeys(ALWAYS)
    for kind in kinds:
        responses = {*kind.subresources.values(), *(["Scale"] if kind.scale else [])}
        wanted |= {(RESPONSES[name], name): None for name in sorted(responses) if name in RESPONSES}
        if "Binding" in responses:
            wanted["v1", "Binding"] = None
    return [*(kind.schema for kind in kinds), *(load(group_version, name) for group_version, name in wanted)]


def _list_definition(kind: Kind, name: str) -> Node:
    return {
        "type": "object",
        "description": f"{kind.name}List is a list of {kind.name} objects.",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string", "description": "The API version of this list."},
            "items": {"type": "array", "items": {"$ref": REFERENCE + name}, "description": "The objects."},
            "kind": {"type": "string", "description": "The kind of this list."},
            "metadata": {
                "allOf": [{"$ref": REFERENCE + META + "ListMeta"}],
                "default": {},
                "description": "The version of the list, and how to go on reading it.",
            },
        },
        "x-kubernetes-group-version-kind": [_gvk(kind, kind.list_name)],
    }


def _gvk(kind: Kind, name: str) -> Node:
    return {"group": kind.group, "kind": name, "version": kind.version}


def _definition(field: Field) -> Node:
    node = {**field.node}
    title = node.get("title", "")
    shape = SELF_READING.get(title) or _typed(field)
    result = {**shape, **_extensions(node)}
    if node.get("description"):
        result["description"] = node["description"]
    if field.required:
        result["required"] = node["required"]
    if field.properties:
        result["properties"] = {name: _property(child) for name, child in field.properties.items()}
    return result


def _typed(field: Field) -> Node:
    """What may be anything has no type: "any" is none of JSON Schema's, and kubectl takes no document that says so."""
    return {} if field.type == "any" else {"type": field.type}


def _extensions(node: Node) -> Node:
    dropped = "x-kubernetes-preserve-unknown-fields"
    return {key: value for key, value in node.items() if key.startswith("x-kubernetes-") and key != dropped}


def _property(field: Field) -> Node:
    """What stands at one place; a reference is wrapped, because OpenAPI 3.0 ignores all that stands beside one."""
    node = field.node
    result: Node = _extensions(node)
    if node.get("description"):
        result["description"] = node["description"]
    if field.default is not None and "default" in node:
        result["default"] = node["default"]
    if "$ref" in node:
        reference = {"$ref": REFERENCE + field.full_name}
        return {"allOf": [reference], **result} if result else reference
    result |= _typed(field)
    for keyword in ("format", "enum"):
        if keyword in node:
            result[keyword] = node[keyword]
    if field.items is not None:
        result["items"] = _property(field.items)
    if field.values is not None:
        result["additionalProperties"] = _property(field.values)
    return result
