"""How a request would travel: name -> search domain -> ClusterIP -> endpoint -> Pod, or where it ends, and why.

inside:   a Pod resolves names by the cluster's DNS and reaches every address of the cluster
outside:  only node ports and the addresses of load balancers lead in; names and ClusterIPs mean nothing there
"""

from __future__ import annotations

import re

from minictl.insight import chosen_by, is_ready, name_of, names, resolved
from minictl.texts.near import near

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Object = dict[str, Any]

DEFAULT_PORTS = {"http": 80, "https": 443}
STICKY_SECONDS = 10800
"""How long a client keeps its endpoint, unless the Service says otherwise."""
_URL = re.compile(r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>[^/:?#]+)(?::(?P<port>\d{1,5}))?(?:[/?#].*)?\Z", re.I)
_IP = re.compile(r"\d{1,3}(\.\d{1,3}){3}\Z")


class Route:
    """The hops of a request, a sentence each, and whether it arrives. `end` says where it ended."""

    __slots__ = ("arrives", "end", "hops")

    def __init__(self) -> None:
        self.hops: list[str] = []
        self.end = ""
        self.arrives = False

    def to(self, hop: str) -> None:
        self.hops.append(hop)

    def ended(self, why: str, *, arrives: bool = False) -> Route:
        self.end, self.arrives = why, arrives
        return self

    @property
    def fields(self) -> Object:
        return {"hops": self.hops, "end": self.end, "arrives": self.arrives}


class Cluster:
    """The objects that a route depends on."""

    __slots__ = ("domain", "nodes", "pods", "policies", "services", "slices")

    def __init__(
        self,
        services: list[Object],
        slices: list[Object],
        pods: list[Object],
        nodes: list[Object],
        domain: str,
        policies: Sequence[Object] = (),
    ) -> None:
        self.policies = policies
        """NetworkPolicies."""
        self.services = services
        self.slices = slices
        self.pods = pods
        self.nodes = nodes
        self.domain = domain

    def service(self, test: Callable[[Object], bool]) -> Object | None:
        return next((service for service in self.services if test(service)), None)

    def named(self, namespace: str, name: str) -> Object | None:
        return self.service(lambda s: (s["metadata"]["namespace"], s["metadata"]["name"]) == (namespace, name))

    def pod_at(self, ip: str) -> Object | None:
        return next((pod for pod in self.pods if (pod.get("status") or {}).get("podIP") == ip), None)

    def endpoints(self, service: Object, *, ready: bool = True) -> list[tuple[Object, Object]]:
        """The (slice, endpoint) pairs of a Service that are ready, or those that are not."""
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        return [
            (slice_, endpoint)
            for slice_ in self.slices
            if slice_["metadata"]["namespace"] == namespace
            and (slice_["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == name
            for endpoint in slice_.get("endpoints") or ()
            if ((endpoint.get("conditions") or {}).get("ready", True) is not False) == ready
        ]

    def unready(self, service: Object) -> str:
        """How many are not ready, where that is worth saying."""
        count = len(self.endpoints(service, ready=False))
        return f" is ready (of {count})" if count else ""


def parse(url: str) -> tuple[str, int]:
    """(host, port) of `http://web:8080/path`, `web:8080` or `web`. Raises ValueError."""
    found = _URL.match(url)
    if found is None:
        raise ValueError(f'"{url}" is not a URL such as http://backend-service/ or backend-service:80')
    port = int(found["port"] or DEFAULT_PORTS.get((found["scheme"] or "http").lower(), 80))
    return found["host"], port


def inside(pod: Object, host: str, port: int, cluster: Cluster) -> Route:
    """From a Pod."""
    route = Route()
    namespace = pod["metadata"]["namespace"]
    route.to(f"{name_of(pod)} in namespace {namespace} asks for {host}, port {port}")
    if not (pod.get("status") or {}).get("podIP"):
        return route.ended(f"it has no address yet, and asks nothing (minictl why {name_of(pod)})")
    _heed(route, pod, "Egress", cluster)
    if _IP.match(host):
        return _to_address(route, host, port, cluster)
    if why := names.not_asked(pod):
        return route.ended(f"{why}, which knows no names of the cluster")
    found = names.resolve(host, namespace, cluster.domain, cluster.named)
    if found is None:
        return _unknown(route, host, namespace, cluster)
    route.to(f"DNS: {found.said}")
    if found.address:
        return _to_address(route, found.address, port, cluster)
    assert found.service is not None
    return _to_service(route, found.service, found.pod, port, Client(cluster, pod["spec"].get("nodeName", "")))


def _unknown(route: Route, host: str, namespace: str, cluster: Cluster) -> Route:
    tried = ", ".join(names.tries(host, namespace, cluster.domain))
    if names.is_foreign(host, cluster.domain, {s["metadata"]["namespace"] for s in cluster.services}):
        outside = "the DNS outside is asked then, and what it says nobody knows here"
        return route.ended(f"the name {host} is not found in the cluster, tried as {tried}: {outside}")
    name, _, rest = host.rstrip(".").partition(".")
    others = [s["metadata"] for s in cluster.services]
    away = next((m["namespace"] for m in others if m["name"] == name and m["namespace"] != namespace), "")
    if away and not rest:
        advice = f"; there is one in namespace {away}: ask for {name}.{away}"
    else:
        like = near(name, [m["name"] for m in others if m["namespace"] == (rest.partition(".")[0] or namespace)])
        advice = f"; is {like[0]} meant?" if like else " (minictl get services)"
    return route.ended(f"the name {host} is not found, tried as {tried}: there is no such Service{advice}")


def _heed(route: Route, pod: Object, direction: str, cluster: Cluster) -> None:
    """Tells of NetworkPolicies that a cluster which enforces them would ask; this one only keeps them."""
    for policy in cluster.policies:
        spec = policy["spec"]
        types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]
        if (
            policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
            and direction in types
            and chosen_by(spec.get("podSelector") or {}, pod)
        ):
            way = "into" if direction == "Ingress" else "out of"
            where = "it is not enforced here, and may end the way in another cluster"
            route.to(f"{name_of(policy)} is about what goes {way} {name_of(pod)}: {where}")


def outside(host: str, port: int, cluster: Cluster) -> Route:
    """From a machine that is no part of the cluster."""
    route = Route()
    route.to(f"a client outside the cluster asks for {host}, port {port}")
    addresses = {
        a["address"]: node for node in cluster.nodes for a in (node.get("status") or {}).get("addresses") or ()
    }
    if host in addresses:
        service = cluster.service(lambda s: any(p.get("nodePort") == port for p in s["spec"].get("ports") or ()))
        if service is None:
            return route.ended(
                f"connection refused: port {port} of {name_of(addresses[host])} is no Service's node port"
            )
        node, wanted = addresses[host], next(p for p in service["spec"]["ports"] if p.get("nodePort") == port)
        if not is_ready(node):
            return route.ended(f"no answer: {name_of(node)} is not ready")
        route.to(f"node port {port} of {name_of(node)} belongs to {name_of(service)}")
        return _to_endpoint(route, service, wanted, Client(cluster, node["metadata"]["name"], outside=True))
    for what, has_it in (
        ("the load balancer", lambda s: host in _balancer_addresses(s)),
        ("an external IP", lambda s: host in (s["spec"].get("externalIPs") or ())),
    ):
        found = cluster.service(has_it)
        if found is not None:
            route.to(f"{host} is {what} of {name_of(found)}")
            return _to_port(route, found, port, Client(cluster))
    if _IP.match(host):
        return route.ended(f"outside the cluster: no route to {host}{_what_it_is(host, cluster)}")
    return route.ended(f"outside the cluster: the name {host} is not known; the cluster's DNS answers only its Pods")


def _balancer_addresses(service: Object) -> set[str]:
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return {value for entry in ingress for value in (entry.get("ip"), entry.get("hostname")) if value}


def _what_it_is(ip: str, cluster: Cluster) -> str:
    service = cluster.service(lambda s: s["spec"].get("clusterIP") == ip)
    if service is not None:
        return f", the ClusterIP of {name_of(service)}: it means something only inside the cluster"
    pod = cluster.pod_at(ip)
    return f", the address of {name_of(pod)}: Pods are reached only inside the cluster" if pod is not None else ""


def _to_address(route: Route, ip: str, port: int, cluster: Cluster) -> Route:
    service = cluster.service(lambda s: s["spec"].get("clusterIP") == ip)
    if service is not None:
        route.to(f"{ip} is the ClusterIP of {name_of(service)}")
        return _to_port(route, service, port, Client(cluster))
    pod = cluster.pod_at(ip)
    if pod is not None:
        return _to_pod(route, pod, port, cluster)
    return route.ended(f"no route to {ip}: it is neither a Service's nor a Pod's address")


class Client:
    """Who asks: from which node ("" for any), and whether from outside the cluster."""

    __slots__ = ("cluster", "node", "outside")

    def __init__(self, cluster: Cluster, node: str = "", *, outside: bool = False) -> None:
        self.cluster = cluster
        self.node = node
        self.outside = outside

    def is_kept_local(self, service: Object) -> bool:
        """May only endpoints on that node be chosen?"""
        policy = "externalTrafficPolicy" if self.outside else "internalTrafficPolicy"
        return bool(self.node) and service["spec"].get(policy) == "Local"


def _to_service(route: Route, service: Object, pod_name: str, port: int, client: Client) -> Route:
    spec, cluster = service["spec"], client.cluster
    if spec.get("type") == "ExternalName":
        return route.ended(f"DNS: it is another name for {spec.get('externalName')}, outside the cluster", arrives=True)
    if spec.get("clusterIP") != "None":
        route.to(f"{name_of(service)} has the ClusterIP {spec.get('clusterIP')}")
        return _to_port(route, service, port, client)
    found = [e for _, e in cluster.endpoints(service) if not pod_name or e.get("hostname") == pod_name]
    if not found:
        return route.ended(f"DNS has no address for it: {name_of(service)} has no such ready endpoint")
    ips = [endpoint["addresses"][0] for endpoint in found]
    route.to(f"{name_of(service)} is headless: DNS answers with its Pods' own addresses, {', '.join(ips)}")
    pod = cluster.pod_at(ips[0])
    return _to_pod(route, pod, port, cluster) if pod is not None else route.ended(f"{ips[0]}:{port}", arrives=True)


def _to_port(route: Route, service: Object, port: int, client: Client) -> Route:
    ports = service["spec"].get("ports") or []
    wanted = next((p for p in ports if p["port"] == port and p.get("protocol", "TCP") == "TCP"), None)
    if wanted is None:
        offered = ", ".join(
            f"{p['port']}{'' if p.get('protocol', 'TCP') == 'TCP' else '/' + p['protocol']}" for p in ports
        )
        return route.ended(f"nothing answers: {name_of(service)} offers port {offered}, not {port}")
    return _to_endpoint(route, service, wanted, client)


def _to_endpoint(route: Route, service: Object, port: Object, client: Client) -> Route:
    cluster, target = client.cluster, port.get("targetPort", port["port"])
    route.to(f"port {port['port']} of {name_of(service)} leads to targetPort {target}")
    endpoints = cluster.endpoints(service)
    if not endpoints:
        return route.ended(
            f"connection refused: no endpoint{cluster.unready(service) or 's'} (minictl why {name_of(service)})"
        )
    if client.is_kept_local(service):
        endpoints = [(s, e) for s, e in endpoints if e.get("nodeName") == client.node]
        if not endpoints:
            return route.ended(
                f"dropped: {name_of(service)} keeps to the node (Local), and has no endpoint on {client.node}"
            )
    slice_, endpoint = endpoints[0]
    number = next((p["port"] for p in slice_.get("ports") or () if (p.get("name") or "") == port.get("name", "")), None)
    pod = cluster.pod_at(endpoint["addresses"][0])
    number = number or (resolved(target, pod) if pod is not None else None)
    if number is None:
        return route.ended(f"connection refused: no container declares a port named {target}")
    route.to(f"endpoint {endpoint['addresses'][0]}:{number}, {_how_chosen(service, len(endpoints))}")
    if pod is None:
        return route.ended(f"{endpoint['addresses'][0]}:{number}", arrives=True)
    return _to_pod(route, pod, number, cluster)


def _how_chosen(service: Object, number: int) -> str:
    if number == 1:
        return "the only one"
    if service["spec"].get("sessionAffinity") == "ClientIP":
        settings = (service["spec"].get("sessionAffinityConfig") or {}).get("clientIP") or {}
        return f"one of {number}, the same for this client for {settings.get('timeoutSeconds', STICKY_SECONDS)} seconds"
    return f"one of {number}, chosen anew for each connection"


def _to_pod(route: Route, pod: Object, port: int, cluster: Cluster) -> Route:
    _heed(route, pod, "Ingress", cluster)
    return route.ended(f"{name_of(pod)} on {pod['spec'].get('nodeName')}, port {port}", arrives=True)
