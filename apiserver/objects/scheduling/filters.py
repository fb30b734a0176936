"""Which nodes can take a Pod, and in Kubernetes' words why the others cannot.

Filters are asked in the scheduler's order, and a node is refused by the first that objects. `is_final` tells that no
other Pod's leaving would help: such nodes are not considered for preemption.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from apiserver.objects.scheduling.affinity import Neighbours
from apiserver.objects.scheduling.cluster import UNSCHEDULABLE, Cluster, NodeInfo
from apiserver.objects.scheduling.labels import BLOCKING, tolerates, untolerated
from apiserver.objects.scheduling.pods import ANY_IP, PodInfo, Port
from apiserver.objects.scheduling.spreading import Distribution
from apiserver.objects.scheduling.storage import Storage


@dataclass(frozen=True)
class Refusal:
    """Why a node cannot take a Pod."""

    reasons: tuple[str, ...]
    is_final: bool
    by: str
    """Which filter said so: what has to change before it is worth asking again."""


class View:
    """The cluster as seen from one Pod that looks for a node; what only some Pods need is worked out on demand."""

    def __init__(self, pod: PodInfo, cluster: Cluster, storage: Storage | None = None) -> None:
        self.pod = pod
        self.storage = storage or Storage()
        self.cluster = cluster
        self.filters = tuple(filter for filter, applies in FILTERS if applies(pod, cluster))

    @cached_property
    def neighbours(self) -> Neighbours:
        return Neighbours.of(self.pod, self.cluster)

    @cached_property
    def has_rival(self) -> bool:
        """Whether another Pod on some node uses a claim that only one Pod may use."""
        wanted = self.storage.exclusive
        others = self.cluster.pods.values() if wanted else ()
        return any(other.namespace == self.pod.namespace and wanted.intersection(other.claims) for other in others)

    @cached_property
    def distributions(self) -> list[Distribution]:
        return [Distribution.of(self.pod, s, self.cluster) for s in self.pod.spread if s.required]


Filter = Callable[[PodInfo, NodeInfo, View], Refusal | None]


def _named(pod: PodInfo, node: NodeInfo, view: View) -> Refusal | None:
    assert pod.named_nodes is not None
    if node.name not in pod.named_nodes:
        return Refusal(("node(s) didn't satisfy plugin(s) [NodeAffinity]",), True, "node")
    return None


def _schedulable(pod: PodInfo, node: NodeInfo, view: View) -> Refusal | None:
    if node.unschedulable and not tolerates(pod.tolerations, UNSCHEDULABLE):
        return Refusal(("node(s) were unschedulable",), True, "node")
    return None


def _tolerated(pod: PodInfo, node: NodeInfo, view: View) -> Refusal | None:
    if node.taints and untolerated(pod.tolerations, node.taints, BLOCKING):
        return Refusal(("node(s) had untolerated taint(s)",), True, "node")
    return None


def _wanted(pod: PodInfo, node: NodeInfo, view: View) -> Refusal | None:
    assert pod.wants_node is not None
    if not pod.wants_node(node.name, node.labels):
        return Refusal(("node(s) didn't match Pod's node affinity/selector",), True, "node")
    return None


def _ports_free(pod: PodInfo, node: NodeInfo, view: View) -> Refusal | None:
    if any(_collide(port, taken) for port in pod.ports for taken in node.ports):
        return Refusal(("node(s) didn't have free ports for the requested pod ports",), False, "ports")
    return None


def _collide(a: Port, b: Port) -> bool:
    return a[1:] == b[1:] and (a[0] == b[0] or ANY_IP in (a[0], b[0]))


def _fits(pod: PodInfo, node: NodeInfo, view: View) -> Refusal | None:
    reasons = ["Too many pods"] if len(node.pods) + 1 > node.max_pods else []
    is_final = False
    for name, amount in pod.requests.items():
        capacity = node.allocatable.get(name, 0)
        if amount > capacity - node.requested.get(name, 0):
            reasons.append(f"Insufficient {name}")
            is_final = is_final or amount > capacity
    return Refusal(tuple(reasons), is_final, "resources") if reasons else None


def _alone_with_claims(pod: PodInfo, node: NodeInfo, view: View) -> Refusal | None:
    if view.has_rival:
        text = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
        return Refusal((text,), False, "pods")
    return None


def _has_volumes(pod: PodInfo, node: NodeInfo, view: View) -> Refusal | None:
    reasons = view.storage.refusal(node)
    return Refusal(reasons, True, "claims") if reasons else None


def _spread(pod: PodInfo, node: NodeInfo, view: View) -> Refusal | None:
    for distribution in view.distributions:
        skew = distribution.skew_on(node)
        text = "node(s) didn't match pod topology spread constraints"
        if skew is None:
            return Refusal((f"{text} (missing required label)",), True, "node")
        if skew > distribution.constraint.max_skew:
            return Refusal((text,), False, "pods")
    return None


def _neighbourly(pod: PodInfo, node: NodeInfo, view: View) -> Refusal | None:
    neighbours = view.neighbours
    if pod.near and not neighbours.near_satisfied(pod, node):
        return Refusal(("node(s) didn't match pod affinity rules",), True, "pods")
    if pod.far and not neighbours.far_satisfied(pod, node):
        return Refusal(("node(s) didn't match pod anti-affinity rules",), False, "pods")
    if not neighbours.others_satisfied(node):
        return Refusal(("node(s) didn't satisfy existing pods anti-affinity rules",), False, "pods")
    return None


FILTERS: tuple[tuple[Filter, Callable[[PodInfo, Cluster], bool]], ...] = (
    (_named, lambda pod, _: pod.named_nodes is not None),
    (_schedulable, lambda *_: True),
    (_tolerated, lambda *_: True),
    (_wanted, lambda pod, _: pod.wants_node is not None),
    (_ports_free, lambda pod, _: bool(pod.ports)),
    (_fits, lambda *_: True),
    (_alone_with_claims, lambda pod, _: bool(pod.claims)),
    (_has_volumes, lambda pod, _: bool(pod.claims)),
    (_spread, lambda pod, _: bool(pod.spread)),
    (_neighbourly, lambda pod, cluster: bool(pod.near or pod.far or cluster.keeping_away)),
)
"""Each filter with the Pods that it can have anything to say about."""


def refusal_of(node: NodeInfo, view: View) -> Refusal | None:
    """Why `node` cannot take the Pod of the view, or None if it can."""
    for objects in view.filters:
        refusal = objects(view.pod, node, view)
        if refusal is not None:
            return refusal
    return None
