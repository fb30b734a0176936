"""What is said of requests whose options, names, or bodies make no sense; and what they leave behind: nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import Client

MAPS = "/api/v1/namespaces/default/configmaps"
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
ATTACHMENTS = "/apis/storage.k8s.io/v1/volumeattachments"
CONFIG_MAP = {"metadata": {"name": "c"}, "data": {"a": "b"}}
UNLESS_VERSION = "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
WITH_CONTINUE = "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided"


@asynccontextmanager
async def serving() -> AsyncIterator[Client]:
    async with Harness() as harness:
        yield Client(harness)


def token(**said: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def invalid(kind: str, *causes: str) -> str:
    text = causes[0] if len(causes) == 1 else f"[{', '.join(causes)}]"
    return f'{kind}.meta.k8s.io "" is invalid: {text}'


LISTS = [
    ("resourceVersionMatch=Newest", 422, invalid(
        "ListOptions", UNLESS_VERSION,
        'resourceVersionMatch: Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""')),
    ("resourceVersionMatch=Exact&resourceVersion=5&continue=x", 422, invalid("ListOptions", WITH_CONTINUE)),
    ("watch=1&resourceVersionMatch=NotOlderThan&continue=x", 422, invalid(
        "ListOptions",
        "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is "
        "provided", WITH_CONTINUE)),
    ("limit=99999999999999999999", 400, 'strconv.ParseInt: parsing "99999999999999999999": value out of range'),
    ("limit=%C2%B2", 400, 'strconv.ParseInt: parsing "²": invalid syntax'),
    ("timeoutSeconds=1.5", 400, 'strconv.ParseInt: parsing "1.5": invalid syntax'),
    ("resourceVersion=%C2%B2", 400, 'invalid resource version: resourceVersion: Invalid value: "²": strconv.ParseUint: '
     'parsing "²": invalid syntax'),
    ("continue=x", 400, "invalid continue token: continue key is not valid: illegal base64 data at input byte 0"),
    ("continue=abc=", 400, "invalid continue token: continue key is not valid: illegal base64 data at input byte 3"),
    (f"continue={token(v='v2')}", 400,
     'invalid continue token: continue key is not valid: server does not recognize this encoded version "v2"'),
    (f"continue={token(v='meta.k8s.io/v1')}", 400, "invalid continue token: continue key is not valid: incorrect "
     "encoded start resourceVersion (version meta.k8s.io/v1)"),
    (f"continue={token(v='meta.k8s.io/v1', rv=1)}", 400,
     "invalid continue token: continue key is not valid: encoded start key empty (version meta.k8s.io/v1)"),
    (f"continue={token(v='meta.k8s.io/v1', rv=1, start='../secrets/x')}", 400,
     "invalid continue token: continue key is not valid: ../secrets/x"),
    ("limit=1&limit=nonsense", 200, ""),
]  # fmt: skip


@pytest.mark.parametrize(("query", "status", "message"), LISTS)
async def test_lists(query: str, status: int, message: str) -> None:
    async with serving() as request:
        answer = await request("GET", f"{MAPS}?{query}")
        assert (answer.status, answer.message) == (status, message)


PATCHES = [
    ("application/merge-patch+json", "force=false", b"{}", 422,
     invalid("PatchOptions", "force: Forbidden: may not be specified for non-apply patch")),
    ("application/apply-patch+yaml", "dryRun=None", b"{}", 422, invalid(
        "PatchOptions", "fieldManager: Required value: is required for apply patch",
        'dryRun: Unsupported value: ["None"]: supported values: "All"')),
    ("application/apply-patch+yaml", "fieldManager=m", b"[", 400,
     "error decoding YAML: error converting YAML to JSON: yaml: line 1: did not find expected node content"),
    ("application/apply-patch+yaml", "fieldManager=m", b"- a", 400,
     "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of "
     "type map[string]interface {}"),
    ("application/apply-patch+yaml", "fieldManager=m&force=true&fieldValidation=Strict",
     b"apiVersion: v1\nkind: ConfigMap\ndata:\n  a: 1x\n  a: 2x\n", 400,
     'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 5: key "a" already '
     "set in map"),
    ("text/plain", "", b"{}", 415, "415: Unsupported Media Type"),
]  # fmt: skip


@pytest.mark.parametrize(("media_type", "query", "body", "status", "message"), PATCHES)
async def test_patches(media_type: str, query: str, body: bytes, status: int, message: str) -> None:
    async with serving() as request:
        before = (await request("POST", MAPS, CONFIG_MAP)).json
        answer = await request("PATCH", f"{MAPS}/c?{query}", body, content_type=media_type)
        assert (answer.status, answer.message) == (status, message)
        assert (await request("GET", f"{MAPS}/c")).json == before


DELETES: list[tuple[str, Any, int, str]] = [
    ("", {"propagationPolicy": "Orphan", "orphanDependents": True}, 422, invalid(
        "DeleteOptions", 'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot '
        "be both set")),
    ("?dryRun=No", None, 422,
     invalid("DeleteOptions", 'dryRun: Unsupported value: ["No"]: supported values: "All"')),
    ("", {"dryRun": ["No"]}, 422,
     invalid("DeleteOptions", 'dryRun: Unsupported value: ["No"]: supported values: "All"')),
    ("?propagationPolicy=Never", None, 422, invalid(
        "DeleteOptions", 'propagationPolicy: Unsupported value: "Never": supported values: "Foreground", "Background", '
        '"Orphan", "nil"')),
    ("?dryRun=All", None, 200, ""),
]  # fmt: skip


@pytest.mark.parametrize(("query", "body", "status", "message"), DELETES)
async def test_deletes(query: str, body: Any, status: int, message: str) -> None:
    async with serving() as request:
        await request("POST", MAPS, CONFIG_MAP)
        answer = await request("DELETE", f"{MAPS}/c{query}", body)
        assert (answer.status, answer.message) == (status, message)
        assert (await request("GET", f"{MAPS}/c")).status == 200


async def test_with_a_body_the_query_of_a_delete_does_not_count() -> None:
    async with serving() as request:
        await request("POST", MAPS, CONFIG_MAP)
        assert (await request("DELETE", f"{MAPS}/c?dryRun=All", {})).status == 200
        assert (await request("GET", f"{MAPS}/c")).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_who_would_not_take_the_answer_changes_nothing(method: str) -> None:
    async with serving() as request:
        await request("POST", MAPS, CONFIG_MAP)
        before = (await request("GET", MAPS)).json["items"]
        path, name = (MAPS, "new") if method == "POST" else (f"{MAPS}/c", "c")
        media_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
        body = {"metadata": {"name": name}, "data": {"other": "x"}} if method != "DELETE" else None
        answer = await request(method, path, body, accept="image/png", content_type=media_type)
        assert answer.status == 406
        assert (await request("GET", MAPS)).json["items"] == before


async def test_a_protobuf_only_client_is_told_what_there_is() -> None:
    async with serving() as request:
        answer = await request("GET", MAPS, accept="application/vnd.kubernetes.protobuf")
        assert (answer.status, answer.message.partition("\n")[0]) == (406, "406: Not Acceptable")
        answer = await request("GET", MAPS, accept="application/vnd.kubernetes.protobuf, application/json")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")


async def test_yaml_is_read_and_written_as_kubernetes_does() -> None:
    manifest = b'metadata:\n  name: yaml\ndata:\n  when: 2026-01-02\n  port: "12:30"\n'
    async with serving() as request:
        answer = await request("POST", MAPS, manifest, content_type="application/yaml", accept="application/yaml")
        assert answer.status == 201
        assert answer.body.startswith(b'apiVersion: v1\ndata:\n  port: "12:30"\n  when: "2026-01-02"\nkind: ConfigMap')


async def test_keys_written_twice_in_yaml_are_warned_of_or_refused() -> None:
    manifest = b"metadata:\n  name: yaml\ndata:\n  a: b\n  a: c\n"
    problem = 'line 5: key "a" already set in map'
    async with serving() as request:
        refused = await request("POST", f"{MAPS}?fieldValidation=Strict", manifest, content_type="application/yaml")
        assert refused.status == 400
        assert refused.message.endswith(f"strict decoding error: yaml: unmarshal errors:\n  {problem}")
        warned = await request("POST", MAPS, manifest, content_type="application/yaml")
        assert (warned.status, warned.json["data"]) == (201, {"a": "c"})
        assert warned.headers["warning"] == '299 - "line 5: key \\"a\\" already set in map"'


async def test_a_warning_cannot_smuggle_in_headers() -> None:
    async with serving() as request:
        body = {"metadata": {"name": "w"}, "a\r\nx-injected: yes": 1, "plain": 1}
        answer = await request("POST", MAPS, body)
        assert (answer.status, answer.headers["warning"]) == (201, '299 - "unknown field \\"plain\\""')


@pytest.mark.parametrize(
    ("name", "problem"), [("a%25b", "may not contain '%'"), ("%2E%2E", "may not be '..'"), ("%2E", "may not be '.'")]
)
async def test_names_that_cannot_be_in_a_path(name: str, problem: str) -> None:
    async with serving() as request:
        answer = await request("GET", f"{MAPS}/{name}")
        assert answer.status == 400
        assert answer.message.endswith(problem)


async def test_an_interrupted_list_can_go_on_inconsistently() -> None:
    async with Harness() as harness:
        request = Client(harness)
        for name in "abc":
            await request("POST", MAPS, {"metadata": {"name": name}})
        first = (await request("GET", f"{MAPS}?limit=1")).json
        await request("POST", MAPS, {"metadata": {"name": "b1"}})
        await harness.cluster.store.compact(harness.cluster.store.revision)
        expired = await request("GET", f"{MAPS}?limit=1&continue={first['metadata']['continue']}")
        assert (expired.status, expired.json["reason"]) == (410, "Expired")
        rest = await request("GET", f"{MAPS}?continue={expired.json['metadata']['continue']}")
        assert [item["metadata"]["name"] for item in rest.json["items"]][:3] == ["b", "b1", "c"]


async def test_the_field_manager_is_what_can_be_printed_of_the_user_agent() -> None:
    async def manager(request: Client, name: str, agent: str) -> str:
        made = await request("POST", MAPS, {"metadata": {"name": name}, "data": {"a": "b"}}, user_agent=agent)
        return str(made.json["metadata"]["managedFields"][0]["manager"])

    async with serving() as request:
        assert await manager(request, "a", "tool/1.0 (linux)") == "tool"
        assert await manager(request, "b", "to\tol") == "tool"
        assert await manager(request, "c", "x" * 200) == "x" * 128
        assert await manager(request, "d", "/1.0") == "unknown"


@pytest.mark.parametrize(("spec", "shown"), [({}, "null"), ({"rules": None}, "null"), ({"rules": []}, "[]")])
async def test_a_refusal_shows_what_stands_elsewhere(spec: dict[str, Any], shown: str) -> None:
    async with serving() as client:
        answer = await client("POST", INGRESSES, {"metadata": {"name": "a"}, "spec": spec})
        told = f"spec: Invalid value: {shown}: either `defaultBackend` or `rules` must be specified"
        assert answer.message == f'Ingress.networking.k8s.io "a" is invalid: {told}'


async def test_a_volume_of_nothing_is_shown_as_it_was_sent() -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/a"}, "capacity": {}}
    async with serving() as client:
        answer = await client("POST", "/api/v1/persistentvolumes", {"metadata": {"name": "a"}, "spec": spec})
        assert 'spec.capacity: Unsupported value: {}: supported values: "storage"' in answer.message


async def test_what_is_wrong_twice_is_told_once() -> None:
    spec = {"attacher": "", "nodeName": "n", "source": {"persistentVolumeName": "p"}}
    async with serving() as client:
        answer = await client("POST", ATTACHMENTS, {"metadata": {"name": "a"}, "spec": spec})
        assert answer.message.count("spec.attacher: Required value") == 1
        fields = [(cause["field"], cause["message"]) for cause in answer.json["details"]["causes"]]
        assert fields.count(("spec.attacher", "Required value")) == 2


async def test_what_is_nameless_is_told_what_else_is_wrong() -> None:
    async with serving() as client:
        answer = await client("POST", MAPS, {"metadata": {"finalizers": ["a"]}, "data": {"/": ""}})
        fields = [cause["field"] for cause in answer.json["details"]["causes"]]
        assert fields == ["metadata.name", "metadata.finalizers[0]", "data[/]"]


async def test_a_name_is_quoted_as_go_quotes_it() -> None:
    async with serving() as client:
        answer = await client("POST", MAPS, {"metadata": {"name": 'a"\t\u200b<'}})
        quoted = r'"a\"\t\u200b<"'
        assert answer.message.startswith(f"ConfigMap {quoted} is invalid: metadata.name: Invalid value: {quoted}: ")


async def test_a_node_may_come_with_a_status() -> None:
    status = {"capacity": {"cpu": "2"}, "addresses": [{"type": "InternalIP", "address": "192.0.2.1"}]}
    async with serving() as client:
        answer = await client("POST", "/api/v1/nodes", {"metadata": {"name": "a"}, "status": status})
        kept = answer.json["status"]
        assert (kept["allocatable"], kept["addresses"]) == (status["capacity"], status["addresses"])


@pytest.mark.parametrize(("labels", "shown"), [(None, "null"), ({}, "{}"), ({"a": "c"}, '{"a":"c"}')])
async def test_a_refusal_shows_an_empty_map_as_it_was_sent(labels: dict[str, str] | None, shown: str) -> None:
    container = {"name": "c", "image": "i"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    body = {"metadata": {"name": "r"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    async with serving() as client:
        answer = await client("POST", "/apis/apps/v1/namespaces/default/replicasets", body)
        assert answer.status == 422
        wanted = f"Invalid value: {shown}: `selector` does not match template `labels`"
        assert [cause["message"] for cause in answer.json["details"]["causes"]] == [wanted]
        assert answer.message == f'ReplicaSet.apps "r" is invalid: spec.template.metadata.labels: {wanted}'


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("application/yaml, application/json", "application/yaml"),
        ("application/yaml;q=0.5, application/json", "application/json"),
        ("*/*, application/yaml", "application/yaml"),
        ("image/png, application/yaml;q=x", "application/yaml"),
    ],
)
async def test_the_weights_of_an_accept_header_count(accept: str, chosen: str) -> None:
    async with serving() as request:
        answer = await request("GET", MAPS, accept=accept)
        assert answer.headers["content-type"] == chosen
