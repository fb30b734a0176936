"""The scheduler, in a whole cluster: who gets a node, what the others are told, and when they are tried again."""

from __future__ import annotations

from typing import Any

from apiserver.deletion import DeleteOptions
from tests.apiserver.harness import Harness
from tests.apiserver.lasting import LastingLog

Object = dict[str, Any]


def pod(name: str, cpu: str = "", labels: dict[str, str] | None = None, **spec: Any) -> Object:
    container: Object = {"name": "main", "image": "nginx"}
    if cpu:
        container["resources"] = {"requests": {"cpu": cpu}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"containers": [container], **spec},
    }


async def run(h: Harness, *pods: Object) -> None:
    for one in pods:
        await h.create(one)
    await h.settle()


def nodes_of(h: Harness) -> dict[str, str]:
    return {p["metadata"]["name"]: p["spec"].get("nodeName", "") for p in h.list("Pod")}


def scheduled(h: Harness, name: str) -> Object:
    return next(c for c in h.get("Pod", name)["status"]["conditions"] if c["type"] == "PodScheduled")


def said(h: Harness, about: str) -> list[tuple[str, str]]:
    events = [e for e in h.list("Event") if e["involvedObject"]["name"] == about]
    return [(e["reason"], e["message"]) for e in events if e["source"]["component"] == "default-scheduler"]


async def test_pods_are_spread_and_it_is_said_where_they_went():
    async with Harness() as h:
        await run(h, pod("a"), pod("b"), pod("c"))
        assert sorted(nodes_of(h).values()) == ["node-1", "node-2", "node-3"]
        assert said(h, "a") == [("Scheduled", f"Successfully assigned default/a to {nodes_of(h)['a']}")]
        assert scheduled(h, "a")["status"] == "True"


async def test_a_pod_without_a_place_is_told_why_once():
    async with Harness() as h:
        await run(h, pod("a", nodeSelector={"disk": "ssd"}))
        text = (
            "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. no new claims to "
            "deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
        )
        told = scheduled(h, "a")
        assert (told["status"], told["reason"], told["message"]) == ("False", "Unschedulable", text)
        assert h.get("Pod", "a")["status"]["phase"] == "Pending"
        await run(h, pod("b"))
        assert said(h, "a") == [("FailedScheduling", text)]


async def test_a_cluster_without_nodes():
    async with Harness(nodes=0) as h:
        await run(h, pod("a"))
        assert scheduled(h, "a")["message"] == "no nodes available to schedule pods"


async def test_a_new_label_on_a_node_lets_the_pod_in():
    async with Harness() as h:
        await run(h, pod("a", nodeSelector={"disk": "ssd"}))

        def labelled(node: Object) -> Object:
            node["metadata"]["labels"]["disk"] = "ssd"
            return node

        await h.api.modify(h.kind("Node"), "", "node-2", labelled)
        await h.settle()
        assert nodes_of(h) == {"a": "node-2"}
        assert h.get("Pod", "a")["status"]["phase"] == "Running"


async def test_room_that_becomes_free_is_given_to_who_waits():
    async with Harness(nodes=1) as h:
        await run(h, pod("a", cpu="20"), pod("b", cpu="20"))
        assert nodes_of(h) == {"a": "node-1", "b": ""}
        await h.api.delete(h.kind("Pod"), "default", "a", DeleteOptions())
        await h.settle()
        assert nodes_of(h) == {"b": "node-1"}


async def test_a_finished_pod_makes_room_too():
    async with Harness(nodes=1) as h:
        done = pod("a", cpu="20", restartPolicy="Never")
        done["metadata"]["annotations"] = {"minictl.dev/simulate": "Completed"}
        await run(h, done, pod("b", cpu="20"))
        assert nodes_of(h) == {"a": "node-1", "b": "node-1"}


async def test_the_fourth_of_four_that_avoid_each_other_waits_for_one_to_go():
    term = {"labelSelector": {"matchLabels": {"app": "store"}}, "topologyKey": "kubernetes.io/hostname"}
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    async with Harness() as h:
        await run(h, *(pod(f"s{i}", labels={"app": "store"}, affinity=affinity) for i in range(4)))
        (waiting,) = (name for name, node in nodes_of(h).items() if not node)
        assert scheduled(h, waiting)["message"].endswith("3 No preemption victims found for incoming pod.")
        gone = next(name for name, node in nodes_of(h).items() if node)
        await h.api.delete(h.kind("Pod"), "default", gone)
        await h.settle()
        assert sorted(nodes_of(h).values()) == ["node-1", "node-2", "node-3"]


async def test_cordoned_nodes_get_nothing_new():
    async with Harness() as h:

        def cordoned(node: Object) -> Object:
            node["spec"]["unschedulable"] = True
            return node

        for name in ("node-1", "node-3"):
            await h.api.modify(h.kind("Node"), "", name, cordoned)
        await h.settle()
        await run(h, pod("a"), pod("b"))
        assert nodes_of(h) == {"a": "node-2", "b": "node-2"}
        taints = h.get("Node", "node-1")["spec"]["taints"]
        assert [(t["key"], t["effect"]) for t in taints] == [("node.kubernetes.io/unschedulable", "NoSchedule")]


async def test_pods_of_other_schedulers_and_gated_pods_are_left_alone():
    async with Harness() as h:
        await run(h, pod("a", schedulerName="by-hand"), pod("b", schedulingGates=[{"name": "example.com/wait"}]))
        assert nodes_of(h) == {"a": "", "b": ""}
        assert (said(h, "a"), said(h, "b")) == ([], [])

        def opened(object: Object) -> Object:
            object["spec"]["schedulingGates"] = []
            return object

        await h.api.modify(h.kind("Pod"), "default", "b", opened)
        await h.settle()
        assert nodes_of(h)["b"]


async def test_ten_times_the_same_node_is_never_overbooked():
    async with Harness(nodes=2) as h:
        await run(h, *(pod(f"p{i}", cpu="7") for i in range(10)))
        nodes = list(nodes_of(h).values())
        assert (nodes.count("node-1"), nodes.count("node-2"), nodes.count("")) == (4, 4, 2)


async def test_a_server_that_starts_again_knows_what_is_used():

    log = LastingLog()
    async with Harness(log, nodes=1) as h:
        await run(h, pod("a", cpu="20"))
    async with Harness(log, nodes=1) as h:
        await run(h, pod("b", cpu="20"))
        assert nodes_of(h) == {"a": "node-1", "b": ""}


async def test_an_important_pod_sends_a_lesser_one_away():
    async with Harness(nodes=1) as h:
        await run(h, pod("lesser", cpu="20"), pod("small", cpu="5"))
        await run(h, pod("vital", cpu="20", priorityClassName="system-node-critical"))
        assert nodes_of(h) == {"small": "node-1", "vital": "node-1"}
        assert h.get("Pod", "vital")["status"].get("nominatedNodeName") is None
        uid = h.get("Pod", "vital")["metadata"]["uid"]
        assert said(h, "lesser")[-1] == ("Preempted", f"Preempted by pod {uid} on node node-1")
        assert said(h, "vital")[0] == ("FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.")


async def test_the_most_important_of_those_who_wait_goes_first():
    async with Harness(nodes=1) as h:
        await run(h, pod("first", cpu="30", priorityClassName="system-node-critical"))
        await run(h, pod("early", cpu="30"), pod("vital", cpu="30", priorityClassName="system-cluster-critical"))
        assert nodes_of(h) == {"first": "node-1", "early": "", "vital": ""}
        await h.api.delete(h.kind("Pod"), "default", "first")
        await h.settle()
        assert nodes_of(h) == {"early": "", "vital": "node-1"}


async def test_a_promised_place_is_waited_for_and_kept_for_whom_it_was_promised():
    slow = {"minictl.dev/termination-seconds": "20"}
    async with Harness(nodes=1) as h:
        lesser = pod("lesser", cpu="20")
        lesser["metadata"]["annotations"] = slow
        await run(h, lesser)
        await run(h, pod("vital", cpu="20", priorityClassName="system-node-critical"))
        assert h.get("Pod", "vital")["status"]["nominatedNodeName"] == "node-1"
        await run(h, pod("small", cpu="13"))
        assert nodes_of(h) == {"lesser": "node-1", "vital": "", "small": ""}
        h.clock.advance(20)
        await h.settle()
        assert nodes_of(h) == {"vital": "node-1", "small": ""}
        assert "nominatedNodeName" not in h.get("Pod", "vital")["status"]
        assert [reason for reason, _ in said(h, "lesser")] == ["Scheduled", "Preempted"]
        assert said(h, "small")[0][1].startswith("0/1 nodes are available: 1 Insufficient cpu.")


async def test_a_claim_for_one_pod_is_not_used_by_two():
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "mine"},
        "spec": {"accessModes": ["ReadWriteOncePod"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "v"},
        "spec": {"accessModes": ["ReadWriteOncePod"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/v"}},
    }
    uses = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "mine"}}]}
    async with Harness() as h:
        await run(h, volume, claim, pod("a", **uses))
        await run(h, pod("b", **uses))
        assert nodes_of(h)["a"]
        assert said(h, "b")[0][1] == (
            "0/3 nodes are available: 3 node has pod using PersistentVolumeClaim with the same name and "
            "ReadWriteOncePod access mode. no new claims to deallocate, preemption: 0/3 nodes are available: "
            "3 No preemption victims found for incoming pod."
        )
        await h.api.delete(h.kind("Pod"), "default", "a")
        await h.settle()
        assert nodes_of(h)["b"]


async def test_terms_that_contradict_each_other_fit_no_node():
    fields = [{"key": "metadata.name", "operator": "In", "values": [name]} for name in ("node-1", "node-2")]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": fields}]}}
    async with Harness() as h:
        await run(h, pod("a", affinity={"nodeAffinity": required}))
        assert said(h, "a")[0][1] == (
            "0/3 nodes are available: pod affinity terms conflict. no new claims to deallocate, preemption: "
            "0/3 nodes are available: 3 Preemption is not helpful for scheduling."
        )


async def test_label_keys_become_part_of_the_selectors():
    wish = {"labelSelector": {}, "topologyKey": "kubernetes.io/hostname", "matchLabelKeys": ["v"]}
    spread = [wish | {"maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}]
    avoids = {"requiredDuringSchedulingIgnoredDuringExecution": [wish | {"mismatchLabelKeys": ["w", "x"]}]}
    async with Harness() as h:
        spec = {"topologySpreadConstraints": spread, "affinity": {"podAntiAffinity": avoids}}
        await run(h, pod("a", labels={"v": "1", "w": "2"}, **spec), pod("b", labels={"v": "1"}))
        stored, same = h.get("Pod", "a")["spec"], {"key": "v", "operator": "In", "values": ["1"]}
        assert stored["topologySpreadConstraints"][0]["labelSelector"] == {"matchExpressions": [same]}
        term = stored["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0]
        other = {"key": "w", "operator": "NotIn", "values": ["2"]}
        assert term["labelSelector"]["matchExpressions"] == [same, other]
        assert len(set(nodes_of(h).values())) == 2
