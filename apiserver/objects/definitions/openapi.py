"""Each place of a schema, as OpenAPI and Kubernetes' extensions of it go, but for the conditions in CEL."""

from __future__ import annotations

from dataclasses import dataclass, replace

from apiserver.objects.definitions import Node
from apiserver.objects.structural import META_FIELDS, is_embedded
from apiserver.objects.validation import Causes, forbidden, invalid, not_supported, required, struct

TYPES = ("array", "boolean", "integer", "number", "object", "string")
LIST_TYPES, MAP_TYPES = ("atomic", "set", "map"), ("atomic", "granular")

_UNSUPPORTED = {
    "id": "id is not supported",
    "additionalItems": "additionalItems is not supported",
    "patternProperties": "patternProperties is not supported",
    "definitions": "definitions is not supported",
    "dependencies": "dependencies is not supported",
    "$ref": "$ref is not supported",
}


@dataclass(frozen=True)
class Where:
    """What holds at a place because of what is around it. `no_defaults`: why there may be none."""

    no_defaults: str = ""
    inside_meta: bool = False


def validate(schema: Node, path: str, where: Where | None = None, *, is_root: bool = True) -> Causes:
    """What is wrong with a schema, all places below `path` included."""
    where = where or Where()
    causes = _keywords(schema, path, where)
    if schema.get("uniqueItems"):
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        causes.append(forbidden(f"{path}.uniqueItems", detail))
    values, properties = schema.get("additionalProperties"), schema.get("properties") or {}
    if values is not None:
        if properties and values is not True:
            detail = "additionalProperties and properties are mutual exclusive"
            causes.append(forbidden(f"{path}.additionalProperties", detail))
        inner = where
        if where.inside_meta:
            inner = replace(where, no_defaults="inside additionalProperties applying to object metadata")
        if isinstance(values, dict):
            causes += validate(values, f"{path}.additionalProperties", inner, is_root=False)
    for name, child in properties.items():
        inner = where
        if (is_root or is_embedded(schema)) and name in META_FIELDS:
            inner = replace(where, inside_meta=True, no_defaults=f"in top-level {name}" if is_root else "")
        causes += validate(child, f"{path}.properties[{name}]", inner, is_root=False)
    for place, child in _juncts(schema, path):
        causes += validate(child, place, where, is_root=False)
    if isinstance(schema.get("items"), dict):
        causes += validate(schema["items"], f"{path}.items", where, is_root=False)
    causes += _merging(schema, path)
    return causes


def _juncts(schema: Node, path: str) -> list[tuple[str, Node]]:
    found = [(f"{path}.not", schema["not"])] if schema.get("not") is not None else []
    for junctor in ("allOf", "oneOf", "anyOf"):
        found += [(f"{path}.{junctor}[{index}]", one) for index, one in enumerate(schema.get(junctor) or ())]
    return found


def _keywords(schema: Node, path: str, where: Where) -> Causes:
    causes: Causes = []
    type_ = schema.get("type", "")
    if type_ and type_ not in TYPES:
        causes.append(not_supported(f"{path}.type", type_, TYPES))
    if schema.get("default") is not None and where.no_defaults:
        causes.append(forbidden(f"{path}.default", f"must not be set {where.no_defaults}"))
    causes += [forbidden(f"{path}.{name}", detail) for name, detail in _UNSUPPORTED.items() if schema.get(name)]
    if type_ == "null":
        causes.append(forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative"))
    if isinstance(schema.get("items"), list) and schema["items"]:
        causes.append(forbidden(f"{path}.items", "items must be a schema object and not an array"))
    if where.inside_meta and is_embedded(schema):
        causes.append(forbidden(f"{path}.x-kubernetes-embedded-resource", "must not be used inside of resource meta"))
    return causes


# -- how values are merged ---------------------------------------------------------------------------------------------


def _merging(schema: Node, path: str) -> Causes:
    causes: Causes = []
    type_, list_type, map_type = schema.get("type", ""), schema.get("x-kubernetes-list-type"), schema.get(_MAP_TYPE)
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        causes.append(invalid(f"{path}.x-kubernetes-preserve-unknown-fields", False, "must be true or undefined"))
    if map_type is not None and type_ != "object":
        causes += _wrong_type(type_, path, f"must be object if {_MAP_TYPE} is specified")
    if map_type is not None and map_type not in MAP_TYPES:
        causes.append(not_supported(f"{path}.{_MAP_TYPE}", map_type, MAP_TYPES))
    if list_type is not None and type_ != "array":
        causes += _wrong_type(type_, path, f"must be array if {_LIST_TYPE} is specified")
    elif list_type == "set" and isinstance(schema.get("items"), dict):
        causes += _set_items(schema["items"], f"{path}.items")
    if list_type is not None and list_type not in LIST_TYPES:
        causes.append(not_supported(f"{path}.{_LIST_TYPE}", list_type, LIST_TYPES))
    if schema.get(_KEYS) and list_type != "map":
        detail = f"must be map if {_KEYS} is non-empty"
        place = f"{path}.{_LIST_TYPE}"
        causes.append(required(place, detail) if list_type is None else invalid(place, list_type, detail))
    if list_type == "map":
        causes += _map_list(schema, path)
    return causes + _items_of_sets_and_maps(schema, path)


_MAP_TYPE, _LIST_TYPE, _KEYS = "x-kubernetes-map-type", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"


def _wrong_type(type_: str, path: str, detail: str) -> Causes:
    return [invalid(f"{path}.type", type_, detail) if type_ else required(f"{path}.type", detail)]


def _set_items(items: Node, path: str) -> Causes:
    """What stands in a set must be merged as one."""
    detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
    if items.get("type") == "array" and items.get(_LIST_TYPE, "atomic") != "atomic":
        return [invalid(f"{path}.{_LIST_TYPE}", items[_LIST_TYPE], detail)]
    if items.get("type") == "object" and items.get(_MAP_TYPE) != "atomic":
        return [invalid(f"{path}.{_MAP_TYPE}", items.get(_LIST_TYPE), detail)]
    return []


def _map_list(schema: Node, path: str) -> Causes:
    causes: Causes = []
    keys, items = schema.get(_KEYS) or [], schema.get("items")
    if not keys:
        causes.append(required(f"{path}.{_KEYS}", "must not be empty if x-kubernetes-list-type is map"))
    if items is None:
        causes.append(required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map"))
    elif not isinstance(items, dict):
        shown = struct(("Schema", None), ("JSONSchemas", items))
        causes.append(
            invalid(f"{path}.items", shown, "must only have a single schema if x-kubernetes-list-type is map")
        )
    elif items.get("type") != "object":
        detail = "must be object if parent array's x-kubernetes-list-type is map"
        causes.append(invalid(f"{path}.items.type", items.get("type", ""), detail))
    else:
        causes += _key_causes(keys, items, path)
    return causes


def _key_causes(keys: list[str], items: Node, path: str) -> Causes:
    causes: Causes = []
    seen: set[str] = set()
    for key in keys:
        described = (items.get("properties") or {}).get(key)
        if described is None:
            causes.append(invalid(f"{path}.{_KEYS}", keys, "entries must all be names of item properties"))
        elif described.get("type") in ("array", "object"):
            detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            causes.append(invalid(f"{path}.items.properties[{key}].type", items.get("type", ""), detail))
        if key in seen:
            causes.append(invalid(f"{path}.{_KEYS}", keys, "must not contain duplicate entries"))
        seen.add(key)
    return causes


def _items_of_sets_and_maps(schema: Node, path: str) -> Causes:
    items, list_type = schema.get("items"), schema.get(_LIST_TYPE)
    if not isinstance(items, dict) or list_type not in ("set", "map"):
        return []
    causes: Causes = []
    if items.get("nullable"):
        detail = f"cannot be nullable when x-kubernetes-list-type is {list_type}"
        causes.append(forbidden(f"{path}.items.nullable", detail))
    for key in (schema.get(_KEYS) or ()) if list_type == "map" else ():
        described = (items.get("properties") or {}).get(key)
        if described is None:
            continue
        place = f"{path}.items.properties[{key}]"
        if key not in (items.get("required") or ()) and described.get("default") is None:
            detail = f"this property is in {_KEYS}, so it must have a default or be a required property"
            causes.append(required(f"{place}.default", detail))
        if described.get("nullable"):
            causes.append(forbidden(f"{place}.nullable", f"this property is in {_KEYS}, so it cannot be nullable"))
    return causes
