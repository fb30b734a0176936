"""Which nodes a DaemonSet's Pods belong on, and how they follow a changed template. Pure functions.

    may_start   a node that suits the template gets a Pod
    may_stay    a Pod that is there stays under taints that only keep new ones away

Two plans follow each other. `plan_nodes` gives every node one Pod and no more (two while a surge replaces it);
`plan_update`, once the first has nothing to do, chooses the Pods of the old template that go, or the nodes that get a
second one, within maxUnavailable or maxSurge.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apiserver.objects import replicas
from apiserver.objects.replicas import copy_of
from apiserver.objects.scheduling.labels import BLOCKING, REQUIRED, untolerated, wants_node

Object = dict[str, Any]

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
"""The annotation that counts the templates a DaemonSet has had."""
GENERATION_LABEL = "pod-template-generation"
HASH_LABEL = "controller-revision-hash"
"""The label of a revision, and of the Pods made from it, that carries its hash."""

TOLERATED = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)
"""Taints that every Pod of a DaemonSet tolerates."""
WITHOUT_NETWORK = ("node.kubernetes.io/network-unavailable", "NoSchedule")
"""Tolerated by those that use the node's network."""


@dataclass
class Plan:
    """Nodes that get a Pod, and Pods that go; of those that ended, what there is to say."""

    start_on: list[str] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)
    ended: list[Object] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.start_on and not self.delete and not self.ended


# -- which nodes -------------------------------------------------------------------------------------------------------


class Placement:
    """Where the Pods of one DaemonSet may be."""

    def __init__(self, daemonset: Object) -> None:
        spec = daemonset["spec"]["template"].get("spec") or {}
        self._node = spec.get("nodeName") or ""
        self._tolerations = with_tolerations(spec)
        self._wants = wants_node(spec)

    def judge(self, node: Object) -> tuple[bool, bool]:
        """(may_start, may_stay) for a node."""
        name, labels = node["metadata"]["name"], node["metadata"].get("labels") or {}
        if self._node and self._node != name:
            return False, False
        if self._wants is not None and not self._wants(name, labels):
            return False, False
        taints = node["spec"].get("taints") or []
        if not untolerated(self._tolerations, taints, BLOCKING):
            return True, True
        return False, not untolerated(self._tolerations, taints, ("NoExecute",))


def with_tolerations(pod_spec: Object) -> list[Object]:
    """The tolerations of a template and those that a DaemonSet adds."""
    own = [dict(toleration) for toleration in pod_spec.get("tolerations") or ()]
    added = [*TOLERATED, *([WITHOUT_NETWORK] if pod_spec.get("hostNetwork") else [])]
    for key, effect in added:
        toleration = {"key": key, "operator": "Exists", "effect": effect}
        same = [
            o for o in own if all(o.get(part, "") == toleration[part] for part in toleration) and not o.get("value")
        ]
        for one in same:
            one.pop("tolerationSeconds", None)
        own += [] if same else [toleration]
    return own


def node_of(pod: Object) -> str:
    """The node a Pod is on or is bound for; "" when it says neither."""
    name = pod["spec"].get("nodeName")
    if name:
        return str(name)
    required = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(REQUIRED) or {}
    for term in required.get("nodeSelectorTerms") or ():
        for match in term.get("matchFields") or ():
            if match["key"] == "metadata.name" and match["operator"] == "In" and len(match["values"]) == 1:
                return str(match["values"][0])
    return ""


def by_node(pods: Iterable[Object]) -> dict[str, list[Object]]:
    """Pods by their node, on each those that are bound first, then the oldest; those that ended and go are left out."""
    found: dict[str, list[Object]] = {}
    for pod in sorted(pods, key=_seniority):
        node = node_of(pod)
        if node and not (replicas.is_finished(pod) and _is_leaving(pod)):
            found.setdefault(node, []).append(pod)
    return found


def _seniority(pod: Object) -> tuple[bool, str, str]:
    metadata = pod["metadata"]
    return not pod["spec"].get("nodeName"), metadata.get("creationTimestamp", ""), metadata["name"]


def _is_leaving(pod: Object) -> bool:
    return "deletionTimestamp" in pod["metadata"]


# -- a Pod -------------------------------------------------------------------------------------------------------------


def make_pod(daemonset: Object, reference: Object, hash_: str, node: str) -> Object:
    """The Pod for one node: the template's, bound for that node, and tolerating what a node's own Pods must."""
    pod = replicas.pod_from_template(daemonset["spec"]["template"], daemonset, reference)
    labels = {**(pod["metadata"].get("labels") or {}), HASH_LABEL: hash_}
    generation = _template_generation(daemonset)
    if generation:
        labels[GENERATION_LABEL] = generation
    pod["metadata"]["labels"] = labels
    spec = pod["spec"]
    spec["tolerations"] = with_tolerations(spec)
    affinity = copy_of(spec.get("affinity") or {})
    here = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    affinity["nodeAffinity"] = {**(affinity.get("nodeAffinity") or {}), REQUIRED: {"nodeSelectorTerms": [here]}}
    spec["affinity"] = affinity
    return pod


def _template_generation(daemonset: Object) -> str:
    return str((daemonset["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, ""))


def is_updated(daemonset: Object, pod: Object, hash_: str) -> bool:
    """Whether a Pod is made from the present template."""
    labels, generation = pod["metadata"].get("labels") or {}, _template_generation(daemonset)
    return bool(labels.get(HASH_LABEL) == hash_ or (generation and labels.get(GENERATION_LABEL) == generation))


def is_available(daemonset: Object, pod: Object, now: datetime) -> bool:
    return replicas.available_in_seconds(pod, daemonset["spec"].get("minReadySeconds", 0), now) == 0


# -- one Pod for each node ---------------------------------------------------------------------------------------------


def plan_nodes(
    daemonset: Object,
    nodes: Sequence[Object],
    pods: Mapping[str, Sequence[Object]],
    hash_: str,
    now: datetime,
) -> Plan:
    """Pods that are missing, and Pods that should not be, given the Pods by node."""
    placement, plan = Placement(daemonset), Plan()
    for node in nodes:
        name = node["metadata"]["name"]
        here = pods.get(name, ())
        may_start, may_stay = placement.judge(node)
        if may_start and not here:
            plan.start_on.append(name)
        elif may_stay:
            _tend(plan, daemonset, name, here, may_start, hash_, now)
        else:
            plan.delete += [pod for pod in here if not _is_leaving(pod)]
    known = {node["metadata"]["name"] for node in nodes}
    plan.delete += [pod for name in pods.keys() - known for pod in pods[name] if not pod["spec"].get("nodeName")]
    return plan


def _tend(
    plan: Plan,
    daemonset: Object,
    node: str,
    here: Sequence[Object],
    may_start: bool,
    hash_: str,
    now: datetime,
) -> None:
    """A node that keeps its Pod: those that ended go, and those that are too many."""
    staying = [pod for pod in here if not _is_leaving(pod)]
    plan.ended += [pod for pod in staying if replicas.is_finished(pod)]
    running = [pod for pod in staying if not replicas.is_finished(pod)]
    if not surge(daemonset, 1):
        plan.delete += running[1:]
    elif not running and may_start:
        plan.start_on.append(node)
    elif len(running) > 1:
        plan.delete += _superseded(daemonset, running, hash_, now)


def _superseded(daemonset: Object, running: Sequence[Object], hash_: str, now: datetime) -> list[Object]:
    """In a surge a node has an old and a new Pod, until the new one is available or the old one not ready."""
    new = [pod for pod in running if is_updated(daemonset, pod, hash_)]
    old = [pod for pod in running if pod not in new]
    going = new[1:] + old[1:]
    if new and old and (replicas.ready_since(old[0]) is None or is_available(daemonset, new[0], now)):
        going.append(old[0])
    return going


# -- updates -----------------------------------------------------------------------------------------------------------


def _step(daemonset: Object, name: str, total: int) -> int:
    """maxUnavailable or maxSurge in Pods; a percentage of `total` is rounded up."""
    rolling = (daemonset["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    value = rolling.get(name, 0)
    return value if isinstance(value, int) else math.ceil(int(value.rstrip("%")) * total / 100)


def is_rolling(daemonset: Object) -> bool:
    return bool((daemonset["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def surge(daemonset: Object, total: int) -> int:
    return _step(daemonset, "maxSurge", total) if is_rolling(daemonset) else 0


def plan_update(
    daemonset: Object,
    nodes: Sequence[Object],
    pods: Mapping[str, Sequence[Object]],
    hash_: str,
    now: datetime,
) -> Plan:
    """The next step of a rolling update."""
    placement = Placement(daemonset)
    wanted = [node["metadata"]["name"] for node in nodes if placement.judge(node)[0]]
    update = _Update(daemonset, hash_, now, {**dict.fromkeys(wanted, ()), **pods})
    most = surge(daemonset, len(wanted))
    if most:
        return update.by_surge(most, frozenset(wanted))
    return update.by_deletion(_step(daemonset, "maxUnavailable", len(wanted)) or 1)


@dataclass(frozen=True)
class _Update:
    daemonset: Object
    hash_: str
    now: datetime
    pods: Mapping[str, Sequence[Object]]

    def _pair(self, node: str) -> tuple[Object | None, Object | None] | None:
        """The new and the old Pod of a node; None while there are more than that."""
        staying = [pod for pod in self.pods[node] if not _is_leaving(pod)]
        new = [pod for pod in staying if is_updated(self.daemonset, pod, self.hash_)]
        old = [pod for pod in staying if pod not in new]
        if len(new) > 1 or len(old) > 1:
            return None
        return (new[0] if new else None), (old[0] if old else None)

    def _serves(self, pod: Object) -> bool:
        return is_available(self.daemonset, pod, self.now)

    def by_deletion(self, most: int) -> Plan:
        """Old Pods go while no more than `most` nodes are without an available one; broken ones go at once."""
        missing, broken, candidates = 0, list[Object](), list[Object]()
        for node in self.pods:
            pair = self._pair(node)
            if pair is None or (pair[0] is None) == (pair[1] is None):
                missing += 1  # the other plan sees to this node
            elif pair[1] is None:
                assert pair[0] is not None
                missing += not self._serves(pair[0])
            elif not self._serves(pair[1]):
                broken.append(pair[1])
                missing += 1
            else:
                candidates.append(pair[1])
        return Plan(delete=broken + candidates[: max(most - missing, 0)])

    def by_surge(self, most: int, wanted: frozenset[str]) -> Plan:
        """Up to `most` nodes get a new Pod beside the old one; an old one that is not available waits for no place."""
        surging, broken, candidates, done = 0, list[str](), list[str](), list[Object]()
        for node in self.pods:
            pair = self._pair(node)
            if pair is None:
                surging += 1
                continue
            new, old = pair
            if old is None:
                continue
            if new is not None and self._serves(new):
                done.append(old)
            elif new is not None:
                surging += 1
            elif node not in wanted:
                done += [] if self._serves(old) else [old]
            elif self._serves(old):
                candidates.append(node)
            else:
                broken.append(node)
        return Plan(start_on=broken + candidates[: max(most - surging, 0)], delete=done)


# -- status ------------------------------------------------------------------------------------------------------------


def status(
    daemonset: Object,
    nodes: Sequence[Object],
    pods: Mapping[str, Sequence[Object]],
    hash_: str,
    collisions: int,
    now: datetime,
) -> Object:
    """The status by numbers of nodes; on each the oldest Pod counts."""
    placement = Placement(daemonset)
    names = {node["metadata"]["name"]: placement.judge(node)[0] for node in nodes}
    wanted = [name for name, may_start in names.items() if may_start]
    serving = [pods[name][0] for name in wanted if pods.get(name)]
    available = sum(is_available(daemonset, pod, now) for pod in serving)
    found: Object = {
        "currentNumberScheduled": len(serving),
        "numberMisscheduled": sum(bool(pods.get(name)) for name, may_start in names.items() if not may_start),
        "desiredNumberScheduled": len(wanted),
        "numberReady": sum(replicas.ready_since(pod) is not None for pod in serving),
    }
    counted = {
        "observedGeneration": daemonset["metadata"].get("generation", 0),
        "updatedNumberScheduled": sum(is_updated(daemonset, pod, hash_) for pod in serving),
        "numberAvailable": available,
        "numberUnavailable": len(wanted) - available,
        "collisionCount": collisions,
    }
    found |= {name: count for name, count in counted.items() if count}
    if (daemonset.get("status") or {}).get("conditions"):
        found["conditions"] = daemonset["status"]["conditions"]
    return found


def seconds_to_next_available(daemonset: Object, pods: Iterable[Object], now: datetime) -> float | None:
    """When the next ready Pod becomes available by nothing but time; None when none will."""
    minimum = daemonset["spec"].get("minReadySeconds", 0)
    waits = [replicas.available_in_seconds(pod, minimum, now) for pod in pods]
    return min((wait for wait in waits if wait), default=None)
