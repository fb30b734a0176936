from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds.node import kind

from .pipeline import cells, created, refusals, update_refusals


def node(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "n"}, "spec": spec}


TAINT = {"key": "k", "value": "v", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (node(taints=[TAINT, {**TAINT, "effect": "NoExecute"}], podCIDRs=["10.244.0.0/24", "fd00::/64"]), []),
        (node(taints=[{**TAINT, "effect": ""}]), ["metadata.taints[0].effect: Required value"]),
        (node(taints=[TAINT, {**TAINT, "value": ""}]), [
            'metadata.taints[1]: Duplicate value: {"Key":"k","Value":"","Effect":"NoSchedule","TimeAdded":null}: '
            "taints must be unique by key and effect pair"]),
        (node(podCIDRs=["150%"]), [
            'spec.podCIDRs[0]: Invalid value: "150%": '
            "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]),
        (node(podCIDRs=["10.0.0.0/24", "x"]), [
            'spec.podCIDRs[1]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
            "spec.podCIDRs: Internal error: invalid PodCIDRs. failed to check with dual stack with error:invalid "
            "CIDR[1]: <nil> (invalid CIDR address: x)",
            'spec.podCIDRs: Invalid value: ["10.0.0.0/24","x"]: may specify no more than one CIDR for each IP family']),
        (node(podCIDRs=["10.0.0.0/24", "10.0.1.0/24"]), [
            'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: '
            "may specify no more than one CIDR for each IP family"]),
        ({**node(), "status": {"capacity": {"cpu": "-1", "pods": "1500m"}}}, [
            'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
            'status.capacity.pods: Invalid value: "1500m": must be an integer',
            'status.allocatable.cpu: Invalid value: "-1": must be greater than or equal to 0',
            'status.allocatable.pods: Invalid value: "1500m": must be an integer']),
    ],
)  # fmt: skip
def test_refusals(given: dict[str, Any], expected: list[str]) -> None:
    assert refusals(kind, given) == expected


def test_ranges_and_provider_are_given_once() -> None:
    old = created(kind, node(podCIDR="10.244.0.0/24", providerID="sim://1"))
    assert old["spec"]["podCIDRs"] == ["10.244.0.0/24"]
    assert update_refusals(kind, node(podCIDR="10.244.1.0/24", providerID="sim://2"), old) == [
        'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
        'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
    ]
    assert update_refusals(kind, node(podCIDR="10.244.0.0/24", providerID="sim://1", unschedulable=True), old) == []


def ready(status: str) -> dict[str, Any]:
    return {"conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": status}]}


@pytest.mark.parametrize(
    ("spec", "status", "shown"),
    [
        ({}, ready("True"), "Ready"),
        ({}, ready("Unknown"), "NotReady"),
        ({"unschedulable": True}, ready("True"), "Ready,SchedulingDisabled"),
        ({}, {}, "Unknown"),
    ],
)
def test_status_column(spec: dict[str, Any], status: dict[str, Any], shown: str) -> None:
    assert cells(kind, {**node(**spec), "status": status})["Status"] == shown


INFO = {"kubeletVersion": "v1", "kernelVersion": "6.6.1", "architecture": "arm64"}


def test_roles_addresses_and_versions() -> None:
    labels = {
        "node-role.kubernetes.io/worker": "",
        "node-role.kubernetes.io/control-plane": "",
        "kubernetes.io/role": "x",
    }
    made = {
        "metadata": {"name": "n", "labels": labels},
        "spec": {},
        "status": {"addresses": [{"type": "InternalIP", "address": "10.1.0.1"}], "nodeInfo": INFO},
    }
    row = cells(kind, made)
    assert (row["Roles"], row["Version"], row["Internal-IP"]) == ("control-plane,worker,x", "v1", "10.1.0.1")
    assert (row["External-IP"], row["OS-Image"], row["Container-Runtime"]) == ("<none>", "<unknown>", "<unknown>")
    assert row["Kernel-Version"] == "6.6.1 (arm64)"
    assert cells(kind, node())["Roles"] == "<none>"
