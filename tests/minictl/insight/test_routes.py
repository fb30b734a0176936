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


READY = [{"type": "Ready", "status": "True"}]
TRIED = "nobody.default.svc.cluster.local, nobody.svc.cluster.local, nobody.cluster.local, nobody"
NODE = {
    "kind": "Node",
    "metadata": {"name": "node-1"},
    "status": {"addresses": [{"address": "192.168.0.11"}], "conditions": READY},
}
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
        (
            "nobody",
            80,
            f"the name nobody is not found, tried as {TRIED}: there is no such Service (minictl get services)",
        ),
        ("wbe.default", 80, "there is no such Service; is web meant?"),
        (
            "web.other.",
            80,
            "the name web.other. is not found in the cluster, tried as web.other: the DNS outside is asked",
        ),
        ("shop", 80, "there is no such Service; there is one in namespace away: ask for shop.away"),
        ("web", 8080, "nothing answers: service/web offers port 80, 53/UDP, not 8080"),
        ("web", 53, "nothing answers: service/web offers port 80, 53/UDP, not 53"),
        ("web", 80, "connection refused: no endpoint is ready (of 1) (minictl why service/web)"),
        ("shop.away", 80, "connection refused: no endpoints (minictl why service/shop)"),
        ("10.96.9.9", 80, "no route to 10.96.9.9: it is neither a Service's nor a Pod's address"),
    ],
)
def test_where_requests_end(host: str, port: int, end: str) -> None:
    web = service("web", ports=[{"port": 80, "targetPort": 8080}, {"port": 53, "protocol": "UDP"}])
    there = cluster([web, service("shop", "away")], slice_of("web", "10.244.0.2", ready=False))
    route = routes.inside(CLIENT, host, port, there)
    assert not route.arrives
    assert end in route.end


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


def test_a_service_may_keep_to_the_node() -> None:
    ports = [{"port": 80, "targetPort": 8080, "nodePort": 30080}]
    local = service("web", type="NodePort", ports=ports, externalTrafficPolicy="Local", internalTrafficPolicy="Local")
    slices = slice_of("web", "10.244.0.2")
    dropped = "dropped: service/web keeps to the node (Local), and has no endpoint on node-1"
    assert routes.outside("192.168.0.11", 30080, cluster([local], slices)).end == dropped
    assert routes.inside(CLIENT, "web", 80, cluster([local], slices)).end == dropped
    slices["endpoints"][0]["nodeName"] = "node-1"
    assert routes.outside("192.168.0.11", 30080, cluster([local], slices)).arrives


def test_a_node_that_is_down_does_not_answer() -> None:
    web = service("web", ports=[{"port": 80, "nodePort": 30080}])
    there = cluster([web], slice_of("web", "10.244.0.2"))
    there.nodes = [{**NODE, "status": {"addresses": [{"address": "192.168.0.11"}]}}]
    assert routes.outside("192.168.0.11", 30080, there).end == "no answer: node/node-1 is not ready"


def test_clients_may_stick_to_an_endpoint() -> None:
    there = cluster([service("web", sessionAffinity="ClientIP")], slice_of("web", "10.244.0.2", "10.244.0.3"))
    hops = routes.inside(CLIENT, "web", 80, there).hops
    assert "endpoint 10.244.0.2:8080, one of 2, the same for this client for 10800 seconds" in hops


def test_external_ips_and_names_of_addresses() -> None:
    there = cluster([service("web", externalIPs=["192.0.2.1"])], slice_of("web", "10.244.0.2"))
    assert routes.outside("192.0.2.1", 80, there).end == "pod/web-0 on node-1, port 8080"
    assert routes.inside(CLIENT, "10-244-0-3.default.pod", 8080, there).end == "pod/web-1 on node-1, port 8080"


@pytest.mark.parametrize(
    ("spec", "end"),
    [
        ({"dnsPolicy": "Default"}, "its dnsPolicy is Default: it asks the DNS of its node"),
        ({"hostNetwork": True}, "it is in its node's network (hostNetwork): it asks the DNS of its node"),
        ({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["1.1.1.1"]}}, "its dnsPolicy is None: it asks 1.1.1.1"),
    ],
)
def test_not_every_pod_asks_the_dns_of_the_cluster(spec: Object, end: str) -> None:
    client = {**CLIENT, "spec": {**CLIENT["spec"], **spec}}
    route = routes.inside(client, "web", 80, cluster([service("web")], slice_of("web", "10.244.0.2")))
    assert route.end == f"{end}, which knows no names of the cluster"


def test_a_pod_that_does_not_run_asks_nothing() -> None:
    assert routes.inside({**CLIENT, "status": {}}, "web", 80, cluster([])).end.startswith("it has no address yet")


def test_policies_on_the_way_are_told_of() -> None:
    def policy(name: str, **spec: Any) -> Object:
        metadata = {"name": name, "namespace": "default"}
        return {"kind": "NetworkPolicy", "metadata": metadata, "spec": spec}

    there = cluster([service("web")], slice_of("web", "10.244.0.2"))
    labelled = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
    there.policies = [policy("closed", podSelector={}), policy("other", podSelector=labelled), policy("out", egress=[])]
    hops = routes.inside(CLIENT, "web", 80, there).hops
    told = [hop.partition(":")[0] for hop in hops if hop.startswith("networkpolicy/")]
    assert told == [
        "networkpolicy/out is about what goes out of pod/client",
        "networkpolicy/closed is about what goes into pod/web-0",
        "networkpolicy/out is about what goes into pod/web-0",
    ]
