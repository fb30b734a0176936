"""What is wrong with a definition of a custom kind, in Kubernetes' words."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds.customresourcedefinition import kind
from apiserver.objects.validation.meta import validate_meta
from tests.apiserver.custom import definition
from tests.apiserver.kinds.pipeline import created, refusals, update_refusals

Object = dict[str, Any]
AT = "spec.validation.openAPIV3Schema"


def of(**places: Object) -> Object:
    """A definition whose spec has these fields."""
    return definition(schema={"type": "object", "properties": {"spec": {"type": "object", "properties": places}}})


def test_a_good_definition_is_completed_and_let_pass() -> None:
    made = created(kind, definition())
    assert made["spec"]["conversion"] == {"strategy": "None"}
    assert made["status"]["storedVersions"] == ["v1"]
    assert refusals(kind, definition()) == []


def test_its_name_is_made_of_the_plural_and_the_group() -> None:
    crd = definition()
    assert validate_meta(kind, crd) == []
    crd["metadata"]["name"] = "ships"
    expected = ['metadata.name: Invalid value: "ships": must be spec.names.plural+"."+spec.group']
    assert [str(cause) for cause in validate_meta(kind, crd)] == expected


def test_exactly_one_version_is_stored() -> None:
    assert refusals(kind, definition(storage=False)) == [
        'spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":false,"Deprecated":false,'
        '"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,'
        '"SelectableFields":null}]: must have exactly one version marked as storage version',
        "status.storedVersions: Invalid value: null: must have at least one stored version",
    ]


def test_a_version_has_a_schema() -> None:
    crd = definition()
    del crd["spec"]["versions"][0]["schema"]
    assert refusals(kind, crd) == ["spec.versions[0].schema.openAPIV3Schema: Required value"]


def test_an_empty_schema_is_one_too() -> None:
    crd = definition()
    crd["spec"]["versions"][0]["schema"] = {"openAPIV3Schema": {}}
    assert refusals(kind, crd) == [f"{AT}.type: Required value: must not be empty at the root"]


def test_fields_to_select_by_need_a_schema() -> None:
    crd = definition()
    crd["spec"]["versions"][0]["selectableFields"] = [{"jsonPath": ".spec.size"}]
    del crd["spec"]["versions"][0]["schema"]
    assert refusals(kind, crd) == [
        "spec.versions[0].schema.openAPIV3Schema: Required value",
        'spec.selectableFields: Invalid value: "": may only be set when validations.schema is included',
    ]


def test_fields_that_no_schema_describes_are_not_kept_all_over() -> None:
    crd = of(size={"type": "integer", "default": 1})
    crd["spec"]["preserveUnknownFields"] = True
    instead = "set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
    no_defaults = (
        "spec.preserveUnknownFields: Invalid value: true: must be false in order to use defaults in the schema"
    )
    assert refusals(kind, crd) == [
        no_defaults,
        f"spec.preserveUnknownFields: Invalid value: true: cannot set to true, {instead}",
    ]
    assert update_refusals(kind, crd, created(kind, crd)) == []


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ({}, "type: Required value: must not be empty for specified object fields"),
        ({"type": "array"}, "items: Required value: must be specified"),
        (
            {"type": "array", "items": {}},
            "items.type: Required value: must not be empty for specified array items",
        ),
        (
            {"type": "string", "pattern": "("},
            'pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: '
            "error parsing regexp: missing closing ): `(`",
        ),
        (
            {"type": "integer", "default": "x"},
            'default: Invalid value: "string": spec.validation.openAPIV3Schema.properties[spec].properties[x].default '
            'in body must be of type integer: "string"',
        ),
        (
            {"type": "object", "default": {"b": 1}},
            'default: Invalid value: {"b":1}: must not have unknown fields',
        ),
        (
            {"type": "string", "anyOf": [{"type": "string"}]},
            "anyOf[0].type: Forbidden: must be empty to be structural",
        ),
        (
            {"type": "array", "x-kubernetes-list-type": "map", "items": {"type": "object"}},
            "x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
        ),
        (
            {"type": "string", "x-kubernetes-list-type": "set"},
            'type: Invalid value: "string": must be array if x-kubernetes-list-type is specified',
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}},
            "additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
        ),
    ],
)
def test_schemas_are_structural(place: Object, complaint: str) -> None:
    assert refusals(kind, of(x=place)) == [f"{AT}.properties[spec].properties[x].{complaint}"]


def test_types_are_those_of_openapi() -> None:
    found = refusals(kind, of(x={"type": "null"}))
    where = f"{AT}.properties[spec].properties[x].type"
    listed = '"array", "boolean", "integer", "number", "object", "string"'
    assert found == [
        f'{where}: Unsupported value: "null": supported values: {listed}',
        f"{where}: Forbidden: type cannot be set to null, use nullable as an alternative",
    ]


def test_alternatives_restrict_only_what_is_described() -> None:
    schema = {"type": "object", "anyOf": [{"properties": {"y": {}}}]}
    assert refusals(kind, definition(schema=schema, subresources={})) == [
        f"{AT}.properties[y]: Required value: because it is defined in {AT}.anyOf[0].properties[y]"
    ]


def test_metadata_is_what_it_is() -> None:
    schema = {
        "type": "object",
        "properties": {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}},
    }
    assert refusals(kind, definition(schema=schema)) == [
        f"{AT}.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but "
        "metadata is implicitly specified"
    ]


def test_columns_subresources_and_selectable_fields() -> None:
    crd = definition(
        additionalPrinterColumns=[{"name": "A", "type": "text", "jsonPath": "spec.a"}],
        subresources={"scale": {"specReplicasPath": ".status.n", "statusReplicasPath": ".status.n"}},
        selectableFields=[{"jsonPath": ".spec.colour"}, {"jsonPath": ".spec.crew"}],
    )
    assert refusals(kind, crd) == [
        'spec.subresources.scale.specReplicasPath: Invalid value: ".status.n": should be a json path under .spec',
        'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of '
        "boolean,date,integer,number,string",
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec.a": must be a simple json path starting '
        "with .",
        'spec.selectableFields[0].jsonPath: Invalid value: ".spec.colour": is an invalid path: does not refer to a '
        "valid field",
        'spec.selectableFields[1].jsonPath: Invalid value: ".spec.crew": must point to a field of type string, boolean '
        "or integer. Enum string fields and strings with formats are allowed.",
    ]


def test_protected_groups_need_an_approval() -> None:
    found = refusals(kind, definition(group="sea.k8s.io"))
    assert len(found) == 1
    assert found[0].startswith(
        "metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must"
    )


def test_what_addresses_are_made_of_never_changes() -> None:
    old = created(kind, definition())
    old["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    new = created(kind, definition())
    new["spec"]["scope"] = "Cluster"
    new["spec"]["names"]["kind"] = "Ship"
    new["status"] = old["status"]
    assert update_refusals(kind, new, old) == [
        'spec.scope: Invalid value: "Cluster": field is immutable',
        'spec.names.kind: Invalid value: "Ship": field is immutable',
    ]


def test_formats_that_are_not_checked_are_warned_of() -> None:
    crd = created(kind, of(x={"type": "string", "format": "colour"}))
    assert kind.warnings(crd, None) == ['unrecognized format "colour"']
    assert kind.warnings(crd, crd) == []


def test_what_this_server_does_not_do_is_refused_by_name() -> None:
    crd = definition()
    webhook = {"clientConfig": {"url": "https://example.com"}, "conversionReviewVersions": ["v1"]}
    crd["spec"]["conversion"] = {"strategy": "Webhook", "webhook": webhook}
    assert refusals(kind, crd) == [
        "spec.conversion.strategy: Forbidden: this server asks no webhook to convert: use None"
    ]


def test_a_version_has_a_name() -> None:
    crd = definition()
    del crd["spec"]["versions"][0]["name"]
    assert refusals(kind, crd)[0].startswith('spec.versions[0].name: Invalid value: "": a DNS-1035 label must consist')
