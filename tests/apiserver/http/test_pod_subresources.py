"""Subresources of Pods as HTTP shows them: logs that cannot be had, evictions that are refused, bindings."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from apiserver import errors
from apiserver.http.answers import refusal
from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import Client

PODS = "/api/v1/namespaces/default/pods"


def pod(name: str, *containers: str, **spec: Any) -> dict[str, Any]:
    listed = [{"name": c, "image": "i"} for c in containers or ("main",)]
    metadata = {"name": name, "labels": {"app": "web"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": listed, **spec}}


@asynccontextmanager
async def serving(*pods: dict[str, Any], **settings: Any) -> AsyncIterator[tuple[Client, Harness]]:
    async with Harness(**settings) as harness:
        for one in pods:
            await harness.create(copy.deepcopy(one))
        await harness.settle()
        yield Client(harness), harness


ONE, TWO = pod("one"), pod("two", "main", "side", initContainers=[{"name": "init", "image": "i"}])


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("one/log", 204, ""),
        ("one/log?container=main&tailLines=3", 204, ""),
        ("none/log", 404, 'pods "none" not found'),
        ("two/log", 400, "a container name must be specified for pod two, choose one of: [init main side]"),
        ("two/log?container=init", 204, ""),
        ("two/log?container=nope", 400, "container nope is not valid for pod two"),
        ("one/log?tailLines=-5", 422,
         'PodLogOptions "one" is invalid: tailLines: Invalid value: -5: must be greater than or equal to 0'),
        ("one/log?sinceSeconds=0&limitBytes=0", 422,
         'PodLogOptions "one" is invalid: [limitBytes: Invalid value: 0: must be greater than 0, '
         "sinceSeconds: Invalid value: 0: must be greater than 0]"),
        ("one/log?sinceSeconds=5&sinceTime=2024-01-01T00:00:00Z", 422,
         'PodLogOptions "one" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be '
         "specified"),
        ("one/log?tailLines=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
    ],
)  # fmt: skip
async def test_logs_of_pods_that_run_nowhere(path: str, status: int, message: str) -> None:
    async with serving(ONE, TWO, nodes=0) as (client, _):
        answer = await client("GET", f"{PODS}/{path}")
        assert answer.status == status
        assert (answer.message if answer.body else "") == message


async def test_what_needs_containers_is_refused_by_name() -> None:
    async with serving(pod("one")) as (client, _):
        answer = await client("GET", f"{PODS}/one/log")
        assert (answer.status, answer.message) == (
            501, "the log of container main is not available: containers are simulated and print nothing",
        )  # fmt: skip
        for name in ("exec", "attach", "portforward", "proxy"):
            answer = await client("GET", f"{PODS}/one/{name}")
            assert answer.status == 501
            assert answer.message == f"pods/{name} is not served here: containers are simulated"


async def test_an_eviction_names_its_pod_and_hears_of_the_budget() -> None:
    async with serving(pod("one")) as (client, harness):
        spec = {"maxUnavailable": 0, "selector": {}}
        await harness.create({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}, "spec": spec,
        })  # fmt: skip
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "one"}}
        await harness.settle()
        answer = await client("POST", f"{PODS}/one/eviction", eviction)
        assert answer.status == 429
        assert "Retry-After" not in answer.headers
        assert answer.json["details"]["causes"] == [
            {
                "reason": "DisruptionBudget",
                "message": "The disruption budget b needs 0 healthy pods and has 1 currently",
            }
        ]
        answer = await client("POST", f"{PODS}/one/eviction", {**eviction, "metadata": {"name": "two"}})
        assert (answer.status, answer.message) == (400, "name in URL does not match name in Eviction object")
        await harness.api.delete(harness.kind("PodDisruptionBudget"), "default", "b")
        answer = await client("POST", f"{PODS}/one/eviction", eviction)
        assert (answer.status, answer.json["status"]) == (201, "Success")


async def test_a_binding_may_name_its_pod_itself() -> None:
    async with serving(pod("one", schedulerName="nobody")) as (client, harness):
        binding = {"kind": "Binding", "metadata": {"name": "one"}, "target": {"kind": "Node", "name": "node-2"}}
        path = "/api/v1/namespaces/default/bindings"
        answer = await client("POST", path, binding)
        assert (answer.status, answer.json["status"]) == (201, "Success")
        assert harness.get("Pod", "one")["spec"]["nodeName"] == "node-2"
        assert (await client("POST", path, {"metadata": {"name": "no"}, "target": {"name": "node-2"}})).status == 404
        assert (await client("GET", path)).status == 405


async def test_ephemeral_containers_are_got_patched_and_put() -> None:
    async with serving(pod("one"), nodes=0) as (client, harness):
        path = f"{PODS}/one/ephemeralcontainers"
        assert (await client("GET", path)).json["metadata"]["name"] == "one"
        patch = {"spec": {"ephemeralContainers": [{"name": "dbg", "image": "busybox"}]}}
        answer = await client("PATCH", path, patch, content_type="application/strategic-merge-patch+json")
        assert answer.status == 200
        await harness.settle()
        seen = (await client("GET", path)).json
        seen["spec"]["ephemeralContainers"].append({"name": "more", "image": "busybox"})
        answer = await client("PUT", path, seen)
        assert answer.status == 200, answer.message
        assert [c["name"] for c in answer.json["spec"]["ephemeralContainers"]] == ["dbg", "more"]
        assert (await client("POST", path, {})).status == 405


def test_who_may_come_again_is_told_when() -> None:
    answer = refusal(errors.TooManyRequests("later", {"retryAfterSeconds": 10}))
    assert (answer.status, answer.headers) == (429, {"retry-after": "10"})
