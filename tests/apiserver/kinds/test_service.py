from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds.service import kind

from .pipeline import cells, created, refusals, update_refusals, updated


def service(*ports: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": {"ports": list(ports), **spec}}


def addressed(**spec: Any) -> dict[str, Any]:
    """A Service as it is stored."""
    given = {"clusterIP": "10.96.7.7", "clusterIPs": ["10.96.7.7"], "ipFamilies": ["IPv4"]}
    return created(kind, service({"port": 80}, **{**given, "ipFamilyPolicy": "SingleStack", **spec}))


def test_target_port_is_the_port_unless_said_otherwise() -> None:
    spec = created(kind, service({"port": 80}, {"name": "n", "port": 81, "targetPort": "web"}))["spec"]
    assert [port["targetPort"] for port in spec["ports"]] == [80, "web"]
    assert spec["ports"][0]["protocol"] == "TCP"


@pytest.mark.parametrize(
    ("given", "external", "internal", "allocates"),
    [
        ({}, None, "Cluster", None),
        ({"externalIPs": ["198.51.100.1"]}, "Cluster", "Cluster", None),
        ({"type": "NodePort"}, "Cluster", "Cluster", None),
        ({"type": "LoadBalancer"}, "Cluster", "Cluster", True),
        ({"type": "ExternalName", "externalName": "a.example"}, None, None, None),
    ],
)
def test_policies_by_type(
    given: dict[str, Any], external: str | None, internal: str | None, allocates: bool | None
) -> None:
    spec = created(kind, service({"port": 80}, **given))["spec"]
    assert spec.get("externalTrafficPolicy") == external
    assert spec.get("internalTrafficPolicy") == internal
    assert spec.get("allocateLoadBalancerNodePorts") == allocates


def test_affinity_remembers_for_three_hours_and_forgets_with_its_config() -> None:
    sticky = created(kind, service({"port": 80}, sessionAffinity="ClientIP"))["spec"]
    assert sticky["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}
    loose = created(kind, service({"port": 80}, sessionAffinityConfig={"clientIP": {"timeoutSeconds": 5}}))["spec"]
    assert "sessionAffinityConfig" not in loose


@pytest.mark.parametrize("written", [{}, {"clusterIP": ""}, {"clusterIP": None}])
def test_an_address_left_out_is_kept(written: dict[str, Any]) -> None:
    spec = updated(kind, service({"port": 81}, **written), addressed())["spec"]
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("10.96.7.7", ["10.96.7.7"])


def test_a_changed_address_is_refused() -> None:
    changed = service({"port": 80}, clusterIP="10.96.7.8", clusterIPs=["10.96.7.7"], ipFamilies=["IPv4"])
    assert update_refusals(kind, changed, addressed()) == [
        'spec.clusterIPs[0]: Invalid value: ["10.96.7.8"]: may not change once set'
    ]


def test_a_load_balancer_keeps_its_class_and_its_health_check_port() -> None:
    given = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "loadBalancerClass": "a"}
    old = addressed(**given, healthCheckNodePort=30009)
    changed = service({"port": 80}, **{**given, "loadBalancerClass": "b c"}, healthCheckNodePort=30010)
    name_part = "name part must consist of alphanumeric characters"
    assert [text.partition(name_part)[0] for text in update_refusals(kind, changed, old)] == [
        'spec.loadBalancerClass: Invalid value: "b c": may not change once set',
        'spec.loadBalancerClass: Invalid value: "b c": ',
        "spec.healthCheckNodePort: Forbidden: field is immutable",
    ]


def test_node_ports_stay_with_the_name_of_their_port() -> None:
    old = addressed(type="NodePort")
    old["spec"]["ports"] = [{"name": "a", "port": 1, "nodePort": 30001}, {"name": "b", "port": 2, "nodePort": 30002}]
    new = service({"name": "b", "port": 2}, {"name": "c", "port": 3}, {"name": "a", "port": 9}, type="NodePort")
    assert [port.get("nodePort") for port in updated(kind, new, old)["spec"]["ports"]] == [30002, None, 30001]


def test_a_node_port_given_to_another_port_does_not_come_back() -> None:
    old = addressed(type="NodePort")
    old["spec"]["ports"] = [{"name": "a", "port": 1, "nodePort": 30001}]
    new = service({"name": "b", "port": 2, "nodePort": 30001}, {"name": "a", "port": 1}, type="NodePort")
    assert "nodePort" not in updated(kind, new, old)["spec"]["ports"][1]


def test_going_back_to_cluster_ip_drops_what_other_types_had() -> None:
    old = addressed(type="LoadBalancer", externalTrafficPolicy="Cluster", loadBalancerClass="example.com/lb")
    old["spec"]["ports"][0]["nodePort"] = 30001
    old["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1", "ipMode": "VIP"}]}}
    new = {**old, "spec": {**old["spec"], "type": "ClusterIP"}}
    settled = updated(kind, new, old)
    gone = {"externalTrafficPolicy", "allocateLoadBalancerNodePorts", "loadBalancerClass"}
    assert not gone & settled["spec"].keys()
    assert "nodePort" not in settled["spec"]["ports"][0]
    assert settled["status"] == {"loadBalancer": {}}
    assert settled["spec"]["clusterIP"] == "10.96.7.7"
    assert kind.validate(settled) == []


def test_a_node_port_asked_for_while_leaving_is_refused() -> None:
    old = addressed(type="NodePort")
    old["spec"]["ports"][0]["nodePort"] = 30001
    new = service({"port": 80, "nodePort": 30009}, type="ClusterIP", clusterIP="10.96.7.7")
    said = [str(cause) for cause in kind.validate(updated(kind, new, old))]
    assert said == ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]


def test_external_name_gives_up_addresses_and_families() -> None:
    old = addressed()
    spec = updated(kind, {**old, "spec": {**old["spec"], "type": "ExternalName", "externalName": "a.b"}}, old)["spec"]
    assert not {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"} & spec.keys()


def test_a_type_that_does_not_exist_is_the_only_thing_wrong() -> None:
    old = addressed()
    new = updated(kind, {**old, "spec": {**old["spec"], "type": "Ingress"}}, old)
    assert [cause.field for cause in kind.validate(new) + kind.validate_update(new, old)] == ["spec.type"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (service(), ["spec.ports: Required value"]),
        (service(clusterIP="None"), []),
        (
            service({"port": 0, "targetPort": "UP"}),
            [
                "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                'spec.ports[0].targetPort: Invalid value: "UP": must contain only alpha-numeric characters (a-z, 0-9), '
                "and hyphens (-)",
                'spec.ports[0].targetPort: Invalid value: "UP": must contain at least one letter (a-z)',
            ],
        ),
        (
            service({"name": "a", "port": 53}, {"name": "a", "port": 53}),
            [
                'spec.ports[1].name: Duplicate value: "a"',
                'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":53,'
                '"TargetPort":0,"NodePort":0}',
            ],
        ),
        (service({"name": "a", "port": 53}, {"name": "b", "port": 53, "protocol": "UDP"}), []),
        (service({"port": 10250}, type="LoadBalancer"), []),
        (
            service({"port": 80}, externalIPs=["169.254.1.1"]),
            [
                'spec.externalIPs[0]: Invalid value: "169.254.1.1": '
                "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
            ],
        ),
        (
            service({"port": 80}, clusterIP="10.96.1.1", ipFamilies=["IPv6"]),
            ['spec.clusterIPs[0]: Invalid value: "10.96.1.1": expected an IPv6 value as indicated by `ipFamilies[0]`'],
        ),
        (
            service({"port": 80}, type="LoadBalancer", externalTrafficPolicy="Local"),
            ["spec.healthCheckNodePort: Required value"],
        ),
        (
            service({"port": 80}, loadBalancerClass="x"),
            ["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"],
        ),
        (
            service({"port": 80}, trafficDistribution="Near"),
            [
                'spec.trafficDistribution: Unsupported value: "Near": '
                'supported values: "PreferClose", "PreferSameNode", "PreferSameZone"'
            ],
        ),
        (
            service(
                {"port": 80}, sessionAffinity="ClientIP", sessionAffinityConfig={"clientIP": {"timeoutSeconds": 0}}
            ),
            [
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: "
                "must be greater than 0 and less than 86400"
            ],
        ),
    ],
)
def test_refusals(given: dict[str, Any], said: list[str]) -> None:
    assert refusals(kind, given) == said


def test_source_ranges_may_be_padded_and_stand_in_an_annotation() -> None:
    balanced = service({"port": 80}, type="LoadBalancer", loadBalancerSourceRanges=[" 10.0.0.0/8 "])
    assert refusals(kind, balanced) == []
    annotated = service({"port": 80}, type="LoadBalancer")
    annotated["metadata"]["annotations"] = {"service.beta.kubernetes.io/load-balancer-source-ranges": "10.0.0.0/8,x"}
    (said,) = refusals(kind, annotated)
    assert said.startswith("metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: ")


def test_only_a_load_balancer_has_addresses_in_its_status() -> None:
    old = addressed()
    new = {**old, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
    assert [str(cause) for cause in kind.validate_status(new, old)] == [
        "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"
    ]
    balanced = addressed(type="LoadBalancer")
    balanced["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    kind.default(balanced)
    assert balanced["status"]["loadBalancer"]["ingress"] == [{"ip": "192.0.2.1", "ipMode": "VIP"}]
    assert kind.validate_status(balanced, balanced) == []


def test_cells() -> None:
    balanced = addressed(type="LoadBalancer", externalIPs=["198.51.100.9"], selector={"b": "2", "a": "1"})
    balanced["spec"]["ports"] = [{"port": 80, "nodePort": 30001, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]
    row = cells(kind, balanced)
    assert row["External-IP"] == "198.51.100.9"
    assert row["Port(s)"] == "80:30001/TCP,53/UDP"
    assert row["Selector"] == "a=1,b=2"
    balanced["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.2"}, {"ip": "192.0.2.1"}, {"hostname": "lb"}]}}
    assert cells(kind, balanced)["External-IP"] == "192.0.2.1,192.0.2.2,lb,198.51.100.9"
    bare = cells(kind, addressed(type="LoadBalancer"))
    assert (bare["External-IP"], bare["Selector"]) == ("<pending>", "<none>")
    named = cells(kind, created(kind, {"spec": {"type": "ExternalName", "externalName": "a.example"}}))
    assert (named["Cluster-IP"], named["External-IP"], named["Port(s)"]) == ("<none>", "a.example", "<none>")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"clusterIP": "None", "clusterIPs": ["None"], "sessionAffinity": "ClientIP"},
            "spec.SessionAffinity is ignored",
        ),
        ({"externalIPs": ["198.51.100.1"]}, "spec.externalIPs is deprecated"),
        ({"externalIPs": ["198.51.100.001"]}, 'spec.externalIPs[0]: non-standard IP address "198.51.100.001"'),
        ({"trafficDistribution": "PreferClose"}, 'spec.trafficDistribution: "PreferClose" is deprecated'),
        ({"externalName": "a.b"}, 'spec.externalName is ignored when spec.type is not "ExternalName"'),
        ({"loadBalancerSourceRanges": ["10.0.0.1/8"]}, 'spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.1/8" is'),
    ],
)
def test_warnings(given: dict[str, Any], said: str) -> None:
    assert any(text.startswith(said) for text in kind.warnings(created(kind, service({"port": 80}, **given)), None))


def test_a_plain_service_warns_of_nothing() -> None:
    assert kind.warnings(addressed(), None) == []
