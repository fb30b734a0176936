"""Parts of a definition as Go prints them in errors: the internal structs, in the order of their fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiserver.objects.definitions import Node
from apiserver.objects.validation import Printed, struct

_SCHEMA: dict[str, tuple[str, Any]] = {
    "ID": ("id", ""), "Schema": ("$schema", ""), "Ref": ("$ref", None), "Description": ("description", ""),
    "Type": ("type", ""), "Nullable": ("nullable", False), "Format": ("format", ""), "Title": ("title", ""),
    "Default": ("default", None), "Maximum": ("maximum", None), "ExclusiveMaximum": ("exclusiveMaximum", False),
    "Minimum": ("minimum", None), "ExclusiveMinimum": ("exclusiveMinimum", False), "MaxLength": ("maxLength", None),
    "MinLength": ("minLength", None), "Pattern": ("pattern", ""), "MaxItems": ("maxItems", None),
    "MinItems": ("minItems", None), "UniqueItems": ("uniqueItems", False), "MultipleOf": ("multipleOf", None),
    "Enum": ("enum", None), "MaxProperties": ("maxProperties", None), "MinProperties": ("minProperties", None),
    "Required": ("required", None), "Items": ("items", None), "AllOf": ("allOf", None), "OneOf": ("oneOf", None),
    "AnyOf": ("anyOf", None), "Not": ("not", None), "Properties": ("properties", None),
    "AdditionalProperties": ("additionalProperties", None), "PatternProperties": ("patternProperties", None),
    "Dependencies": ("dependencies", None), "AdditionalItems": ("additionalItems", None),
    "Definitions": ("definitions", None), "ExternalDocs": ("externalDocs", None), "Example": ("example", None),
    "XPreserveUnknownFields": ("x-kubernetes-preserve-unknown-fields", None),
    "XEmbeddedResource": ("x-kubernetes-embedded-resource", False),
    "XIntOrString": ("x-kubernetes-int-or-string", False),
    "XListMapKeys": ("x-kubernetes-list-map-keys", None), "XListType": ("x-kubernetes-list-type", None),
    "XMapType": ("x-kubernetes-map-type", None), "XValidations": ("x-kubernetes-validations", None),
}  # fmt: skip
_RULE: dict[str, tuple[str, Any]] = {
    "Rule": ("rule", ""), "Message": ("message", ""), "MessageExpression": ("messageExpression", ""),
    "Reason": ("reason", None), "FieldPath": ("fieldPath", ""), "OptionalOldSelf": ("optionalOldSelf", None),
}  # fmt: skip
_VERSION: dict[str, tuple[str, Any]] = {
    "Name": ("name", ""), "Served": ("served", False), "Storage": ("storage", False),
    "Deprecated": ("deprecated", False), "DeprecationWarning": ("deprecationWarning", None), "Schema": ("schema", None),
    "Subresources": ("subresources", None), "AdditionalPrinterColumns": ("additionalPrinterColumns", None),
    "SelectableFields": ("selectableFields", None),
}  # fmt: skip
_COLUMN: dict[str, tuple[str, Any]] = {
    "Name": ("name", ""), "Type": ("type", ""), "Format": ("format", ""), "Description": ("description", ""),
    "Priority": ("priority", 0), "JSONPath": ("jsonPath", ""),
}  # fmt: skip
_SCALE: dict[str, tuple[str, Any]] = {
    "SpecReplicasPath": ("specReplicasPath", ""), "StatusReplicasPath": ("statusReplicasPath", ""),
    "LabelSelectorPath": ("labelSelectorPath", None),
}  # fmt: skip


def _printed(fields: dict[str, tuple[str, Any]], node: Node) -> Printed:
    return struct(*((go, _inner(name, node[name]) if name in node else zero) for go, (name, zero) in fields.items()))


def schema(node: Node) -> Printed:
    """A schema: `{"ID":"","Schema":"","Ref":null,...}`."""
    return _printed(_SCHEMA, node)


def rule(node: Node) -> Printed:
    """A condition in CEL."""
    return _printed(_RULE, node)


def versions(nodes: list[Node]) -> Printed:
    """The versions of a definition, in its internal form."""
    return _list([_printed(_VERSION, node) for node in nodes])


def _list(values: list[Printed]) -> Printed:
    return Printed("[" + ",".join(values) + "]")


def _inner(name: str, value: Any) -> Any:
    """What stands in a field, where it is a struct of its own."""
    if name in ("allOf", "oneOf", "anyOf"):
        return _list([schema(one) for one in value])
    if name in ("properties", "definitions", "patternProperties"):
        return struct(*((key, schema(value[key])) for key in sorted(value)))
    if name in ("additionalProperties", "additionalItems"):
        is_schema = isinstance(value, dict)
        return struct(("Allows", is_schema or value), ("Schema", schema(value) if is_schema else None))
    return _INNER[name](value) if name in _INNER else value


_INNER: dict[str, Callable[[Any], Printed]] = {
    "items": lambda value: struct(("Schema", schema(value)), ("JSONSchemas", None)),
    "not": schema,
    "schema": lambda value: struct(
        ("OpenAPIV3Schema", schema(value["openAPIV3Schema"]) if "openAPIV3Schema" in value else None)
    ),
    "subresources": lambda value: struct(
        ("Status", struct() if "status" in value else None),
        ("Scale", _printed(_SCALE, value["scale"]) if "scale" in value else None),
    ),
    "additionalPrinterColumns": lambda value: _list([_printed(_COLUMN, one) for one in value]),
    "selectableFields": lambda value: _list([struct(("JSONPath", one.get("jsonPath", ""))) for one in value]),
    "x-kubernetes-validations": lambda value: _list([rule(one) for one in value]),
    "externalDocs": lambda value: struct(("Description", value.get("description", "")), ("URL", value.get("url", ""))),
}
