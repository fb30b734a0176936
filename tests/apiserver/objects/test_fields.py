"""managedFields after creates and updates: given an object's versions and who wrote them, who owns what."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiserver.objects.fields import record_update
from apiserver.objects.managedfields.entries import ANCIENT, MAX_UPDATERS
from apiserver.objects.managedfields.sets import Tree, intersection
from schemas import load

Object = dict[str, Any]

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"


def config(data: dict[str, str] | None = None, **metadata: Any) -> Object:
    object: Object = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c", "uid": "u", **metadata}}
    return {**object, "data": data} if data is not None else object


def written(
    old: Object | None, new: Object, manager: str, now: str = NOW, subresource: str = "", kind: str = "ConfigMap"
) -> Object:
    version = new["apiVersion"]
    before = copy.deepcopy(old)
    new = copy.deepcopy(new)
    if old is not None and "managedFields" in old["metadata"]:
        new["metadata"].setdefault("managedFields", copy.deepcopy(old["metadata"]["managedFields"]))
    record_update(load(version, kind), old, new, manager, now, subresource, version)
    assert old == before
    return new


def owners(object: Object) -> dict[str, Tree]:
    return {entry["manager"]: entry["fieldsV1"] for entry in object["metadata"].get("managedFields", [])}


def test_a_creator_owns_what_it_said_but_not_identity() -> None:
    created = written(None, config({"a": "1"}, annotations={"n": "1"}, creationTimestamp=NOW), "tool")
    assert created["metadata"]["managedFields"] == [
        {
            "manager": "tool",
            "operation": "Update",
            "apiVersion": "v1",
            "time": NOW,
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:data": {".": {}, "f:a": {}},
                "f:metadata": {"f:annotations": {".": {}, "f:n": {}}},
            },
        }
    ]


def test_who_changes_a_field_owns_it_from_then_on() -> None:
    first = written(None, config({"a": "1", "b": "2"}), "one")
    second = written(first, config({"a": "1", "b": "two", "c": "3"}), "other", LATER)
    assert owners(second) == {
        "one": {"f:data": {".": {}, "f:a": {}}},
        "other": {"f:data": {"f:b": {}, "f:c": {}}},
    }
    assert [e["time"] for e in second["metadata"]["managedFields"]] == [NOW, LATER]


def test_what_is_removed_belongs_to_nobody() -> None:
    first = written(None, config({"a": "1"}, annotations={"n": "1"}), "one")
    second = written(first, config({"b": "1"}), "other", LATER)
    assert owners(second) == {"one": {"f:data": {}}, "other": {"f:data": {"f:b": {}}}}
    third = written(second, config(), "third", LATER)
    assert owners(third) == {}
    assert "managedFields" not in third["metadata"]


def test_a_write_that_changes_nothing_leaves_all_as_it_was() -> None:
    first = written(None, config({"a": "1"}), "one")
    again = written(first, config({"a": "1"}), "other", LATER)
    assert again["metadata"]["managedFields"] == first["metadata"]["managedFields"]


def test_the_same_manager_gathers_fields_in_one_entry() -> None:
    first = written(None, config({"a": "1"}), "one")
    second = written(first, config({"a": "1", "b": "2"}), "one", LATER)
    assert owners(second) == {"one": {"f:data": {".": {}, "f:a": {}, "f:b": {}}}}
    assert second["metadata"]["managedFields"][0]["time"] == LATER


def test_managers_are_kept_apart_by_subresource() -> None:
    pod: Object = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "p", "generateName": "p-", "ownerReferences": [{"uid": "u", "name": "rs"}]},
        "spec": {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80}]}], "securityContext": {}},
        "status": {},
    }
    created = written(None, pod, "tool", kind="Pod")
    status = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}
    running = written(created, {**pod, "status": status}, "tool", LATER, "status", "Pod")
    mine, status_entry = running["metadata"]["managedFields"]
    assert mine["fieldsV1"] == {
        "f:metadata": {"f:generateName": {}, "f:ownerReferences": {".": {}, 'k:{"uid":"u"}': {}}},
        "f:spec": {
            "f:containers": {
                'k:{"name":"c"}': {
                    ".": {},
                    "f:image": {},
                    "f:name": {},
                    "f:ports": {
                        ".": {},
                        'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}},
                    },
                }
            },
            "f:securityContext": {},
        },
    }
    assert status_entry["subresource"] == "status"
    assert status_entry["fieldsV1"] == {
        "f:status": {
            "f:conditions": {".": {}, 'k:{"type":"Ready"}': {".": {}, "f:status": {}, "f:type": {}}},
            "f:phase": {},
        }
    }


def test_binding_leaves_no_trace() -> None:
    pod: Object = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p"}, "spec": {"containers": []}}
    created = written(None, pod, "tool", kind="Pod")
    bound = written(created, {**pod, "spec": {**pod["spec"], "nodeName": "n"}}, "scheduler", LATER, "binding", "Pod")
    assert bound["metadata"].get("managedFields") == created["metadata"].get("managedFields")


def test_structs_that_are_always_there_are_not_owned_and_atomic_ones_are_leaves() -> None:
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": {"a": "b"}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c"}]}},
    }
    deployment: Object = {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "d"}, "spec": spec}
    created = written(None, deployment, "tool", kind="Deployment")
    assert owners(created)["tool"]["f:spec"] == {
        "f:replicas": {},
        "f:selector": {},
        "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}}, "f:type": {}},
        "f:template": {
            "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
            "f:spec": {"f:containers": {'k:{"name":"c"}': {".": {}, "f:name": {}}}},
        },
    }


def test_managers_that_a_client_sends_count() -> None:
    first = written(None, config({"a": "1"}), "one")
    entry = {**first["metadata"]["managedFields"][0], "manager": "restored"}
    again = written(first, config({"a": "1"}, managedFields=[entry]), "two", LATER)
    assert owners(again) == {"restored": {"f:data": {".": {}, "f:a": {}}}}


def test_managers_can_be_forgotten() -> None:
    first = written(None, config({"a": "1"}), "one")
    assert "managedFields" not in written(first, config({"a": "1"}, managedFields=[{}]), "two")["metadata"]
    assert owners(written(first, config({"a": "2"}, managedFields=[{}]), "two")) == {"two": {"f:data": {"f:a": {}}}}


@pytest.mark.parametrize("entries", [[{"manager": "x"}], ["x"], [{"operation": "Apply", "apiVersion": "v1"}]])
def test_what_cannot_be_read_is_ignored(entries: list[Any]) -> None:
    first = written(None, config({"a": "1"}), "one")
    again = written(first, config({"a": "1"}, managedFields=entries), "two", LATER)
    assert owners(again) == {"one": {"f:data": {".": {}, "f:a": {}}}}


@pytest.mark.parametrize(
    "tree",
    [{"f:data": 5}, {"f:data": {"f:a": None}}, {"data": {}}, {"x:a": {}}, {"k:[]": {}}, {"v:{}": {}}, {"i:": {}}],
)
def test_trees_that_cannot_be_read_are_ignored(tree: Any) -> None:
    first = written(None, config({"a": "1"}), "one")
    entry = {**first["metadata"]["managedFields"][0], "fieldsV1": tree}
    again = written(first, config({"a": "1"}, managedFields=[entry]), "two", LATER)
    assert owners(again) == {"one": {"f:data": {".": {}, "f:a": {}}}}


def test_the_oldest_updaters_become_one() -> None:
    object = written(None, config({"k0": "x"}), "m0")
    for i in range(1, MAX_UPDATERS + 3):
        data = {f"k{j}": "x" for j in range(i + 1)}
        object = written(object, config(data), f"m{i}", f"2026-01-01T00:{i:02}:00Z")
    entries = object["metadata"]["managedFields"]
    assert len(entries) == MAX_UPDATERS
    assert entries[0]["manager"] == ANCIENT
    assert entries[0]["fieldsV1"] == {"f:data": {".": {}, "f:k0": {}, "f:k1": {}, "f:k2": {}, "f:k3": {}}}
    assert entries[0]["time"] == "2026-01-01T00:03:00Z"


DATA = st.none() | st.dictionaries(st.sampled_from("abcd"), st.sampled_from("123"), max_size=4)
LABELS = st.dictionaries(st.sampled_from("xy"), st.sampled_from("12"), max_size=2)
WRITES = st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), DATA, LABELS), min_size=1, max_size=6)


@given(WRITES)
def test_updaters_share_nothing_and_own_only_what_is_there(writes: list[tuple[str, Any, dict[str, str]]]) -> None:
    object: Object | None = None
    for minute, (manager, data, labels) in enumerate(writes):
        new = config(data, **({"labels": labels} if labels else {}))
        object = written(object, new, manager, f"2026-01-01T00:{minute:02}:00Z")
    assert object is not None
    trees = list(owners(object).values())
    for i, tree in enumerate(trees):
        assert all(not intersection(tree, other) for other in trees[:i])
    owned = {step for tree in trees for step in tree.get("f:data", {}) if step != "."}
    assert owned == {"f:" + key for key in object.get("data") or {}}
    times = [entry["time"] for entry in object["metadata"].get("managedFields", [])]
    assert times == sorted(times)
