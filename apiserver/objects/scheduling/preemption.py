"""Which Pods of lower priority would have to go so that a Pod can run, and on which node that hurts least: first where
fewest disruption budgets are broken, then where the victims matter least."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from apiserver.objects.scheduling.cluster import NodeInfo
from apiserver.objects.scheduling.filters import Refusal, View, refusal_of
from apiserver.objects.scheduling.messages import (
    NEVER_PREEMPTS,
    NO_VICTIMS,
    NOT_HELPFUL,
    WAITS_FOR_VICTIMS,
    unavailable,
)
from apiserver.objects.scheduling.pods import PodInfo
from apiserver.objects.selectors import LabelSelector, from_object

Object = dict[str, Any]

PRIORITY_OFFSET = 2**31
"""Added to each priority where those of several Pods are summed up: more Pods weigh more, even those below 0."""


@dataclass(frozen=True)
class Preemption:
    """The outcome: `victims` to be deleted from `node`, or the sentence that says why nobody is; a node without victims
    is one that was found before, and that they have not left yet."""

    node: str = ""
    victims: tuple[PodInfo, ...] = ()
    message: str = ""


@dataclass(frozen=True)
class Budget:
    """A PodDisruptionBudget: how many of the Pods it selects may go, not counting those that are known to."""

    namespace: str
    selector: LabelSelector
    allowed: int
    going: frozenset[str]


def budget_of(budget: Object) -> Budget | None:
    """None for one that selects nothing in particular: it guards nobody here."""
    selector = budget["spec"].get("selector") or {}
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        return None
    status = budget.get("status") or {}
    going = frozenset(status.get("disruptedPods") or ())
    allowed = status.get("disruptionsAllowed", 0)
    return Budget(budget["metadata"]["namespace"], from_object(selector), allowed, going)


def preempt(view: View, refusals: dict[str, Refusal], budgets: Sequence[Budget] = ()) -> Preemption:
    """Look for victims on every node whose refusal is not final. The cluster is as it was when this returns."""
    pod, cluster = view.pod, view.cluster
    if not pod.preempts:
        return Preemption(message=NEVER_PREEMPTS)
    nominated = cluster.nominated_for(pod)
    if nominated in refusals and not refusals[nominated].is_final and _is_being_left(cluster.nodes[nominated], pod):
        return Preemption(nominated, message=WAITS_FOR_VICTIMS)
    reasons: list[str] = []
    best: tuple[tuple[int, int, int, int], str, list[PodInfo]] | None = None
    for name, refusal in refusals.items():
        if refusal.is_final:
            reasons.append(NOT_HELPFUL)
            continue
        found = _victims_on(cluster.nodes[name], view, budgets)
        if isinstance(found, Refusal):
            reasons.extend(found.reasons)
            continue
        victims, broken = found
        most, total = max(v.priority for v in victims), sum(v.priority + PRIORITY_OFFSET for v in victims)
        pain = (broken, most, total, len(victims))
        if best is None or pain < best[0]:
            best = (pain, name, victims)
    if best is None:
        return Preemption(message=unavailable(len(refusals), reasons))
    return Preemption(best[1], tuple(best[2]))


def _is_being_left(node: NodeInfo, pod: PodInfo) -> bool:
    return any(other.terminating and other.priority < pod.priority for other in node.pods.values())


def _victims_on(node: NodeInfo, view: View, budgets: Sequence[Budget]) -> tuple[list[PodInfo], int] | Refusal:
    """As few as possible of the node's lesser Pods, with how many of them break a budget; or why it would not help.
    Those that would break one are kept first if there is room for any, then the most important."""
    pod, cluster, storage = view.pod, view.cluster, view.storage
    lesser = sorted((p for p in node.pods.values() if p.priority < pod.priority), key=lambda p: -p.priority)
    if not lesser:
        return Refusal((NO_VICTIMS,), True, "resources")
    guarded = _breaking(lesser, budgets)
    for other in lesser:
        cluster.remove(other.uid)
    victims: list[PodInfo] = []
    try:
        refusal = refusal_of(node, View(pod, cluster, storage))
        if refusal is not None:
            return refusal
        for other in sorted(lesser, key=lambda p: p.uid not in guarded):
            cluster.assign(other, node.name)
            if refusal_of(node, View(pod, cluster, storage)) is not None:
                cluster.remove(other.uid)
                victims.append(other)
        return victims, sum(victim.uid in guarded for victim in victims)
    finally:
        for other in lesser:
            if other.uid not in cluster.pods:
                cluster.assign(other, node.name)


def _breaking(pods: Iterable[PodInfo], budgets: Sequence[Budget]) -> frozenset[str]:
    """uids of those that could not go, one after the other, without breaking a budget."""
    left = [budget.allowed for budget in budgets]
    found = set()
    for pod in pods:
        for number, budget in enumerate(budgets):
            if budget.namespace != pod.namespace or pod.name in budget.going:
                continue
            if budget.selector.matches(pod.labels):
                left[number] -= 1
                if left[number] < 0:
                    found.add(pod.uid)
    return frozenset(found)
