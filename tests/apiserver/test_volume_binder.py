"""Claims and volumes in a whole cluster: bound, waited for, lost, released, reclaimed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apiserver.harness import Harness

Object = dict[str, Any]


def claim(name: str, size: str = "1Gi", storage_class: str | None = "", **spec: Any) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        asked["storageClassName"] = storage_class
    made = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}}
    return {**made, "spec": {**asked, **spec}}


def volume(name: str, size: str = "1Gi", policy: str = "Retain", **spec: Any) -> Object:
    offered = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "hostPath": {"path": "/tmp/d"}}
    made = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}}
    return {**made, "spec": {**offered, "persistentVolumeReclaimPolicy": policy, **spec}}


def storage_class(name: str, provisioner: str = "example.com/disks", **fields: Any) -> Object:
    made = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": provisioner}
    return {**made, "metadata": {"name": name}, **fields}


def phases(h: Harness) -> dict[str, str]:
    objects = [*h.list("PersistentVolume"), *h.list("PersistentVolumeClaim")]
    return {each["metadata"]["name"]: each["status"]["phase"] for each in objects}


def said(h: Harness, kind: str, name: str) -> list[tuple[str, str]]:
    events = [e for e in h.list("Event") if (e["involvedObject"]["kind"], e["involvedObject"]["name"]) == (kind, name)]
    return [(event["reason"], event["message"]) for event in events]


async def delete(h: Harness, kind: str, name: str) -> None:
    found = h.kind(kind)
    await h.api.delete(found, "default" if found.namespaced else "", name)
    await h.settle()


@pytest.mark.parametrize("first", ["volume", "claim"])
async def test_a_claim_and_a_volume_find_each_other(first: str) -> None:
    both = [volume("v", "5Gi"), claim("data", "2Gi")]
    async with Harness() as h:
        for each in both if first == "volume" else reversed(both):
            await h.create(each)
            await h.settle()
        bound, taken = h.get("PersistentVolumeClaim", "data"), h.get("PersistentVolume", "v")
        assert bound["spec"]["volumeName"] == "v"
        assert bound["status"] == {
            "phase": "Bound",
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "5Gi"},
        }
        assert taken["status"]["phase"] == "Bound"
        assert taken["spec"]["claimRef"]["uid"] == bound["metadata"]["uid"]


async def test_two_claims_never_share_a_volume() -> None:
    async with Harness() as h:
        await h.create(volume("v"))
        await h.create(claim("a"))
        await h.create(claim("b"))
        await h.settle()
        assert phases(h) == {"v": "Bound", "a": "Bound", "b": "Pending"}
        await h.create(volume("w"))
        await h.settle()
        assert phases(h) == {"v": "Bound", "w": "Bound", "a": "Bound", "b": "Bound"}


async def test_a_claim_that_waits_says_so_again_and_again() -> None:
    async with Harness() as h:
        await h.create(claim("data"))
        await h.settle()
        reason = "no persistent volumes available for this claim and no storage class is set"
        assert said(h, "PersistentVolumeClaim", "data") == [("FailedBinding", reason)]
        await h.cluster.advance(20)
        (event,) = h.list("Event")
        assert event["count"] == 2


@pytest.mark.parametrize(
    ("policy", "source", "after"),
    [
        ("Retain", {}, "Released"),
        ("Delete", {}, ""),
        ("Delete", {"hostPath": {"path": "/data"}}, "Failed"),
        ("Recycle", {}, "Available"),
    ],
)
async def test_what_becomes_of_the_volume_of_a_deleted_claim(policy: str, source: Object, after: str) -> None:
    async with Harness() as h:
        await h.create(volume("v", policy=policy, **source))
        await h.create(claim("data"))
        await h.settle()
        await delete(h, "PersistentVolumeClaim", "data")
        assert phases(h).get("v", "") == after


async def test_a_released_volume_is_free_once_its_claim_is_taken_out() -> None:
    def freed(object: Object) -> Object:
        del object["spec"]["claimRef"]
        return object

    async with Harness() as h:
        await h.create(volume("v"))
        await h.create(claim("data"))
        await h.settle()
        await delete(h, "PersistentVolumeClaim", "data")
        await h.create(claim("next"))
        await h.settle()
        assert phases(h) == {"v": "Released", "next": "Pending"}
        await h.api.modify(h.kind("PersistentVolume"), "", "v", freed)
        await h.settle()
        assert phases(h) == {"v": "Bound", "next": "Bound"}


async def test_a_claim_whose_volume_is_deleted_is_lost() -> None:
    async with Harness() as h:
        await h.create(volume("v"))
        await h.create(claim("data"))
        await h.settle()
        await delete(h, "PersistentVolume", "v")
        assert phases(h) == {"data": "Lost"}
        assert "capacity" not in h.get("PersistentVolumeClaim", "data")["status"]
        text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
        assert said(h, "PersistentVolumeClaim", "data") == [("ClaimLost", text)]


async def test_a_volume_kept_for_a_claim_waits_for_it() -> None:
    async with Harness() as h:
        await h.create(volume("kept", claimRef={"namespace": "default", "name": "data"}))
        await h.create(claim("other"))
        await h.settle()
        assert phases(h) == {"kept": "Available", "other": "Pending"}
        await h.create(claim("data"))
        await h.settle()
        assert phases(h)["data"] == "Bound"


async def test_a_claim_is_handed_to_its_provisioner_when_its_class_appears() -> None:
    async with Harness() as h:
        await h.create(claim("data", storage_class="fast"))
        await h.settle()
        missing = ("ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found')
        assert said(h, "PersistentVolumeClaim", "data") == [missing]
        await h.create(storage_class("fast"))
        await h.settle()
        annotations = h.get("PersistentVolumeClaim", "data")["metadata"]["annotations"]
        assert annotations == {
            "volume.beta.kubernetes.io/storage-provisioner": "example.com/disks",
            "volume.kubernetes.io/storage-provisioner": "example.com/disks",
        }
        assert [reason for reason, _ in said(h, "PersistentVolumeClaim", "data")] == [
            "ProvisioningFailed",
            "ExternalProvisioning",
        ]


async def test_a_claim_without_a_class_gets_the_default_that_comes_later() -> None:
    default = storage_class("fast")
    default["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    async with Harness() as h:
        await h.create(claim("data", storage_class=None))
        await h.settle()
        await h.create(default)
        await h.settle()
        assert h.get("PersistentVolumeClaim", "data")["spec"]["storageClassName"] == "fast"


# -- the simulated provisioner -----------------------------------------------------------------------------------------

SIMULATED = "minictl.dev/simulated"


def sizes(h: Harness) -> tuple[str, str]:
    (made,) = h.list("PersistentVolume")
    held = h.get("PersistentVolumeClaim", "data")["status"]["capacity"]
    return made["spec"]["capacity"]["storage"], held["storage"]


async def test_a_simulated_volume_is_made_bound_and_deleted_with_its_claim() -> None:
    async with Harness() as h:
        await h.create(storage_class("fast", SIMULATED, mountOptions=["ro"]))
        await h.create(claim("data", "3Gi", "fast"))
        await h.settle()
        bound = h.get("PersistentVolumeClaim", "data")
        (made,) = h.list("PersistentVolume")
        assert bound["status"]["phase"] == made["status"]["phase"] == "Bound"
        assert made["metadata"]["name"] == bound["spec"]["volumeName"] == f"pvc-{bound['metadata']['uid']}"
        assert made["spec"]["mountOptions"] == ["ro"]
        assert {"ExternalProvisioning", "Provisioning", "ProvisioningSucceeded"} == {
            reason for reason, _ in said(h, "PersistentVolumeClaim", "data")
        }
        await delete(h, "PersistentVolumeClaim", "data")
        assert h.list("PersistentVolume") == []


async def test_a_simulated_volume_is_kept_where_its_class_says_so() -> None:
    async with Harness() as h:
        await h.create(storage_class("fast", SIMULATED, reclaimPolicy="Retain"))
        await h.create(claim("data", storage_class="fast"))
        await h.settle()
        await delete(h, "PersistentVolumeClaim", "data")
        assert list(phases(h).values()) == ["Released"]


async def test_a_simulated_volume_grows_with_its_claim() -> None:
    def larger(object: Object) -> Object:
        object["spec"]["resources"]["requests"]["storage"] = "2Gi"
        return object

    async with Harness() as h:
        await h.create(storage_class("fast", SIMULATED, allowVolumeExpansion=True))
        await h.create(claim("data", storage_class="fast"))
        await h.settle()
        assert sizes(h) == ("1Gi", "1Gi")
        await h.api.modify(h.kind("PersistentVolumeClaim"), "default", "data", larger)
        await h.settle()
        assert sizes(h) == ("2Gi", "2Gi")
        reasons = [reason for reason, _ in said(h, "PersistentVolumeClaim", "data")]
        assert {"Resizing", "VolumeResizeSuccessful", "ExternalExpanding"} < set(reasons)


async def test_a_volume_that_nobody_enlarges_is_waited_for() -> None:
    def larger(object: Object) -> Object:
        object["spec"]["resources"]["requests"]["storage"] = "2Gi"
        return object

    async with Harness() as h:
        await h.create(storage_class("fast", allowVolumeExpansion=True))
        await h.create(volume("v", storageClassName="fast"))
        await h.create(claim("data", storage_class="fast"))
        await h.settle()
        await h.api.modify(h.kind("PersistentVolumeClaim"), "default", "data", larger)
        await h.settle()
        assert sizes(h) == ("1Gi", "1Gi")
        waiting = ("ExternalExpanding", "waiting for an external controller to expand this PVC")
        assert waiting in said(h, "PersistentVolumeClaim", "data")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"selector": {"matchLabels": {"a": "b"}}}, "claim Selector is not supported"),
        (
            {"dataSource": {"kind": "PersistentVolumeClaim", "name": "other"}},
            "simulated volumes begin empty, not with a PersistentVolumeClaim",
        ),
    ],
)
async def test_what_no_simulated_volume_can_be_is_refused(asked: Object, problem: str) -> None:
    async with Harness() as h:
        await h.create(storage_class("fast", SIMULATED))
        await h.create(claim("data", storage_class="fast", **asked))
        await h.settle()
        assert h.list("PersistentVolume") == []
        text = f'failed to provision volume with StorageClass "fast": {problem}'
        assert ("ProvisioningFailed", text) in said(h, "PersistentVolumeClaim", "data")
