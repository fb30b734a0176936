"""What a schema does not name goes: unknown fields, and nulls where null is not allowed."""

from __future__ import annotations

from typing import Any

from apiserver.objects.structural import META_FIELDS, Node, is_embedded, preserves, values_of


def prune(object: Node, schema: Node) -> list[str]:
    """Drop the unknown fields of a whole object, in place; returns their paths, sorted: `spec.colour`, `a[0].b`."""
    unknown: list[str] = []
    _prune(object, {**schema, "x-kubernetes-embedded-resource": True}, "", unknown)
    return sorted(unknown)


def prune_value(value: Any, schema: Node) -> list[str]:
    """The same for a value inside an object."""
    unknown: list[str] = []
    _prune(value, schema, "", unknown)
    return sorted(unknown)


def _prune(value: Any, schema: Node | None, path: str, unknown: list[str], *, keeps: bool = False) -> None:
    """`keeps`: the list around this value keeps unknown fields, and so does this value, for its own part."""
    keeps = keeps or (schema is not None and preserves(schema))
    if isinstance(value, dict):
        _prune_members(value, schema, path, unknown, keeps)
    elif isinstance(value, list):
        items = schema.get("items") if schema is not None else None
        if items is not None or not keeps:
            for index, item in enumerate(value):
                _prune(item, items, f"{path}[{index}]", unknown, keeps=keeps)


def _prune_members(value: dict[str, Any], schema: Node | None, path: str, unknown: list[str], keeps: bool) -> None:
    schema = schema or {}
    properties: Node = schema.get("properties") or {}
    values, embedded = values_of(schema), is_embedded(schema)
    for name in list(value):
        if embedded and name in META_FIELDS:
            continue
        child = properties.get(name, values)
        place = f"{path}.{name}" if path else name
        if child is not None:
            _prune(value[name], child, place, unknown)
        elif not keeps:
            if name not in META_FIELDS or path:
                unknown.append(place)
            del value[name]


def drop_nulls(value: Any, schema: Node | None) -> None:
    """Drop nulls that are neither allowed nor about to be replaced by a default, in place."""
    if isinstance(value, dict):
        properties: Node = (schema.get("properties") or {}) if schema is not None else {}
        values = values_of(schema) if schema is not None else None
        for name in list(value):
            child = properties.get(name, values)
            if value[name] is None:
                if child is not None and not child.get("nullable") and child.get("default") is None:
                    if name not in properties and preserves(child):
                        continue
                    del value[name]
            else:
                drop_nulls(value[name], child)
    elif isinstance(value, list):
        items = schema.get("items") if schema is not None else None
        for item in value:
            drop_nulls(item, items)
