"""Nodes and what they carry, kept up to date change by change, so that placing a Pod never sums up the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from apiserver.objects.scheduling.labels import BLOCKING
from apiserver.objects.scheduling.pods import PodInfo, Port
from apiserver.objects.scheduling.resources import PODS, Amounts, amounts

Object = dict[str, Any]
Key = TypeVar("Key")

NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


@dataclass(eq=False)
class NodeInfo:
    """A node as the scheduler sees it, and the sum of its Pods."""

    name: str
    labels: dict[str, str] = field(default_factory=dict)
    taints: list[Object] = field(default_factory=list)
    """Those that keep Pods away; a node that is not ready counts as tainted."""
    soft_taints: list[Object] = field(default_factory=list)
    unschedulable: bool = False
    allocatable: Amounts = field(default_factory=dict)
    max_pods: int = 0
    pods: dict[str, PodInfo] = field(default_factory=dict)
    requested: Amounts = field(default_factory=dict)
    cpu_weight: int = 0
    memory_weight: int = 0
    ports: dict[Port, int] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)

    def read(self, node: Object) -> None:
        """Take over what the Node object says."""
        spec, status = node.get("spec") or {}, node.get("status") or {}
        self.labels = node["metadata"].get("labels") or {}
        taints: list[Object] = list(spec.get("taints") or ())
        self.unschedulable = bool(spec.get("unschedulable"))
        # Cordoning is refused in words of its own, before any taint is looked at.
        taints = [t for t in taints if not (self.unschedulable and t["key"] == UNSCHEDULABLE["key"])]
        if _is_down(status) and not any(t["key"] == NOT_READY["key"] for t in taints):
            taints.append(NOT_READY)
        self.taints = [t for t in taints if t["effect"] in BLOCKING]
        self.soft_taints = [t for t in taints if t["effect"] == "PreferNoSchedule"]
        self.allocatable = amounts(status.get("allocatable") or status.get("capacity"))
        self.max_pods = self.allocatable.get(PODS, 0)

    def add(self, pod: PodInfo) -> None:
        self.pods[pod.uid] = pod
        self._count(pod, 1)

    def remove(self, pod: PodInfo) -> None:
        del self.pods[pod.uid]
        self._count(pod, -1)

    def _count(self, pod: PodInfo, sign: int) -> None:
        for name, amount in pod.requests.items():
            self.requested[name] = self.requested.get(name, 0) + sign * amount
        self.cpu_weight += sign * pod.weights[0]
        self.memory_weight += sign * pod.weights[1]
        for port in pod.ports:
            _bump(self.ports, port, sign)
        if pod.owner:
            _bump(self.owners, pod.owner, sign)


def _bump(counts: dict[Key, int], key: Key, by: int) -> None:
    count = counts.get(key, 0) + by
    if count:
        counts[key] = count
    else:
        del counts[key]


def _is_down(status: Object) -> bool:
    """Whether the node says that it is not ready; one that says nothing has nothing to offer anyway."""
    return any(c["type"] == "Ready" and c["status"] != "True" for c in status.get("conditions") or ())


class Cluster:
    """All nodes and the Pods assigned to them; Pods of nodes that are not there (yet) are remembered too."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeInfo] = {}
        self.pods: dict[str, PodInfo] = {}
        self.keeping_away: dict[str, PodInfo] = {}
        """Those of `pods` with required anti-affinity: they have a say in where others go."""
        self.with_preferences: dict[str, PodInfo] = {}
        """Those of `pods` that would rather be near, or far from, others."""
        self.nominated: dict[str, tuple[PodInfo, str]] = {}
        """Pods that wait for others to leave the node on which they have been promised a place."""
        self.namespaces: dict[str, dict[str, str]] = {}
        """Labels of namespaces."""

    def set_node(self, node: Object) -> None:
        """A node is there, or has changed."""
        name = node["metadata"]["name"]
        info = self.nodes.get(name)
        if info is None:
            info = self.nodes[name] = NodeInfo(name)
            for pod in self.pods.values():
                if pod.node == name:
                    info.add(pod)
        info.read(node)

    def remove_node(self, name: str) -> None:
        self.nodes.pop(name, None)

    def assign(self, pod: PodInfo, node: str) -> None:
        """Count a Pod on a node from now on, in place of what was known of it."""
        self.remove(pod.uid)
        pod.node = node
        self.pods[pod.uid] = pod
        if pod.far:
            self.keeping_away[pod.uid] = pod
        if pod.preferred_near or pod.preferred_far:
            self.with_preferences[pod.uid] = pod
        if node in self.nodes:
            self.nodes[node].add(pod)

    def remove(self, uid: str) -> None:
        """Count a Pod no longer; unknown ones do no harm."""
        pod = self.pods.pop(uid, None)
        if pod is None:
            return
        self.keeping_away.pop(uid, None)
        self.with_preferences.pop(uid, None)
        node = self.nodes.get(pod.node)
        if node is not None and uid in node.pods:
            node.remove(pod)

    def nominate(self, pod: PodInfo, node: str) -> None:
        """Promise a Pod a place on a node, or ("") take a promise back."""
        self.nominated.pop(pod.uid, None)
        if node:
            self.nominated[pod.uid] = pod, node

    def nominated_for(self, pod: PodInfo) -> str:
        """The node on which a Pod has been promised a place, "" where it has not."""
        return self.nominated.get(pod.uid, (pod, ""))[1]

    @contextmanager
    def reserving(self, pod: PodInfo) -> Iterator[None]:
        """The cluster as it is to be seen by `pod`: what was promised to others, no less important, is taken."""
        others = [(other, node) for other, node in self.nominated.values() if _goes_before(other, pod)]
        for other, node in others:
            self.assign(other, node)
        try:
            yield
        finally:
            for other, _ in others:
                self.remove(other.uid)
                other.node = ""

    def namespace_labels(self, name: str) -> dict[str, str]:
        return self.namespaces.get(name, {})


def _goes_before(other: PodInfo, pod: PodInfo) -> bool:
    return other.uid != pod.uid and not other.node and other.priority >= pod.priority
