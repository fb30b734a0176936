"""Routes, given a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from minictl.insight import routes
from minictl.insight.routes import Cluster

Object = dict[str, Any]


def pod(name: str, ip: str, namespace: str = "default") -> Object:
    spec = {"nodeName": "node-1", "containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}]}
    return {
        "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec, "status": {"podIP": ip},
    }  # fmt: skip


def service(name: str, namespace: str = "default", **spec: Any) -> Object:
    spec = {"type": "ClusterIP", "clusterIP": "10.96.0.20", "ports": [{"port": 80, "targetPort": 8080}]} | spec
    return {"kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def slice_of(name: str, *ips: str, ready: bool = True, hostnames: tuple[str, ...] = ()) -> Object:
    endpoints: list[Object] = [{"addresses": [ip], "conditions": {"ready": ready}} for ip in ips]
    for endpoint, hostname in zip(endpoints, hostnames, strict=False):
        endpoint["hostname"] = hostname
    labels = {"kubernetes.io/service-name": name}
    ports = [{"name": "", "port": 8080}]
    return {"metadata": {"namespace": "default", "labels": labels}, "endpoints": endpoints, "ports": ports}


NODE = {"kind": "Node", "metadata": {"name": "node-1"}, "status": {"addresses": [{"address": "192.168.0.11"}]}}
CLIENT = pod("client", "10.244.0.9")
PODS = [CLIENT, pod("web-0", "10.244.0.2"), pod("web-1", "10.244.0.3")]


def cluster(services: list[Object], *slices: Object) -> Cluster:
    return Cluster(services, list(slices), PODS, [NODE], "cluster.local")


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://web/", "web", 80),
        ("https://web", "web", 443),
        ("web:8080/a?b", "web", 8080),
        ("web.default.svc.cluster.local", "web.default.svc.cluster.local", 80),
    ],
)
def test_urls(url: str, host: str, port: int) -> None:
    assert routes.parse(url) == (host, port)


def test_what_is_no_url() -> None:
    with pytest.raises(ValueError, match="is not a URL"):
        routes.parse("http://")


@pytest.mark.parametrize(
    "host", ["web", "web.default", "web.default.svc", "web.default.svc.cluster.local", "10.96.0.20"]
)
def test_every_name_and_the_address_lead_to_an_endpoint(host: str) -> None:
    route = routes.inside(CLIENT, host, 80, cluster([service("web")], slice_of("web", "10.244.0.2", "10.244.0.3")))
    assert route.arrives
    assert route.end == "pod/web-0 on node-1, port 8080"
    assert "port 80 of service/web leads to targetPort 8080" in route.hops
    assert "endpoint 10.244.0.2:8080, one of 2, chosen anew for each connection" in route.hops


@pytest.mark.parametrize(
    ("host", "port", "end"),
    [
        ("nobody", 80, "the name nobody is not found: there is no such Service (minictl get services)"),
        ("web.other", 80, "the name web.other is not found: there is no such Service (minictl get services)"),
        ("web", 8080, "nothing answers: service/web offers port 80, not 8080"),
        ("web", 80, "connection refused: no endpoints (minictl why service/web)"),
        ("10.96.9.9", 80, "no route to 10.96.9.9: it is neither a Service's nor a Pod's address"),
    ],
)
def test_where_requests_end(host: str, port: int, end: str) -> None:
    route = routes.inside(CLIENT, host, port, cluster([service("web")], slice_of("web", "10.244.0.2", ready=False)))
    assert (route.arrives, route.end) == (False, end)


def test_headless_names_stand_for_the_pods_themselves() -> None:
    headless = service("web", clusterIP="None")
    slices = slice_of("web", "10.244.0.2", "10.244.0.3", hostnames=("web-0", "web-1"))
    assert routes.inside(CLIENT, "web", 8080, cluster([headless], slices)).end == "pod/web-0 on node-1, port 8080"
    one = routes.inside(CLIENT, "web-1.web.default", 8080, cluster([headless], slices))
    assert one.end == "pod/web-1 on node-1, port 8080"
    assert not routes.inside(CLIENT, "web-7.web", 8080, cluster([headless], slices)).arrives


def test_an_external_name_leads_out() -> None:
    named = service("away", type="ExternalName", externalName="example.com")
    route = routes.inside(CLIENT, "away", 80, cluster([named]))
    assert (route.arrives, route.end) == (True, "DNS: it is another name for example.com, outside the cluster")


@pytest.mark.parametrize(
    ("host", "port", "end"),
    [
        ("10.96.0.20", 80, "no route to 10.96.0.20, the ClusterIP of service/web"),
        ("10.244.0.2", 8080, "no route to 10.244.0.2, the address of pod/web-0"),
        ("web", 80, "the name web is not known"),
        ("192.168.0.11", 30001, "connection refused: port 30001 of node/node-1 is no Service's node port"),
    ],
)
def test_what_does_not_lead_in(host: str, port: int, end: str) -> None:
    route = routes.outside(host, port, cluster([service("web")], slice_of("web", "10.244.0.2")))
    assert not route.arrives
    assert end in route.end


def test_node_ports_and_load_balancers_lead_in() -> None:
    ports = [{"port": 80, "targetPort": 8080, "nodePort": 30080}]
    web = service("web", type="LoadBalancer", ports=ports) | {
        "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.5"}]}}
    }
    there = cluster([web], slice_of("web", "10.244.0.2"))
    assert routes.outside("192.168.0.11", 30080, there).end == "pod/web-0 on node-1, port 8080"
    assert routes.outside("203.0.113.5", 80, there).end == "pod/web-0 on node-1, port 8080"
