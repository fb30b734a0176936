"""Given a Service and Pods, what Endpoints should say."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.objects import endpoints
from apiserver.objects.endpoints import Port
from tests.plans.builders import container_port, pod, port, service

Object = dict[str, Any]
TCP_8080 = [{"port": 8080, "protocol": "TCP"}]


def named(listed: list[Object] | None) -> list[str]:
    return [a["targetRef"]["name"] for a in listed or []]


def summary(subsets: list[Object]) -> list[tuple[list[str], list[str], list[int]]]:
    """(ready, not ready, port numbers) of each subset."""
    return [
        (named(s.get("addresses")), named(s.get("notReadyAddresses")), [p["port"] for p in s.get("ports", [])])
        for s in subsets
    ]


def test_a_ready_pod_is_an_address_with_its_node_and_reference():
    assert endpoints.plan_subsets(service(), [pod("a", "10.244.0.5")]) == [
        {
            "addresses": [
                {
                    "ip": "10.244.0.5",
                    "nodeName": "node-1",
                    "targetRef": {"kind": "Pod", "namespace": "shop", "name": "a", "uid": "uid-a"},
                }
            ],
            "ports": TCP_8080,
        }
    ]


PODS = [
    pod("ready", "10.244.0.9"),
    pod("unready", "10.244.0.2", ready=False),
    pod("no-address"),
    pod("done", "10.244.0.3", phase="Succeeded"),
    pod("failed", "10.244.0.4", phase="Failed"),
    pod("leaving", "10.244.0.5", terminating=True),
    pod("leaving-unready", "10.244.0.6", ready=False, terminating=True),
]


@pytest.mark.parametrize(
    ("spec", "ready", "unready"),
    [
        ({}, ["ready"], ["unready"]),
        ({"publishNotReadyAddresses": True}, ["unready", "leaving", "leaving-unready", "ready"], []),
    ],
)
def test_which_pods_count(spec, ready, unready):
    assert summary(endpoints.plan_subsets(service(**spec), PODS)) == [(ready, unready, [8080])]


def test_addresses_are_sorted_as_text():
    pods = [pod("b", "10.244.0.10"), pod("a", "10.244.0.9"), pod("c", "10.244.0.1")]
    assert summary(endpoints.plan_subsets(service(), pods)) == [(["c", "b", "a"], [], [8080])]


def test_a_named_port_is_looked_up_in_each_pod_and_groups_pods():
    ports = [port("http", 80, "http"), port("metrics", 90, 9100)]
    pods = [
        pod("old", "10.0.0.1", containers=[{"name": "c", "ports": [container_port("http", 8080)]}]),
        pod("new", "10.0.0.2", containers=[{"name": "c", "ports": [container_port("http", 9090)]}]),
        pod("none", "10.0.0.3", containers=[{"name": "c", "ports": [container_port("http", 1, "UDP")]}]),
    ]
    assert sorted(summary(endpoints.plan_subsets(service(ports=ports), pods))) == [
        (["new"], [], [9090]),
        (["old"], [], [8080]),
        (["old", "new", "none"], [], [9100]),
    ]


def test_sidecars_have_named_ports_and_init_containers_do_not():
    ports = [port("a", 80, "side"), port("b", 81, "init")]
    inits = [
        {"name": "s", "restartPolicy": "Always", "ports": [container_port("side", 15000)]},
        {"name": "i", "ports": [container_port("init", 15001)]},
    ]
    one = pod("a", "10.0.0.1", initContainers=inits)
    assert endpoints.resolve_ports(service(ports=ports), one) == (Port("a", 15000, "TCP", None),)


def test_no_pod_offers_the_named_port():
    assert endpoints.plan_subsets(service(ports=[port("http", 80, "nope")]), [pod("a", "10.0.0.1")]) == []


@pytest.mark.parametrize(
    ("ports", "order"),
    [
        ([port("http", 80, 8080), port("https", 443, 8443)], ["http", "https"]),
        ([port("https", 443, 8443), port("http", 80, 8080)], ["http", "https"]),
        ([port("http", 80, 8080), port("admin", 81, 9090)], ["http", "admin"]),
        ([port("http", 80, 8080), port("admin", 9000, 9001, "UDP")], ["http", "admin"]),
    ],
)
def test_ports_have_kubernetes_order_whatever_order_the_service_has(ports, order):
    subset = endpoints.plan_subsets(service(ports=ports), [pod("a", "10.0.0.1")])[0]
    assert [p["name"] for p in subset["ports"]] == order


def test_fnv1a_against_published_vectors():
    assert endpoints.fnv1a_128("") == 0x6C62272E07BB014262B821756295C58D
    assert endpoints.fnv1a_128("a") == 0xD228CB696F1A8CAF78912B704E4A8964


def test_app_protocol_is_passed_on():
    ports = [port("grpc", 80, 8080, appProtocol="kubernetes.io/h2c")]
    assert endpoints.plan_subsets(service(ports=ports), [pod("a", "10.0.0.1")])[0]["ports"] == [
        {"name": "grpc", "port": 8080, "protocol": "TCP", "appProtocol": "kubernetes.io/h2c"}
    ]


def test_headless_without_ports_lists_addresses_only():
    headless = service(ports=[], clusterIP="None")
    assert list(endpoints.plan_subsets(headless, [pod("a", "10.0.0.1")])[0]) == ["addresses"]


@pytest.mark.parametrize(("subdomain", "hostname"), [("web", "db-0"), ("other", None), (None, None)])
def test_hostname_needs_the_services_name_as_subdomain(subdomain, hostname):
    one = pod("a", "10.0.0.1", hostname="db-0", subdomain=subdomain)
    assert endpoints.plan_subsets(service(), [one])[0]["addresses"][0].get("hostname") == hostname


def test_the_address_of_the_services_family_is_taken():
    one = pod("a", "10.0.0.1")
    one["status"]["podIPs"].append({"ip": "fd00::1"})
    assert endpoints.plan_subsets(service(ipFamilies=["IPv6"]), [one])[0]["addresses"][0]["ip"] == "fd00::1"
    assert endpoints.plan_subsets(service(ipFamilies=["IPv6"]), [pod("b", "10.0.0.2")]) == []


def test_pods_that_share_an_address_stay_apart():
    pods = [pod("a", "192.168.0.1", hostNetwork=True), pod("b", "192.168.0.1", hostNetwork=True)]
    assert summary(endpoints.plan_subsets(service(), pods)) == [(["a", "b"], [], [8080])]


def many(count: int, *, unready: int = 0) -> list[Object]:
    return [pod(f"p{i}", f"10.1.{i // 250}.{i % 250}", ready=i >= unready) for i in range(count)]


@pytest.mark.parametrize(
    ("count", "unready", "left"),
    [(1000, 0, (1000, 0)), (1001, 0, (1000, 0)), (1200, 500, (700, 300)), (1500, 200, (1000, 0))],
)
def test_over_capacity_is_cut_to_a_thousand_ready_first(count, unready, left):
    wanted = endpoints.plan_endpoints(service(), many(count, unready=unready), None, "")
    assert wanted is not None
    subset = wanted["subsets"][0]
    assert (len(subset.get("addresses", [])), len(subset.get("notReadyAddresses", []))) == left
    annotations = wanted["metadata"].get("annotations", {})
    assert annotations.get(endpoints.OVER_CAPACITY) == ("truncated" if count > 1000 else None)


def test_labels_follow_the_service_and_mark_headless_ones():
    mine = {"team": "a", endpoints.HEADLESS: "lie"}
    managed = {endpoints.MANAGED_BY: "endpoint-controller"}
    assert endpoints.endpoints_labels(service(labels=mine)) == {"team": "a", **managed}
    headless = service(labels=mine, clusterIP="None")
    assert endpoints.endpoints_labels(headless) == {"team": "a", endpoints.HEADLESS: "", **managed}


def test_nothing_to_write_when_all_is_right_and_restored_when_edited():
    svc, pods = service(), [pod("a", "10.0.0.1")]
    have = endpoints.plan_endpoints(svc, pods, None, "2026-01-01T00:00:00Z")
    assert have is not None
    assert have["metadata"]["annotations"] == {endpoints.TRIGGER_TIME: "2026-01-01T00:00:00Z"}
    assert endpoints.plan_endpoints(svc, pods, have, "2026-01-01T00:00:09Z") is None
    edited = {**have, "subsets": []}
    restored = endpoints.plan_endpoints(svc, pods, edited, "")
    assert restored == {**have, "metadata": {k: v for k, v in have["metadata"].items() if k != "annotations"}}
    relabelled = {**have, "metadata": {**have["metadata"], "labels": {"mine": "x"}}}
    assert endpoints.plan_endpoints(svc, pods, relabelled, "2026-01-01T00:00:00Z") == have


def test_others_annotations_are_kept():
    have = {"metadata": {"name": "web", "resourceVersion": "7", "annotations": {"note": "mine"}}}
    wanted = endpoints.plan_endpoints(service(), [], have, "t")
    assert wanted is not None
    assert wanted["metadata"]["annotations"] == {"note": "mine", endpoints.TRIGGER_TIME: "t"}
    assert wanted["metadata"]["resourceVersion"] == "7"


@pytest.mark.parametrize(
    ("spec", "selected"),
    [({}, True), ({"selector": None}, False), ({"selector": {}}, False), ({"type": "ExternalName"}, False)],
)
def test_whose_endpoints_are_kept(spec, selected):
    assert endpoints.selects(service(**spec)) is selected


class TestTriggerTimes:
    def test_the_first_cause_is_the_services_creation(self):
        assert endpoints.TriggerTimes().latest(service(), [pod("a", "10.0.0.1")]) == "2026-01-01T00:00:00Z"

    def test_then_the_earliest_new_readiness_change(self):
        times, a, b = endpoints.TriggerTimes(), pod("a"), pod("b")
        times.latest(service(), [a])
        b["status"]["conditions"][0]["lastTransitionTime"] = "2026-01-01T00:00:07Z"
        assert times.latest(service(), [a, b]) == "2026-01-01T00:00:07Z"
        assert times.latest(service(), [a, b]) == ""

    def test_a_service_made_anew_is_a_cause(self):
        times, again = endpoints.TriggerTimes(), service()
        times.latest(service(), [])
        again["metadata"]["creationTimestamp"] = "2026-01-02T00:00:00Z"
        assert times.latest(again, []) == "2026-01-02T00:00:00Z"
