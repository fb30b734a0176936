"""Given a Service, Pods and the slices there are, which slices have to be written."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from apiserver.objects import endpointslices
from apiserver.objects.endpointslices import Changes
from tests.plans.builders import carry_out, container_port, pod, port, service

Object = dict[str, Any]
OWNER = {"apiVersion": "v1", "kind": "Service", "name": "web", "uid": "uid-web", "controller": True}


def plan(svc: Object, pods: list[Object], have: list[Object], when: str = "") -> Changes:
    return endpointslices.plan(svc, pods, {"node-1": ""}, OWNER, have, when)


class Slices:
    """Slices as a server would keep them: applies the changes, gives names."""

    def __init__(self, svc: Object) -> None:
        self.service = svc
        self.have: dict[str, Object] = {}
        self._names = itertools.count()

    def settle(self, pods: list[Object]) -> Changes:
        changes = plan(self.service, pods, list(self.have.values()))
        carry_out(changes, self.have, self._names)
        return changes

    def endpoints(self) -> list[str]:
        return [e["targetRef"]["name"] for s in self.have.values() for e in s["endpoints"] or []]

    def sizes(self) -> list[int]:
        return sorted(len(s["endpoints"] or []) for s in self.have.values())


def pods(*numbers: int) -> list[Object]:
    return [pod(f"p{i}", f"10.1.{i // 250}.{i % 250}") for i in numbers]


def test_a_new_slice_is_complete():
    changes = plan(service(labels={"team": "a"}), [pod("a", "10.0.0.1")], [], "2026-01-01T00:00:00Z")
    assert (changes.update, changes.delete) == ([], [])
    assert changes.create == [
        {
            "metadata": {
                "generateName": "web-",
                "namespace": "shop",
                "labels": {
                    "team": "a",
                    "kubernetes.io/service-name": "web",
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                },
                "ownerReferences": [OWNER],
                "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z"},
            },
            "addressType": "IPv4",
            "endpoints": [
                {
                    "addresses": ["10.0.0.1"],
                    "conditions": {"ready": True, "serving": True, "terminating": False},
                    "targetRef": {"kind": "Pod", "namespace": "shop", "name": "a", "uid": "uid-a"},
                    "nodeName": "node-1",
                }
            ],
            "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
        }
    ]


def conditions(ready: bool, serving: bool, terminating: bool) -> Object:
    return {"ready": ready, "serving": serving, "terminating": terminating}


@pytest.mark.parametrize(
    ("one", "publish", "want"),
    [
        (pod("a", "10.0.0.1"), False, conditions(True, True, False)),
        (pod("a", "10.0.0.1", ready=False), False, conditions(False, False, False)),
        (pod("a", "10.0.0.1", terminating=True), False, conditions(False, True, True)),
        (pod("a", "10.0.0.1", terminating=True, ready=False), False, conditions(False, False, True)),
        (pod("a", "10.0.0.1", ready=False), True, conditions(True, False, False)),
        (pod("a", "10.0.0.1", terminating=True), True, conditions(True, True, True)),
        (pod("a", "10.0.0.1", phase="Failed"), True, None),
        (pod("a"), True, None),
    ],
)
def test_conditions(one, publish, want):
    slice_ = plan(service(publishNotReadyAddresses=publish), [one], []).create[0]
    assert [e["conditions"] for e in slice_["endpoints"] or []] == ([want] if want else [])


def test_no_pods_make_one_empty_slice_and_only_once():
    slices = Slices(service())
    first = slices.settle([]).create
    assert [(s["endpoints"], s["ports"], s["addressType"]) for s in first] == [(None, None, "IPv4")]
    assert not slices.settle([])
    slices.settle(pods(1))
    assert slices.sizes() == [1]
    changes = slices.settle([])
    assert (len(changes.create), len(changes.update), len(changes.delete)) == (0, 1, 0)
    assert slices.sizes() == [0]


def test_pods_whose_named_port_is_missing_get_a_slice_without_ports():
    with_port = pod("a", "10.0.0.1", containers=[{"name": "c", "ports": [container_port("http", 8080)]}])
    made = plan(service(ports=[port("http", 80, "http")]), [with_port, pod("b", "10.0.0.2")], []).create
    found = [(s["ports"] and s["ports"][0]["port"], [e["targetRef"]["name"] for e in s["endpoints"]]) for s in made]
    assert sorted(found, key=str) == [(8080, ["a"]), (None, ["b"])]


def test_one_change_writes_one_slice():
    slices, numbers = Slices(service()), range(1000)
    slices.settle(pods(*numbers))
    assert slices.sizes() == [100] * 10
    changed = pods(*numbers)
    changed[555]["status"]["conditions"][0]["status"] = "False"
    changes = slices.settle(changed)
    assert (len(changes.create), len(changes.update), len(changes.delete)) == (0, 1, 0)
    changes = slices.settle(pods(*(n for n in numbers if n != 555)))
    assert (len(changes.create), len(changes.update), len(changes.delete)) == (0, 1, 0)
    changes = slices.settle(pods(*(n for n in numbers if n != 555), 1001))
    assert (len(changes.create), len(changes.update), len(changes.delete)) == (0, 1, 0)
    assert slices.sizes() == [100] * 10


def test_an_edited_slice_is_made_right():
    slices = Slices(service())
    slices.settle(pods(1, 2))
    (name, slice_), *_ = slices.have.items()
    slices.have[name] = {**slice_, "endpoints": [{"addresses": ["203.0.113.9"]}, slice_["endpoints"][1]]}
    changes = slices.settle(pods(1, 2))
    assert len(changes.update) == 1
    assert sorted(slices.endpoints()) == ["p1", "p2"]
    slices.have[name] = {**slices.have[name], "metadata": {**slice_["metadata"], "labels": {}, "name": name}}
    slices.settle(pods(1, 2))
    assert slices.have[name]["metadata"]["labels"] == slice_["metadata"]["labels"]


def test_changed_ports_reuse_the_slice():
    slices = Slices(service())
    slices.settle(pods(1))
    slices.service = service(ports=[port("", 80, 9090)])
    changes = slices.settle(pods(1))
    assert (len(changes.create), len(changes.update), len(changes.delete)) == (0, 1, 0)
    assert changes.update[0]["ports"] == [{"name": "", "port": 9090, "protocol": "TCP"}]


def test_slices_of_an_earlier_service_of_that_name_are_deleted_not_reused():
    slices = Slices(service())
    slices.settle(pods(1))
    (old,) = slices.have.values()
    old["metadata"]["ownerReferences"] = [{**OWNER, "uid": "earlier"}]
    changes = slices.settle(pods(1))
    assert (len(changes.create), changes.update, changes.delete) == (1, [], [old])


def test_a_dual_stack_service_has_slices_of_both_families():
    one = pod("a", "10.0.0.1")
    one["status"]["podIPs"].append({"ip": "fd00::1"})
    made = plan(service(ipFamilies=["IPv4", "IPv6"]), [one], []).create
    assert [(s["addressType"], s["endpoints"][0]["addresses"]) for s in made] == [
        ("IPv4", ["10.0.0.1"]),
        ("IPv6", ["fd00::1"]),
    ]


def test_zone_hints_and_missing_nodes():
    zones = {"node-1": "east"}
    svc = service(trafficDistribution="PreferClose")
    lost = pod("lost", "10.0.0.2", nodeName="gone")
    made = endpointslices.plan(svc, [pod("a", "10.0.0.1"), lost], zones, OWNER, [], "").create[0]["endpoints"]
    assert [(e["zone"], e["hints"]) for e in made] == [("east", {"forZones": [{"name": "east"}]})]


def test_nothing_is_created_for_a_service_being_deleted():
    svc = service()
    svc["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert not plan(svc, pods(1), [])


def test_hostname_counts_with_the_services_subdomain():
    slice_ = plan(service(), [pod("a", "10.0.0.1", hostname="db-0", subdomain="web")], []).create[0]
    assert slice_["endpoints"][0]["hostname"] == "db-0"


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_every_pod_is_in_exactly_one_slice(seed):
    chance, slices, present = random.Random(seed), Slices(service()), set(range(150))
    for _ in range(15):
        present ^= set(chance.sample(range(400), chance.randrange(120)))
        slices.settle(pods(*sorted(present)))
        assert sorted(slices.endpoints()) == sorted(f"p{n}" for n in present)
        assert max(slices.sizes()) <= 100
        assert not slices.settle(pods(*sorted(present)))
