"""CustomResourceDefinitions: what is wrong with one, and what becomes of its names.

validation   the definition as a whole: group, names, versions, conversion
extras       columns, subresources, selectable fields
openapi      each place of a schema, as OpenAPI goes
structure    the rules that make a schema structural: every place has one type, said outside of alternatives
defaulted    defaults must fit the schema that they stand in
warnings     what is allowed and yet odd
served       what answers about a version are told beside
printed      parts of a definition as Go prints them in errors
naming       the conditions NamesAccepted and Established

Kubernetes' errors speak of an internal form of the definition, in which what all versions say alike stands once, at the
top: `spec.validation`, `spec.subresources`, `spec.additionalPrinterColumns`. `hoisted` makes that form.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]
Node = dict[str, Any]

HOISTED = {
    "subresources": "subresources",
    "schema": "validation",
    "additionalPrinterColumns": "additionalPrinterColumns",
    "selectableFields": "selectableFields",
}
"""What versions say -> what it is called where all say the same."""


def hoisted(spec: Object) -> Object:
    """The spec in its internal form; nothing is shared that could be changed by mistake but schemas."""
    versions = [dict(version) for version in spec.get("versions") or ()]
    result = {**spec, "versions": versions}
    if not versions:
        return result
    for name, top in HOISTED.items():
        first = versions[0].get(name)
        if all(version.get(name) == first for version in versions):
            if first is not None:
                result[top] = first
            for version in versions:
                version.pop(name, None)
    return result


def schema_of(version: Object, name: str = "schema") -> Node | None:
    """The schema of one version, or of all (whose `name` is "validation"); None where it has none."""
    found: Node | None = (version.get(name) or {}).get("openAPIV3Schema")
    return found


def storage_version(spec: Object) -> str:
    """The name of the version in which objects are stored."""
    return next((str(v.get("name", "")) for v in spec.get("versions") or () if v.get("storage")), "")


def places(schema: Node) -> Iterator[Node]:
    """A schema and every schema within it."""
    yield schema
    inner = [schema.get("items"), schema.get("additionalProperties"), schema.get("not")]
    inner += (schema.get("properties") or {}).values()
    for junctor in ("allOf", "anyOf", "oneOf"):
        inner += schema.get(junctor) or ()
    for one in inner:
        if isinstance(one, dict):
            yield from places(one)
