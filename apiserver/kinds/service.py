"""Service: a lasting address and name for a changing set of Pods.

Its addresses and node ports are given out by admission (admission/service_allocation.py); what a Service is and how one
version follows another stands in objects/services.py; its validation in objects/validation/service*.py.
"""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects import services
from apiserver.objects.services import cluster_ips, is_headless, ports_of, spec_of, type_of
from apiserver.objects.validation.addresses import cidr_warnings, ip_warnings
from apiserver.objects.validation.names import label_name
from apiserver.objects.validation.service import TOPOLOGY_HINTS, TOPOLOGY_MODE, validate_service
from apiserver.objects.validation.service_changes import validate_service_status, validate_service_update

AFFINITY_SECONDS = 10800
"""How long ClientIP affinity remembers a client: three hours, Kubernetes' default."""


def cluster_ip(service: Object) -> str:
    return next(iter(cluster_ips(service)), "<none>")


def external_ip(service: Object) -> str:
    """Where the Service is reached from outside; a load balancer's addresses are sorted."""
    kind, spec = type_of(service), spec_of(service)
    if kind == services.EXTERNAL_NAME:
        return str(spec.get("externalName", ""))
    if kind not in services.WITH_CLUSTER_IP:
        return "<unknown>"
    listed = list(spec.get("externalIPs") or ())
    if kind != services.LOAD_BALANCER:
        return ",".join(listed) or "<none>"
    entries = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    balanced = sorted({entry.get("ip") or entry.get("hostname") or "" for entry in entries} - {""})
    return ",".join(balanced + listed) or "<pending>"


def port_summary(service: Object) -> str:
    """`80:30007/TCP,53/UDP`."""
    return ",".join(map(_port_text, ports_of(service))) or "<none>"


def _port_text(port: Object) -> str:
    node_port = port.get("nodePort", 0)
    mapped = f":{node_port}" if node_port > 0 else ""
    return f"{port.get('port', 0)}{mapped}/{port.get('protocol', '')}"


def selector_summary(service: Object) -> str:
    selector = spec_of(service).get("selector") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or "<none>"


def default(service: Object) -> None:
    """Defaults that depend on the type, on the affinity, or on another field of the port."""
    spec, kind = spec_of(service), type_of(service)
    _default_affinity(spec)
    for port in ports_of(service):
        if not port.get("targetPort"):
            port["targetPort"] = port.get("port", 0)
    if services.is_externally_accessible(service) and not spec.get("externalTrafficPolicy"):
        spec["externalTrafficPolicy"] = "Cluster"
    if kind in services.WITH_CLUSTER_IP and spec.get("internalTrafficPolicy") is None:
        spec["internalTrafficPolicy"] = "Cluster"
    if kind == services.LOAD_BALANCER:
        if spec.get("allocateLoadBalancerNodePorts") is None:
            spec["allocateLoadBalancerNodePorts"] = True
        for entry in ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
            if entry.get("ip"):
                entry.setdefault("ipMode", "VIP")


def _default_affinity(spec: Object) -> None:
    affinity = spec.get("sessionAffinity")
    if affinity == "None":
        spec.pop("sessionAffinityConfig", None)
    elif affinity == "ClientIP":
        client_ip = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if client_ip.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": AFFINITY_SECONDS}}


def warnings(new: Object, old: Object | None) -> list[str]:
    """About fields that are ignored, written in an old way, or on their way out."""
    spec, kind = spec_of(new), type_of(new)
    found: list[str] = []
    if TOPOLOGY_HINTS in (new["metadata"].get("annotations") or {}):
        found.append(f"annotation {TOPOLOGY_HINTS} is deprecated, please use {TOPOLOGY_MODE} instead")
    if not is_headless(new):
        for index, ip in enumerate(cluster_ips(new)):
            found += ip_warnings(f"spec.clusterIPs[{index}]", ip)
    elif kind == services.CLUSTER_IP:
        ignored = (
            ("loadBalancerIP", spec.get("loadBalancerIP")),
            ("externalIPs", spec.get("externalIPs")),
            ("SessionAffinity", spec.get("sessionAffinity", "None") != "None"),
        )
        found += [f"spec.{field} is ignored for headless services" for field, is_set in ignored if is_set]
    if spec.get("externalIPs"):
        found.append("spec.externalIPs is deprecated and may no longer be implemented in some clusters")
    for index, ip in enumerate(spec.get("externalIPs") or ()):
        found += ip_warnings(f"spec.externalIPs[{index}]", ip)
    if spec.get("loadBalancerIP"):
        found += ip_warnings("spec.loadBalancerIP", spec["loadBalancerIP"])
    for index, block in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        found += cidr_warnings(f"spec.loadBalancerSourceRanges[{index}]", block.strip())
    if kind == services.EXTERNAL_NAME and spec.get("externalIPs"):
        found.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
    if kind != services.EXTERNAL_NAME and spec.get("externalName"):
        found.append('spec.externalName is ignored when spec.type is not "ExternalName"')
    if spec.get("trafficDistribution") == "PreferClose":
        found.append('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
    return found


kind = Kind(
    "v1",
    "Service",
    "services",
    short=("svc",),
    categories=("all",),
    columns=(
        NAME,
        Column("Type", type_of),
        Column("Cluster-IP", cluster_ip),
        Column("External-IP", external_ip),
        Column("Port(s)", port_summary),
        AGE,
        Column("Selector", selector_summary, priority=1),
    ),
    status=True,
    subresources={"proxy": "ServiceProxyOptions"},
    selectable={
        "spec.type": type_of,
        "spec.clusterIP": lambda service: str(spec_of(service).get("clusterIP", "")),
    },
    validate_name=label_name,
    deletes_to_status=False,
    creates_on_update=True,
    prepare=services.follow,
    default=default,
    validate=validate_service,
    tells_changes_first=True,
    validate_update=validate_service_update,
    validate_status=validate_service_status,
    warnings=warnings,
)
