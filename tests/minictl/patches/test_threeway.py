"""What apply sends, for given originals, manifests and live objects."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from apiserver.objects.patch import strategic as server_side
from minictl.patches.strategic import patched
from minictl.patches.threeway import conflicts, three_way_patch, two_way_patch

Object = dict[str, Any]
SERVICE = schemas.load("v1", "Service").root
DEPLOYMENT = schemas.load("apps/v1", "Deployment").root
POD = schemas.load("v1", "Pod").root


def service(*ports: Object, **labels: str) -> Object:
    return {"metadata": {"name": "s", "labels": labels}, "spec": {"ports": list(ports)}}


HTTP = {"name": "http", "port": 80, "targetPort": 8080}
ADMIN = {"name": "admin", "port": 81}


def test_nothing_to_do_is_an_empty_patch() -> None:
    live = service({**HTTP, "protocol": "TCP"})
    assert three_way_patch(service(HTTP), service(HTTP), live, SERVICE) == {}


def test_what_the_manifest_dropped_goes_and_what_others_set_stays() -> None:
    live = service(HTTP, a="1", b="2", other="x")
    patch = three_way_patch(service(HTTP, a="1", b="2"), service(HTTP, a="9"), live, SERVICE)
    assert patch == {"metadata": {"labels": {"a": "9", "b": None}}}


def test_items_are_merged_by_key_and_removed_by_directive() -> None:
    moved = {**HTTP, "targetPort": 9090}
    patch = three_way_patch(service(HTTP, ADMIN), service(moved), service(HTTP, ADMIN), SERVICE)
    assert patch == {
        "spec": {
            "$setElementOrder/ports": [{"port": 80}],
            "ports": [{"port": 80, "targetPort": 9090}, {"$patch": "delete", "port": 81}],
        }
    }


def test_a_second_port_of_the_same_number_is_an_item_of_its_own() -> None:
    dns = service({"name": "udp", "port": 53, "protocol": "UDP"}, {"name": "tcp", "port": 53, "protocol": "TCP"})
    assert three_way_patch(dns, dns, copy.deepcopy(dns), SERVICE) == {}


def test_plain_values_are_removed_by_name() -> None:
    def held(*finalizers: str) -> Object:
        return {"metadata": {"finalizers": list(finalizers)}}

    patch = three_way_patch(held("a", "b"), held("b"), held("a", "b", "c"), SERVICE)
    assert patch == {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "$setElementOrder/finalizers": ["b"]}}


def test_the_other_members_of_a_union_are_cleared() -> None:
    old = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    new = {"spec": {"strategy": {"type": "Recreate"}}}
    assert three_way_patch(old, new, old, DEPLOYMENT) == {
        "spec": {"strategy": {"$retainKeys": ["type"], "rollingUpdate": None, "type": "Recreate"}}
    }


def test_without_a_schema_lists_are_replaced_whole() -> None:
    old, new = {"spec": {"crew": [{"name": "a"}, {"name": "b"}], "sails": 1}}, {"spec": {"crew": [{"name": "a"}]}}
    assert three_way_patch(old, new, old, None) == {"spec": {"crew": [{"name": "a"}], "sails": None}}


def test_an_item_without_its_key_is_refused() -> None:
    nameless = {"spec": {"containers": [{"image": "x"}]}}
    with pytest.raises(ValueError, match=r"map: map\[image:x\] does not contain declared merge key: name"):
        three_way_patch({}, nameless, {"spec": {"containers": [{"name": "a"}]}}, POD)


@pytest.mark.parametrize(("live", "clash"), [("1", False), ("2", False), ("3", True)])
def test_a_conflict_is_a_field_changed_otherwise_on_the_server(live: str, clash: bool) -> None:
    assert conflicts(service(a="1"), service(a="2"), service(a=live), SERVICE) is clash


NAMES = st.sampled_from(["a", "b", "c", "d"])
CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={"image": NAMES, "command": st.lists(NAMES, max_size=2), "env": st.lists(
            st.fixed_dictionaries({"name": NAMES, "value": NAMES}), unique_by=lambda one: one["name"], max_size=3)},
    ),
    unique_by=lambda one: one["name"],
    max_size=4,
)  # fmt: skip
PODS = st.builds(
    lambda labels, finalizers, containers: {
        "metadata": {"name": "p", "labels": labels, "finalizers": finalizers},
        "spec": {"containers": containers},
    },
    st.dictionaries(NAMES, NAMES, max_size=3),
    st.lists(NAMES, unique=True, max_size=3),
    CONTAINERS,
)


@settings(max_examples=150, deadline=None)
@given(PODS, PODS)
def test_a_two_way_patch_makes_one_of_the_other_here_and_on_the_server(old: Object, new: Object) -> None:
    patch = two_way_patch(old, new, POD)
    assert _without_empty(patched(old, patch, POD)) == _without_empty(new)
    there = server_side.apply(schemas.load("v1", "Pod"), copy.deepcopy(old), copy.deepcopy(patch))
    assert _without_empty(there) == _without_empty(new)


@settings(max_examples=150, deadline=None)
@given(PODS, PODS, PODS)
def test_applying_twice_changes_nothing_the_second_time(original: Object, manifest: Object, live: Object) -> None:
    after = patched(live, three_way_patch(original, manifest, live, POD), POD)
    again = patched(after, three_way_patch(manifest, manifest, after, POD), POD)
    assert again == after


def _without_empty(value: Any) -> Any:
    """Empty lists and absent ones are the same to a merge."""
    if isinstance(value, dict):
        return {key: _without_empty(item) for key, item in value.items() if item not in ([], {})}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value
