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


def volume(name: str, **spec: Any) -> Object:
    offered = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/data"}}
    made = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}}
    return {**made, "spec": {**offered, **spec}}


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
        await h.create(volume("disk"))
        await h.settle()
        assert h.get("Pod", "web")["spec"]["nodeName"]


def waits_for(h: Harness) -> str:
    conditions = h.get("Pod", "web")["status"]["conditions"]
    return str(next(c["message"] for c in conditions if c["type"] == "PodScheduled"))


# -- volumes that are on some nodes only, and classes that wait for the Pod --------------------------------------------


def on_node(number: int) -> Object:
    expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": [f"node-{number}"]}
    return {"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}}


def waiting_class(provisioner: str) -> Object:
    made = storage_class("s", is_default=False, volumeBindingMode="WaitForFirstConsumer")
    return {**made, "provisioner": provisioner}


async def test_a_pod_goes_where_its_volume_is() -> None:
    async with Harness() as h:
        await h.create(volume("disk", **on_node(2)))
        await h.create(claim("data"))
        await h.settle()
        await h.create(user("web", "data"))
        await h.settle()
        assert h.get("Pod", "web")["spec"]["nodeName"] == "node-2"


async def test_a_pod_whose_volume_is_nowhere_says_so() -> None:
    async with Harness() as h:
        await h.create(volume("disk", **on_node(9)))
        await h.create(claim("data"))
        await h.settle()
        await h.create(user("web", "data"))
        await h.settle()
        assert waits_for(h).startswith(
            "0/3 nodes are available: 3 node(s) didn't match PersistentVolume's node affinity. "
        )


async def test_a_claim_that_waits_for_its_pod_is_bound_where_the_pod_goes() -> None:
    async with Harness() as h:
        await h.create(waiting_class("kubernetes.io/no-provisioner"))
        await h.create(claim("data", storageClassName="s"))
        await h.create(user("web", "data"))
        await h.settle()
        none_here = "3 node(s) didn't find available persistent volumes to bind"
        assert waits_for(h).startswith(f"0/3 nodes are available: {none_here}. ")
        await h.create(volume("disk", storageClassName="s", **on_node(3)))
        await h.settle()
        assert h.get("Pod", "web")["spec"]["nodeName"] == "node-3"
        assert h.get("PersistentVolumeClaim", "data")["spec"]["volumeName"] == "disk"


async def test_a_volume_is_made_on_the_node_that_was_selected_for_the_pod() -> None:
    zoned = {"matchLabelExpressions": [{"key": "kubernetes.io/hostname", "values": ["node-2"]}]}
    async with Harness() as h:
        await h.create({**waiting_class("minictl.dev/simulated"), "allowedTopologies": [zoned]})
        await h.create(claim("data", storageClassName="s"))
        await h.settle()
        assert h.list("PersistentVolume") == []
        await h.create(user("web", "data"))
        await h.settle()
        annotations = h.get("PersistentVolumeClaim", "data")["metadata"]["annotations"]
        assert annotations["volume.kubernetes.io/selected-node"] == "node-2"
        assert h.get("Pod", "web")["spec"]["nodeName"] == "node-2"


async def test_a_pod_waits_quietly_for_a_provisioner_elsewhere() -> None:
    async with Harness() as h:
        await h.create(waiting_class("example.com/disks"))
        await h.create(claim("data", storageClassName="s"))
        await h.create(user("web", "data"))
        await h.settle()
        web = h.get("Pod", "web")
        assert "nodeName" not in web["spec"]
        assert "conditions" not in web["status"]


def brings(name: str) -> Object:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": claim("")["spec"]}
    spec = {
        "containers": [{"name": "c", "image": "nginx"}],
        "volumes": [{"name": "d", "ephemeral": {"volumeClaimTemplate": template}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


async def test_a_pod_that_describes_its_volume_gets_a_claim_of_its_own() -> None:
    async with Harness() as h:
        await h.create(volume("disk"))
        await h.create(brings("web"))
        await h.settle()
        made = h.get("PersistentVolumeClaim", "web-d")
        assert made["metadata"]["labels"] == {"a": "b"}
        assert made["metadata"]["ownerReferences"][0]["name"] == "web"
        assert h.get("Pod", "web")["spec"]["nodeName"]
        await h.api.delete(h.kind("Pod"), "default", "web")
        await h.settle()
        assert h.list("PersistentVolumeClaim") == []


async def test_a_claim_of_somebody_else_is_not_taken_for_the_pods_own() -> None:
    async with Harness() as h:
        await h.create(claim("web-d"))
        await h.create(brings("web"))
        await h.settle()
        told = [e["message"] for e in h.list("Event") if e["source"]["component"] == "ephemeral_volume"]
        owned = "PVC default/web-d was not created for pod default/web (pod is not owner)"
        assert told == [f"ephemeral volume d: {owned}"]


async def test_two_pods_never_get_one_volume() -> None:
    async with Harness() as h:
        await h.create(waiting_class("kubernetes.io/no-provisioner"))
        await h.create(volume("disk", storageClassName="s"))
        for name in ("a", "b"):
            await h.create(claim(f"data-{name}", storageClassName="s"))
            await h.create(user(name, f"data-{name}"))
        await h.settle()
        placed = [name for name in ("a", "b") if h.get("Pod", name)["spec"].get("nodeName")]
        assert len(placed) == 1
