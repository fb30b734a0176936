"""A Service: its addresses and, port by port, the endpoints behind it."""

from collections.abc import Iterable, Sequence

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import NONE, UNSET, Page, joined, selector

# Endpoints listed before the rest is only counted.
SHOWN = 3


def page(page: Page, service: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec = service.get("metadata") or {}, service.get("spec") or {}
    page.head(meta)
    page.field("Selector", selector(spec.get("selector")))
    page.field("Type", spec.get("type", ""))
    _addresses(page, spec, (service.get("status") or {}).get("loadBalancer") or {})
    chosen = f"kubernetes.io/service-name={meta.get('name', '')}"
    slices = cluster.list("discovery.k8s.io/v1", "endpointslices", meta.get("namespace", ""), labels=chosen) or []
    for port in spec.get("ports") or ():
        _port(page, port, slices)
    _policies(page, spec)
    events.write(page, happened, cluster.now)


def _addresses(page: Page, spec: Fields, balancer: Fields) -> None:
    if spec.get("ipFamilyPolicy"):
        page.field("IP Family Policy", spec["ipFamilyPolicy"])
    page.field("IP Families", joined(spec.get("ipFamilies") or ()))
    page.field("IP", spec.get("clusterIP", ""))
    page.field("IPs", joined(spec.get("clusterIPs") or ()))
    if spec.get("externalIPs"):
        page.field("External IPs", joined(spec["externalIPs"]))
    for label, key in (("Desired LoadBalancer IP", "loadBalancerIP"), ("External Name", "externalName")):
        if spec.get(key):
            page.field(label, spec[key])
    if balancer.get("ingress"):
        page.field("LoadBalancer Ingress", ", ".join(_ingress(each) for each in balancer["ingress"]))


def _ingress(each: Fields) -> str:
    if not each.get("ip"):
        return str(each.get("hostname", ""))
    return f"{each['ip']} ({each['ipMode']})" if each.get("ipMode") else str(each["ip"])


def _port(page: Page, port: Fields, slices: Sequence[Fields]) -> None:
    name, protocol = port.get("name") or UNSET, port.get("protocol", "")
    page.field("Port", f"{name}\t{port.get('port', 0)}/{protocol}")
    page.field("TargetPort", f"{port.get('targetPort', 0)}/{protocol}")
    if port.get("appProtocol") is not None:
        page.field("AppProtocol", port["appProtocol"])
    if port.get("nodePort"):
        page.field("NodePort", f"{name}\t{port['nodePort']}/{protocol}")
    page.field("Endpoints", endpoints(slices, port.get("name", "")))


def endpoints(slices: Sequence[Fields], port_name: str) -> str:
    """The ready addresses behind one named port: the first three, and how many more there are."""
    if not slices:
        return NONE
    ready = [address for each in slices for address in _ready(each, port_name)]
    more = f" + {len(ready) - SHOWN} more..." if len(ready) > SHOWN else ""
    return ",".join(ready[:SHOWN]) + more


def _ready(part: Fields, port_name: str) -> Iterable[str]:
    ports = part.get("ports") or []
    matching = [port for port in ports if (port.get("name") or "") == port_name]
    for port in matching if ports else [None]:
        for endpoint in part.get("endpoints") or ():
            if (endpoint.get("conditions") or {}).get("ready") is False:
                continue
            address = str(endpoint["addresses"][0])
            yield address if port is None else f"{_bracketed(address)}:{port.get('port', 0)}"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _policies(page: Page, spec: Fields) -> None:
    page.field("Session Affinity", spec.get("sessionAffinity", ""))
    for label, key in (
        ("External Traffic Policy", "externalTrafficPolicy"),
        ("Internal Traffic Policy", "internalTrafficPolicy"),
        ("HealthCheck NodePort", "healthCheckNodePort"),
    ):
        if spec.get(key):
            page.field(label, spec[key])
    if spec.get("loadBalancerSourceRanges"):
        page.field("LoadBalancer Source Ranges", joined(spec["loadBalancerSourceRanges"]))
    if spec.get("trafficDistribution"):
        page.field("Traffic Distribution", spec["trafficDistribution"])
