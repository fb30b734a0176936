"""Which of the nodes that can take a Pod is the best: the scheduler's scores with their weights, 0 to 100 each.

Kubernetes leaves ties to chance. Here the node with the fewest Pods gets it, then the first by name: a tutorial that is
run twice puts its Pods on the same nodes.
"""

from __future__ import annotations

from apiserver.objects.scheduling.affinity import preference
from apiserver.objects.scheduling.cluster import Cluster, NodeInfo
from apiserver.objects.scheduling.labels import matches_term, untolerated
from apiserver.objects.scheduling.pods import PodInfo
from apiserver.objects.scheduling.resources import CPU, MEMORY
from apiserver.objects.scheduling.spreading import Distribution

TAINTS, NODE_AFFINITY, SPREADING, POD_AFFINITY, RESOURCES = 3, 2, 2, 2, 1
"""Weights of the default scheduler profile."""
BEST = 100.0


def best_of(nodes: list[NodeInfo], pod: PodInfo, cluster: Cluster) -> NodeInfo:
    """The node with the highest score; `nodes` must not be empty."""
    if len(nodes) == 1:
        return nodes[0]
    scores = [_resources(pod, node) for node in nodes]
    if any(node.soft_taints for node in nodes):
        _add(scores, TAINTS, _fewest([_unwelcome(pod, node) for node in nodes]))
    if pod.preferred_nodes:
        _add(scores, NODE_AFFINITY, _most([_liked(pod, node) for node in nodes]))
    if pod.owner or pod.spread:
        _add(scores, SPREADING, _spread(nodes, pod, cluster))
    if _has_preferences(pod, cluster):
        wanted = preference(pod, cluster)
        _add(scores, POD_AFFINITY, _stretched([_sum_of(wanted, node) for node in nodes]))
    best = max(range(len(nodes)), key=lambda i: (round(scores[i], 6), -len(nodes[i].pods), -i))
    return nodes[best]


def _add(scores: list[float], weight: int, more: list[float]) -> None:
    for i, score in enumerate(more):
        scores[i] += weight * score


def _resources(pod: PodInfo, node: NodeInfo) -> float:
    """Least allocated, and CPU and memory in balance."""
    cpu = _free(node.allocatable.get(CPU, 0), node.cpu_weight + pod.weights[0])
    memory = _free(node.allocatable.get(MEMORY, 0), node.memory_weight + pod.weights[1])
    least_allocated = (cpu + memory) / 2 * BEST
    balance = (1 - abs(cpu - memory) / 2) * BEST
    return RESOURCES * (least_allocated + balance)


def _free(capacity: int, used: int) -> float:
    return max(0.0, (capacity - used) / capacity) if capacity else 0.0


def _unwelcome(pod: PodInfo, node: NodeInfo) -> float:
    return len(untolerated(pod.tolerations, node.soft_taints, ("PreferNoSchedule",)))


def _liked(pod: PodInfo, node: NodeInfo) -> float:
    return sum(weight for weight, term in pod.preferred_nodes if matches_term(term, node.name, node.labels))


def _spread(nodes: list[NodeInfo], pod: PodInfo, cluster: Cluster) -> list[float]:
    """By the Pod's soft constraints, or where it has none, away from Pods of the same owner."""
    soft = [s for s in pod.spread if not s.required]
    if not soft:
        return _fewest([node.owners.get(pod.owner, 0) for node in nodes])
    crowds = [0.0] * len(nodes)
    for constraint in soft:
        distribution = Distribution.of(pod, constraint, cluster)
        worst = max(distribution.counts.values(), default=0) + 1
        for i, node in enumerate(nodes):
            skew = distribution.skew_on(node)
            crowds[i] += worst if skew is None else skew
    return _fewest(crowds)


def _has_preferences(pod: PodInfo, cluster: Cluster) -> bool:
    return bool(pod.preferred_near or pod.preferred_far or cluster.with_preferences)


def _sum_of(wanted: dict[tuple[str, str], int], node: NodeInfo) -> float:
    return sum(weight for (key, value), weight in wanted.items() if node.labels.get(key) == value)


def _most(values: list[float]) -> list[float]:
    top = max(values)
    return [value / top * BEST for value in values] if top else [0.0] * len(values)


def _fewest(values: list[float]) -> list[float]:
    top = max(values)
    return [(top - value) / top * BEST for value in values] if top else [BEST] * len(values)


def _stretched(values: list[float]) -> list[float]:
    low, high = min(values), max(values)
    return [(value - low) / (high - low) * BEST for value in values] if high > low else [0.0] * len(values)
