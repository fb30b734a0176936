"""Definitions of custom kinds for tests."""

from __future__ import annotations

import copy
from typing import Any

Object = dict[str, Any]

BOAT_SCHEMA: Object = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "sails": {"type": "integer", "minimum": 1, "default": 2},
                "name": {"type": "string"},
                "crew": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": {"type": "string"}, "rank": {"type": "string"}},
                    },
                },
            },
        },
        "status": {"type": "object", "properties": {"afloat": {"type": "boolean"}, "phase": {"type": "string"}}},
    },
}


def definition(
    kind: str = "Boat", *, group: str = "sea.example.com", schema: Object | None = None, **more: Any
) -> Object:
    """A definition of one version, v1, with a status subresource; `more` goes into the version."""
    plural = f"{kind.lower()}s"
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": copy.deepcopy(schema or BOAT_SCHEMA)},
        "subresources": {"status": {}},
        **more,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [version],
        },
    }


def boat(name: str = "argo", version: str = "v1", **spec: Any) -> Object:
    return {
        "apiVersion": f"sea.example.com/{version}",
        "kind": "Boat",
        "metadata": {"name": name},
        "spec": spec or {"sails": 1},
    }
