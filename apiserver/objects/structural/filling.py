"""Defaults of custom objects: a field that is not set, or null where null is not allowed, gets what its schema says."""

from __future__ import annotations

from typing import Any

import orjson

from apiserver.objects.structural import Node, values_of


def fill(value: Any, schema: Node) -> None:
    """Fill in the defaults of a value, in place. Doing it twice changes nothing more."""
    if isinstance(value, dict):
        properties: Node = schema.get("properties") or {}
        for name, child in properties.items():
            default = child.get("default")
            if default is not None and (name not in value or _is_stray_null(value[name], child)):
                value[name] = fresh(default)
        values = values_of(schema)
        for name in value:
            child = properties.get(name)
            if child is None and values is not None:
                child = values
                if _is_stray_null(value[name], child) and "default" in child:
                    value[name] = fresh(child["default"])
            if child is not None:
                fill(value[name], child)
    elif isinstance(value, list):
        items = schema.get("items")
        if not isinstance(items, dict):
            return
        for index, item in enumerate(value):
            if _is_stray_null(item, items) and "default" in items:
                value[index] = fresh(items["default"])
            fill(value[index], items)


def fresh(default: Any) -> Any:
    """A copy that the caller owns."""
    return orjson.loads(orjson.dumps(default)) if isinstance(default, dict | list) else default


def _is_stray_null(value: Any, schema: Node) -> bool:
    return value is None and not schema.get("nullable")
