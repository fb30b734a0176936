"""How a request would travel: name -> search domain -> ClusterIP -> endpoint -> Pod, or where it ends, and why.

inside:   a Pod resolves names by the cluster's DNS and reaches every address of the cluster
outside:  only node ports and the addresses of load balancers lead in; names and ClusterIPs mean nothing there
"""

from __future__ import annotations

import re

from minictl.insight import name_of, resolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Object = dict[str, Any]

DEFAULT_PORTS = {"http": 80, "https": 443}
NDOTS = 5
"""A name with fewer dots is first tried below the search domains (source: the resolv.conf that kubelets write)."""
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

    __slots__ = ("domain", "nodes", "pods", "services", "slices")

    def __init__(
        self, services: list[Object], slices: list[Object], pods: list[Object], nodes: list[Object], domain: str
    ) -> None:
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

    def endpoints(self, service: Object) -> list[tuple[Object, Object]]:
        """The ready (slice, endpoint) pairs of a Service."""
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        return [
            (slice_, endpoint)
            for slice_ in self.slices
            if slice_["metadata"]["namespace"] == namespace
            and (slice_["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == name
            for endpoint in slice_.get("endpoints") or ()
            if (endpoint.get("conditions") or {}).get("ready", True) is not False
        ]


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
    if _IP.match(host):
        return _to_address(route, host, port, cluster)
    service, pod_name = _resolve(route, host, namespace, cluster)
    if service is None:
        return route.ended(f"the name {host} is not found: there is no such Service (minictl get services)")
    return _to_service(route, service, pod_name, port, cluster)


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
        wanted = next(p for p in service["spec"]["ports"] if p.get("nodePort") == port)
        route.to(f"node port {port} of {name_of(addresses[host])} belongs to {name_of(service)}")
        return _to_endpoint(route, service, wanted, cluster)
    balanced = cluster.service(lambda s: host in _balancer_addresses(s))
    if balanced is not None:
        route.to(f"{host} is the load balancer of {name_of(balanced)}")
        return _to_port(route, balanced, port, cluster)
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


def _resolve(route: Route, host: str, namespace: str, cluster: Cluster) -> tuple[Object | None, str]:
    """What the name stands for: (Service, ""), or a Pod of a headless one by its own name (Service, Pod)."""
    search = (f"{namespace}.svc.{cluster.domain}", f"svc.{cluster.domain}", cluster.domain)
    name = host.rstrip(".")
    below = [f"{name}.{domain}" for domain in search]
    tries = [name] if host.endswith(".") else [*below, name] if name.count(".") < NDOTS else [name, *below]
    for full in tries:
        labels = full.removesuffix(f".svc.{cluster.domain}").split(".")
        if not full.endswith(f".svc.{cluster.domain}") or len(labels) not in (2, 3):
            continue
        service = cluster.named(labels[-1], labels[-2])
        if service is not None:
            domain = next((d for d in search if full == f"{name}.{d}"), "")
            route.to(f"DNS: {host} is {full} (search domain {domain})" if domain else f"DNS: {full} is a full name")
            return service, labels[0] if len(labels) == 3 else ""
    return None, ""


def _to_address(route: Route, ip: str, port: int, cluster: Cluster) -> Route:
    service = cluster.service(lambda s: s["spec"].get("clusterIP") == ip)
    if service is not None:
        route.to(f"{ip} is the ClusterIP of {name_of(service)}")
        return _to_port(route, service, port, cluster)
    pod = cluster.pod_at(ip)
    if pod is not None:
        return _to_pod(route, pod, port)
    return route.ended(f"no route to {ip}: it is neither a Service's nor a Pod's address")


def _to_service(route: Route, service: Object, pod_name: str, port: int, cluster: Cluster) -> Route:
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return route.ended(f"DNS: it is another name for {spec.get('externalName')}, outside the cluster", arrives=True)
    if spec.get("clusterIP") != "None":
        route.to(f"{name_of(service)} has the ClusterIP {spec.get('clusterIP')}")
        return _to_port(route, service, port, cluster)
    found = [e for _, e in cluster.endpoints(service) if not pod_name or e.get("hostname") == pod_name]
    if not found:
        return route.ended(f"DNS has no address for it: {name_of(service)} has no such ready endpoint")
    ips = [endpoint["addresses"][0] for endpoint in found]
    route.to(f"{name_of(service)} is headless: DNS answers with its Pods' own addresses, {', '.join(ips)}")
    pod = cluster.pod_at(ips[0])
    return _to_pod(route, pod, port) if pod is not None else route.ended(f"{ips[0]}:{port}", arrives=True)


def _to_port(route: Route, service: Object, port: int, cluster: Cluster) -> Route:
    ports = service["spec"].get("ports") or []
    wanted = next((p for p in ports if p["port"] == port), None)
    if wanted is None:
        offered = ", ".join(str(p["port"]) for p in ports)
        return route.ended(f"nothing answers: {name_of(service)} offers port {offered}, not {port}")
    return _to_endpoint(route, service, wanted, cluster)


def _to_endpoint(route: Route, service: Object, port: Object, cluster: Cluster) -> Route:
    target = port.get("targetPort", port["port"])
    route.to(f"port {port['port']} of {name_of(service)} leads to targetPort {target}")
    endpoints = cluster.endpoints(service)
    if not endpoints:
        return route.ended(f"connection refused: no endpoints (minictl why {name_of(service)})")
    slice_, endpoint = endpoints[0]
    number = next((p["port"] for p in slice_.get("ports") or () if (p.get("name") or "") == port.get("name", "")), None)
    pod = cluster.pod_at(endpoint["addresses"][0])
    number = number or (resolved(target, pod) if pod is not None else None)
    if number is None:
        return route.ended(f"connection refused: no container declares a port named {target}")
    which = f"one of {len(endpoints)}, chosen anew for each connection" if len(endpoints) > 1 else "the only one"
    route.to(f"endpoint {endpoint['addresses'][0]}:{number}, {which}")
    if pod is None:
        return route.ended(f"{endpoint['addresses'][0]}:{number}", arrives=True)
    return _to_pod(route, pod, number)


def _to_pod(route: Route, pod: Object, port: int) -> Route:
    return route.ended(f"{name_of(pod)} on {pod['spec'].get('nodeName')}, port {port}", arrives=True)
