"""Inter-pod affinity: Pods that must, or would rather, share a topology (a node, a zone) with other Pods, or must not.

Counting comes first, once for each Pod to be placed: in which topologies are Pods of the kind it asks for? Judging a
node is then a few look-ups.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from apiserver.objects.scheduling.cluster import Cluster, NodeInfo
from apiserver.objects.scheduling.pods import PodInfo, Term

Topology = tuple[str, str]
"""(label key, value): the nodes that share it."""


@dataclass
class Neighbours:
    """Where, as seen from one Pod, are the Pods that it looks for, that it avoids, and that avoid it."""

    near: dict[Topology, int] = field(default_factory=dict)
    near_own: bool = False
    """Whether the Pod itself is of the kind it looks for: then it may be the first."""
    far: list[set[Topology]] = field(default_factory=list)
    avoiding: set[Topology] = field(default_factory=set)

    @classmethod
    def of(cls, pod: PodInfo, cluster: Cluster) -> Neighbours:
        found = cls(far=[set() for _ in pod.far])
        if pod.near or pod.far:
            for other in cluster.pods.values():
                node = cluster.nodes.get(other.node)
                if node is not None:
                    found._count(pod, other, node, cluster)
        if pod.near:
            found.near_own = all(term.matches(pod, cluster.namespace_labels) for term in pod.near)
        for other in cluster.keeping_away.values():
            node = cluster.nodes.get(other.node)
            if node is not None and other.uid != pod.uid:
                found.avoiding.update(_topologies(_matching(other.far, pod, cluster), node))
        return found

    def _count(self, pod: PodInfo, other: PodInfo, node: NodeInfo, cluster: Cluster) -> None:
        if pod.near and all(term.matches(other, cluster.namespace_labels) for term in pod.near):
            for topology in _topologies(pod.near, node):
                self.near[topology] = self.near.get(topology, 0) + 1
        for term, places in zip(pod.far, self.far, strict=True):
            if term.matches(other, cluster.namespace_labels):
                places.update(_topologies((term,), node))

    def near_satisfied(self, pod: PodInfo, node: NodeInfo) -> bool:
        places = [(term.topology, node.labels.get(term.topology)) for term in pod.near]
        if any(value is None for _, value in places):
            return False
        if all(self.near.get((key, str(value)), 0) for key, value in places):
            return True
        return not self.near and self.near_own

    def far_satisfied(self, pod: PodInfo, node: NodeInfo) -> bool:
        return not any(
            (term.topology, node.labels.get(term.topology)) in places
            for term, places in zip(pod.far, self.far, strict=True)
        )

    def others_satisfied(self, node: NodeInfo) -> bool:
        return not any(node.labels.get(key) == value for key, value in self.avoiding)


def preference(pod: PodInfo, cluster: Cluster) -> dict[Topology, int]:
    """How much the Pod would like, or (below 0) dislike, to be in each topology, by preferred terms of its own and of
    the Pods already there."""
    wanted: dict[Topology, int] = {}
    for other in cluster.pods.values():
        node = cluster.nodes.get(other.node)
        if node is None:
            continue
        for terms, sign, subject in (
            (pod.preferred_near, 1, other),
            (pod.preferred_far, -1, other),
            (other.preferred_near, 1, pod),
            (other.preferred_far, -1, pod),
        ):
            for term in _matching(terms, subject, cluster) if terms else ():
                for topology in _topologies((term,), node):
                    wanted[topology] = wanted.get(topology, 0) + sign * term.weight
    return wanted


def _matching(terms: Iterable[Term], pod: PodInfo, cluster: Cluster) -> list[Term]:
    return [term for term in terms if term.matches(pod, cluster.namespace_labels)]


def _topologies(terms: Iterable[Term], node: NodeInfo) -> list[Topology]:
    return [(t.topology, node.labels[t.topology]) for t in terms if t.topology in node.labels]
