"""Ingress, IngressClass, NetworkPolicy: what they refuse, fill in and show."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds import ingress, ingressclass, networkpolicy

from .pipeline import cells, created, refusals, update_refusals

Object = dict[str, Any]


def service(name: str = "web", /, **port: Any) -> Object:
    return {"service": {"name": name, "port": port or {"number": 80}}}


def routed(*paths: Object, host: str = "") -> Object:
    return {"spec": {"rules": [{"host": host, "http": {"paths": list(paths)}}]}}


def path(text: str = "/", kind: str = "Prefix", backend: Object | None = None) -> Object:
    return {"path": text, "pathType": kind, "backend": backend or service()}


AT = "spec.rules[0].http.paths[0]"
REFUSED_INGRESSES = [
    ({"spec": {}}, "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"),
    ({"spec": {"rules": [{"http": {}}]}}, "spec.rules[0].http.paths: Required value"),
    (routed(path("web")), f'{AT}.path: Invalid value: "web": must be an absolute path'),
    (routed(path("")), f'{AT}.path: Invalid value: "": must be an absolute path'),
    (routed(path("/a/../b")), f"{AT}.path: Invalid value: \"/a/../b\": must not contain '/../'"),
    (routed(path("/a/..", "Exact")), f"{AT}.path: Invalid value: \"/a/..\": cannot end with '/..'"),
    (
        routed(path("/", "Glob")),
        f'{AT}.pathType: Unsupported value: "Glob": supported values: "Exact", "ImplementationSpecific", "Prefix"',
    ),
    (
        routed({"backend": service()}),
        f"{AT}.pathType: Required value: pathType must be specified",
    ),
    (routed(path(backend=service(number=0))), f"{AT}.backend: Required value: port name or number is required"),
    (
        routed(path(backend=service(number=80, name="http"))),
        f'{AT}.backend: Invalid value: "": cannot set both port name & port number',
    ),
    (
        routed(path(backend=service(number=70000))),
        f"{AT}.backend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive",
    ),
    (routed(path(backend=service(""))), f"{AT}.backend.service.name: Required value"),
    (
        routed(path(backend={**service(), "resource": {"kind": "A", "name": "b"}})),
        f'{AT}.backend: Invalid value: "": cannot set both resource and service backends',
    ),
    (
        routed(path(backend={"resource": {"name": "b"}})),
        f"{AT}.backend.resource.kind: Required value",
    ),
    (
        routed(path(), host="10.1.2.3"),
        'spec.rules[0].host: Invalid value: "10.1.2.3": must be a DNS name, not an IP address',
    ),
]


@pytest.mark.parametrize(("object", "message"), REFUSED_INGRESSES)
def test_ingresses_that_are_refused(object: Object, message: str) -> None:
    assert refusals(ingress.kind, object) == [message]


def test_an_empty_path_may_depend_on_the_implementation() -> None:
    assert refusals(ingress.kind, routed(path("", "ImplementationSpecific"), host="*.example.org")) == []


def test_the_class_may_not_be_named_in_two_ways() -> None:
    annotated = {"metadata": {"annotations": {"kubernetes.io/ingress.class": "a"}}}
    spec = {"ingressClassName": "b", "defaultBackend": service()}
    assert refusals(ingress.kind, {**annotated, "spec": spec}) == [
        'annotations.kubernetes.io/ingress.class: Invalid value: "a": '
        "must match `ingressClassName` when both are specified"
    ]
    assert ingress.kind.warnings(annotated, None) == [
        "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
    ]


def test_addresses_in_the_status_of_an_ingress() -> None:
    new = {"status": {"loadBalancer": {"ingress": [{"ip": "1.2"}, {"hostname": "1.2.3.4"}]}}}
    assert [str(cause) for cause in ingress.kind.validate_status(new, {})] == [
        'status.loadBalancer.ingress[0].ip: Invalid value: "1.2": must be a valid IP address, '
        "(e.g. 10.9.8.7 or 2001:db8::ffff)",
        'status.loadBalancer.ingress[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
    ]


@pytest.mark.parametrize(
    ("hosts", "shown"),
    [
        ([], "*"),
        ([""], "*"),
        (["a", "b"], "a,b"),
        (["a", "b", "c"], "a,b,c"),
        (["a", "b", "c", "d", "e"], "a,b,c + 2 more..."),
        (["", "a", "b"], "a,b"),
    ],
)
def test_hosts_of_an_ingress(hosts: list[str], shown: str) -> None:
    spec = {"rules": [{"host": host} if host else {} for host in hosts]}
    row = cells(ingress.kind, {"metadata": {}, "spec": spec})
    assert (row["Hosts"], row["Class"], row["Ports"], row["Address"]) == (shown, "<none>", "80", "")


def test_an_ingress_with_tls_and_an_address() -> None:
    points = [{"ip": "10.0.0.2"}, {"hostname": "a.example"}, {"ip": "10.0.0.2"}]
    status = {"loadBalancer": {"ingress": points}}
    row = cells(ingress.kind, {"metadata": {}, "spec": {"tls": [{}], "ingressClassName": "n"}, "status": status})
    assert (row["Class"], row["Ports"], row["Address"]) == ("n", "80, 443", "10.0.0.2,a.example")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "spec.controller: Required value"),
        (
            {"controller": "nginx"},
            'spec.controller: Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")',
        ),
        (
            {"controller": "k8s.io/n", "parameters": {"kind": "A", "name": "b", "namespace": "c"}},
            "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
        ),
        (
            {"controller": "k8s.io/n", "parameters": {"kind": "A", "name": "b", "scope": "Namespace"}},
            "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
        ),
        (
            {"controller": "k8s.io/n", "parameters": {"kind": "A", "name": "b", "scope": "Planet"}},
            'spec.parameters.scope: Unsupported value: "Planet": supported values: "Cluster", "Namespace"',
        ),
    ],
)
def test_ingress_classes_that_are_refused(spec: Object, message: str) -> None:
    assert refusals(ingressclass.kind, {"spec": spec}) == [message]


def test_the_controller_of_a_class_is_for_ever() -> None:
    old = created(ingressclass.kind, {"spec": {"controller": "k8s.io/a"}})
    assert update_refusals(ingressclass.kind, {"spec": {"controller": "k8s.io/b"}}, old) == [
        'spec.controller: Invalid value: "k8s.io/b": field is immutable'
    ]


def test_parameters_of_a_class() -> None:
    parameters = {"apiGroup": "k8s.example.com", "kind": "Settings", "name": "outside"}
    made = created(ingressclass.kind, {"spec": {"controller": "k8s.io/a", "parameters": parameters}})
    assert made["spec"]["parameters"]["scope"] == "Cluster"
    assert cells(ingressclass.kind, made)["Parameters"] == "Settings.k8s.example.com/outside"


def rule(*peers: Object, ports: list[Object] | None = None) -> Object:
    return {"spec": {"podSelector": {}, "ingress": [{"from": list(peers), "ports": ports or []}]}}


PEER, PORT = "spec.ingress[0].from[0]", "spec.ingress[0].ports[0]"


@pytest.mark.parametrize(
    ("object", "message"),
    [
        (rule({}), f"{PEER}: Required value: must specify a peer"),
        (
            rule({"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}),
            f"{PEER}: Forbidden: may not specify both ipBlock and another peer",
        ),
        (rule({"ipBlock": {}}), f"{PEER}.ipBlock.cidr: Required value"),
        (
            rule({"ipBlock": {"cidr": "10.0.0.0"}}),
            f'{PEER}.ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, '
            "(e.g. 10.9.8.0/24 or 2001:db8::/64)",
        ),
        (
            rule({"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.0.0/16"]}}),
            f'{PEER}.ipBlock.except[0]: Invalid value: "10.1.0.0/16": must be a strict subset of `cidr`',
        ),
        (
            rule({"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.2.0.0/24"]}}),
            f'{PEER}.ipBlock.except[0]: Invalid value: "10.2.0.0/24": must be a strict subset of `cidr`',
        ),
        (
            rule(ports=[{"protocol": "ICMP"}]),
            f'{PORT}.protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
        ),
        (
            rule(ports=[{"endPort": 90}]),
            f"{PORT}.endPort: Invalid value: 90: may not be specified when `port` is not specified",
        ),
        (
            rule(ports=[{"port": "http", "endPort": 90}]),
            f"{PORT}.endPort: Invalid value: 90: may not be specified when `port` is non-numeric",
        ),
        (
            rule(ports=[{"port": 95, "endPort": 90}]),
            f"{PORT}.endPort: Invalid value: 90: must be greater than or equal to `port`",
        ),
        (
            {"spec": {"podSelector": {}, "policyTypes": ["Sideways"]}},
            'spec.policyTypes[0]: Unsupported value: "Sideways": supported values: "Ingress", "Egress"',
        ),
    ],
)
def test_policies_that_are_refused(object: Object, message: str) -> None:
    assert refusals(networkpolicy.kind, object) == [message]


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ({}, ["Ingress"]),
        ({"egress": [{}]}, ["Ingress", "Egress"]),
        ({"policyTypes": ["Egress"]}, ["Egress"]),
    ],
)
def test_a_policy_restricts_what_comes_in(spec: Object, types: list[str]) -> None:
    assert created(networkpolicy.kind, {"spec": spec})["spec"]["policyTypes"] == types


def test_protocols_of_a_policy_and_its_column() -> None:
    made = created(networkpolicy.kind, rule(ports=[{"port": 80}]))
    assert made["spec"]["ingress"][0]["ports"] == [{"port": 80, "protocol": "TCP"}]
    assert cells(networkpolicy.kind, made)["Pod-Selector"] == "<none>"
    made["spec"]["podSelector"] = {"matchLabels": {"app": "web"}}
    assert cells(networkpolicy.kind, made)["Pod-Selector"] == "app=web"


def test_blocks_that_should_be_written_differently() -> None:
    made = created(networkpolicy.kind, rule({"ipBlock": {"cidr": "10.1.2.3/8"}}))
    assert networkpolicy.kind.warnings(made, None) == [
        f'{PEER}.ipBlock.cidr: CIDR value "10.1.2.3/8" is ambiguous in this context '
        '(should be "10.0.0.0/8" or "10.1.2.3/32"?)'
    ]
