"""A simulated Node as an object: what its kubelet would register and report. Pure."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from ipaddress import IPv4Network
from typing import Any

Object = dict[str, Any]

MARK = "minictl.dev/simulated"
"""Annotation of the Nodes whose kubelet is simulated here; any other Node is left alone."""
BEHAVIOUR = "minictl.dev/simulate"
DOWN = "Down"
"""What BEHAVIOUR says of a node whose kubelet has stopped."""
UNTIL = "minictl.dev/simulate-until"
"""RFC 3339: when such a kubelet starts again by itself."""

NODE_PREFIX_LENGTH = 24
CAPACITY = {"cpu": "32", "ephemeral-storage": "1Ti", "memory": "256Gi", "pods": "1000"}
FIRST_HOST = "192.168.0.10"
KUBELET_PORT = 10250
VERSION = "v1.36.2"
HEARTBEAT_SECONDS = 300.0
"""How old the heartbeat in a condition may get; between them the Lease shows that the node lives."""

CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def is_simulated(node: Object) -> bool:
    """Whether the kubelet of this Node is ours and runs."""
    annotations = node["metadata"].get("annotations") or {}
    return MARK in annotations and annotations.get(BEHAVIOUR) != DOWN


def comes_back(node: Object) -> datetime | None:
    """When the stopped kubelet of a simulated Node starts again by itself; None: never, or it has not stopped."""
    annotations = node["metadata"].get("annotations") or {}
    if MARK not in annotations or annotations.get(BEHAVIOUR) != DOWN:
        return None
    try:
        moment = datetime.fromisoformat(annotations.get(UNTIL, ""))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def restarted(node: Object) -> Object:
    """The Node (amended) once nothing is said of its kubelet any more."""
    for name in (BEHAVIOUR, UNTIL):
        node["metadata"]["annotations"].pop(name, None)
    return node


def name_of(index: int) -> str:
    """`node-1` for index 0."""
    return f"node-{index + 1}"


def new_node(index: int, pod_cidr: IPv4Network) -> Object:
    """The Node that the simulated kubelet `index` (from 0) registers; `pod_cidr` is the range of the whole cluster."""
    name, subnet = name_of(index), str(_subnet(index, pod_cidr))
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "beta.kubernetes.io/arch": "amd64",
                "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
            },
            "annotations": {MARK: "true"},
        },
        "spec": {"podCIDR": subnet, "podCIDRs": [subnet]},
    }


def _subnet(index: int, pod_cidr: IPv4Network) -> IPv4Network:
    """A node's share of the cluster's range. Raises ValueError when there are more nodes than shares."""
    length = max(NODE_PREFIX_LENGTH, pod_cidr.prefixlen)
    start = int(pod_cidr.network_address) + index * 2 ** (32 - length)
    if start > int(pod_cidr.broadcast_address):
        raise ValueError(f"the Pod range {pod_cidr} has no room for {index + 1} nodes")
    return IPv4Network((start, length))


def status_of(node: Object, index: int, now: str) -> Object:
    """The status that the kubelet reports at `now` (RFC 3339), given what the Node says already."""
    name = node["metadata"]["name"]
    return {
        **(node.get("status") or {}),
        "capacity": dict(CAPACITY),
        "allocatable": dict(CAPACITY),
        "conditions": _conditions((node.get("status") or {}).get("conditions") or [], now),
        "addresses": [
            {"type": "InternalIP", "address": str(_host(index))},
            {"type": "Hostname", "address": name},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
        "nodeInfo": _node_info(name),
    }


def _host(index: int) -> str:
    a, b, c, d = (int(part) for part in FIRST_HOST.split("."))
    third, fourth = divmod(d + index, 250)
    return f"{a}.{b}.{c + third}.{fourth}"


def _node_info(name: str) -> Object:
    machine = uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.minictl.dev")
    return {
        "machineID": machine.hex,
        "systemUUID": str(machine),
        "bootID": str(uuid.uuid5(machine, "boot")),
        "kernelVersion": "simulated",
        "osImage": "minictl simulated node",
        "containerRuntimeVersion": "simulated://1.0",
        "kubeletVersion": VERSION,
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }


def _conditions(old: list[Object], now: str) -> list[Object]:
    before = {condition["type"]: condition for condition in old}
    own = [_condition(before.get(condition[0]), *condition, now) for condition in CONDITIONS]
    return own + [condition for condition in old if condition["type"] not in {type for type, *_ in CONDITIONS}]


def _condition(before: Object | None, type: str, status: str, reason: str, message: str, now: str) -> Object:
    same = before is not None and before["status"] == status
    beat = before.get("lastHeartbeatTime") if before is not None and same else None
    return {
        "type": type,
        "status": status,
        "lastHeartbeatTime": beat if beat and not _is_older(beat, now) else now,
        "lastTransitionTime": before["lastTransitionTime"] if before is not None and same else now,
        "reason": reason,
        "message": message,
    }


def _is_older(beat: str, now: str) -> bool:
    age = datetime.fromisoformat(now).astimezone(UTC) - datetime.fromisoformat(beat).astimezone(UTC)
    return age.total_seconds() >= HEARTBEAT_SECONDS
