"""Claims in a whole cluster: which class they get, whether they may grow, and that Pods wait for their volumes."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.errors import Forbidden
from tests.apiserver.harness import Harness

Object = dict[str, Any]


def claim(name: str, **spec: Any) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {**asked, **spec},
    }


def storage_class(name: str, is_default: bool = True, **fields: Any) -> Object:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if is_default else {}
    made = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "example.com/disks"}
    return {**made, "metadata": {"name": name, "annotations": annotations}, **fields}


def user(name: str, claimed: str) -> Object:
    volume = {"name": "d", "persistentVolumeClaim": {"claimName": claimed}}
    spec = {"containers": [{"name": "c", "image": "nginx"}], "volumes": [volume]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


async def bound(h: Harness, name: str) -> None:
    """Say that a claim has its volume, as a binder would."""

    def told(object: Object) -> Object:
        object["status"] = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
        return object

    await h.api.modify(h.kind("PersistentVolumeClaim"), "default", name, told, "status")


async def test_the_newest_default_class_is_filled_in_where_none_is_named() -> None:
    async with Harness() as h:
        assert "storageClassName" not in (await h.create(claim("early")))["spec"]
        await h.create(storage_class("b"))
        await h.create(storage_class("a"))
        await h.create(storage_class("plain", is_default=False))
        assert (await h.create(claim("same-age")))["spec"]["storageClassName"] == "a"
        h.clock.advance(5)
        await h.create(storage_class("z"))
        assert (await h.create(claim("newest")))["spec"]["storageClassName"] == "z"
        assert (await h.create(claim("none", storageClassName="")))["spec"]["storageClassName"] == ""


async def test_an_ingress_gets_the_default_class() -> None:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"}
    made = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "spec": {"controller": "example.com/i"}}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"defaultBackend": backend}}
    async with Harness() as h:
        await h.create({**made, "metadata": {"name": "outside", "annotations": annotations}})
        created = await h.create({**ingress, "metadata": {"name": "shop"}})
        assert created["spec"]["ingressClassName"] == "outside"


@pytest.mark.parametrize(
    ("grows", "message"),
    [
        (True, ""),
        (False, "only dynamically provisioned pvc can be resized and the storageclass that provisions"),
    ],
)
async def test_a_claim_grows_where_its_class_allows_it(grows: bool, message: str) -> None:
    async with Harness() as h:
        await h.create(storage_class("s", allowVolumeExpansion=grows))
        await h.create(claim("data"))
        await bound(h, "data")

        def larger(object: Object) -> Object:
            object["spec"]["resources"]["requests"]["storage"] = "2Gi"
            return object

        place = h.kind("PersistentVolumeClaim"), "default", "data"
        if message:
            with pytest.raises(Forbidden, match=message):
                await h.api.modify(*place, larger)
        else:
            grown = await h.api.modify(*place, larger)
            assert grown.object["spec"]["resources"]["requests"]["storage"] == "2Gi"


async def test_a_pod_waits_until_its_claim_has_a_volume() -> None:
    async with Harness() as h:
        await h.create(user("web", "data"))
        await h.settle()
        assert 'persistentvolumeclaim "data" not found' in waits_for(h)
        await h.create(claim("data"))
        await h.settle()
        assert "pod has unbound immediate PersistentVolumeClaims. " in waits_for(h)
        await bound(h, "data")
        await h.settle()
        assert h.get("Pod", "web")["spec"]["nodeName"]


def waits_for(h: Harness) -> str:
    conditions = h.get("Pod", "web")["status"]["conditions"]
    return str(next(c["message"] for c in conditions if c["type"] == "PodScheduled"))
