"""The schema files: well-formed, complete, and what the code that reads them makes of them."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest

import schemas
from schemas import ABSENT, Field, load

ALL = sorted(schemas.kinds())


def every_field() -> dict[str, Field]:
    """All fields of all definitions, by `definition.field`."""
    definitions: dict[str, Field] = {}
    for group_version, kind in ALL:
        definitions |= load(group_version, kind).definitions()
    return {f"{name}.{field.name}": field for name, d in definitions.items() for field in d.properties.values()}


@pytest.mark.parametrize(("group_version", "kind"), ALL)
def test_each_file_is_a_json_schema_whose_references_lead_somewhere(group_version: str, kind: str) -> None:
    document = load(group_version, kind).validator_document()
    jsonschema.Draft202012Validator.check_schema(document)
    defined = set(document["$defs"])
    referred = set(re.findall(r"'#/\$defs/([\w.]+)'", str(document)))
    assert referred <= defined


def test_every_definition_and_every_field_is_explained_in_one_sentence() -> None:
    for name, field in every_field().items():
        assert field.description.endswith("."), name
        assert len(field.description) < 140, name


def test_only_fields_that_need_a_value_of_their_type_have_such_a_default() -> None:
    python: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "object": dict, "any": (str, int)}
    for name, field in every_field().items():
        if field.default is not ABSENT and field.default is not None:
            assert isinstance(field.default, python[field.type]), name
        if field.default is None:
            assert field.type == "array" or field.go_type in ("Time", "MicroTime"), name


def test_list_map_keys_are_fields_of_the_items() -> None:
    for name, field in every_field().items():
        for key in (*field.list_map_keys, *([field.patch_merge_key] if field.patch_merge_key else [])):
            assert field.items is not None
            assert not field.items.properties or key in field.items.properties, name


@pytest.mark.parametrize(
    ("kind", "path", "go_name", "type"),
    [
        (("v1", "Pod"), "spec.containers.ports.containerPort", "int32", "integer"),
        (("v1", "Pod"), "spec.containers.ports.protocol", "v1.Protocol", "string"),
        (("v1", "Pod"), "spec.containers.resources.limits", "v1.ResourceList", "object"),
        (("v1", "Pod"), "spec.containers.resources.limits.cpu", "resource.Quantity", "any"),
        (("v1", "Pod"), "spec.containers", "[]v1.Container", "array"),
        (("v1", "Pod"), "metadata.labels", "map[string]string", "object"),
        (("v1", "Pod"), "metadata.uid", "types.UID", "string"),
        (("v1", "Pod"), "spec.volumes.configMap.items.path", "string", "string"),
        (("v1", "Secret"), "data", "map[string][]uint8", "object"),
        (("v1", "Service"), "spec.ports.targetPort", "intstr.IntOrString", "any"),
        (("apps/v1", "Deployment"), "spec.template.spec.containers.image", "string", "string"),
        (("apps/v1", "Deployment"), "status.conditions.lastUpdateTime", "v1.Time", "string"),
    ],
)
def test_a_path_leads_to_its_field(kind: tuple[str, str], path: str, go_name: str, type: str) -> None:
    field = load(*kind).walk(path.split("."))
    assert field is not None
    assert (field.go_name, field.type) == (go_name, type)


def test_a_path_that_leads_nowhere_is_none() -> None:
    assert load("v1", "Pod").walk(["spec", "colour"]) is None
    assert load("v1", "Pod").walk(["spec", "nodeName", "x"]) is None


def test_places_say_how_they_are_merged() -> None:
    service = load("v1", "Service")
    ports = service.walk(["spec", "ports"])
    assert ports is not None
    assert ports.list_type == "map"
    assert ports.list_map_keys == ("port", "protocol")
    assert ports.patch_merge_key == "port"
    assert ports.patch_strategy == {"merge"}
    selector = service.walk(["spec", "selector"])
    assert selector is not None
    assert selector.map_type == "atomic"
    volumes = load("v1", "Pod").walk(["spec", "volumes"])
    assert volumes is not None
    assert volumes.patch_strategy == {"merge", "retainKeys"}


def test_zero_defaults_can_be_told_from_decisions() -> None:
    pod = load("v1", "Pod")
    restart, status = pod.walk(["spec", "restartPolicy"]), pod.walk(["status"])
    assert restart is not None
    assert status is not None
    assert (restart.default, restart.has_zero_default) == ("Always", False)
    assert (status.default, status.has_zero_default) == ({}, True)


@pytest.mark.parametrize(
    ("group_version", "kind"),
    [("v1", "Unicorn"), ("v2", "Pod"), ("..", "pyproject"), ("v1", "../common/volume"), ("", "")],
)
def test_there_is_no_schema_of_what_is_not_a_kind(group_version: str, kind: str) -> None:
    with pytest.raises(KeyError):
        load(group_version, kind)


def test_validators_refuse_what_is_not_in_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(load("v1", "Service").validator_document())
    good: dict[str, Any] = {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80, "targetPort": "http"}]}}
    assert validator.is_valid(good)
    assert not validator.is_valid({"spec": {"ports": [{"port": "80"}]}})
    assert not validator.is_valid({"spec": {"colour": "red"}})
