"""On which nodes a DaemonSet's Pods belong, and how they follow a changed template."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apiserver.objects import daemons
from apiserver.objects.daemons import Placement, Plan

Object = dict[str, Any]
NOW = datetime(2026, 1, 1, 1, 0, 0, tzinfo=UTC)
NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}


def node(name: str, *taints: Object, **labels: str) -> Object:
    return {"metadata": {"name": name, "labels": labels}, "spec": {"taints": list(taints)}}


NODES = [node("a"), node("b"), node("c")]


def daemonset(template: Object | None = None, **spec: Any) -> Object:
    base = {"template": {"metadata": {"labels": {"app": "agent"}}, "spec": template or {}}}
    annotations = {daemons.TEMPLATE_GENERATION: "2"}
    return {"metadata": {"name": "agent", "namespace": "default", "annotations": annotations}, "spec": {**base, **spec}}


def updating(**rolling: Any) -> Object:
    return daemonset(updateStrategy={"type": "RollingUpdate", "rollingUpdate": rolling})


def pod(where: str, hash_: str = "new", state: str = "ready", age: int = 600, ready_for: int = 600) -> Object:
    """state: ready, unready, unbound, failed, succeeded, leaving."""
    metadata: Object = {"name": f"{where}-{hash_}-{age}", "labels": {"controller-revision-hash": hash_}}
    metadata["creationTimestamp"] = stamp(age)
    if state == "leaving":
        metadata["deletionTimestamp"] = stamp(1)
    phase = {"failed": "Failed", "succeeded": "Succeeded", "unbound": "Pending"}.get(state, "Running")
    ready = {"type": "Ready", "status": str(state == "ready"), "lastTransitionTime": stamp(ready_for)}
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [where]}]}]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    spec = {"affinity": affinity} if state == "unbound" else {"nodeName": where}
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase, "conditions": [ready]}}


def stamp(seconds_ago: int) -> str:
    return (NOW - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def summary(plan: Plan) -> str:
    """`+a -b-old-600 !c-new-600`: nodes that get a Pod, Pods that go, Pods that ended."""
    parts = [f"+{name}" for name in plan.start_on]
    parts += [f"-{one['metadata']['name']}" for one in plan.delete]
    return " ".join([*parts, *(f"!{one['metadata']['name']}" for one in plan.ended)])


@pytest.mark.parametrize(
    ("template", "where", "expected"),
    [
        ({}, node("a"), (True, True)),
        ({"nodeName": "b"}, node("a"), (False, False)),
        ({"nodeSelector": {"disk": "ssd"}}, node("a", disk="ssd"), (True, True)),
        ({"nodeSelector": {"disk": "ssd"}}, node("a"), (False, False)),
        ({}, node("a", NOT_READY), (True, True)),
        ({}, node("a", {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}), (True, True)),
        ({}, node("a", {"key": "x", "effect": "NoSchedule"}), (False, True)),
        ({}, node("a", {"key": "x", "effect": "PreferNoSchedule"}), (True, True)),
        ({}, node("a", {"key": "x", "effect": "NoExecute"}), (False, False)),
        ({"tolerations": [{"operator": "Exists"}]}, node("a", {"key": "x", "effect": "NoExecute"}), (True, True)),
        ({}, node("a", {"key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"}), (False, True)),
        ({"hostNetwork": True}, node("a", {"key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"}),
         (True, True)),
    ],
)  # fmt: skip
def test_where_pods_may_be(template: Object, where: Object, expected: tuple[bool, bool]) -> None:
    assert Placement(daemonset(template)).judge(where) == expected


def test_a_pod_asks_for_its_node_and_tolerates_its_troubles() -> None:
    preferred = {
        "preferredDuringSchedulingIgnoredDuringExecution": [1],
        "requiredDuringSchedulingIgnoredDuringExecution": 2,
    }
    forever = {
        "key": "node.kubernetes.io/not-ready",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 9,
    }
    template = {"affinity": {"podAffinity": 3, "nodeAffinity": preferred}, "tolerations": [forever]}
    made = daemons.make_pod(daemonset(template), {"uid": "1"}, "abc", "a")
    labels = {"app": "agent", "controller-revision-hash": "abc", "pod-template-generation": "2"}
    assert made["metadata"]["labels"] == labels
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]}]
    affinity = made["spec"]["affinity"]
    assert affinity["podAffinity"] == 3
    assert affinity["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] == [1]
    assert affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] == {"nodeSelectorTerms": terms}
    tolerated = [(t["key"], t["operator"], t["effect"]) for t in made["spec"]["tolerations"]]
    assert tolerated == [(key, "Exists", effect) for key, effect in daemons.TOLERATED]
    assert "tolerationSeconds" not in made["spec"]["tolerations"][0]
    assert daemons.node_of({"spec": made["spec"]}) == "a"


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ([], "+a +b +c"),
        ([pod("a"), pod("b"), pod("c")], ""),
        ([pod("a"), pod("b", state="unbound"), pod("c", state="leaving")], ""),
        ([pod("a", age=9), pod("a", age=10), pod("a", state="unbound", age=11), pod("b"), pod("c")],
         "-a-new-9 -a-new-11"),
        ([pod("a", state="failed"), pod("b", state="succeeded"), pod("c")], "!a-new-600 !b-new-600"),
        ([pod("a"), pod("b"), pod("c"), pod("gone", state="unbound"), pod("late")], "-gone-new-600"),
    ],
)  # fmt: skip
def test_one_pod_for_each_node(pods: list[Object], expected: str) -> None:
    plan = daemons.plan_nodes(updating(maxUnavailable=1), NODES, daemons.by_node(pods), "new", NOW)
    assert summary(plan) == expected


def test_a_pod_leaves_a_node_it_may_not_stay_on() -> None:
    nodes = [node("a", {"key": "x", "effect": "NoSchedule"}), node("b", {"key": "x", "effect": "NoExecute"})]
    plan = daemons.plan_nodes(daemonset(), nodes, daemons.by_node([pod("a"), pod("b")]), "new", NOW)
    assert summary(plan) == "-b-new-600"


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ([pod("a", "old"), pod("a", "new", age=5)], "-a-old-600"),
        ([pod("a", "old"), pod("a", "new", "unready", age=5)], ""),
        ([pod("a", "old", "unready"), pod("a", "new", "unready", age=5)], "-a-old-600"),
        ([pod("a", "old"), pod("a", "new", "unready", age=5), pod("a", "new", "unready", age=4)], "-a-new-4"),
        ([pod("a", "old", "leaving")], "+a"),
    ],
)
def test_a_surge_puts_a_new_pod_beside_the_old_one(pods: list[Object], expected: str) -> None:
    given = updating(maxSurge=1, maxUnavailable=0)
    assert summary(daemons.plan_nodes(given, NODES[:1], daemons.by_node(pods), "new", NOW)) == expected


@pytest.mark.parametrize(
    ("rolling", "pods", "expected"),
    [
        ({"maxUnavailable": 1}, [pod("a", "old"), pod("b", "old"), pod("c", "old")], "-a-old-600"),
        ({"maxUnavailable": 2}, [pod("a", "old"), pod("b", "old"), pod("c", "old")], "-a-old-600 -b-old-600"),
        ({"maxUnavailable": "34%"}, [pod("a", "old"), pod("b", "old"), pod("c", "old")], "-a-old-600 -b-old-600"),
        ({"maxUnavailable": 1}, [pod("a", "new", "unready"), pod("b", "old"), pod("c", "old")], ""),
        ({"maxUnavailable": 1}, [pod("a", "old", "leaving"), pod("b", "old"), pod("c", "old")], ""),
        ({"maxUnavailable": 1}, [pod("a", "old"), pod("b", "old", "unready"), pod("c", "new")], "-b-old-600"),
        ({"maxUnavailable": 1}, [pod("b", "old"), pod("c", "old")], ""),
        ({"maxSurge": 1, "maxUnavailable": 0}, [pod("a", "old"), pod("b", "old"), pod("c", "old")], "+a"),
        ({"maxSurge": 1, "maxUnavailable": 0}, [pod("a", "old"), pod("b", "old", "unready"), pod("c")], "+b +a"),
        ({"maxSurge": 1, "maxUnavailable": 0},
         [pod("a", "old"), pod("a", "new", "unready", age=5), pod("b", "old"), pod("c")], ""),
        ({"maxSurge": 1, "maxUnavailable": 0},
         [pod("a", "old"), pod("a", "new", age=5), pod("b", "old"), pod("c")], "+b -a-old-600"),
    ],
)  # fmt: skip
def test_an_update_keeps_within_its_limits(rolling: Object, pods: list[Object], expected: str) -> None:
    plan = daemons.plan_update(updating(**rolling), NODES, daemons.by_node(pods), "new", NOW)
    assert summary(plan) == expected


def test_a_pod_of_the_same_template_generation_is_not_replaced() -> None:
    old = pod("a", "renamed")
    old["metadata"]["labels"][daemons.GENERATION_LABEL] = "2"
    assert summary(daemons.plan_update(updating(maxUnavailable=1), NODES[:1], {"a": [old]}, "new", NOW)) == ""


def test_the_status_counts_nodes() -> None:
    nodes = [*NODES, node("d", {"key": "x", "effect": "NoSchedule"})]
    pods = [pod("a"), pod("b", "old", ready_for=5), pod("d")]
    given = daemonset(minReadySeconds=10)
    given["metadata"]["generation"] = 4
    assert daemons.status(given, nodes, daemons.by_node(pods), "new", 0, NOW) == {
        "currentNumberScheduled": 2,
        "numberMisscheduled": 1,
        "desiredNumberScheduled": 3,
        "numberReady": 2,
        "observedGeneration": 4,
        "updatedNumberScheduled": 1,
        "numberAvailable": 1,
        "numberUnavailable": 2,
    }
    assert daemons.seconds_to_next_available(given, pods, NOW) == 5
