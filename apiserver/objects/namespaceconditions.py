"""What a namespace says of its own deletion: five conditions, in Kubernetes' words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]

GOOD = (
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
)
"""(type, reason, message) while the condition, which names something bad, is False."""


def plan(before: list[Object], remaining: Mapping[str, int], finalizers: Mapping[str, int], now: str) -> list[Object]:
    """The conditions, when `remaining` counts what is left by resource (`pods.`, `deployments.apps`) and `finalizers`
    counts the objects that each one holds. A condition that says the same as before keeps its time."""
    bad: dict[str, tuple[str, str]] = {}
    if remaining:
        listed = ", ".join(f"{name} has {count} resource instances" for name, count in sorted(remaining.items()))
        bad["NamespaceContentRemaining"] = ("SomeResourcesRemain", f"Some resources are remaining: {listed}")
    if finalizers:
        listed = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(finalizers.items()))
        text = f"Some content in the namespace has finalizers remaining: {listed}"
        bad["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", text)
    known = {condition["type"]: condition for condition in before}
    for type_, reason, message in GOOD:
        status = "True" if type_ in bad else "False"
        reason, message = bad.get(type_, (reason, message))
        condition = {"type": type_, "status": status, "reason": reason, "message": message}
        old = known.get(type_)
        if old is None or {k: v for k, v in old.items() if k != "lastTransitionTime"} != condition:
            known[type_] = {**condition, "lastTransitionTime": now}
    return list(known.values())
