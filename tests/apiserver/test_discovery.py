"""Discovery as clients read it."""

from __future__ import annotations

from typing import Any

from apiserver.http import discovery
from apiserver.kind import Kind, Kinds, Scale
from apiserver.kinds import BUILTIN

KINDS = Kinds(BUILTIN)


def rows(group_version: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in discovery.resources(KINDS, group_version)["resources"]}


def test_core_has_versions_and_no_group() -> None:
    document = discovery.api_versions("127.0.0.1:6443")
    assert document["versions"] == ["v1"]
    assert document["serverAddressByClientCIDRs"][0]["serverAddress"] == "127.0.0.1:6443"
    assert discovery.api_group(KINDS, "") is None


def test_groups_come_in_the_order_clients_resolve_names_in() -> None:
    names = [group["name"] for group in discovery.api_groups(KINDS)["groups"]]
    served = {kind.group for kind in BUILTIN if kind.group}
    assert names == [group for group in discovery.GROUP_ORDER if group in served]
    assert discovery.api_group(KINDS, "apps") == {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": "apps",
        "versions": [{"groupVersion": "apps/v1", "version": "v1"}],
        "preferredVersion": {"groupVersion": "apps/v1", "version": "v1"},
    }
    assert discovery.api_group(KINDS, "nosuch.example.com") is None


def test_a_resource_says_all_that_a_client_needs() -> None:
    assert rows("apps/v1")["deployments"] == {
        "name": "deployments",
        "singularName": "deployment",
        "namespaced": True,
        "kind": "Deployment",
        "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        "shortNames": ["deploy"],
        "categories": ["all"],
        "storageVersionHash": "8aSe+NMegvE=",
    }
    assert rows("v1")["endpoints"]["singularName"] == "endpoints"
    assert "deletecollection" not in rows("v1")["namespaces"]["verbs"]


def test_subresources_name_the_kind_and_group_they_speak() -> None:
    assert rows("apps/v1")["deployments/scale"] == {
        "name": "deployments/scale",
        "singularName": "",
        "namespaced": True,
        "group": "autoscaling",
        "version": "v1",
        "kind": "Scale",
        "verbs": ["get", "patch", "update"],
    }
    pods = rows("v1")
    assert (pods["pods/eviction"]["group"], pods["pods/eviction"]["kind"]) == ("policy", "Eviction")
    assert pods["pods/binding"]["verbs"] == ["create"]
    assert pods["pods/log"]["verbs"] == ["get"]
    assert "group" not in pods["pods/status"]


def test_both_faces_of_an_event_have_the_hash_of_the_stored_one() -> None:
    assert rows("v1")["events"]["storageVersionHash"] == "r2yiGXH7wu8="
    assert rows("events.k8s.io/v1")["events"]["storageVersionHash"] == "r2yiGXH7wu8="


def test_aggregated_discovery_says_the_same() -> None:
    core, groups = discovery.aggregated(KINDS, "api"), discovery.aggregated(KINDS, "apis")
    assert core["kind"] == groups["kind"] == "APIGroupDiscoveryList"
    assert [item["metadata"] for item in core["items"]] == [{}]
    (version,) = core["items"][0]["versions"]
    pods = next(row for row in version["resources"] if row["resource"] == "pods")
    assert pods["scope"] == "Namespaced"
    assert pods["responseKind"] == {"group": "", "version": "v1", "kind": "Pod"}
    plain = {name.partition("/")[2] for name in rows("v1") if name.startswith("pods/")}
    assert {row["subresource"] for row in pods["subresources"]} == plain
    assert [item["metadata"]["name"] for item in groups["items"]] == [
        group["name"] for group in discovery.api_groups(KINDS)["groups"]
    ]


def test_newer_and_more_stable_versions_come_first() -> None:
    versions = ["v1alpha1", "v2", "foo1", "v1beta1", "v1", "v1beta2", "v11alpha2", "v10"]
    assert sorted(versions, key=discovery.version_rank) == [
        "v10", "v2", "v1", "v1beta2", "v1beta1", "v11alpha2", "v1alpha1", "foo1",
    ]  # fmt: skip


def test_a_kind_added_later_is_discovered() -> None:
    kinds = Kinds(BUILTIN)
    kinds.add(Kind("example.com/v1", "Widget", "widgets", short=("wd",), scale=Scale(), namespaced=False))
    names = [group["name"] for group in discovery.api_groups(kinds)["groups"]]
    assert names[-1] == "example.com"
    listed = discovery.resources(kinds, "example.com/v1")["resources"]
    assert [row["name"] for row in listed] == ["widgets", "widgets/scale"]
    assert not listed[0]["namespaced"]
