"""The shapes of all kinds, and the only code that reads them.

One file holds one kind (`v1/pod.json`) or what several kinds share (`common/podspec.json`). They are JSON Schema
(draft 2020-12) with Kubernetes' own extensions (`x-kubernetes-list-type` and so on) and six of ours, for what the Go
types say and OpenAPI does not:

    x-openapi-name   the full name of a definition: `io.k8s.api.core.v1.Pod`
    x-go-type        the named type of a string or of a map: `v1.Protocol`
    x-go-embedded    the struct that a field is embedded through; error messages name it
    x-keeps-zero     a pointer in Go: false, 0 or "" is kept when a client sends it, elsewhere it means "not set"
    x-unwritten      the default is what an unset field counts as, and not written out
    x-alternative    a struct that may stand here in place of a boolean or a list

`default` carries both what Go writes out for an unset field ({}, "", 0, false, null) and what defaulting fills in.
Nothing is read before it is needed, and every file at most once in a process. A kind that comes at run time (a custom
one) has no file: `of_document` makes its Schema, and whoever declares the kind holds it, so that both go together.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cache, cached_property
from types import MappingProxyType

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing costs a command line more to import than all of this
    from typing import Any, Final, Literal

    Node = dict[str, Any]
    Type = Literal["object", "array", "string", "integer", "number", "boolean", "any"]

FOLDER = os.path.dirname(os.path.abspath(__file__))


class _Absent(Enum):
    ABSENT = "ABSENT"


ABSENT: Final = _Absent.ABSENT
"""What `Field.default` is where there is no default; None is a default of its own."""

_NOTHING: Mapping[str, Field] = MappingProxyType({})
_GO_SCALARS = {"boolean": "bool", "number": "float64", "string": "string"}


class Schema:
    """One kind's shape. `json` is the document as it stands in its file; its references lead into other files.

    `is_struct`: objects of the kind are structs in Go, which write out what nobody set; custom ones are not.
    """

    def __init__(self, document: Document, *, is_struct: bool = True) -> None:
        self.document = document
        self.is_struct = is_struct
        self.json = document.json
        self.root = Field("", document.json, document)

    def walk(self, path: Iterable[str]) -> Field | None:
        """The field at a path of names; list items and map values are stepped into by themselves. None: no such."""
        field: Field | None = self.root
        for name in path:
            if field is None:
                return None
            field = field.element.properties.get(name) if field.element.properties else field.element.values
        return field

    @property
    def group_version_kinds(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.json.get("x-kubernetes-group-version-kind", [])
        return found

    def definitions(self) -> dict[str, Field]:
        """Every named definition this kind is made of, itself included, by full name."""
        found: dict[str, Field] = {}
        _collect(self.root, found)
        return found

    def validator_document(self) -> Node:
        """A JSON Schema that needs no other file: all definitions in `$defs`, unknown fields refused."""
        definitions = {name: _closed(field) for name, field in self.definitions().items()}
        name = self.json["x-openapi-name"]
        schema = "https://json-schema.org/draft/2020-12/schema"
        return {"$schema": schema, "$ref": f"#/$defs/{name}", "$defs": definitions}


class Document:
    """A parsed file; resolves references that start in it."""

    def __init__(self, path: str, document: Node) -> None:
        self.path = path
        self.json = document
        self._fields: dict[str, Field] = {}

    def resolve(self, reference: str) -> Field:
        """The definition that `reference` names, the same object every time. Raises KeyError."""
        file, _, pointer = reference.partition("#")
        document = _read(os.path.normpath(os.path.join(os.path.dirname(self.path), file))) if file else self
        return document._at(pointer)

    def _at(self, pointer: str) -> Field:
        field = self._fields.get(pointer)
        if field is None:
            node = self.json
            for step in pointer.split("/")[1:]:
                node = node[step]
            field = self._fields[pointer] = Field("", node, self)
        return field


class Field:
    """One place in a shape: what may stand there and how it is merged. Read-only."""

    def __init__(self, name: str, node: Node, document: Document) -> None:
        self.name = name
        self.node = node
        self._document = document
        reference = node.get("$ref")
        self.definition: Field = document.resolve(reference) if reference else self
        """The definition a reference leads to, shared by all places that use it; else the field itself."""
        self.default: Any = node.get("default", ABSENT)
        self.keeps_zero: bool = node.get("x-keeps-zero", False)
        self.embedded: str = node.get("x-go-embedded", "")
        self.patch_merge_key: str = node.get("x-kubernetes-patch-merge-key", "")
        self.memo: dict[str, Any] = {}
        """What readers of schemas have made of this place, each under its own name: kept as long as the field is."""
        strategy = node.get("x-kubernetes-patch-strategy", "")
        self.patch_strategy: frozenset[str] = frozenset(strategy.split(",")) if strategy else frozenset()

    def _said(self, keyword: str, otherwise: Any) -> Any:
        """What this place says of itself, else what its definition says."""
        if keyword in self.node:
            return self.node[keyword]
        return self.definition.node.get(keyword, otherwise)

    @cached_property
    def type(self) -> Type:
        said = self._said("type", "any")
        if isinstance(said, list):
            others = [t for t in said if t != "null"]
            said = others[0] if len(others) == 1 else "any"
        result: Type = said
        return result

    @property
    def format(self) -> str:
        return str(self._said("format", ""))

    @property
    def description(self) -> str:
        return str(self._said("description", ""))

    @cached_property
    def nullable(self) -> bool:
        """Whether an unset value is written out as null: lists and times that Go does not omit."""
        return self.default is None

    @cached_property
    def go_name(self) -> str:
        """The Go type as error messages print it: `int32`, `v1.Protocol`, `[]v1.ServicePort`, `map[string]string`."""
        said = self._said("x-go-type", "") or _GO_NAMES.get(self._said("title", ""), "")
        if said:
            return str(said)
        title, kind = self._said("title", ""), self.type
        if title:
            return f"v1.{title}"
        if kind == "array":
            return "[]" + (self.items.go_name if self.items else "interface {}")
        if kind == "object":
            return "map[string]" + (self.values.go_name if self.values else "interface {}")
        if self.format == "byte":
            return "[]uint8"
        if kind == "integer":
            return self.format or "int64"
        return _GO_SCALARS.get(kind, "interface {}")

    @property
    def go_type(self) -> str:
        """The bare name of the Go type: `ServicePort`, `int32`, `Protocol`, `Quantity`."""
        return str(self._said("title", "")) or self.go_name.rpartition(".")[2]

    @cached_property
    def full_name(self) -> str:
        """The name of the definition in OpenAPI, or "" where it is none: `io.k8s.api.core.v1.ServicePort`."""
        return str(self._said("x-openapi-name", ""))

    @cached_property
    def required(self) -> frozenset[str]:
        return frozenset(self._said("required", ()))

    @property
    def enum(self) -> tuple[str, ...]:
        return tuple(self._said("enum", ()))

    @cached_property
    def properties(self) -> Mapping[str, Field]:
        """The fields of a struct, by name; empty for maps, lists and scalars."""
        if self.definition is not self:
            return self.definition.properties
        nodes = self.node.get("properties")
        if not nodes:
            return _NOTHING
        return MappingProxyType({name: Field(name, node, self._document) for name, node in nodes.items()})

    @cached_property
    def items(self) -> Field | None:
        """What a list holds."""
        node = self.node.get("items")
        return Field("", node, self._document) if node else None

    @cached_property
    def values(self) -> Field | None:
        """What a map holds, for objects that are maps."""
        node = self.node.get("additionalProperties")
        return Field("", node, self._document) if isinstance(node, dict) else None

    @cached_property
    def alternative(self) -> Field | None:
        """The struct that may stand here although it is no struct."""
        node = self.definition.node.get("x-alternative")
        return Field(self.name, node, self.definition._document) if node else None

    @property
    def element(self) -> Field:
        """The field itself, or for a list what it holds."""
        return self.items or self

    @property
    def list_type(self) -> str:
        """ "atomic", "set", "map", or "" (atomic too)."""
        return str(self._said("x-kubernetes-list-type", ""))

    @property
    def list_map_keys(self) -> tuple[str, ...]:
        return tuple(self._said("x-kubernetes-list-map-keys", ()))

    @property
    def map_type(self) -> str:
        """ "atomic", "granular", or "" (granular too)."""
        return str(self._said("x-kubernetes-map-type", ""))

    @property
    def preserve_unknown(self) -> bool:
        """Whether anything may stand in it, as in managedFields."""
        return bool(self._said("x-kubernetes-preserve-unknown-fields", False))

    @property
    def int_or_string(self) -> bool:
        return self.format == "int-or-string"

    @cached_property
    def is_struct(self) -> bool:
        """Whether it is an object with named fields (and not a map)."""
        return self.type == "object" and self.values is None and not self.preserve_unknown

    @property
    def written_default(self) -> Any:
        """The default, where an answer has it for an unset field; else ABSENT."""
        return ABSENT if self.node.get("x-unwritten") else self.default

    @property
    def has_zero_default(self) -> bool:
        """Whether its default is only what Go writes for an unset field, and no decision."""
        return self.default is None or self.default in ("", 0, False, {})

    def __repr__(self) -> str:
        return f"<Field {self.name or self.full_name} {self.go_name}>"


_GO_NAMES = {
    "Quantity": "resource.Quantity",
    "IntOrString": "intstr.IntOrString",
    "RawExtension": "runtime.RawExtension",
}


@cache
def load(group_version: str, kind: str) -> Schema:
    """The schema of a kind: load("apps/v1", "Deployment"). Raises KeyError if there is none."""
    if not all(part.replace(".", "").replace("-", "").isalnum() for part in (*group_version.split("/"), kind)):
        raise KeyError(f"{group_version} {kind}")
    return Schema(_read(f"{group_version}/{kind.lower()}.json"))


def of_document(json: Node) -> Schema:
    """The Schema of a kind that has no file; references in it start at this folder: `common/objectmeta.json`."""
    return Schema(Document("", json), is_struct=False)


def kinds() -> Iterator[tuple[str, str]]:
    """(group/version, kind) of every schema there is, sorted by file."""
    for folder, folders, files in os.walk(FOLDER):
        folders[:] = sorted(f for f in folders if f not in ("common", "__pycache__"))
        for file in sorted(files) if folder != FOLDER else ():
            if file.endswith(".json"):
                group_version = os.path.relpath(folder, FOLDER).replace(os.sep, "/")
                yield group_version, _read(f"{group_version}/{file}").json["title"]


@cache
def _read(path: str) -> Document:
    try:
        with open(os.path.join(FOLDER, path), "rb") as file:
            return Document(path, json.loads(file.read()))
    except FileNotFoundError:
        raise KeyError(path) from None


def _collect(field: Field, found: dict[str, Field]) -> None:
    if field.full_name and field.full_name not in found:
        found[field.full_name] = field.definition
    elif field.full_name:
        return
    for child in (*field.properties.values(), field.items, field.values):
        if child is not None:
            _collect(child, found)


def _closed(field: Field) -> Node:
    """A definition for validators: references lead to `$defs`, and fields that are not named are refused."""
    node = _inlined(field.node, field)
    if field.is_struct and "properties" in node:
        node["additionalProperties"] = False
    return node


def _inlined(node: Node, field: Field) -> Node:
    result: Node = {}
    for keyword, value in node.items():
        if keyword == "$ref":
            result["$ref"] = f"#/$defs/{field.full_name}"
        elif keyword == "properties":
            result["properties"] = {name: _inlined(value[name], child) for name, child in field.properties.items()}
        elif keyword == "items" and field.items:
            result["items"] = _inlined(value, field.items)
        elif keyword == "additionalProperties" and field.values:
            result["additionalProperties"] = _inlined(value, field.values)
        elif keyword in ("type", "format", "enum", "required", "oneOf", "title"):
            result[keyword] = value
    return result


@cache
def protobuf_fields(definition: str) -> tuple[str | None, ...]:
    """The field names of a definition by protobuf number (the first is number 1); () for one that is not listed.

    `~NAME` stands for a message of definition NAME whose fields JSON shows in its place; None for a gap.
    """
    return tuple(_protobuf().get(definition, ()))


@cache
def _protobuf() -> dict[str, list[str | None]]:
    with open(os.path.join(FOLDER, "protobuf.json"), "rb") as file:
        numbers: dict[str, list[str | None]] = json.load(file)
    return numbers
