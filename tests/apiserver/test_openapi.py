"""OpenAPI documents: complete in themselves, and with what kubectl looks for in them."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from apiserver.http import openapi2
from apiserver.http.openapi import OpenAPI
from apiserver.kind import Kinds
from apiserver.kinds import BUILTIN

Node = dict[str, Any]


@pytest.fixture(scope="module")
def documents() -> OpenAPI:
    return OpenAPI(Kinds(BUILTIN))


def loaded(documents: OpenAPI, path: str) -> Node:
    body = documents.document(path)
    assert body is not None
    document: Node = orjson.loads(body)
    return document


def test_the_index_leads_to_every_document(documents: OpenAPI) -> None:
    paths = documents.index()["paths"]
    assert {"api/v1", "apis/apps/v1", "apis/discovery.k8s.io/v1"} <= set(paths)
    for path, entry in paths.items():
        assert re.fullmatch(rf"/openapi/v3/{path}\?hash=[0-9A-F]{{128}}", entry["serverRelativeURL"])
        assert documents.document(path)
    assert documents.document("apis/nosuch/v1") is None


def test_no_reference_leads_out_of_its_document(documents: OpenAPI) -> None:
    for path in documents.index()["paths"]:
        body = documents.document(path) or b""
        defined = set(orjson.loads(body)["components"]["schemas"])
        assert set(re.findall(r'"#/components/schemas/([^"]+)"', body.decode())) <= defined


def test_every_type_is_one_that_clients_know(documents: OpenAPI) -> None:
    for path in documents.index()["paths"]:
        schemas = orjson.dumps(loaded(documents, path)["components"]["schemas"]).decode()
        known = {"array", "boolean", "integer", "number", "object", "string"}
        assert set(re.findall(r'"type":"(\w+)"', schemas)) <= known, path


def test_nothing_of_our_own_making_is_published(documents: OpenAPI) -> None:
    for path in documents.index()["paths"]:
        body = (documents.document(path) or b"").decode()
        said = re.findall(r'"(x-[\w-]+)":[^{]', body)  # what has an object after it is a field of JSONSchemaProps
        assert set(said) <= {
            "x-kubernetes-action", "x-kubernetes-group-version-kind", "x-kubernetes-list-map-keys",
            "x-kubernetes-list-type", "x-kubernetes-map-type", "x-kubernetes-patch-merge-key",
            "x-kubernetes-patch-strategy", "x-kubernetes-unions",
        }  # fmt: skip
        assert '"default":null' not in body


def test_definitions_are_what_kubernetes_publishes(documents: OpenAPI) -> None:
    schemas = loaded(documents, "api/v1")["components"]["schemas"]
    port = schemas["io.k8s.api.core.v1.ServicePort"]
    assert port["required"] == ["port"]
    assert port["properties"]["port"]["format"] == "int32"
    assert port["properties"]["targetPort"]["allOf"] == [
        {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.util.intstr.IntOrString"}
    ]
    spec = schemas["io.k8s.api.core.v1.ServiceSpec"]["properties"]
    assert spec["ports"]["x-kubernetes-patch-merge-key"] == "port"
    assert schemas["io.k8s.api.core.v1.Pod"]["x-kubernetes-group-version-kind"] == [
        {"group": "", "kind": "Pod", "version": "v1"}
    ]
    assert schemas["io.k8s.api.core.v1.PodList"]["properties"]["items"]["items"] == {
        "$ref": "#/components/schemas/io.k8s.api.core.v1.Pod"
    }
    assert schemas["io.k8s.api.core.v1.PodCondition"]["properties"]["lastProbeTime"]["allOf"]


def test_operations_tell_kubectl_that_field_names_are_checked_here(documents: OpenAPI) -> None:
    paths = loaded(documents, "apis/apps/v1")["paths"]
    patch = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "kind": "Deployment", "version": "v1"}
    assert "fieldValidation" in [parameter["name"] for parameter in patch["parameters"]]
    assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]
    scale = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"]
    assert scale["get"]["x-kubernetes-group-version-kind"]["kind"] == "Scale"


def test_documents_follow_the_catalogue() -> None:
    kinds = Kinds(kind for kind in BUILTIN if kind.name != "Lease")
    documents = OpenAPI(kinds)
    before = documents.index()["paths"]
    kinds.add(next(kind for kind in BUILTIN if kind.name == "Lease"))
    after = documents.index()["paths"]
    assert set(after) - set(before) == {"apis/coordination.k8s.io/v1"}
    assert after["api/v1"] == before["api/v1"]


# -- version 2 ---------------------------------------------------------------------------------------------------------


def test_version_2_is_json_unless_protobuf_is_asked_for(documents: OpenAPI) -> None:
    body, media_type = documents.swagger()
    assert media_type == "application/json"
    definitions = orjson.loads(body)["definitions"]
    port = definitions["io.k8s.api.core.v1.ServicePort"]["properties"]["targetPort"]
    assert port["$ref"] == "#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString"
    assert definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"]["type"] == "string"


def test_protobuf_holds_the_same_definitions(documents: OpenAPI) -> None:
    body, media_type = documents.swagger("application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
    assert media_type == openapi2.PROTOBUF
    document = fields(body)
    assert document[1] == [b"2.0"]
    named = [fields(entry) for entry in fields(document[9][0])[1]]
    definitions = {entry[1][0].decode(): fields(entry[2][0]) for entry in named}
    assert set(definitions) == set(orjson.loads(documents.swagger()[0])["definitions"])
    spec = definitions["io.k8s.api.apps.v1.DeploymentSpec"]
    assert spec[19] == [b"selector", b"template"]
    properties = [fields(entry) for entry in fields(spec[25][0])[1]]
    replicas = next(fields(entry[2][0]) for entry in properties if entry[1] == [b"replicas"])
    assert fields(replicas[22][0])[1] == [b"integer"]
    assert replicas[2] == [b"int32"]


def fields(message: bytes) -> dict[int, list[bytes]]:
    """The fields of a protobuf message that has nothing but fields with a length."""
    found: dict[int, list[bytes]] = {}
    position = 0
    while position < len(message):
        tag, position = varint(message, position)
        assert tag & 7 == 2
        length, position = varint(message, position)
        found.setdefault(tag >> 3, []).append(message[position : position + length])
        position += length
    assert position == len(message)
    return found


def varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position
