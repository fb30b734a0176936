"""The sentence that says why a Pod is still Pending: reasons counted over the nodes, and what preemption came to."""

from __future__ import annotations

from collections.abc import Iterable

NO_NODES = "no nodes available to schedule pods"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"
CONTRADICTION = "pod affinity terms conflict"
NEVER_PREEMPTS = "not eligible due to preemptionPolicy=Never."
WAITS_FOR_VICTIMS = "not eligible due to a terminating pod on the nominated node."
NO_CLAIMS = "no new claims to deallocate"


def unavailable(total: int, reasons: Iterable[str]) -> str:
    """`0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.`"""
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    listed = sorted(f"{count} {reason}" for reason, count in counts.items())
    return f"0/{total} nodes are available: {', '.join(listed)}."


def pending(total: int, reasons: Iterable[str], preemption: str) -> str:
    """The whole sentence. `preemption`: what it came to, itself a sentence."""
    return f"{unavailable(total, reasons)} {NO_CLAIMS}, preemption: {preemption}"


def pending_for_all(total: int, reason: str) -> str:
    """The sentence where one reason holds for the Pod itself, whatever the node: it is not counted."""
    helpless = unavailable(total, [NOT_HELPFUL] * total)
    return f"0/{total} nodes are available: {reason}. {NO_CLAIMS}, preemption: {helpless}"
