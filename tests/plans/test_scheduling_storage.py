"""Given claims, volumes and classes, which nodes can take a Pod, and what its open claims would get there."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.objects import binding
from apiserver.objects.scheduling.cluster import NodeInfo
from apiserver.objects.scheduling.storage import ELSEWHERE, NONE_HERE, OTHER_ZONE, UNBOUND, VOLUME_GONE, Storage

Object = dict[str, Any]
HERE, THERE = NodeInfo("here", {"zone": "a"}), NodeInfo("there", {"zone": "b"})


def claim(name: str = "c", size: str = "1Gi", phase: str = "Pending", **fields: Any) -> Object:
    metadata = {"namespace": "shop", "name": name, "uid": f"uid-{name}", **fields.pop("metadata", {})}
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, "storageClassName": "wait"}
    return {"metadata": metadata, "spec": {**asked, **fields}, "status": {"phase": phase}}


def bound(volume_name: str) -> Object:
    completed = {"annotations": {binding.COMPLETED: "yes"}}
    return claim(phase="Bound", volumeName=volume_name, metadata=completed)


def volume(name: str, size: str = "1Gi", zone: str = "", **spec: Any) -> Object:
    offered: Object = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "storageClassName": "wait"}
    if zone:
        expression = {"key": "zone", "operator": "In", "values": [zone]}
        offered["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
    return {"metadata": {"name": name}, "spec": {**offered, **spec}, "status": {"phase": "Available"}}


def waiting_class(provisioner: str, *zones: str) -> Object:
    made = {"metadata": {"name": "wait"}, "provisioner": provisioner, "volumeBindingMode": "WaitForFirstConsumer"}
    topologies = [{"matchLabelExpressions": [{"key": "zone", "values": list(zones)}]}] if zones else []
    return {**made, "allowedTopologies": topologies}


STATIC = waiting_class("kubernetes.io/no-provisioner")


def storage(claims: list[Object], *volumes: Object, storage_class: Object = STATIC) -> Storage:
    by_name: dict[str, Object | None] = {each["metadata"]["name"]: each for each in claims}
    return Storage.of(by_name, lambda: volumes, lambda: [storage_class])


GOING = claim(metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})


@pytest.mark.parametrize(
    ("wanted", "lacking"),
    [
        (None, 'persistentvolumeclaim "c" not found'),
        (claim(phase="Lost", volumeName="v"), 'persistentvolumeclaim "c" bound to non-existent persistentvolume "v"'),
        (GOING, 'persistentvolumeclaim "c" is being deleted'),
        (claim(storageClassName="other"), UNBOUND),
        (claim(volumeName="v"), UNBOUND),
        (claim(), ""),
        (bound("v"), ""),
    ],
)
def test_what_keeps_a_pod_from_every_node(wanted: Object | None, lacking: str) -> None:
    assert Storage.of({"c": wanted}, lambda: [volume("v")], lambda: [STATIC]).lacking == lacking


def test_a_claim_that_is_still_to_be_made_for_the_pod_is_waited_for() -> None:
    text = 'waiting for ephemeral volume controller to create the persistentvolumeclaim "c"'
    assert Storage.of({"c": None}, list, list, own=["c"]).lacking == text


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        (storage([bound("v")], volume("v")), ()),
        (storage([bound("v")], volume("v", zone="a")), ()),
        (storage([bound("v")], volume("v", zone="b")), (ELSEWHERE,)),
        (storage([bound("gone")], volume("v")), (VOLUME_GONE,)),
        (storage([claim()], volume("v", zone="a")), ()),
        (storage([claim()], volume("v", zone="b")), (NONE_HERE,)),
        (storage([claim()], volume("v", claimRef={"namespace": "shop", "name": "c"}, zone="b")), (NONE_HERE,)),
        (storage([claim(size="2Gi")], volume("v")), (NONE_HERE,)),
        (storage([claim()], storage_class=waiting_class("example.com/d")), ()),
        (storage([claim()], storage_class=waiting_class("example.com/d", "a")), ()),
        (storage([claim()], storage_class=waiting_class("example.com/d", "b")), (NONE_HERE,)),
    ],
)
def test_why_a_node_cannot_take_a_pod(given: Storage, reasons: tuple[str, ...]) -> None:
    assert given.refusal(HERE) == reasons


@pytest.mark.parametrize(
    ("labels", "zone", "fits"),
    [
        ({"topology.kubernetes.io/zone": "a"}, "a", True),
        ({"topology.kubernetes.io/zone": "b__c"}, "a", False),
        ({"failure-domain.beta.kubernetes.io/zone": "b__a"}, "a", True),
        ({"topology.kubernetes.io/zone": "b"}, "", True),
    ],
)
def test_a_volume_stays_in_its_zone(labels: dict[str, str], zone: str, fits: bool) -> None:
    placed = volume("v")
    placed["metadata"]["labels"] = labels
    somewhere = NodeInfo("n", labels={"topology.kubernetes.io/zone": zone} if zone else {})
    assert storage([bound("v")], placed).refusal(somewhere) == (() if fits else (OTHER_ZONE,))


def test_small_claims_choose_first_and_no_volume_is_chosen_twice() -> None:
    claims = [claim("large", "2Gi"), claim("small", "1Gi")]
    given = storage(claims, volume("v2", "2Gi"), volume("v1", "1Gi"))
    chosen = {c["metadata"]["name"]: v["metadata"]["name"] for c, v in given.choices(HERE) or () if v}
    assert chosen == {"small": "v1", "large": "v2"}
    assert storage(claims, volume("v2", "2Gi")).choices(HERE) is None


def test_a_claim_whose_node_is_selected_stays_with_it() -> None:
    selected = claim(metadata={"annotations": {binding.SELECTED_NODE: "here"}})
    given = storage([selected], volume("v"), storage_class=waiting_class("example.com/d"))
    assert given.choices(HERE) == [(selected, None)]
    assert given.choices(THERE) is None
