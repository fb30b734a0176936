"""The PriorityClasses that every cluster has, and the bounds of those that people make."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

SYSTEM_PREFIX = "system-"
HIGHEST_FOR_USERS = 1_000_000_000
SYSTEM_CLASSES: dict[str, tuple[int, str]] = {
    "system-node-critical": (
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
    "system-cluster-critical": (
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
}
"""Name -> (value, description)."""


def system_class(name: str) -> Object:
    """One of SYSTEM_CLASSES as an object."""
    value, description = SYSTEM_CLASSES[name]
    return {"metadata": {"name": name}, "value": value, "description": description}


def why_not_a_system_class(name: str, value: int, is_default: bool) -> str:
    """Why a class under a reserved name is none of the system's own; "" for one that is."""
    if name not in SYSTEM_CLASSES:
        return f"{name} is not a known system priority class"
    if value != SYSTEM_CLASSES[name][0]:
        return f"value of {name} PriorityClass must be {SYSTEM_CLASSES[name][0]}"
    return f"globalDefault of {name} PriorityClass must be false" if is_default else ""
