"""Custom kinds in OpenAPI: their schemas as the definitions have them, with what every object has put in.

Version 2 knows less: where null is allowed, where anything may stand or where there are alternatives it says nothing,
so that clients that check with it do not refuse what the server takes.
"""

from __future__ import annotations

from typing import Any

from apiserver.kind import Kind
from apiserver.objects.structural import is_embedded, preserves
from apiserver.objects.structural.fields import METADATA, TYPE_META
from apiserver.objects.structural.form import StructuralForm

Node = dict[str, Any]

OBJECT_META = {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
META: Node = {**TYPE_META, "metadata": {"allOf": [OBJECT_META], "description": METADATA["description"]}}
JUNCTORS = ("allOf", "anyOf", "oneOf", "not")
SHAPES = ("items", "properties", "additionalProperties")


def definition(kind: Kind, *, old: bool) -> Node:
    """The definition of a custom kind; `old`: for OpenAPI version 2."""
    form = kind.form
    assert isinstance(form, StructuralForm)
    root = {**form.structure, "x-kubernetes-embedded-resource": True}
    node = _published(root, old=old, is_root=True)
    del node["x-kubernetes-embedded-resource"]
    node["type"] = "object"
    gvk = {"group": kind.group, "kind": kind.name, "version": kind.version}
    node["x-kubernetes-group-version-kind"] = [gvk]
    return node


def _published(schema: Node, *, old: bool, is_root: bool = False) -> Node:
    node = dict(schema)
    if old:
        _cut_down(node)
    if "properties" in node:
        node["properties"] = {n: _published(child, old=old) for n, child in node["properties"].items()}
    for keyword in ("items", "additionalProperties"):
        if isinstance(node.get(keyword), dict):
            node[keyword] = _published(node[keyword], old=old)
    if is_embedded(schema) and not (old and preserves(schema) and not is_root):
        node["properties"] = {**(node.get("properties") or {}), **META}
    return node


def _cut_down(node: Node) -> None:
    """Leave out what version 2 does not know."""
    for keyword in JUNCTORS:
        node.pop(keyword, None)
    silent = bool(node.pop("nullable", None)) or bool(node.get("x-kubernetes-int-or-string"))
    if silent:
        node.pop("type", None)
    if silent or preserves(node):
        for keyword in SHAPES:
            node.pop(keyword, None)
    if not isinstance(node.get("additionalProperties", {}), dict):
        del node["additionalProperties"]
    node.pop("x-kubernetes-validations", None)
