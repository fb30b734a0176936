"""What a Service is, and how one version of it follows another. Pure functions over Service objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Object = dict[str, Any]

CLUSTER_IP, NODE_PORT, LOAD_BALANCER, EXTERNAL_NAME = "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"
NONE = "None"
"""The clusterIP of a headless Service."""
IPV4, IPV6 = "IPv4", "IPv6"
SINGLE_STACK, PREFER_DUAL_STACK, REQUIRE_DUAL_STACK = "SingleStack", "PreferDualStack", "RequireDualStack"
LOCAL = "Local"

WITH_CLUSTER_IP = (CLUSTER_IP, NODE_PORT, LOAD_BALANCER)
WITH_NODE_PORT = (NODE_PORT, LOAD_BALANCER)


def spec_of(service: Object) -> Object:
    """The spec, put there empty if it is missing."""
    spec: Object = service.setdefault("spec", {})
    return spec


def type_of(service: Object) -> str:
    return spec_of(service).get("type") or CLUSTER_IP


def cluster_ips(service: Object) -> list[str]:
    return spec_of(service).get("clusterIPs") or []


def ip_families(service: Object) -> list[str]:
    return spec_of(service).get("ipFamilies") or []


def ports_of(service: Object) -> list[Object]:
    return spec_of(service).get("ports") or []


def is_headless(service: Object) -> bool:
    return cluster_ips(service) == [NONE]


def has_selector(service: Object) -> bool:
    return bool(spec_of(service).get("selector"))


def node_ports(service: Object) -> list[int]:
    """The node ports of its ports, in their order, those not set left out."""
    return [port["nodePort"] for port in ports_of(service) if port.get("nodePort")]


def is_externally_accessible(service: Object) -> bool:
    kind = type_of(service)
    return kind in WITH_NODE_PORT or (kind == CLUSTER_IP and bool(spec_of(service).get("externalIPs")))


def needs_health_check(service: Object) -> bool:
    """Whether a load balancer asks each node, on a port of its own, if it has endpoints."""
    return type_of(service) == LOAD_BALANCER and spec_of(service).get("externalTrafficPolicy") == LOCAL


def wants_node_ports(service: Object) -> bool:
    """Whether ports without a nodePort are given one."""
    kind = type_of(service)
    return kind == NODE_PORT or (
        kind == LOAD_BALANCER and spec_of(service).get("allocateLoadBalancerNodePorts") is not False
    )


def follow(new: Object, old: Object | None) -> None:
    """Settle in `new` what a client need not repeat: addresses, node ports; and what its type has no use for."""
    if old is None:
        spec = spec_of(new)
        if spec.get("clusterIP") and not spec.get("clusterIPs"):
            spec["clusterIPs"] = [spec["clusterIP"]]
        return
    _keep_allocated(new, old)
    _match_cluster_ips(new, old)
    _drop_what_the_type_lacks(new, old)


def _keep_allocated(new: Object, old: Object) -> None:
    """A client that leaves an allocated value out means the one there is."""
    spec, before = spec_of(new), spec_of(old)
    if EXTERNAL_NAME not in (type_of(old), type_of(new)):
        if not spec.get("clusterIP"):
            _set(spec, "clusterIP", before.get("clusterIP"))
        if not spec.get("clusterIPs") and spec.get("clusterIP") == before.get("clusterIP"):
            _set(spec, "clusterIPs", list(cluster_ips(old)))
    if type_of(old) in WITH_NODE_PORT and type_of(new) in WITH_NODE_PORT:
        _keep_node_ports(ports_of(new), ports_of(old))
    if needs_health_check(old) and needs_health_check(new) and not spec.get("healthCheckNodePort"):
        _set(spec, "healthCheckNodePort", before.get("healthCheckNodePort"))


def _keep_node_ports(ports: Sequence[Object], before: Sequence[Object]) -> None:
    """Ports without a nodePort take the one that the port of the same name had, unless another port took it."""
    had = {port.get("name", ""): port.get("nodePort", 0) for port in before}
    used = {port.get("nodePort", 0) for port in ports} & set(had.values()) - {0}
    for port in ports:
        if port.get("nodePort"):
            continue
        number = had.get(port.get("name", ""), 0)
        if number and number not in used:
            port["nodePort"] = number
            used.add(number)


def _match_cluster_ips(new: Object, old: Object) -> None:
    """clusterIP and clusterIPs say the same thing; an old client changes or clears only the first."""
    spec, before = spec_of(new), spec_of(old)
    ip, ip_before = spec.get("clusterIP") or "", before.get("clusterIP") or ""
    if cluster_ips(old) and not cluster_ips(new) and ip == ip_before:
        spec["clusterIPs"] = list(cluster_ips(old))
    if ip != ip_before and cluster_ips(new) == cluster_ips(old):
        _set(spec, "clusterIPs", [ip] if ip else None)


def _drop_what_the_type_lacks(new: Object, old: Object) -> None:
    """What was allocated or defaulted for the old type goes with it, unless the client changed it too: then it meant
    something by it, and validation says what."""
    spec, before = spec_of(new), spec_of(old)
    kind, kind_before = type_of(new), type_of(old)
    if kind_before != EXTERNAL_NAME and kind == EXTERNAL_NAME:
        _drop_same(spec, before, ("ipFamilies", "ipFamilyPolicy"))
        if cluster_ips(new) == cluster_ips(old):
            _drop_same(spec, before, ("clusterIP",))
            spec.pop("clusterIPs", None)
    if kind_before in WITH_NODE_PORT and kind not in WITH_NODE_PORT and same_node_ports(new, old):
        for port in ports_of(new):
            port.pop("nodePort", None)
    if needs_health_check(old) and not needs_health_check(new):
        _drop_same(spec, before, ("healthCheckNodePort",))
    if kind_before == LOAD_BALANCER and kind != LOAD_BALANCER:
        _drop_same(spec, before, ("allocateLoadBalancerNodePorts", "loadBalancerClass"))
    if is_externally_accessible(old) and not is_externally_accessible(new):
        _drop_same(spec, before, ("externalTrafficPolicy",))
    if kind_before == LOAD_BALANCER and kind != LOAD_BALANCER and new.get("status"):
        new["status"] = {**new["status"], "loadBalancer": {}}


def same_node_ports(new: Object, old: Object) -> bool:
    """Whether the ports of `new` ask for no node port that those of `old` do not have."""
    return set(node_ports(new)) == set(node_ports(old))


def _drop_same(spec: Object, before: Object, fields: Iterable[str]) -> None:
    for field in fields:
        if spec.get(field) == before.get(field):
            spec.pop(field, None)


def _set(spec: Object, field: str, value: Any) -> None:
    if value:
        spec[field] = value
    else:
        spec.pop(field, None)
