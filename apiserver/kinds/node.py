"""Node: a machine that Pods run on; here a simulated one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation.names import subdomain_name
from apiserver.objects.validation.node import validate_node, validate_node_update

ROLE_PREFIX = "node-role.kubernetes.io/"
ROLE_LABEL = "kubernetes.io/role"


def status_column(node: Object) -> str:
    """`Ready`, `NotReady` or `Unknown`, and `SchedulingDisabled` for a cordoned node."""
    ready = next((c for c in _status(node).get("conditions") or () if c.get("type") == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"]
    if is_unschedulable(node):
        words.append("SchedulingDisabled")
    return ",".join(words)


def roles_column(node: Object) -> str:
    labels = node["metadata"].get("labels") or {}
    roles = {key.removeprefix(ROLE_PREFIX) for key in labels if key.startswith(ROLE_PREFIX)} | {
        labels.get(ROLE_LABEL, "")
    }
    return ",".join(sorted(roles - {""})) or "<none>"


def address_column(type_: str) -> Callable[[Object], str]:
    def cell(node: Object) -> str:
        addresses = _status(node).get("addresses") or ()
        return next((str(a.get("address", "")) for a in addresses if a.get("type") == type_), "<none>")

    return cell


def info_column(field: str, absent: str = "<unknown>") -> Callable[[Object], str]:
    def cell(node: Object) -> str:
        return str((_status(node).get("nodeInfo") or {}).get(field, "") or absent)

    return cell


def kernel_column(node: Object) -> str:
    """`6.6.1 (amd64)`."""
    info = _status(node).get("nodeInfo") or {}
    kernel, architecture = info.get("kernelVersion", ""), info.get("architecture", "")
    return f"{kernel} ({architecture})" if kernel and architecture else kernel or "<unknown>"


def is_unschedulable(node: Object) -> bool:
    return bool((node.get("spec") or {}).get("unschedulable"))


def _status(node: Object) -> dict[str, Any]:
    return node.get("status") or {}


def default(node: Object) -> None:
    """What can be allocated is, unless said otherwise, all there is."""
    status = _status(node)
    if status.get("capacity") and not status.get("allocatable"):
        status["allocatable"] = dict(status["capacity"])
    spec = node["spec"]
    cidr, cidrs = spec.get("podCIDR"), spec.get("podCIDRs") or []
    if cidr and (not cidrs or cidrs[0] != cidr):
        spec["podCIDRs"] = [cidr]
    elif cidrs and not cidr:
        spec["podCIDR"] = cidrs[0]


def warnings(node: Object, old: Object | None) -> list[str]:
    spec = node["spec"]
    found = []
    if spec.get("configSource") is not None:
        found.append("spec.configSource: the feature is no longer supported")
    if spec.get("externalID"):
        found.append("spec.externalID: this field is deprecated, and is unused by Kubernetes")
    return found


kind = Kind(
    "v1",
    "Node",
    "nodes",
    short=("no",),
    namespaced=False,
    status=True,
    keeps_new_status=True,
    subresources={"proxy": "NodeProxyOptions"},
    columns=(
        NAME,
        Column("Status", status_column),
        Column("Roles", roles_column),
        AGE,
        Column("Version", info_column("kubeletVersion", "")),
        Column("Internal-IP", address_column("InternalIP"), priority=1),
        Column("External-IP", address_column("ExternalIP"), priority=1),
        Column("OS-Image", info_column("osImage"), priority=1),
        Column("Kernel-Version", kernel_column, priority=1),
        Column("Container-Runtime", info_column("containerRuntimeVersion"), priority=1),
    ),
    selectable={"spec.unschedulable": lambda node: "true" if is_unschedulable(node) else "false"},
    validate_name=subdomain_name,
    default=default,
    validate=validate_node,
    validate_update=validate_node_update,
    validate_status=validate_node_update,
    warnings=warnings,
)
