"""topologySpreadConstraints: how unevenly Pods of a kind may be spread over the values of a node label."""

from __future__ import annotations

from dataclasses import dataclass

from apiserver.objects.scheduling.cluster import Cluster, NodeInfo
from apiserver.objects.scheduling.labels import BLOCKING, untolerated
from apiserver.objects.scheduling.pods import PodInfo, Spread


@dataclass
class Distribution:
    """One constraint of one Pod: how many matching Pods each eligible topology value has."""

    constraint: Spread
    counts: dict[str, int]
    itself: int
    """1 where the Pod counts towards its own constraint."""

    @classmethod
    def of(cls, pod: PodInfo, constraint: Spread, cluster: Cluster) -> Distribution:
        counts: dict[str, int] = {}
        for node in cluster.nodes.values():
            value = node.labels.get(constraint.topology)
            if value is None or not _is_eligible(pod, constraint, node):
                continue
            counts[value] = counts.get(value, 0) + sum(_counts(pod, constraint, other) for other in node.pods.values())
        return cls(constraint, counts, int(_counts(pod, constraint, pod)))

    def skew_on(self, node: NodeInfo) -> int | None:
        """How far the node's topology would be ahead of the least one with the Pod on it; None: it has no such."""
        value = node.labels.get(self.constraint.topology)
        if value is None:
            return None
        least = min(self.counts.values(), default=0)
        if len(self.counts) < self.constraint.min_domains:
            least = 0
        return self.counts.get(value, 0) + self.itself - least


def _is_eligible(pod: PodInfo, constraint: Spread, node: NodeInfo) -> bool:
    if any(other.required and other.topology not in node.labels for other in pod.spread):
        return False
    if constraint.honor_affinity and pod.wants_node is not None and not pod.wants_node(node.name, node.labels):
        return False
    return not (constraint.honor_taints and untolerated(pod.tolerations, node.taints, BLOCKING))


def _counts(pod: PodInfo, constraint: Spread, other: PodInfo) -> bool:
    if other.namespace != pod.namespace or other.terminating:
        return False
    return constraint.selector is not None and constraint.selector.matches(other.labels)
