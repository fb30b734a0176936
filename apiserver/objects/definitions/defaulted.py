"""Defaults must fit the schema that they stand in: known fields, right types and values."""

from __future__ import annotations

import copy

from apiserver.objects.definitions import Node
from apiserver.objects.gostructs import DecodeError
from apiserver.objects.structural import META_FIELDS, checking, is_embedded, metas, pruning
from apiserver.objects.validation import Causes, invalid


def validate(schema: Node, path: str, *, inside_meta: bool = False, is_root: bool = True) -> Causes:
    """What is wrong with the defaults of a structural schema, all places below `path` included."""
    embedded = is_root or is_embedded(schema)
    inside_meta = inside_meta and not embedded
    causes: Causes = []
    if schema.get("default") is not None and not inside_meta:
        causes += _default_causes(schema, f"{path}.default")
    if isinstance(schema.get("items"), dict):
        causes += validate(schema["items"], f"{path}.items", inside_meta=inside_meta, is_root=False)
    for name, child in (schema.get("properties") or {}).items():
        inside = inside_meta or (embedded and name in META_FIELDS)
        causes += validate(child, f"{path}.properties[{name}]", inside_meta=inside, is_root=False)
    return causes


def _default_causes(schema: Node, path: str) -> Causes:
    default = copy.deepcopy(schema["default"])
    causes: Causes = []
    unknown = (pruning.prune if is_embedded(schema) else pruning.prune_value)(default, schema)
    if unknown:
        causes.append(invalid(path, schema["default"], "must not have unknown fields"))
    default = copy.deepcopy(schema["default"])
    try:
        metas.read(default, schema, path)
    except DecodeError as error:
        return [*causes, invalid(path, schema["default"], str(error))]
    found = metas.check(default, schema, path)
    return causes + (found or checking.check(default, schema, path))
