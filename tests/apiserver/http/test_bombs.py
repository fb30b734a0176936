"""Small requests that would like to become large: refused, or taken, within bounds of time and memory.

Time is CPU time of this process, so that a busy machine changes nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from apiserver.http.requests import MAX_BODY_BYTES
from apiserver.objects.nesting import MAX_DEPTH
from tests.apiserver.custom import definition
from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import Client

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
SECONDS = 6.0
MEMORY = 300 << 20
APPLY, MERGE, STRATEGIC, OPERATIONS = (
    f"application/{name}"
    for name in ("apply-patch+yaml", "merge-patch+json", "strategic-merge-patch+json", "json-patch+json")
)


def resident_bytes() -> int:
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * 4096 if statm.exists() else 0


@asynccontextmanager
async def bounded() -> AsyncIterator[Client]:
    """A client of a small cluster; what is done with it must not take long, nor much."""
    async with Harness(nodes=0) as harness:
        client = Client(harness)
        began, before = time.process_time(), resident_bytes()
        yield client
        await harness.settle()
        assert time.process_time() - began < SECONDS
        assert resident_bytes() - before < MEMORY


MANY = {f"label-{n}": f"v{n}" for n in range(100_000)}


@pytest.mark.parametrize(
    ("path", "object", "status"),
    [
        (CONFIGMAPS, {"metadata": {"name": "x", "labels": MANY}}, 201),
        (CONFIGMAPS, {"metadata": {"name": "x", "annotations": MANY}}, 422),
        (CONFIGMAPS, {"metadata": {"name": "x", "labels": {f"-{n}": "" for n in range(20_000)}}}, 422),
        (CONFIGMAPS, {"metadata": {"name": "x", "finalizers": [f"x.io/{n}" for n in range(50_000)]}}, 201),
        (PODS, {"metadata": {"name": "x"}, "spec": {"containers": [
            {"name": f"c{n}", "image": "x", "ports": [{"containerPort": 80}] * 100} for n in range(100)
        ]}}, 201),
    ],
    ids=["labels", "annotations", "wrong-labels", "finalizers", "ports"],
)  # fmt: skip
async def test_much_of_something(path: str, object: Any, status: int) -> None:
    async with bounded() as client:
        answer = await client("POST", path, object)
        assert answer.status == status
        assert len(answer.headers.get("warning", "")) < 10_000


def nested(depth: int, opener: str, closer: str) -> str:
    return opener * depth + ("1" if ":" in opener else "") + closer * depth


@pytest.mark.parametrize(("opener", "closer"), [("[", "]"), ('{"a":', "}")], ids=["lists", "maps"])
async def test_deep_nesting_is_refused_everywhere_and_what_is_taken_can_be_read(opener: str, closer: str) -> None:
    """The loosest kind there is takes anything: up to a depth, beyond which every way in says so."""
    async with bounded() as client:
        loose = definition("Loose", schema={"type": "object", "x-kubernetes-preserve-unknown-fields": True})
        group = loose["spec"]["group"]
        assert (await client("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", loose)).status == 201
        collection = f"/apis/{group}/v1/namespaces/default/looses"
        await client.harness.settle()
        version = f'"apiVersion":"{group}/v1","kind":"Loose"'
        for depth in (MAX_DEPTH - 1, MAX_DEPTH, 253, 300, 1500, 100_000):
            value, fits = nested(depth, opener, closer), depth < MAX_DEPTH
            created = f'{{{version},"metadata":{{"name":"json-{depth}"}},"more":{value}}}'.encode()
            written = created.replace(b"json-", b"yaml-")
            applied = created.replace(b"json-", b"applied-")
            answers = [
                await client("POST", collection, created),
                await client("POST", collection, written, content_type="application/yaml"),
                await client("PATCH", f"{collection}/applied-{depth}?fieldManager=x", applied, content_type=APPLY),
                await client("PATCH", f"{collection}/json-{depth}", f'{{"most":{value}}}'.encode(), content_type=MERGE),
            ]
            wanted = [201, 201, 201, 200] if fits else [400] * 4
            assert [answer.status for answer in answers] == wanted, [answer.message for answer in answers]
            add = f'[{{"op":"add","path":"/more/{"0" if opener == "[" else "a"}","value":{value}}}]'.encode()
            deeper = await client("PATCH", f"{collection}/json-{MAX_DEPTH - 1}", add, content_type=OPERATIONS)
            assert deeper.status in (400, 422), deeper.message
            for media_type in (MERGE, STRATEGIC, OPERATIONS):
                patch = (
                    f'{{"data":{value}}}'
                    if media_type != OPERATIONS
                    else f'[{{"op":"add","path":"/data","value":{value}}}]'
                )
                path = f"{CONFIGMAPS}/kube-root-ca.crt"
                assert (await client("PATCH", path, patch.encode(), content_type=media_type)).status in (400, 404, 422)
        listed = await client("GET", collection)
        assert len(listed.json["items"]) == 3


async def test_yaml_that_multiplies_itself_is_refused() -> None:
    async with bounded() as client:
        lines, before = ["a: &a [x,x,x,x,x,x,x,x,x]"], "a"
        for name in "bcdefghij":
            lines.append(f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]")
            before = name
        for body in ("\n".join(lines), "a: &a [*a]", "a: &a {<<: *a}", "a: &a {b: *a}"):
            text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n{body}\n".encode()
            assert (await client("POST", CONFIGMAPS, text, content_type="application/yaml")).status == 400
            path = f"{CONFIGMAPS}/x?fieldManager=x"
            assert (await client("PATCH", path, text, content_type=APPLY)).status == 400


async def test_patches_that_multiply_are_refused() -> None:
    async with bounded() as client:
        assert (await client("POST", CONFIGMAPS, {"metadata": {"name": "x"}, "data": {"a": "y" * 1000}})).status == 201
        doubling = [{"op": "copy", "from": "/data", "path": f"/data/c{n}"} for n in range(30)]
        nesting = [
            step
            for _ in range(300)
            for step in (
                {"op": "add", "path": "/t", "value": {}},
                {"op": "move", "from": "/data", "path": "/t/data"},
                {"op": "move", "from": "/t", "path": "/data"},
            )
        ]
        for operations, status in ((doubling, 422), (nesting, 422), ([{"op": "test", "path": "/x"}] * 10_001, 413)):
            body = json.dumps(operations).encode()
            answer = await client("PATCH", f"{CONFIGMAPS}/x", body, content_type=OPERATIONS)
            assert answer.status == status, answer.message


async def test_long_numbers_selectors_and_names_are_only_wrong() -> None:
    digits = "9" * 50_000
    async with bounded() as client:
        number = f'{{"metadata":{{"name":"x","generation":{digits}}}}}'.encode()
        assert (await client("POST", CONFIGMAPS, number)).status == 400
        for query in (
            f"limit={digits}", f"resourceVersion={digits}", f"timeoutSeconds={digits}", f"continue={digits}",
            f"fieldSelector=metadata.name%3D{digits}", f"labelSelector={digits}%3D{digits}",
        ):  # fmt: skip
            assert (await client("GET", f"{CONFIGMAPS}?{query}")).status in (200, 400), query
        many = ",".join(f"k{n}=v" for n in range(20_000))
        assert (await client("GET", f"{CONFIGMAPS}?labelSelector={many}")).status == 200
        assert (await client("GET", f"{CONFIGMAPS}/{digits}")).status == 404
        at = json.dumps([{"op": "remove", "path": f"/metadata/finalizers/{digits}"}]).encode()
        assert (await client("PATCH", f"{CONFIGMAPS}/kube-root-ca.crt", at, content_type=OPERATIONS)).status in (
            404,
            422,
        )
        limits = {"limits": {"cpu": digits, "memory": "1e999999999"}}
        pod = {"metadata": {"name": "x"}, "spec": {"containers": [{"name": "c", "image": "x", "resources": limits}]}}
        assert (await client("POST", PODS, pod)).status < 500


async def test_a_body_over_the_limit_is_not_read() -> None:
    async with bounded() as client:
        reads = 0

        async def receive() -> dict[str, Any]:
            nonlocal reads
            reads += 1
            return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

        for headers in ([(b"content-length", b"10485760")], [(b"transfer-encoding", b"chunked")]):
            reads, sent = 0, []

            async def send(message: Any, sent: list[Any] = sent) -> None:
                sent.append(message)

            scope = client._scope("POST", CONFIGMAPS, None, {"content_type": "application/json"})
            await client.app({**scope, "headers": [*scope["headers"], *headers]}, receive, send)
            assert sent[0]["status"] == 413
            assert (b"connection", b"close") in sent[0]["headers"]
            assert reads * 65536 <= MAX_BODY_BYTES + 65536
