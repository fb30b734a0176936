"""Pods as replicas of a workload: which count, which are available, which one dies first. Pure functions."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
PHASE_RANK = {"Pending": 0, "Unknown": 1, "Running": 2}
EPOCH = datetime.fromtimestamp(0, UTC)


def parse_time(text: str | None) -> datetime | None:
    """A Kubernetes Time; None for an absent one."""
    return datetime.fromisoformat(text) if text else None


def is_finished(pod: Object) -> bool:
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def is_terminating(pod: Object) -> bool:
    """Whether the Pod has been deleted and still runs."""
    return bool(pod["metadata"].get("deletionTimestamp")) and not is_finished(pod)


def is_active(pod: Object) -> bool:
    """Whether the Pod counts as a replica: it has neither finished nor been deleted."""
    return not is_finished(pod) and not pod["metadata"].get("deletionTimestamp")


def ready_since(pod: Object) -> datetime | None:
    """Since when the Pod is ready; None when it is not."""
    for condition in pod.get("status", {}).get("conditions") or ():
        if condition["type"] == "Ready":
            if condition["status"] != "True":
                return None
            return parse_time(condition.get("lastTransitionTime")) or EPOCH
    return None


def available_in_seconds(pod: Object, min_ready_seconds: int, now: datetime) -> float | None:
    """In how many seconds a ready Pod is available, 0 when it is already; None when it is not ready."""
    since = ready_since(pod)
    if since is None:
        return None
    if not min_ready_seconds:
        return 0.0
    left = (since + timedelta(seconds=min_ready_seconds) - now).total_seconds()
    return max(left, 0.0)


def pod_from_template(template: Object, owner: Object, reference: Object) -> Object:
    """The Pod that a workload creates: the template's spec, labels, annotations and finalizers, a generated name."""
    metadata: Object = {"generateName": owner["metadata"]["name"] + "-", "namespace": owner["metadata"]["namespace"]}
    from_template = template.get("metadata") or {}
    for field in ("labels", "annotations"):
        if from_template.get(field):
            metadata[field] = dict(from_template[field])
    if from_template.get("finalizers"):
        metadata["finalizers"] = list(from_template["finalizers"])
    metadata["ownerReferences"] = [reference]
    return {"metadata": metadata, "spec": copy_of(template["spec"])}


def copy_of(value: Any) -> Any:
    """A deep copy of JSON-like data."""
    if isinstance(value, dict):
        return {key: copy_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_of(item) for item in value]
    return value


# -- who dies first ----------------------------------------------------------------------------------------------------


def choose_victims(pods: Sequence[Object], related: Iterable[Object], count: int, now: datetime) -> list[Object]:
    """The `count` Pods that a scale-down deletes, in Kubernetes' order of preference:

    not on a node yet; pending before running; not ready; lower deletion cost; more of its like (`related`, the Pods of
    its ReplicaSet's siblings) on its node; ready for less long; more restarts; younger. Ages count by their power of
    two: of Pods about as old a random one dies, which spreads the losses over nodes.
    """
    if count >= len(pods):
        return list(pods)
    on_node: dict[str, int] = {}
    for pod in related:
        if is_active(pod):
            node = pod["spec"].get("nodeName", "")
            on_node[node] = on_node.get(node, 0) + 1

    def compare(a: Object, b: Object) -> int:
        return _compare(a, b, on_node, now)

    return sorted(pods, key=functools.cmp_to_key(compare))[:count]


def _compare(a: Object, b: Object, on_node: Mapping[str, int], now: datetime) -> int:
    rank_a, rank_b = _rank(a, on_node), _rank(b, on_node)
    if rank_a != rank_b:
        return -1 if rank_a < rank_b else 1
    ready_a, ready_b = ready_since(a), ready_since(b)
    if ready_a is not None and ready_b is not None and ready_a != ready_b:
        return _younger_first(ready_a, ready_b, a, b, now)
    restarts_a, restarts_b = _restarts(a), _restarts(b)
    if restarts_a != restarts_b:
        return -1 if restarts_a > restarts_b else 1
    made_a, made_b = (parse_time(p["metadata"].get("creationTimestamp")) or EPOCH for p in (a, b))
    if made_a != made_b:
        return _younger_first(made_a, made_b, a, b, now)
    return 0


def _rank(pod: Object, on_node: Mapping[str, int]) -> tuple[bool, int, bool, int, int]:
    """What is compared before any time; the smaller dies first."""
    node = pod["spec"].get("nodeName", "")
    phase = PHASE_RANK.get(pod.get("status", {}).get("phase", "Pending"), 1)
    return bool(node), phase, ready_since(pod) is not None, deletion_cost(pod), -on_node.get(node, 0)


def deletion_cost(pod: Object) -> int:
    """The cost in the Pod's annotation; 0 when there is none or it is not a number."""
    text = (pod["metadata"].get("annotations") or {}).get(DELETION_COST, "0")
    try:
        cost = int(text)
    except ValueError:
        return 0
    return cost if -(2**31) <= cost < 2**31 else 0


def _restarts(pod: Object) -> int:
    return max((c.get("restartCount", 0) for c in pod.get("status", {}).get("containerStatuses") or ()), default=0)


def _younger_first(a: datetime, b: datetime, pod_a: Object, pod_b: Object, now: datetime) -> int:
    difference = _magnitude(now - a) - _magnitude(now - b)
    if difference:
        return difference
    return -1 if pod_a["metadata"]["uid"] < pod_b["metadata"]["uid"] else 1


def _magnitude(age: timedelta) -> int:
    nanoseconds = age.total_seconds() * 1e9
    return int(math.log2(nanoseconds)) if nanoseconds > 0 else -1


# -- the status of a ReplicaSet ----------------------------------------------------------------------------------------


def replicaset_status(replicaset: Object, pods: Sequence[Object], failure: Object | None, now: datetime) -> Object:
    """The status that says what `pods` (all that belong to the ReplicaSet) are.

    `failure` is the ReplicaFailure condition of this attempt, None if all went well.
    """
    spec, before = replicaset["spec"], replicaset.get("status", {})
    active = [pod for pod in pods if is_active(pod)]
    template_labels = (spec["template"].get("metadata", {}).get("labels") or {}).items()
    waits = [available_in_seconds(pod, spec.get("minReadySeconds", 0), now) for pod in active]
    counts = {
        "fullyLabeledReplicas": sum(template_labels <= (p["metadata"].get("labels") or {}).items() for p in active),
        "readyReplicas": sum(wait is not None for wait in waits),
        "availableReplicas": sum(wait == 0 for wait in waits),
        "observedGeneration": replicaset["metadata"].get("generation", 0),
    }
    status: Object = {"replicas": len(active), **{key: count for key, count in counts.items() if count}}
    status["terminatingReplicas"] = sum(is_terminating(pod) for pod in pods)
    conditions = [c for c in before.get("conditions") or () if c["type"] != "ReplicaFailure"]
    if failure is not None:
        old = next((c for c in before.get("conditions") or () if c["type"] == "ReplicaFailure"), None)
        same = old is not None and old["status"] == failure["status"] and old.get("reason") == failure["reason"]
        conditions.append(old if old is not None and same else failure)
    if conditions:
        status["conditions"] = conditions
    return status


def seconds_to_next_available(replicaset: Object, pods: Sequence[Object], now: datetime) -> float | None:
    """When the next ready Pod becomes available by nothing but time; None when none will."""
    minimum = replicaset["spec"].get("minReadySeconds", 0)
    waits = [available_in_seconds(pod, minimum, now) for pod in pods if is_active(pod)]
    return min((wait for wait in waits if wait), default=None)
