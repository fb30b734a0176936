"""A kopf operator: it upper-cases ConfigMaps, keeps its state in annotations, and holds deletions with a finalizer."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import kopf
from lightkube import ApiError, Client
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Event

NAMESPACE = os.environ["NAMESPACE"]
LOUD = {"volume": "loud"}
SECONDS = 10
told: list[str] = []
registry = kopf.OperatorRegistry()


@kopf.on.login(registry=registry)
def login(**kwargs: Any) -> Any:
    return kopf.login_with_kubeconfig(**kwargs)


@kopf.on.startup(registry=registry)
def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    settings.posting.enabled = True
    settings.scanning.disabled = False


@kopf.on.create("configmaps", labels=LOUD, registry=registry)
async def create(name: str, body: kopf.Body, patch: kopf.Patch, **_: Any) -> None:
    told.append(f"create {name}")
    patch["data"] = {"loud": body["data"]["text"].upper()}
    kopf.info(body, reason="Loud", message="made it loud")


@kopf.on.field("configmaps", field="data.text", labels=LOUD, registry=registry)
async def changed(name: str, old: str | None, new: str | None, patch: kopf.Patch, **_: Any) -> None:
    if old is not None and new is not None:
        told.append(f"change {name}: {old} -> {new}")
        patch["data"] = {"loud": new.upper()}


@kopf.on.delete("configmaps", labels=LOUD, registry=registry)
async def delete(name: str, **_: Any) -> None:
    told.append(f"delete {name}")


async def until(client: Client, loud: str | None) -> ConfigMap | None:
    """Wait for what the operator makes of it; None: until it is gone."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                found = client.get(ConfigMap, "voice")
            except ApiError as error:
                if loud is None and error.status.code == 404:
                    return None
                raise
            else:
                if loud is not None and (found.data or {}).get("loud") == loud:
                    return found
            await asyncio.sleep(0.05)


async def story() -> None:
    client = Client(namespace=NAMESPACE)
    client.create(ConfigMap(metadata=ObjectMeta(name="voice", namespace=NAMESPACE, labels=LOUD), data={"text": "one"}))
    client.create(ConfigMap(metadata=ObjectMeta(name="quiet", namespace=NAMESPACE), data={"text": "one"}))
    found = await until(client, "ONE")
    assert found is not None
    assert found.metadata.finalizers == ["kopf.zalando.org/KopfFinalizerMarker"]
    client.patch(ConfigMap, "voice", {"data": {"text": "two"}})
    await until(client, "TWO")
    client.delete(ConfigMap, "voice")
    await until(client, None)
    assert told == ["create voice", "change voice: one -> two", "delete voice"]
    assert client.get(ConfigMap, "quiet").data == {"text": "one"}
    assert "made it loud" in {event.message for event in client.list(Event)}


async def main() -> None:
    ready, stop = asyncio.Event(), asyncio.Event()
    operator = asyncio.create_task(
        kopf.operator(
            registry=registry, namespaces=[NAMESPACE], standalone=True, ready_flag=ready, stop_flag=stop, memo=None
        )
    )
    await asyncio.wait_for(ready.wait(), SECONDS)
    await story()
    stop.set()
    await asyncio.wait_for(operator, SECONDS)


asyncio.run(main())
