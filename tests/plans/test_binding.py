"""Which volume a claim gets, and what becomes of a volume whose claim is gone."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.objects import binding
from apiserver.objects.binding import ClaimPlan, VolumePlan, claim_plan, volume_plan

Object = dict[str, Any]
NOW = "2026-01-01T12:00:00Z"
BOUND = {"namespace": "shop", "name": "data", "uid": "uid-data"}
KEPT = {"namespace": "shop", "name": "data"}
OTHER = {"namespace": "shop", "name": "other", "uid": "uid-other"}
COMPLETED = {binding.COMPLETED: "yes"}
PROVISIONED = {binding.PROVISIONED_BY: "example.com/disks"}


def claim(size: str = "5Gi", annotations: Object | None = None, phase: str = "Pending", **spec: Any) -> Object:
    metadata = {"name": "data", "namespace": "shop", "uid": "uid-data", "resourceVersion": "7"}
    wanted = {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": size}}}
    return {
        "metadata": {**metadata, "annotations": annotations or {}},
        "spec": {**wanted, **spec},
        "status": {"phase": phase},
    }


def volume(name: str = "v", size: str = "5Gi", phase: str = "Available", **spec: Any) -> Object:
    metadata = {"name": name, "labels": spec.pop("labels", {}), "annotations": spec.pop("annotations", {})}
    if spec.pop("terminating", False):
        metadata["deletionTimestamp"] = NOW
    offered = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "nfs": {"server": "s", "path": "/"}}
    return {"metadata": metadata, "spec": {**offered, **spec}, "status": {"phase": phase}}


def storage_class(provisioner: str = "example.com/disks", **fields: Any) -> Object:
    return {"metadata": {"name": "fast", "creationTimestamp": NOW}, "provisioner": provisioner, **fields}


MANY_MODES = ["ReadWriteOnce", "ReadOnlyMany"]
WANTED = {"selector": {"matchLabels": {"tier": "gold"}}}


@pytest.mark.parametrize(
    ("wanted", "volumes", "chosen"),
    [
        ({}, [volume("large", "9Gi"), volume("right", "5Gi"), volume("small", "1Gi")], "right"),
        ({}, [volume("modes", accessModes=MANY_MODES), volume("plain", "9Gi")], "plain"),
        ({"accessModes": ["ReadOnlyMany"]}, [volume("plain"), volume("modes", accessModes=MANY_MODES)], "modes"),
        ({}, [volume("classed", storageClassName="fast")], ""),
        ({"storageClassName": "fast"}, [volume("plain"), volume("classed", storageClassName="fast")], "classed"),
        (WANTED, [volume("plain"), volume("gold", labels={"tier": "gold"})], "gold"),
        ({}, [volume("raw", volumeMode="Block")], ""),
        ({"volumeMode": "Block"}, [volume("files"), volume("raw", volumeMode="Block")], "raw"),
        ({}, [volume("going", terminating=True)], ""),
        ({}, [volume("new", phase="Pending")], ""),
        ({}, [volume("free"), volume("kept", "9Gi", claimRef=KEPT)], "kept"),
        ({}, [volume("kept", "1Gi", claimRef=KEPT)], ""),
        ({}, [volume("taken", claimRef=OTHER)], ""),
        ({"volumeName": "b"}, [volume("a"), volume("b", "9Gi")], "b"),
    ],
)
def test_the_best_volume_is_chosen(wanted: Object, volumes: list[Object], chosen: str) -> None:
    plan = claim_plan(claim(**wanted), volumes)
    assert (plan.volume["metadata"]["name"] if plan.volume else "") == chosen


WAITING = "waiting for first consumer to be created before binding"
DELAYED = storage_class(volumeBindingMode="WaitForFirstConsumer")


@pytest.mark.parametrize(
    ("wanted", "given", "said"),
    [
        ({}, {}, ("Normal", "FailedBinding", binding.NONE_AVAILABLE)),
        (
            {"storageClassName": "x"},
            {},
            ("Warning", "ProvisioningFailed", 'storageclass.storage.k8s.io "x" not found'),
        ),
        ({"storageClassName": "fast"}, {"storage_class": DELAYED}, ("Normal", "WaitForFirstConsumer", WAITING)),
        (
            {"storageClassName": "fast"},
            {"storage_class": DELAYED, "waiting": ["web"]},
            ("Normal", "WaitForPodScheduled", "waiting for pod web to be scheduled"),
        ),
        (
            {"storageClassName": "fast"},
            {"storage_class": DELAYED, "waiting": ["a", "b"]},
            ("Normal", "WaitForPodScheduled", "waiting for pods a,b to be scheduled"),
        ),
        (
            {"storageClassName": "fast"},
            {"storage_class": storage_class("kubernetes.io/no-provisioner")},
            ("Warning", "ProvisioningFailed", "no volume plugin matched name: kubernetes.io/no-provisioner"),
        ),
        (
            {"volumeName": "v"},
            {"volumes": [volume(size="1Gi")]},
            ("Warning", "VolumeMismatch", 'Cannot bind to requested volume "v": requested PV is too small'),
        ),
        (
            {"volumeName": "v", "storageClassName": "fast"},
            {"volumes": [volume()]},
            ("Warning", "VolumeMismatch", 'Cannot bind to requested volume "v": storageClassName does not match'),
        ),
        (
            {"volumeName": "v"},
            {"volumes": [volume(claimRef=OTHER)]},
            ("Warning", "FailedBinding", 'volume "v" already bound to a different claim.'),
        ),
    ],
)
def test_a_claim_that_waits_says_why(wanted: Object, given: Object, said: tuple[str, str, str]) -> None:
    plan = claim_plan(claim(**wanted), given.pop("volumes", []), **given)
    assert (plan.volume, plan.said) == (None, said)


def test_a_claim_waits_silently_for_the_volume_that_it_names() -> None:
    assert claim_plan(claim(volumeName="later"), []) == ClaimPlan(phase="Pending")


@pytest.mark.parametrize(
    ("provisioner", "handed"),
    [("example.com/disks", "example.com/disks"), ("kubernetes.io/aws-ebs", "ebs.csi.aws.com")],
)
def test_a_claim_with_a_class_is_handed_to_its_provisioner(provisioner: str, handed: str) -> None:
    plan = claim_plan(claim(storageClassName="fast"), [], storage_class(provisioner))
    assert plan.provisioner == handed
    assert plan.said is not None
    assert plan.said.reason == "ExternalProvisioning"
    assert f"the external provisioner '{handed}' or" in plan.said.message


def test_a_delayed_claim_is_handed_over_once_a_node_is_selected_and_takes_what_is_kept_for_it_at_once() -> None:
    delayed = claim(storageClassName="fast")
    free, kept = volume("free", storageClassName="fast"), volume("kept", storageClassName="fast", claimRef=KEPT)
    assert claim_plan(delayed, [free], DELAYED).volume is None
    assert claim_plan(delayed, [free, kept], DELAYED).volume is kept
    selected = claim(storageClassName="fast", annotations={binding.SELECTED_NODE: "node-1"})
    assert claim_plan(selected, [free], DELAYED).provisioner == "example.com/disks"


def test_a_claim_that_named_no_class_gets_the_default_one_when_there_is_one() -> None:
    unnamed = claim()
    del unnamed["spec"]["storageClassName"]
    assert claim_plan(unnamed, [], default_class="fast") == ClaimPlan(storage_class="fast")
    assert claim_plan(unnamed, [volume()], default_class="fast").volume is not None
    assert claim_plan(claim(), [], default_class="fast").storage_class is None


@pytest.mark.parametrize(
    ("name", "volumes", "reason", "text"),
    [
        ("", [], "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"),
        ("v", [], "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"),
        (
            "v",
            [volume(claimRef=OTHER)],
            "ClaimMisbound",
            "Two claims are bound to the same volume, this one is bound incorrectly",
        ),
    ],
)
def test_a_claim_whose_volume_is_gone_is_lost(name: str, volumes: list[Object], reason: str, text: str) -> None:
    was_bound = claim(annotations=COMPLETED, phase="Bound", volumeName=name)
    assert claim_plan(was_bound, volumes) == ClaimPlan(phase="Lost", said=binding.Said("Warning", reason, text))
    was_bound["status"]["phase"] = "Lost"
    assert claim_plan(was_bound, volumes) == ClaimPlan()


@pytest.mark.parametrize(
    ("given", "claimed", "plan"),
    [
        (volume(phase="Pending"), None, VolumePlan("Available")),
        (volume(phase="Pending", claimRef=KEPT), claim(), VolumePlan("Available")),
        (volume(claimRef=BOUND), claim(), VolumePlan()),
        (volume(claimRef=BOUND), claim(volumeName="v"), VolumePlan("Bound")),
        (volume(claimRef=BOUND), claim(volumeName="w"), VolumePlan("Available", unbind=True)),
        (volume(phase="Bound", claimRef=BOUND), None, VolumePlan("Released")),
        (volume(phase="Bound", claimRef={**BOUND, "uid": "former"}), claim(), VolumePlan("Released")),
    ],
)
def test_the_phase_of_a_volume(given: Object, claimed: Object | None, plan: VolumePlan) -> None:
    assert volume_plan(given, claimed) == plan


DISK, DIRECTORY = {"nfs": None, "local": {"path": "/d"}}, {"nfs": None, "hostPath": {"path": "/data"}}


@pytest.mark.parametrize(
    ("policy", "source", "outcome"),
    [
        ("Retain", {}, ""),
        ("Delete", {"annotations": PROVISIONED}, ""),
        ("Delete", {"nfs": None, "hostPath": {"path": "/tmp/d"}}, "deleted"),
        ("Delete", DIRECTORY, "host_path deleter only supports /tmp/.+ but received provided /data"),
        ("Delete", {}, 'error getting deleter volume plugin for volume "v": no deletable volume plugin matched'),
        ("Delete", DISK, 'error getting deleter volume plugin for volume "v": no volume plugin matched'),
        ("Recycle", {}, "Volume recycled"),
        ("Recycle", DISK, "No recycler plugin found for the volume!"),
    ],
)
def test_what_a_reclaim_policy_does(policy: str, source: Object, outcome: str) -> None:
    released = volume(phase="Released", claimRef=BOUND, persistentVolumeReclaimPolicy=policy, **source)
    plan = volume_plan(released, None)
    assert ("deleted" if plan.delete else plan.said.message if plan.said else "") == outcome
    assert (plan.phase == "Failed") == bool(plan.message)


def test_both_ends_say_who_bound_them() -> None:
    wanted = claim()
    taken = binding.bound_volume(volume(), wanted)
    assert taken["metadata"]["annotations"] == {binding.BY_CONTROLLER: "yes"}
    assert taken["spec"]["claimRef"]["uid"] == "uid-data"
    kept = binding.bound_volume(volume(claimRef=KEPT), wanted)
    assert (kept["metadata"]["annotations"], kept["spec"]["claimRef"]["uid"]) == ({}, "uid-data")
    assert set(binding.bound_claim(claim(), "v")["metadata"]["annotations"]) == {
        binding.BY_CONTROLLER,
        binding.COMPLETED,
    }
    assert set(binding.bound_claim(claim(volumeName="v"), "v")["metadata"]["annotations"]) == {binding.COMPLETED}
    assert "claimRef" not in binding.unbound_volume(taken)["spec"]
    assert (
        binding.unbound_volume(kept)["spec"]["claimRef"].keys()
        == {"apiVersion", "kind", "resourceVersion"} | KEPT.keys()
    )


def test_the_status_of_a_claim_follows_its_volume_until_it_is_bound() -> None:
    bound = binding.claim_status(claim(), "Bound", volume(size="8Gi"))
    assert bound == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "8Gi"}}
    assert binding.claim_status({"status": bound}, "Bound", volume(size="9Gi")) == bound
    assert binding.claim_status({"status": bound}, "Lost", None) == {"phase": "Lost"}


def test_a_volume_remembers_when_it_entered_its_phase() -> None:
    failed = binding.volume_status(volume(), "Failed", "no", NOW)
    assert failed == {"phase": "Failed", "message": "no", "lastPhaseTransitionTime": NOW}
    assert binding.volume_status({"status": failed}, "Failed", "", "later") == {
        "phase": "Failed",
        "lastPhaseTransitionTime": NOW,
    }
