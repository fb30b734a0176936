"""Trees, given objects."""

from __future__ import annotations

from typing import Any

from minictl.insight import owners

Object = dict[str, Any]


def thing(kind: str, name: str, owner: str = "", **more: Any) -> Object:
    metadata: Object = {"name": name, "uid": name}
    if owner:
        metadata["ownerReferences"] = [{"uid": owner}]
    return {"kind": kind, "metadata": metadata, "spec": {}} | more


WEB = thing("Deployment", "web", spec={"replicas": 2}, status={"readyReplicas": 1})
SET = thing("ReplicaSet", "web-1", "web", spec={"replicas": 2})
GOOD = thing("Pod", "web-1-a", "web-1", status={"phase": "Running", "podIP": "10.244.0.2", "conditions": [
    {"type": "Ready", "status": "True"}]})  # fmt: skip
BAD = thing("Pod", "web-1-b", "web-1", status={"phase": "Running"})
ALL = [BAD, GOOD, SET, WEB, thing("Pod", "alone")]


def test_the_tree_begins_at_the_topmost_owner() -> None:
    assert owners.top(GOOD, ALL) is WEB
    assert owners.top(ALL[-1], ALL) is ALL[-1]


def test_a_tree_is_drawn_with_the_state_of_each() -> None:
    assert list(owners.lines(owners.tree(WEB, ALL))) == [
        ("deployment/web", "1/2 ready"),
        ("└─ replicaset/web-1", "0/2 ready"),
        ("   ├─ pod/web-1-a", "Running 10.244.0.2"),
        ("   └─ pod/web-1-b", "Running, not ready"),
    ]


def test_a_slice_shows_the_pods_it_names() -> None:
    endpoint = {"targetRef": {"uid": "web-1-a"}, "conditions": {"ready": True}}
    slice_ = thing("EndpointSlice", "web-x", endpoints=[endpoint])
    assert owners.tree(slice_, ALL).fields == {
        "name": "endpointslice/web-x",
        "status": "1/1 ready",
        "children": [{"name": "pod/web-1-a", "status": "Running 10.244.0.2"}],
    }


def test_owners_in_a_circle_do_not_turn_for_ever() -> None:
    a, b = thing("ConfigMap", "a", "b"), thing("ConfigMap", "b", "a")
    assert owners.top(a, [a, b]) is a
    assert [name for name, _ in owners.lines(owners.tree(a, [a, b]))] == ["configmap/a", "└─ configmap/b"]
