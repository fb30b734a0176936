"""Mirrored Endpoints, and what a namespace says while it goes."""

from __future__ import annotations

from typing import Any

from apiserver.objects import mirroring, namespaceconditions

Object = dict[str, Any]
OWNER = {"apiVersion": "v1", "kind": "Endpoints", "name": "db", "uid": "ep"}


def endpoints(**metadata: Any) -> Object:
    subset = {
        "addresses": [{"ip": "203.0.113.1"}, {"ip": "fd00::1"}],
        "notReadyAddresses": [{"ip": "203.0.113.2", "hostname": "b"}],
        "ports": [{"name": "sql", "port": 5432, "protocol": "TCP"}],
    }
    return {"metadata": {"name": "db", "namespace": "shop", **metadata}, "subsets": [subset]}


def test_endpoints_become_slices_of_each_family():
    marks = {mirroring.LAST_APPLIED: "{}", "note": "n"}
    changes = mirroring.plan(endpoints(labels={"team": "a"}, annotations=marks), OWNER, [])
    first, second = changes.create
    assert first == {
        "metadata": {
            "generateName": "db-",
            "namespace": "shop",
            "labels": {
                "team": "a",
                "kubernetes.io/service-name": "db",
                "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
            },
            "ownerReferences": [OWNER],
            "annotations": {"note": "n"},
        },
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": ["203.0.113.1"], "conditions": {"ready": True}},
            {"addresses": ["203.0.113.2"], "conditions": {"ready": False}, "hostname": "b"},
        ],
        "ports": [{"name": "sql", "port": 5432, "protocol": "TCP"}],
    }
    assert (second["addressType"], second["endpoints"][0]["addresses"]) == ("IPv6", ["fd00::1"])


def test_equal_slices_are_not_written_and_changed_ones_are_reused():
    have = mirroring.plan(endpoints(), OWNER, []).create
    for number, slice_ in enumerate(have):
        slice_["metadata"]["name"] = f"db-{number}"
    assert not mirroring.plan(endpoints(), OWNER, have)
    changed = endpoints()
    changed["subsets"][0]["ports"][0]["port"] = 15432
    changes = mirroring.plan(changed, OWNER, have)
    assert (len(changes.create), len(changes.update), len(changes.delete)) == (0, 2, 0)
    annotated = mirroring.plan(endpoints(annotations={"note": "n"}), OWNER, have)
    assert [s["metadata"]["annotations"] for s in annotated.update] == [{"note": "n"}] * 2


def test_no_addresses_no_slices():
    have = mirroring.plan(endpoints(), OWNER, []).create
    changes = mirroring.plan({**endpoints(), "subsets": []}, OWNER, have)
    assert (changes.create, changes.update, changes.delete) == ([], [], have)


def test_who_does_not_want_to_be_mirrored():
    assert mirroring.is_mirrored(endpoints())
    assert not mirroring.is_mirrored(endpoints(labels={mirroring.SKIP_MIRROR: "true"}))
    assert not mirroring.is_mirrored(endpoints(annotations={mirroring.LEADER: "{}"}))


def test_what_holds_a_namespace_up():
    conditions = namespaceconditions.plan(
        [], {"configmaps.": 1, "deployments.apps": 2}, {"example.com/hold": 3}, "2026-01-01T00:00:00Z"
    )
    assert [(c["type"], c["status"], c["reason"], c["message"]) for c in conditions[2:]] == [
        (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        (
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            "Some resources are remaining: configmaps. has 1 resource instances, "
            "deployments.apps has 2 resource instances",
        ),
        (
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            "Some content in the namespace has finalizers remaining: example.com/hold in 3 resource instances",
        ),
    ]


def test_a_condition_that_has_not_changed_keeps_its_time():
    first = namespaceconditions.plan([], {"pods.": 1}, {}, "2026-01-01T00:00:00Z")
    second = namespaceconditions.plan(first, {"pods.": 2}, {}, "2026-01-01T00:00:09Z")
    changed = [c["type"] for c in second if c["lastTransitionTime"] == "2026-01-01T00:00:09Z"]
    assert changed == ["NamespaceContentRemaining"]
