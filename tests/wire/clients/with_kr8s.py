"""kr8s, which takes what discovery tells it for granted."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import kr8s
from kr8s.asyncio.objects import ConfigMap, Deployment, new_class

NAMESPACE = os.environ["NAMESPACE"]
LABELS = {"app": "web"}


def deployment(replicas: int) -> dict[str, Any]:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "web:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template},
    }


async def workloads(api: Any) -> None:
    web = await Deployment(deployment(2), api=api)
    await web.create()
    assert await web.exists()
    await web.wait("condition=Available", timeout=15)
    pods = await web.pods()
    assert [pod.metadata.labels["app"] for pod in pods] == ["web", "web"]
    await pods[0].wait("condition=Ready", timeout=15)
    await web.scale(3)
    assert web.replicas == 3
    await web.label(tier="front")
    await web.annotate({"note": "seen"})
    assert [d.name async for d in api.get("deployments.apps", label_selector={"tier": "front"})] == ["web"]
    await web.patch([{"op": "replace", "path": "/spec/replicas", "value": 1}], type="json")
    assert web.spec.replicas == 1
    await web.delete()
    await web.wait("delete", timeout=15)
    try:
        await web.refresh()
    except kr8s.NotFoundError:
        return
    raise AssertionError("it is still there")


async def following(api: Any) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "seen", "namespace": NAMESPACE}}
    config_map = await ConfigMap({**manifest, "data": {"n": "0"}}, api=api)
    await config_map.create()
    told = []
    async for event, seen in api.watch("configmaps", namespace=NAMESPACE, field_selector="metadata.name=seen"):
        told.append((event, seen.data["n"]))
        if event == "ADDED":
            await config_map.patch({"data": {"n": "1"}})
        elif event == "MODIFIED":
            await config_map.delete()
        else:
            break
    assert told == [("ADDED", "0"), ("MODIFIED", "1"), ("DELETED", "1")]


async def discovery(api: Any) -> None:
    assert {"networking.k8s.io/v1", "v1", "apps/v1"} <= {version async for version in api.api_versions()}
    assert {r["name"] for r in await api.api_resources()} >= {"pods", "deployments", "endpointslices"}
    lease = new_class("Lease", "coordination.k8s.io/v1", namespaced=True, asyncio=True)
    made = await lease({"metadata": {"name": "l", "namespace": NAMESPACE}, "spec": {"holderIdentity": "me"}}, api=api)
    await made.create()
    assert (await lease.get("l", namespace=NAMESPACE, api=api)).spec.holderIdentity == "me"


async def main() -> None:
    api = await kr8s.asyncio.api(namespace=NAMESPACE)
    await workloads(api)
    await following(api)
    await discovery(api)


asyncio.run(main())
