"""What structural schemas do to custom objects. A structural schema is the `openAPIV3Schema` of a version of a custom
kind, as the CustomResourceDefinition has it: a plain dict that says of every place what may stand there.

reading      bytes and patched values -> custom objects, and what is wrong with them
pruning      fields that the schema does not name go; so do nulls that nobody allows
metas        the metadata of whole objects inside objects (x-kubernetes-embedded-resource)
filling      defaults
checking     values against their schema, in the words of Kubernetes' OpenAPI validator
formats, patterns       what texts look like
lists        lists of type set and map have no two items alike
conditions   what is said in CEL (x-kubernetes-validations)
judging      a custom object as a whole
fieldpaths   paths into a schema
form         all of it as the Form of a Kind
fields       the schema as the project's own (schemas.Schema): for apply, managedFields, explain and OpenAPI
"""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]
"""A structural schema, or a part of one."""

META_FIELDS = frozenset({"metadata", "kind", "apiVersion"})


def preserves(schema: Node) -> bool:
    """Whether fields are kept that the schema does not name."""
    return bool(schema.get("x-kubernetes-preserve-unknown-fields"))


def is_embedded(schema: Node) -> bool:
    """Whether values are whole objects, with apiVersion, kind and metadata."""
    return bool(schema.get("x-kubernetes-embedded-resource"))


def values_of(schema: Node) -> Node | None:
    """The schema of a map's values: None where it is no map, {} where anything goes."""
    found = schema.get("additionalProperties")
    return found if isinstance(found, dict) else ({"x-kubernetes-preserve-unknown-fields": True} if found else None)


def member(schema: Node, name: str) -> Node | None:
    """The schema of one member of an object."""
    found: Node | None = (schema.get("properties") or {}).get(name)
    return values_of(schema) if found is None else found
