"""Simulated nodes: registered, alive, and what happens when one falls silent or goes away."""

from __future__ import annotations

from typing import Any

from apiserver.deletion import DeleteOptions
from tests.apiserver.harness import Harness
from tests.apiserver.lasting import LastingLog

Object = dict[str, Any]


def names(h: Harness) -> list[str]:
    return [n["metadata"]["name"] for n in h.list("Node")]


def condition(object: Object, kind: str = "Ready") -> tuple[str, str]:
    found = next(c for c in object["status"]["conditions"] if c["type"] == kind)
    return found["status"], found.get("reason", "")


async def run_a_pod(h: Harness, node: str, **spec: Any) -> None:
    containers = [{"name": "c", "image": "i"}]
    spec = {"nodeName": node, "containers": containers, **spec}
    await h.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec})
    await h.settle()


async def pass_time(h: Harness, *seconds: float) -> None:
    for step in seconds:
        h.clock.advance(step)
        await h.settle()


async def take_down(h: Harness, node: str) -> None:
    def down(object: Object) -> Object:
        object["metadata"]["annotations"]["minictl.dev/simulate"] = "Down"
        return object

    await h.api.modify(h.kind("Node"), "", node, down)
    await h.settle()


async def test_nodes_are_registered_with_a_range_an_address_and_a_lease_each():
    async with Harness() as h:
        assert names(h) == ["node-1", "node-2", "node-3"]
        assert [n["spec"]["podCIDR"] for n in h.list("Node")] == ["10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24"]
        node = h.get("Node", "node-2")
        assert [a["type"] for a in node["status"]["addresses"]] == ["InternalIP", "Hostname"]
        assert node["status"]["addresses"][0]["address"].startswith("192.168.0.")
        assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "node-2"
        assert condition(node) == ("True", "KubeletReady")
        lease = h.get("Lease", "node-2", "kube-node-lease")
        assert (lease["spec"]["holderIdentity"], lease["spec"]["leaseDurationSeconds"]) == ("node-2", 40)


async def test_leases_are_renewed_and_healthy_nodes_stay_healthy():
    async with Harness() as h:
        before = h.get("Lease", "node-1", "kube-node-lease")["spec"]["renewTime"]
        await pass_time(h, *[10] * 12)
        assert h.get("Lease", "node-1", "kube-node-lease")["spec"]["renewTime"] > before
        assert condition(h.get("Node", "node-1")) == ("True", "KubeletReady")


async def test_a_clock_that_jumps_kills_nobody():
    async with Harness() as h:
        await pass_time(h, 36000, 1, 1)
        assert all(condition(n)[0] == "True" for n in h.list("Node"))
        assert all("taints" not in n["spec"] for n in h.list("Node"))


async def test_fewer_nodes_than_before_take_their_leave():
    log = LastingLog()
    async with Harness(log, nodes=3):
        pass
    async with Harness(log, nodes=1) as h:
        assert names(h) == ["node-1"]
    async with Harness(log, nodes=2) as h:
        assert names(h) == ["node-1", "node-2"]


async def test_what_people_said_about_a_node_survives_a_restart():
    log = LastingLog()
    async with Harness(log) as h:

        def labelled(node: Object) -> Object:
            node["metadata"]["labels"]["disk"] = "ssd"
            node["spec"]["unschedulable"] = True
            return node

        await h.api.modify(h.kind("Node"), "", "node-1", labelled)
    async with Harness(log) as h:
        node = h.get("Node", "node-1")
        assert (node["metadata"]["labels"]["disk"], node["spec"]["unschedulable"]) == ("ssd", True)


def said(h: Harness) -> list[str]:
    """What the controllers of nodes and of taints have said."""
    sources = ("node-controller", "taint-eviction-controller")
    events = [e for e in h.list("Event") if e["source"]["component"] in sources]
    return [str(e["message"]) for e in sorted(events, key=lambda e: int(e["metadata"]["resourceVersion"]))]


async def test_a_silent_node_becomes_unreachable_and_its_pods_are_replaced_when_their_time_is_up():
    async with Harness() as h:
        await run_a_pod(h, "node-2")
        await take_down(h, "node-2")
        await pass_time(h, 51, 2)
        node = h.get("Node", "node-2")
        assert condition(node) == ("Unknown", "NodeStatusUnknown")
        assert {(t["key"], t["effect"]) for t in node["spec"]["taints"]} == {
            ("node.kubernetes.io/unreachable", "NoSchedule"),
            ("node.kubernetes.io/unreachable", "NoExecute"),
        }
        assert condition(h.get("Pod", "web"))[0] == "False"
        assert "deletionTimestamp" not in h.get("Pod", "web")["metadata"]
        await pass_time(h, 301)
        web = h.get("Pod", "web")
        assert "deletionTimestamp" in web["metadata"]
        target = next(c for c in web["status"]["conditions"] if c["type"] == "DisruptionTarget")
        why = ("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint")
        assert (target["status"], target["reason"], target["message"]) == ("True", *why)
        assert said(h) == [
            "Node node-2 status is now: NodeNotReady",
            "Node is not ready",
            "Marking for deletion Pod default/web",
        ]


async def test_a_node_that_comes_back_is_welcome():
    async with Harness() as h:
        await run_a_pod(h, "node-2")
        await take_down(h, "node-2")
        await pass_time(h, 51, 2)

        def up(object: Object) -> Object:
            del object["metadata"]["annotations"]["minictl.dev/simulate"]
            return object

        await h.api.modify(h.kind("Node"), "", "node-2", up)
        await h.settle()
        node = h.get("Node", "node-2")
        assert condition(node) == ("True", "KubeletReady")
        assert "taints" not in node["spec"]
        assert condition(h.get("Pod", "web"))[0] == "True"
        assert said(h)[-1] == "Cancelling deletion of Pod default/web"


async def test_a_noexecute_taint_drives_out_who_does_not_tolerate_it():
    async with Harness() as h:
        await run_a_pod(h, "node-1")

        def tainted(node: Object) -> Object:
            node["spec"]["taints"] = [{"key": "maintenance", "effect": "NoExecute"}]
            return node

        await h.api.modify(h.kind("Node"), "", "node-1", tainted)
        await h.settle()
        assert h.list("Pod") == []
        assert "TaintManagerEviction" in {e["reason"] for e in h.list("Event")}


async def test_pods_of_a_deleted_node_are_collected_after_a_while():
    async with Harness() as h:
        await run_a_pod(h, "node-3")
        await h.api.delete(h.kind("Node"), "", "node-3")
        await h.settle()
        assert len(h.list("Pod")) == 1
        await pass_time(h, 41)
        assert h.list("Pod") == []


async def test_every_pod_of_a_node_that_never_was_gets_its_while():
    async with Harness(nodes=1) as h:
        await run_a_pod(h, "nowhere")
        await pass_time(h, 30)
        await h.api.delete(h.kind("Pod"), "default", "web", DeleteOptions(grace_seconds=0))
        await h.settle()
        await run_a_pod(h, "nowhere")
        await pass_time(h, 30)
        assert [p["metadata"]["name"] for p in h.list("Pod")] == ["web"]
        await pass_time(h, 11)
        assert h.list("Pod") == []
