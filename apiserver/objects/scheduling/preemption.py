"""Which Pods of lower priority would have to go so that a Pod can run, and on which node that hurts least."""

from __future__ import annotations

from dataclasses import dataclass

from apiserver.objects.scheduling.cluster import Cluster, NodeInfo
from apiserver.objects.scheduling.filters import Refusal, View, refusal_of
from apiserver.objects.scheduling.messages import NEVER_PREEMPTS, NO_VICTIMS, NOT_HELPFUL, unavailable
from apiserver.objects.scheduling.pods import PodInfo


@dataclass(frozen=True)
class Preemption:
    """The outcome: `victims` to be deleted from `node`, or (no node) the sentence that says why not."""

    node: str = ""
    victims: tuple[PodInfo, ...] = ()
    message: str = ""


def preempt(pod: PodInfo, cluster: Cluster, refusals: dict[str, Refusal]) -> Preemption:
    """Look for victims on every node whose refusal is not final. The cluster is as it was when this returns."""
    if not pod.preempts:
        return Preemption(message=NEVER_PREEMPTS)
    reasons: list[str] = []
    best: tuple[tuple[int, int, int], str, list[PodInfo]] | None = None
    for name, refusal in refusals.items():
        if refusal.is_final:
            reasons.append(NOT_HELPFUL)
            continue
        found = _victims_on(cluster.nodes[name], pod, cluster)
        if isinstance(found, Refusal):
            reasons.extend(found.reasons)
            continue
        pain = (max(v.priority for v in found), sum(v.priority for v in found), len(found))
        if best is None or pain < best[0]:
            best = (pain, name, found)
    if best is None:
        return Preemption(message=unavailable(len(refusals), reasons))
    return Preemption(best[1], tuple(best[2]))


def _victims_on(node: NodeInfo, pod: PodInfo, cluster: Cluster) -> list[PodInfo] | Refusal:
    """As few as possible of the node's lesser Pods, the least important first; or why it would not help."""
    lesser = sorted((p for p in node.pods.values() if p.priority < pod.priority), key=lambda p: -p.priority)
    if not lesser:
        return Refusal((NO_VICTIMS,), True, "resources")
    for other in lesser:
        cluster.remove(other.uid)
    victims = []
    try:
        refusal = refusal_of(node, View(pod, cluster))
        if refusal is not None:
            return refusal
        for other in lesser:
            cluster.assign(other, node.name)
            if refusal_of(node, View(pod, cluster)) is not None:
                cluster.remove(other.uid)
                victims.append(other)
        return victims
    finally:
        for other in lesser:
            if other.uid not in cluster.pods:
                cluster.assign(other, node.name)
