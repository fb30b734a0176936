"""Given nodes and Pods, which node a Pod gets, or what is said when it gets none."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.objects.scheduling import messages
from apiserver.objects.scheduling.cluster import Cluster
from apiserver.objects.scheduling.filters import View, refusal_of
from apiserver.objects.scheduling.pods import read
from apiserver.objects.scheduling.preemption import Budget, budget_of, preempt
from apiserver.objects.scheduling.resources import requests_of
from apiserver.objects.scheduling.scoring import best_of

Object = dict[str, Any]
GIB = 1024**3


def node(name: str, cpu: str = "4", memory: str = "8Gi", pods: str = "110", ready: bool = True, **more: Any) -> Object:
    labels = {"kubernetes.io/hostname": name, **more.pop("labels", {})}
    allocatable = {"cpu": cpu, "memory": memory, "pods": pods, **more.pop("allocatable", {})}
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": more,
        "status": {"allocatable": allocatable, "conditions": conditions},
    }


def pod(name: str = "p", cpu: str = "", memory: str = "", labels: dict[str, str] | None = None, **spec: Any) -> Object:
    requests = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    container = {"name": "c", "image": "i", **({"resources": {"requests": requests}} if requests else {})}
    metadata: Object = {"name": name, "namespace": spec.pop("namespace", "shop"), "uid": f"uid-{name}"}
    metadata["labels"] = labels or {}
    owner = spec.pop("owner", None)
    if owner:
        metadata["ownerReferences"] = [{"uid": owner, "controller": True}]
    return {"metadata": metadata, "spec": {"containers": [container], **spec}}


def a_cluster(*nodes: Object, **pods: list[Object]) -> Cluster:
    """Nodes, and by node name (dashes as underscores) the Pods on each."""
    cluster = Cluster()
    for one in nodes or (node("node-1"), node("node-2"), node("node-3")):
        cluster.set_node(one)
    for name, listed in pods.items():
        for one in listed:
            cluster.assign(read(one), name.replace("_", "-"))
    return cluster


def why(cluster: Cluster, wanted: Object) -> str:
    """The whole sentence for a Pod that no node takes."""
    info = read(wanted)
    view = View(info, cluster)
    refusals = {n.name: r for n in cluster.nodes.values() if (r := refusal_of(n, view)) is not None}
    assert len(refusals) == len(cluster.nodes)
    reasons = [reason for refusal in refusals.values() for reason in refusal.reasons]
    return messages.pending(len(cluster.nodes), reasons, preempt(view, refusals).message)


def possible(cluster: Cluster, wanted: Object) -> list[str]:
    info = read(wanted)
    view = View(info, cluster)
    return [n.name for n in cluster.nodes.values() if refusal_of(n, view) is None]


def best(cluster: Cluster, wanted: Object) -> str:
    info = read(wanted)
    view = View(info, cluster)
    return best_of([n for n in cluster.nodes.values() if refusal_of(n, view) is None], info, cluster).name


def sentence(reasons: str, preemption: str = "3 Preemption is not helpful for scheduling") -> str:
    return (
        f"0/3 nodes are available: {reasons}. no new claims to deallocate, "
        f"preemption: 0/3 nodes are available: {preemption}."
    )


ONLY_SSD = {"disktype": "ssd"}


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (pod(nodeSelector=ONLY_SSD), sentence("3 node(s) didn't match Pod's node affinity/selector")),
        (pod(cpu="64"), sentence("3 Insufficient cpu")),
        (pod(cpu="64", memory="64Gi"), sentence("3 Insufficient cpu, 3 Insufficient memory")),
    ],
)
def test_no_node_at_all(wanted: Object, text: str):
    assert why(a_cluster(), wanted) == text


def test_what_is_used_is_no_longer_there_and_preemption_has_nobody_to_send_away():
    full = {f"node_{i}": [pod(f"big-{i}", cpu="3500m")] for i in (1, 2, 3)}
    text = why(a_cluster(**full), pod(cpu="1"))
    assert text == sentence("3 Insufficient cpu", "3 No preemption victims found for incoming pod")


def test_reasons_are_counted_over_the_nodes():
    cluster = a_cluster(
        node("node-1", unschedulable=True),
        node("node-2", taints=[{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]),
        node("node-3", pods="0"),
    )
    assert why(cluster, pod()) == sentence(
        "1 Too many pods, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable",
        "1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling",
    )


def test_a_node_that_is_not_ready_counts_as_tainted():
    assert possible(a_cluster(node("node-1", ready=False), node("node-2")), pod()) == ["node-2"]


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"key": "dedicated", "operator": "Equal", "value": "db", "effect": "NoSchedule"}, True),
        ({"key": "dedicated", "value": "db"}, True),
        ({"key": "dedicated", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "dedicated", "value": "web"}, False),
        ({"key": "dedicated", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_tolerations(toleration: Object, tolerated: bool):
    cluster = a_cluster(node("node-1", taints=[{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]))
    assert possible(cluster, pod(tolerations=[toleration])) == (["node-1"] if tolerated else [])


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ({"key": "rank", "operator": "In", "values": ["1", "2"]}, ["node-1", "node-2"]),
        ({"key": "rank", "operator": "NotIn", "values": ["1"]}, ["node-2", "node-3"]),
        ({"key": "rank", "operator": "Exists"}, ["node-1", "node-2"]),
        ({"key": "rank", "operator": "DoesNotExist"}, ["node-3"]),
        ({"key": "rank", "operator": "Gt", "values": ["1"]}, ["node-2"]),
        ({"key": "rank", "operator": "Lt", "values": ["2"]}, ["node-1"]),
    ],
)
def test_node_affinity_operators(expression: Object, names: list[str]):
    cluster = a_cluster(node("node-1", labels={"rank": "1"}), node("node-2", labels={"rank": "2"}), node("node-3"))
    required = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    assert possible(cluster, pod(affinity=affinity)) == names


def test_terms_are_alternatives_and_an_empty_one_matches_nothing():
    terms = [{}, {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-2"]}]}]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    assert possible(a_cluster(), pod(affinity=affinity)) == ["node-2"]


def test_a_pod_for_one_named_node_speaks_of_the_others_in_other_words():
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-2"]}]}]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    assert why(a_cluster(), pod(cpu="64", affinity=affinity)) == sentence(
        "1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]"
    )


def test_host_ports_collide_only_on_the_same_address():
    def taking(ip: str) -> Object:
        wanted = pod(f"p{ip}")
        wanted["spec"]["containers"][0]["ports"] = [{"hostPort": 80, "hostIP": ip, "containerPort": 80}]
        return wanted

    cluster = a_cluster(node("node-1"), node_1=[taking("127.0.0.1")])
    assert possible(cluster, taking("127.0.0.2")) == ["node-1"]
    assert possible(cluster, taking("")) == []


def far_from(app: str, topology: str = "kubernetes.io/hostname") -> Object:
    term = {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": topology}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def near_to(app: str, topology: str = "kubernetes.io/hostname") -> Object:
    term = {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": topology}
    return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


STORE = {"app": "store"}


def test_anti_affinity_leaves_the_fourth_of_four_without_a_node():
    placed = {f"node_{i}": [pod(f"s{i}", labels=STORE, affinity=far_from("store"))] for i in (1, 2, 3)}
    text = why(a_cluster(**placed), pod("s4", labels=STORE, affinity=far_from("store")))
    assert text == sentence(
        "3 node(s) didn't match pod anti-affinity rules", "3 No preemption victims found for incoming pod"
    )


def test_pods_already_there_keep_their_distance_too():
    placed = {f"node_{i}": [pod(f"s{i}", affinity=far_from("store"))] for i in (1, 2, 3)}
    text = why(a_cluster(**placed), pod("new", labels=STORE))
    assert text.startswith("0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity rules.")
    assert possible(a_cluster(**placed), pod("new", labels=STORE, namespace="elsewhere")) == [
        "node-1",
        "node-2",
        "node-3",
    ]


def test_affinity_follows_the_other_pod_over_its_whole_zone():
    nodes = [node(f"node-{i}", labels={"zone": zone}) for i, zone in ((1, "a"), (2, "a"), (3, "b"))]
    cluster = a_cluster(*nodes, node_1=[pod("cache", labels={"app": "cache"})])
    assert possible(cluster, pod(affinity=near_to("cache", "zone"))) == ["node-1", "node-2"]
    assert why(cluster, pod(affinity=near_to("nobody"))).startswith(
        "0/3 nodes are available: 3 node(s) didn't match pod affinity rules."
    )


def test_the_first_of_a_group_may_go_anywhere():
    assert len(possible(a_cluster(), pod(labels=STORE, affinity=near_to("store")))) == 3


def test_spread_constraints_bound_the_skew():
    constraint = {
        "maxSkew": 1,
        "topologyKey": "zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": STORE},
    }
    nodes = [node("node-1", labels={"zone": "a"}), node("node-2", labels={"zone": "b"}), node("node-3")]
    cluster = a_cluster(*nodes, node_1=[pod("s1", labels=STORE)])
    wanted = pod("s2", labels=STORE, topologySpreadConstraints=[constraint])
    assert possible(cluster, wanted) == ["node-2"]
    cluster.nodes["node-2"].unschedulable = True
    assert why(cluster, wanted) == sentence(
        "1 node(s) didn't match pod topology spread constraints, "
        "1 node(s) didn't match pod topology spread constraints (missing required label), "
        "1 node(s) were unschedulable",
        "1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling",
    )


# -- scoring -----------------------------------------------------------------------------------------------------------


def test_pods_without_requests_go_round():
    cluster = a_cluster()
    chosen = []
    for i in range(6):
        one = pod(f"p{i}")
        chosen.append(best(cluster, one))
        cluster.assign(read(one), chosen[-1])
    assert chosen == ["node-1", "node-2", "node-3"] * 2


def test_the_emptier_node_wins():
    assert best(a_cluster(node_1=[pod("a", cpu="2")], node_2=[pod("b", cpu="1")]), pod(cpu="1")) == "node-3"


def test_pods_of_one_owner_are_spread_even_over_a_fuller_node():
    cluster = a_cluster(
        node("node-1"), node("node-2"), node_1=[pod("a", owner="rs")], node_2=[pod("b"), pod("c"), pod("d")]
    )
    assert best(cluster, pod("e", owner="rs")) == "node-2"


def test_preferences_decide_among_possible_nodes():
    preferred = [{"weight": 50, "preference": {"matchExpressions": [{"key": "ssd", "operator": "Exists"}]}}]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    cluster = a_cluster(node("node-1"), node("node-2", labels={"ssd": ""}), node_2=[pod("a"), pod("b")])
    assert best(cluster, pod(affinity=affinity)) == "node-2"
    tainted = [{"key": "old", "effect": "PreferNoSchedule"}]
    assert best(a_cluster(node("node-1", taints=tainted), node("node-2")), pod()) == "node-2"


def test_pods_that_would_rather_be_near_each_other_are():
    term = {"labelSelector": {"matchLabels": STORE}, "topologyKey": "kubernetes.io/hostname"}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    affinity = {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    cluster = a_cluster(node_3=[pod("s", labels=STORE), pod("t")])
    assert best(cluster, pod(affinity=affinity)) == "node-3"


# -- requests and load -------------------------------------------------------------------------------------------------


def container(cpu: str, **more: Any) -> Object:
    return {"name": "c", "resources": {"requests": {"cpu": cpu}}, **more}


@pytest.mark.parametrize(
    ("spec", "cpu"),
    [
        ({"containers": [container("100m"), container("0.5")]}, 600),
        ({"containers": [container("100m")], "initContainers": [container("2")]}, 2000),
        ({"containers": [container("1")], "initContainers": [container("500m", restartPolicy="Always")]}, 1500),
        (
            {
                "containers": [container("1")],
                "initContainers": [container("500m", restartPolicy="Always"), container("2")],
            },
            2500,
        ),
        ({"containers": [container("1")], "overhead": {"cpu": "250m"}}, 1250),
        ({"containers": [container("1")], "resources": {"requests": {"cpu": "3"}}}, 3000),
    ],
)
def test_what_a_pod_requests_altogether(spec: Object, cpu: int):
    assert requests_of(spec) == {"cpu": cpu}


def test_the_load_of_a_node_follows_its_pods():
    cluster = a_cluster(node_1=[pod("a", cpu="1", memory="1Gi")])
    assert cluster.nodes["node-1"].requested == {"cpu": 1000, "memory": GIB}
    cluster.assign(read(pod("a", cpu="2")), "node-2")
    assert cluster.nodes["node-1"].requested == {"cpu": 0, "memory": 0}
    assert cluster.nodes["node-2"].requested == {"cpu": 2000}
    cluster.remove("uid-a")
    cluster.remove("uid-a")
    assert cluster.nodes["node-2"].requested == {"cpu": 0}
    assert cluster.nodes["node-2"].pods == {}


def test_pods_of_a_node_that_comes_later_are_counted_then():
    cluster = a_cluster(node("node-1"))
    cluster.assign(read(pod("a", cpu="1")), "node-9")
    cluster.set_node(node("node-9"))
    assert cluster.nodes["node-9"].requested == {"cpu": 1000}


# -- preemption --------------------------------------------------------------------------------------------------------


def attempt(cluster: Cluster, wanted: Object, *budgets: Budget) -> tuple[str, list[str]]:
    info = read(wanted)
    view = View(info, cluster)
    refusals = {n.name: r for n in cluster.nodes.values() if (r := refusal_of(n, view)) is not None}
    outcome = preempt(view, refusals, budgets)
    return outcome.node, sorted(victim.name for victim in outcome.victims)


def test_the_least_important_pods_have_to_go_and_no_more_than_needed():
    cluster = a_cluster(
        node("node-1"),
        node("node-2"),
        node_1=[pod("a", cpu="2", priority=5), pod("b", cpu="1", priority=1), pod("c", cpu="1", priority=1)],
        node_2=[pod("d", cpu="4", priority=7)],
    )
    before = dict(cluster.nodes["node-1"].requested)
    assert attempt(cluster, pod(cpu="1", priority=10)) == ("node-1", ["c"])
    assert cluster.nodes["node-1"].requested == before


def test_budgets_are_respected_where_that_is_possible():
    cluster = a_cluster(
        node("node-1"),
        node("node-2"),
        node_1=[pod("a", cpu="4", priority=1, labels={"app": "guarded"})],
        node_2=[pod("b", cpu="2", priority=5, labels={"app": "guarded"}), pod("c", cpu="2", priority=5)],
    )
    wanted = pod(cpu="2", priority=10)
    assert attempt(cluster, wanted) == ("node-1", ["a"])
    spec, metadata = {"selector": {"matchLabels": {"app": "guarded"}}}, {"namespace": "shop"}
    guard = budget_of({"metadata": metadata, "spec": spec, "status": {"disruptionsAllowed": 0}})
    assert guard is not None
    assert attempt(cluster, wanted, guard) == ("node-2", ["c"])
    assert attempt(cluster, pod(cpu="4", priority=10), guard) == ("node-1", ["a"])
    known = budget_of({"metadata": metadata, "spec": spec, "status": {"disruptedPods": {"a": "now"}}})
    assert known is not None
    assert attempt(cluster, wanted, known) == ("node-1", ["a"])
    assert budget_of({"metadata": metadata, "spec": {"selector": {}}}) is None


def test_equals_are_not_sent_away_and_the_patient_never_ask():
    full = a_cluster(node("node-1"), node_1=[pod("a", cpu="4", priority=10)])
    assert attempt(full, pod(cpu="1", priority=10)) == ("", [])
    assert why(full, pod(cpu="1", priority=20, preemptionPolicy="Never")).endswith(
        "preemption: not eligible due to preemptionPolicy=Never."
    )


def test_more_pods_weigh_more_whatever_their_priority():
    cluster = a_cluster(
        node("node-1"),
        node("node-2"),
        node_1=[pod("a", cpu="3", priority=5), pod("b", cpu="1", priority=-4)],
        node_2=[pod("c", cpu="4", priority=5)],
    )
    assert attempt(cluster, pod(cpu="4", priority=10)) == ("node-2", ["c"])


def test_a_promised_place_is_taken_for_those_who_are_no_more_important():
    cluster = a_cluster(node("node-1"), node_1=[pod("going", cpu="3", priority=1)])
    cluster.pods["uid-going"].terminating = True
    promised = read(pod("vital", cpu="4", priority=10))
    cluster.nominate(promised, "node-1")
    view = View(promised, cluster)
    refusal = refusal_of(cluster.nodes["node-1"], view)
    assert refusal is not None
    outcome = preempt(view, {"node-1": refusal})
    text = "not eligible due to a terminating pod on the nominated node."
    assert (outcome.node, outcome.victims, outcome.message) == ("node-1", (), text)
    for priority, fits in ((10, False), (11, True)):
        other = read(pod("other", cpu="1", priority=priority))
        with cluster.reserving(other):
            assert (refusal_of(cluster.nodes["node-1"], View(other, cluster)) is None) is fits
    assert cluster.nodes["node-1"].requested == {"cpu": 3000}
    assert promised.node == ""
