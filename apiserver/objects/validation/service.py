"""Validation of Services in Kubernetes' words and order."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from apiserver.objects import services
from apiserver.objects.services import cluster_ips, ip_families, is_headless, ports_of, spec_of, type_of
from apiserver.objects.validation import (
    Causes,
    Printed,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    struct,
)
from apiserver.objects.validation.addresses import (
    endpoint_ip,
    family,
    parse_ip,
    valid_cidr,
    valid_ip,
)
from apiserver.objects.validation.meta import validate_labels
from apiserver.objects.validation.names import dns_subdomain, problems, qualified_name
from apiserver.objects.validation.ports import (
    validate_app_protocol,
    validate_number,
    validate_number_or_name,
    validate_port_name,
    validate_protocol,
)

Object = dict[str, Any]

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
AFFINITIES = ("ClientIP", "None")
IP_FAMILIES = ("IPv4", "IPv6")
IP_FAMILY_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
TRAFFIC_POLICIES = ("Cluster", "Local")
TRAFFIC_DISTRIBUTIONS = ("PreferClose", "PreferSameNode", "PreferSameZone")
IP_MODES = ("Proxy", "VIP")

MAX_AFFINITY_SECONDS = 86400
SOURCE_RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges"
TOPOLOGY_MODE, TOPOLOGY_HINTS = "service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"

_ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"


def validate_service(service: Object) -> Causes:
    """Everything about a Service by itself; its metadata is the API's business."""
    spec = spec_of(service)
    return [
        *_validate_topology_annotations(service),
        *_validate_ports_of_type(service),
        *_validate_ports(service),
        *validate_labels("spec.selector", spec.get("selector") or {}),
        *_validate_affinity(spec),
        *validate_cluster_ips(service),
        *_validate_external_ips(spec.get("externalIPs") or ()),
        *_validate_choice("spec.type", spec.get("type"), TYPES),
        *_validate_node_ports(service),
        *_validate_duplicate_ports(service),
        *_validate_source_ranges(service),
        *_validate_load_balancer(service),
        *_validate_traffic(service),
    ]


def _validate_choice(field: str, value: str | None, choices: Sequence[str]) -> Causes:
    if not value:
        return [required(field)]
    return [] if value in choices else [not_supported(field, value, choices)]


def _validate_topology_annotations(service: Object) -> Causes:
    annotations = (service.get("metadata") or {}).get("annotations") or {}
    mode, hints = annotations.get(TOPOLOGY_MODE), annotations.get(TOPOLOGY_HINTS)
    if mode is None or hints is None or mode == hints:
        return []
    text = f"must match annotations[{TOPOLOGY_HINTS}] when both are specified"
    return [invalid(f"metadata.annotations[{TOPOLOGY_MODE}]", mode, text)]


def _validate_ports_of_type(service: Object) -> Causes:
    causes: Causes = []
    kind = type_of(service)
    headless = is_headless(service) and kind in services.WITH_CLUSTER_IP
    if not ports_of(service) and not is_headless(service) and kind != services.EXTERNAL_NAME:
        causes.append(required("spec.ports"))
    if kind in services.WITH_NODE_PORT and headless:
        causes.append(invalid("spec.clusterIPs[0]", services.NONE, f"may not be set to 'None' for {kind} services"))
    if kind == services.EXTERNAL_NAME:
        causes += _validate_external_name(spec_of(service))
    return causes


def _validate_external_name(spec: Object) -> Causes:
    causes = [
        forbidden(f"spec.{field}", "may not be set for ExternalName services")
        for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy")
        if spec.get(field)
    ]
    name = (spec.get("externalName") or "").removesuffix(".")
    if not name:
        return [*causes, required("spec.externalName")]
    return causes + problems("spec.externalName", name, dns_subdomain(name))


def _validate_ports(service: Object) -> Causes:
    ports = ports_of(service)
    causes: Causes = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        field, name = f"spec.ports[{index}]", port.get("name", "")
        causes += validate_port_name(f"{field}.name", name, is_required=len(ports) > 1)
        if name and name in names:
            causes.append(duplicate(f"{field}.name", name))
        names.add(name)
        causes += validate_number(f"{field}.port", port.get("port", 0))
        causes += validate_protocol(f"{field}.protocol", port.get("protocol"))
        causes += validate_number_or_name(f"{field}.targetPort", port.get("targetPort", 0))
        causes += validate_app_protocol(f"{field}.appProtocol", port.get("appProtocol"))
    return causes


def _validate_affinity(spec: Object) -> Causes:
    affinity, config = spec.get("sessionAffinity"), spec.get("sessionAffinityConfig")
    causes = _validate_choice("spec.sessionAffinity", affinity, AFFINITIES)
    field = "spec.sessionAffinityConfig"
    if affinity == "None" and config is not None:
        causes.append(forbidden(field, "must not be set when session affinity is None"))
    if affinity != "ClientIP":
        return causes
    for name in ("clientIP", "timeoutSeconds"):
        if config is None:
            break
        field, config = f"{field}.{name}", config.get(name)
    if config is None:
        causes.append(required(field, "when session affinity type is ClientIP"))
    elif not 0 < config <= MAX_AFFINITY_SECONDS:
        causes.append(invalid(field, config, f"must be greater than 0 and less than {MAX_AFFINITY_SECONDS}"))
    return causes


def validate_cluster_ips(service: Object, existing: Container[str] = ()) -> Causes:
    """clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy, each and against each other. Addresses are only allocated
    for a Service for which nothing is wrong here."""
    if type_of(service) == services.EXTERNAL_NAME:
        return []
    spec, ips = spec_of(service), cluster_ips(service)
    ip = spec.get("clusterIP") or ""
    causes: Causes = []
    if ip and not ips:
        causes.append(required("spec.clusterIPs"))
    elif ip and ips[0] != ip:
        causes.append(invalid("spec.clusterIPs", ips, "first value must match `clusterIP`"))
    elif ips and not ip:
        causes.append(invalid("spec.clusterIPs", ips, "must be empty when `clusterIP` is not specified"))
    for index, name in enumerate(ip_families(service)):
        if name not in IP_FAMILIES:
            causes.append(not_supported(f"spec.ipFamilies[{index}]", name, IP_FAMILIES))
        if name in ip_families(service)[:index]:
            causes.append(duplicate(f"spec.ipFamilies[{index}]", name))
    if (policy := spec.get("ipFamilyPolicy")) is not None and policy not in IP_FAMILY_POLICIES:
        causes.append(not_supported("spec.ipFamilyPolicy", policy, IP_FAMILY_POLICIES))
    wrong = _validate_each_ip(ips, existing)
    causes += wrong
    if len(ips) > 2:
        causes.append(invalid("spec.clusterIPs", ips, "may only hold up to 2 values"))
    return causes if wrong else causes + _validate_families(service)


def _validate_each_ip(ips: Sequence[str], existing: Container[str]) -> Causes:
    causes: Causes = []
    for index, ip in enumerate(ips):
        if index or ip != services.NONE:
            causes += valid_ip(f"spec.clusterIPs[{index}]", ip, existing)
        elif len(ips) > 1:
            causes.append(invalid("spec.clusterIPs", ips, "'None' must be the first and only value"))
    return causes


def _validate_families(service: Object) -> Causes:
    """Well-formed addresses: one per family at most, and of the family asked for."""
    if is_headless(service):
        return []
    ips = cluster_ips(service)
    found = [family(address) for address in map(parse_ip, ips) if address is not None]
    causes: Causes = []
    if len(ips) > 1 and set(found) != set(IP_FAMILIES):
        causes.append(invalid("spec.clusterIPs", ips, "may specify no more than one IP for each IP family"))
    for index, (ip, is_family, wanted) in enumerate(zip(ips, found, ip_families(service), strict=False)):
        if wanted in IP_FAMILIES and is_family != wanted:
            text = f"expected an {wanted} value as indicated by `ipFamilies[{index}]`"
            causes.append(invalid(f"spec.clusterIPs[{index}]", ip, text))
    return causes


def _validate_external_ips(ips: Sequence[str]) -> Causes:
    causes: Causes = []
    for index, ip in enumerate(ips):
        field = f"spec.externalIPs[{index}]"
        causes += valid_ip(field, ip) or endpoint_ip(field, ip)
    return causes


def _validate_node_ports(service: Object) -> Causes:
    causes: Causes = []
    ports = ports_of(service)
    if type_of(service) == services.CLUSTER_IP:
        causes += [
            forbidden(f"spec.ports[{index}].nodePort", "may not be used when `type` is 'ClusterIP'")
            for index, port in enumerate(ports)
            if port.get("nodePort")
        ]
    seen: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        key = (port.get("protocol", ""), port.get("nodePort", 0))
        if key[1] and key in seen:
            causes.append(duplicate(f"spec.ports[{index}].nodePort", key[1]))
        seen.add(key)
    return causes


def _validate_duplicate_ports(service: Object) -> Causes:
    causes: Causes = []
    seen: set[tuple[str, int]] = set()
    for index, port in enumerate(ports_of(service)):
        key = (port.get("protocol", ""), port.get("port", 0))
        if key in seen:
            causes.append(duplicate(f"spec.ports[{index}]", _printed_port(*key)))
        seen.add(key)
    return causes


def _printed_port(protocol: str, port: int) -> Printed:
    return struct(
        ("Name", ""), ("Protocol", protocol), ("AppProtocol", None), ("Port", port), ("TargetPort", 0), ("NodePort", 0)
    )


def _validate_source_ranges(service: Object) -> Causes:
    """The field, whose path is spelt with a capital L in answers, or else the annotation that came before it."""
    field, ranges = "spec.LoadBalancerSourceRanges", spec_of(service).get("loadBalancerSourceRanges") or ()
    annotation = ((service.get("metadata") or {}).get("annotations") or {}).get(SOURCE_RANGES_ANNOTATION)
    if not ranges and annotation is None:
        return []
    causes: Causes = []
    if not ranges:
        field = f"metadata.annotations[{SOURCE_RANGES_ANNOTATION}]"
    if type_of(service) != services.LOAD_BALANCER:
        causes.append(forbidden(field, _ONLY_LOAD_BALANCER))
    if ranges:
        for index, block in enumerate(ranges):
            causes += valid_cidr(f"{field}[{index}]", block.strip())
    elif annotation and annotation.strip():
        for block in annotation.split(","):
            causes += valid_cidr(field, block.strip())
    return causes


def _validate_load_balancer(service: Object) -> Causes:
    spec, is_balanced = spec_of(service), type_of(service) == services.LOAD_BALANCER
    allocates = spec.get("allocateLoadBalancerNodePorts")
    causes: Causes = []
    if allocates is not None and not is_balanced:
        causes.append(forbidden("spec.allocateLoadBalancerNodePorts", _ONLY_LOAD_BALANCER))
    if allocates is None and is_balanced:
        causes.append(required("allocateLoadBalancerNodePorts"))
    return causes + validate_class(service)


def validate_class(service: Object) -> Causes:
    """spec.loadBalancerClass by itself."""
    balancer = spec_of(service).get("loadBalancerClass")
    if balancer is None:
        return []
    if type_of(service) != services.LOAD_BALANCER:
        return [forbidden("spec.loadBalancerClass", _ONLY_LOAD_BALANCER)]
    return problems("spec.loadBalancerClass", balancer, qualified_name(balancer))


def _validate_traffic(service: Object) -> Causes:
    spec = spec_of(service)
    external, health = spec.get("externalTrafficPolicy"), spec.get("healthCheckNodePort") or 0
    causes: Causes = []
    if services.is_externally_accessible(service):
        causes += _validate_choice("spec.externalTrafficPolicy", external, TRAFFIC_POLICIES)
    elif external:
        text = "may only be set for externally-accessible services"
        causes.append(invalid("spec.externalTrafficPolicy", external, text))
    if not services.needs_health_check(service):
        if health:
            text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
            causes.append(invalid("spec.healthCheckNodePort", health, text))
    elif health:
        causes += validate_number("spec.healthCheckNodePort", health)
    else:
        causes.append(required("spec.healthCheckNodePort"))
    internal = spec.get("internalTrafficPolicy")
    if internal is None and type_of(service) in services.WITH_CLUSTER_IP:
        causes.append(required("spec.internalTrafficPolicy"))
    if internal is not None and internal not in TRAFFIC_POLICIES:
        causes.append(not_supported("spec.internalTrafficPolicy", internal, TRAFFIC_POLICIES))
    if (distribution := spec.get("trafficDistribution")) is not None and distribution not in TRAFFIC_DISTRIBUTIONS:
        causes.append(not_supported("spec.trafficDistribution", distribution, TRAFFIC_DISTRIBUTIONS))
    return causes
