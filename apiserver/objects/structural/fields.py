"""A structural schema as the project's own: what apply, managedFields, explain and OpenAPI read shapes from."""

from __future__ import annotations

from typing import Any

from apiserver.objects.structural import Node, is_embedded, preserves
from schemas import Schema, of_document

TYPE_META: Node = {
    "apiVersion": {"type": "string", "description": "The group and version whose shape this object has."},
    "kind": {"type": "string", "description": "The kind of this object, in CamelCase."},
}
METADATA: Node = {
    "$ref": "common/objectmeta.json",
    "description": "Name, labels and other data about the object itself.",
}
ANYTHING: Node = {"x-kubernetes-preserve-unknown-fields": True}

KEPT = (
    "type", "format", "enum", "default", "description", "required", "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys", "x-kubernetes-map-type", "x-kubernetes-preserve-unknown-fields",
)  # fmt: skip


def schema_of(structure: Node, group_version: str, kind: str) -> Schema:
    """The Schema of one version of a custom kind."""
    group, _, version = group_version.rpartition("/")
    root = _converted({**structure, "x-kubernetes-embedded-resource": True})
    root["type"] = "object"
    root["x-openapi-name"] = model_name(group, version, kind)
    root["x-kubernetes-group-version-kind"] = [{"group": group, "kind": kind, "version": version}]
    return of_document(root)


def model_name(group: str, version: str, kind: str) -> str:
    """What OpenAPI calls a custom kind: `com.example.stable.v1.CronTab`."""
    return ".".join([*reversed(group.split(".")), version, kind])


def _converted(node: Node) -> Node:
    result: Node = {keyword: node[keyword] for keyword in KEPT if keyword in node}
    if node.get("x-kubernetes-int-or-string"):
        result.pop("type", None)
        result["format"] = "int-or-string"
    properties: dict[str, Any] = {name: _converted(child) for name, child in (node.get("properties") or {}).items()}
    if is_embedded(node):
        properties = {**properties, **TYPE_META, "metadata": METADATA}
    if properties:
        result["properties"] = properties
    elif result.get("type") == "object" and not node.get("additionalProperties") and not preserves(node):
        result["properties"] = {}
    values, items = node.get("additionalProperties"), node.get("items")
    if values:
        result["additionalProperties"] = _converted(values) if isinstance(values, dict) else ANYTHING
    if isinstance(items, dict):
        result["items"] = _converted(items)
    return result
