"""The rules that make a schema structural: every place has one type, said outside of alternatives; what alternatives
restrict is also described outside of them; metadata is left alone.

Problems come sorted, as Kubernetes has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apiserver.objects.definitions import Node
from apiserver.objects.structural import is_embedded, patterns, preserves
from apiserver.objects.validation import Causes, forbidden, invalid, required

ROOT, ITEM, FIELD = "at the root", "for specified array items", "for specified object fields"
INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]

_FORBIDDEN_INSIDE = {
    "type": "must be empty to be structural",
    "additionalProperties": "must be undefined to be structural",
    "default": "must be undefined to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "nullable": "must be false to be structural",
    "x-kubernetes-preserve-unknown-fields": "must be false to be structural",
    "x-kubernetes-embedded-resource": "must be false to be structural",
    "x-kubernetes-int-or-string": "must be false to be structural",
    "x-kubernetes-list-map-keys": "must be empty to be structural",
    "x-kubernetes-list-type": "must be undefined to be structural",
    "x-kubernetes-map-type": "must be undefined to be structural",
    "x-kubernetes-validations": "must be empty to be structural",
}
"""What may not stand within an alternative."""


def validate(schema: Node, path: str) -> Causes:
    """What keeps a whole schema from being structural."""
    return sorted([*_invariants(schema, ROOT, path), *_completeness(schema, schema, path, path)], key=str)


def _invariants(schema: Node, level: str, path: str) -> Causes:
    causes: Causes = []
    if schema.get("type") == "array" and schema.get("items") is None:
        causes.append(required(f"{path}.items", "must be specified"))
    if isinstance(schema.get("items"), dict):
        causes += _invariants(schema["items"], ITEM, f"{path}.items")
    for name, child in (schema.get("properties") or {}).items():
        causes += _invariants(child, FIELD, f"{path}.properties[{name}]")
    values = schema.get("additionalProperties")
    if values is not None:
        if level == ROOT:
            causes.append(forbidden(f"{path}.additionalProperties", "must not be used at the root"))
        if isinstance(values, dict):
            causes += _invariants(values, FIELD, f"{path}.additionalProperties")
    causes += _extensions(schema, path)
    causes += _value_rules(schema, path, is_int_or_string=True)
    causes += _types(schema, level, path)
    causes += _meta(schema, level, path)
    return causes


def _extensions(schema: Node, path: str) -> Causes:
    if not schema.get("x-kubernetes-int-or-string"):
        return []
    detail = "must be false if x-kubernetes-int-or-string is true"
    excluded = ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource")
    return [invalid(f"{path}.{name}", True, detail) for name in excluded if schema.get(name)]


def _types(schema: Node, level: str, path: str) -> Causes:
    causes: Causes = []
    type_, embedded = schema.get("type", ""), is_embedded(schema)
    if embedded and type_ != "object":
        detail = "must be object if x-kubernetes-embedded-resource is true"
        causes.append(invalid(f"{path}.type", type_, detail) if type_ else required(f"{path}.type", detail))
    elif not type_ and not schema.get("x-kubernetes-int-or-string") and not preserves(schema):
        causes.append(required(f"{path}.type", f"must not be empty {level}"))
    if embedded and schema.get("additionalProperties") is not None:
        detail = "must not be used if x-kubernetes-embedded-resource is set"
        causes.append(forbidden(f"{path}.additionalProperties", detail))
    if level == ROOT and type_ and type_ != "object":
        causes.append(invalid(f"{path}.type", type_, "must be object at the root"))
    if embedded and not preserves(schema) and not schema.get("properties"):
        detail = (
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        )
        causes.append(required(f"{path}.properties", detail))
    return causes


def _meta(schema: Node, level: str, path: str) -> Causes:
    """kind, apiVersion and metadata of whole objects are what they are."""
    causes: Causes = []
    properties = schema.get("properties") or {}
    is_object = level == ROOT or is_embedded(schema)
    for name in ("kind", "apiVersion"):
        if is_object and name in properties and properties[name].get("type", "") != "string":
            place = f"{path}.properties[{name}].type"
            causes.append(invalid(place, properties[name].get("type", ""), "must be string"))
    if "metadata" not in properties:
        return causes
    metadata, place = properties["metadata"], f"{path}.properties[metadata]"
    if is_object and metadata.get("type", "") != "object":
        causes.append(invalid(f"{place}.type", metadata.get("type", ""), "must be object"))
    if level == ROOT:
        others = {name for name in metadata if metadata[name] not in (None, False, "", {}, [])} - {"type", "default"}
        restricted = set(metadata.get("properties") or {})
        if others - {"properties"} or restricted - {"name", "generateName"}:
            detail = "must not specify anything other than name and generateName, but metadata is implicitly specified"
            causes.append(forbidden(place, detail))
    return causes


def _value_rules(schema: Node, path: str, *, is_int_or_string: bool) -> Causes:
    """The alternatives of a place; two patterns that spell out int-or-string are let pass."""
    causes: Causes = []
    spells = is_int_or_string and schema.get("anyOf") == INT_OR_STRING
    all_of = schema.get("allOf") or []
    begins = is_int_or_string and bool(all_of) and all_of[0].get("anyOf") == INT_OR_STRING
    if not spells:
        for index, one in enumerate(schema.get("anyOf") or ()):
            causes += _nested(one, f"{path}.anyOf[{index}]")
    for index, one in enumerate(all_of):
        causes += _nested(one, f"{path}.allOf[{index}]", spells_int_or_string=begins and index == 0)
    for index, one in enumerate(schema.get("oneOf") or ()):
        causes += _nested(one, f"{path}.oneOf[{index}]")
    if schema.get("not") is not None:
        causes += _nested(schema["not"], f"{path}.not")
    if schema.get("pattern"):
        try:
            patterns.compiled(schema["pattern"])
        except patterns.BadPattern as error:
            detail = f"must be a valid regular expression, but isn't: {error}"
            causes.append(invalid(f"{path}.pattern", schema["pattern"], detail))
    return causes


def _nested(schema: Node, path: str, *, spells_int_or_string: bool = False) -> Causes:
    causes: Causes = []
    inner = {name: rule for name, rule in schema.items() if name != "anyOf"} if spells_int_or_string else schema
    causes += _value_rules(inner, path, is_int_or_string=False)
    if isinstance(schema.get("items"), dict):
        causes += _nested(schema["items"], f"{path}.items")
    for name, child in (schema.get("properties") or {}).items():
        causes += _nested(child, f"{path}.properties[{name}]")
    for keyword, detail in _FORBIDDEN_INSIDE.items():
        if schema.get(keyword) not in (None, False, "", []):
            causes.append(forbidden(f"{path}.{keyword}", detail))
    if "metadata" in (schema.get("properties") or {}):
        causes.append(forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context"))
    return causes


def _completeness(rules: Node, schema: Any, at: str, said_at: str) -> Causes:
    """What the alternatives of a place (`rules`) restrict must be described by its schema."""
    causes: Causes = []
    for place, nested in _alternatives(rules, said_at):
        causes += _nested_completeness(nested, schema, at, place)
    return causes


def _alternatives(rules: Node, path: str) -> Iterator[tuple[str, Node]]:
    if rules.get("not") is not None:
        yield f"{path}.not", rules["not"]
    for junctor in ("allOf", "anyOf", "oneOf"):
        for index, one in enumerate(rules.get(junctor) or ()):
            yield f"{path}.{junctor}[{index}]", one


def _nested_completeness(rules: Node, schema: Any, at: str, said_at: str) -> Causes:
    if not isinstance(schema, dict):
        return [required(at, f"because it is defined in {said_at}")]
    causes = _completeness(rules, schema, at, said_at)
    if isinstance(rules.get("items"), dict):
        causes += _nested_completeness(rules["items"], schema.get("items"), f"{at}.items", f"{said_at}.items")
    for name, child in (rules.get("properties") or {}).items():
        described = (schema.get("properties") or {}).get(name)
        place = f"properties[{name}]"
        causes += _nested_completeness(child, described, f"{at}.{place}", f"{said_at}.{place}")
    return causes
