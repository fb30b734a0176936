"""What a Node's conditions and cordon mean as taints, and what becomes of a Node nobody hears from. Pure.

Source: the node lifecycle controller of Kubernetes 1.36.
"""

from __future__ import annotations

from typing import Any

from apiserver.objects.scheduling.labels import tolerates

Object = dict[str, Any]

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"

TAINT_OF = {
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
}
"""The taint that a condition (type, status) puts on its node."""
OWNED = frozenset((*TAINT_OF.values(), UNSCHEDULABLE))

NEVER_HEARD = ("NodeStatusNeverUpdated", "Kubelet never posted node status.")
SILENT = ("NodeStatusUnknown", "Kubelet stopped posting node status.")
REPORTED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
"""The conditions that only a kubelet can know."""


def taints_of(node: Object, now: str) -> list[Object]:
    """The taints the Node should have; those that are nobody's business but the user's are kept as they are."""
    spec = node.get("spec") or {}
    conditions = (node.get("status") or {}).get("conditions") or ()
    keys = [TAINT_OF[pair] for c in conditions if (pair := (c["type"], c["status"])) in TAINT_OF]
    wanted = [(key, "NoSchedule") for key in keys]
    wanted += [(UNSCHEDULABLE, "NoSchedule")] if spec.get("unschedulable") else []
    wanted += [(key, "NoExecute") for key in keys if key in (NOT_READY, UNREACHABLE)]
    present: list[Object] = spec.get("taints") or []
    kept = [t for t in present if not _is_owned(t) or (t["key"], t["effect"]) in wanted]
    known = {(t["key"], t["effect"]) for t in kept}
    return kept + [{"key": k, "effect": e, "timeAdded": now} for k, e in wanted if (k, e) not in known]


def _is_owned(taint: Object) -> bool:
    executes = taint["effect"] == "NoExecute" and taint["key"] in (NOT_READY, UNREACHABLE)
    return executes or (taint["effect"] == "NoSchedule" and taint["key"] in OWNED)


def silenced(node: Object, now: str) -> list[Object]:
    """The Node's conditions when its kubelet has not been heard from for too long."""
    present: list[Object] = (node.get("status") or {}).get("conditions") or []
    known = {c["type"] for c in present}
    changed = [_unknown(c, now) if c["type"] in REPORTED else c for c in present]
    created = node["metadata"].get("creationTimestamp", now)
    return changed + [
        {
            "type": kind,
            "status": "Unknown",
            "lastHeartbeatTime": created,
            "lastTransitionTime": now,
            "reason": NEVER_HEARD[0],
            "message": NEVER_HEARD[1],
        }
        for kind in REPORTED
        if kind not in known
    ]


def _unknown(condition: Object, now: str) -> Object:
    if condition["status"] == "Unknown":
        return condition
    return {**condition, "status": "Unknown", "lastTransitionTime": now, "reason": SILENT[0], "message": SILENT[1]}


def seconds_to_live(tolerations: list[Object], taints: list[Object]) -> float | None:
    """How long a Pod may stay on a node with these NoExecute taints, from when they were added: 0 not at all, None for
    ever."""
    limits: list[float] = []
    for taint in taints:
        covering = [t for t in tolerations if tolerates((t,), taint)]
        if not covering:
            return 0.0
        seconds = [max(0.0, float(t["tolerationSeconds"])) for t in covering if t.get("tolerationSeconds") is not None]
        limits += [min(seconds)] if seconds else []
    return min(limits) if limits else None
