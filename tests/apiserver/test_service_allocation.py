from __future__ import annotations

import copy
import ipaddress
from typing import Any

import orjson
import pytest

from apiserver import errors
from apiserver.admission.service_allocation import Pool, ServiceAllocation, band
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.kinds import service
from apiserver.objects.selectors import LabelSelector
from apiserver.storage import Record
from tests.apiserver.kinds.pipeline import created, updated


class Shelf:
    """A few stored Services, for a plugin to look at."""

    def __init__(self, *objects: Object) -> None:
        self._records = [Record(str(n), n, 0, n, False, orjson.dumps(object)) for n, object in enumerate(objects, 1)]

    def find(self, kind: Kind, namespace: str, name: str) -> Record | None:
        return None

    def list(self, kind: Kind, namespace: str = "", labels: LabelSelector | None = None) -> list[Record]:
        return self._records


class Registry:
    """Writes Services through allocation the way the API does."""

    def __init__(self, cidr: str = "10.96.0.0/16", *stored: Object) -> None:
        self.allocation = ServiceAllocation(cidr)
        self.allocation.load(Shelf(*stored))

    def create(self, *ports: dict[str, Any], dry_run: bool = False, fails: bool = False, **spec: Any) -> Object:
        new = created(service.kind, {"spec": {"ports": list(ports) or [{"port": 80}], **spec}})
        self._write(new, None, dry_run, fails)
        return new

    def update(self, old: Object, *ports: dict[str, Any], fails: bool = False, **spec: Any) -> Object:
        changed = {**copy.deepcopy(old["spec"]), **spec, **({"ports": list(ports)} if ports else {})}
        new = updated(service.kind, {"spec": changed}, old)
        self._write(new, old, False, fails)
        return new

    def _write(self, new: Object, old: Object | None, dry_run: bool, fails: bool) -> None:
        call = Call(dry_run=dry_run)
        verb = "update" if old else "create"
        self.allocation.admit(Shelf(), verb, service.kind, new, old, call)
        self.allocation.commit(Shelf(), verb, service.kind, new, old, call)
        if fails:
            self.allocation.released(service.kind, new, old)
        elif old is not None:
            self.allocation.released(service.kind, old, new)

    def delete(self, old: Object) -> None:
        self.allocation.released(service.kind, old, None)


def ip(object: Object) -> str:
    return str(object["spec"]["clusterIP"])


def ports(object: Object) -> list[int]:
    return [port.get("nodePort", 0) for port in object["spec"]["ports"]]


def refusal(registry: Registry, *ports: dict[str, Any], **spec: Any) -> str:
    with pytest.raises(errors.Invalid) as refused:
        registry.create(*ports, **spec)
    (cause,) = refused.value.causes
    return str(cause)


def test_addresses_come_from_the_upper_band() -> None:
    registry = Registry()
    given = [ip(registry.create()) for _ in range(50)]
    assert len(set(given)) == 50
    first = ipaddress.ip_address("10.96.1.0")
    assert all(first <= ipaddress.ip_address(address) <= ipaddress.ip_address("10.96.255.254") for address in given)


def test_the_lower_band_is_used_when_the_upper_one_is_full_but_never_for_dns() -> None:
    registry = Registry("10.96.0.0/27")
    given = {ip(registry.create()) for _ in range(29)}
    assert given == {f"10.96.0.{n}" for n in range(1, 31)} - {"10.96.0.10"}
    with pytest.raises(errors.InternalError, match="failed to allocate a serviceIP: range is full"):
        registry.create()
    assert ip(registry.create(clusterIP="10.96.0.10")) == "10.96.0.10"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("10.96.0.5", "provided IP is already allocated"),
        ("172.30.0.5", "the provided network does not match the current range"),
        (
            "10.96.0.0",
            "the provided IP (10.96.0.0) is not in the valid range. The range of valid IPs is 10.96.0.0/16",
        ),
        (
            "10.96.255.255",
            "the provided IP (10.96.255.255) is not in the valid range. The range of valid IPs is 10.96.0.0/16",
        ),
    ],
)
def test_an_address_that_cannot_be_had(wanted: str, why: str) -> None:
    registry = Registry()
    registry.create(clusterIP="10.96.0.5")
    assert refusal(registry, clusterIP=wanted) == (
        f'spec.clusterIPs: Invalid value: ["{wanted}"]: failed to allocate IP {wanted}: {why}'
    )


def test_a_deleted_service_gives_everything_back() -> None:
    registry = Registry()
    old = registry.create({"port": 80, "nodePort": 30007}, type="NodePort", clusterIP="10.96.0.5")
    registry.delete(old)
    again = registry.create({"port": 80, "nodePort": 30007}, type="NodePort", clusterIP="10.96.0.5")
    assert (ip(again), ports(again)) == ("10.96.0.5", [30007])


def test_a_write_that_fails_gives_back_what_it_took_and_nothing_else() -> None:
    registry = Registry()
    registry.create(clusterIP="10.96.0.5", fails=True)
    kept = registry.create({"port": 80, "nodePort": 30007}, type="NodePort", clusterIP="10.96.0.5")
    registry.update(kept, {"port": 80, "nodePort": 30008}, type="NodePort", fails=True)
    registry.create({"port": 80, "nodePort": 30008}, type="NodePort")
    assert "already allocated" in refusal(registry, {"port": 80, "nodePort": 30007}, type="NodePort")
    assert "already allocated" in refusal(registry, clusterIP="10.96.0.5")


def test_overtaken_writes_of_one_service_count_apart() -> None:
    registry = Registry()
    old = registry.create({"port": 80}, type="NodePort")
    first = registry.update(old, {"port": 80, "nodePort": 30009}, type="NodePort")
    # A second write, computed from `old` too, asked for the same port before the first was stored, and lost.
    registry.allocation.commit(Shelf(), "update", service.kind, first, old, Call())
    registry.allocation.released(service.kind, first, old)
    assert "already allocated" in refusal(registry, {"port": 80, "nodePort": 30009}, type="NodePort")
    registry.delete(first)
    registry.create({"port": 80, "nodePort": 30009}, type="NodePort")


def test_a_dry_run_takes_nothing() -> None:
    registry = Registry()
    shown = registry.create({"name": "a", "port": 80}, {"name": "b", "port": 81}, type="NodePort", dry_run=True)
    assert (ip(shown), ports(shown)) == ("10.96.0.0", [32769, 32770])
    registry.create({"port": 80, "nodePort": 30007}, type="NodePort", clusterIP="10.96.0.5", dry_run=True)
    registry.create({"port": 80, "nodePort": 30007}, type="NodePort", clusterIP="10.96.0.5")


def test_stored_services_hold_theirs_from_the_start() -> None:
    stored = Registry().create({"port": 80, "nodePort": 30007}, type="NodePort", clusterIP="10.96.0.5")
    registry = Registry("10.96.0.0/16", stored)
    assert "already allocated" in refusal(registry, clusterIP="10.96.0.5")
    assert "already allocated" in refusal(registry, {"port": 80, "nodePort": 30007}, type="NodePort")
    registry.delete(stored)
    registry.create({"port": 80, "nodePort": 30007}, type="NodePort", clusterIP="10.96.0.5")


def test_node_ports_are_chosen_kept_and_shared_by_protocols() -> None:
    registry = Registry()
    dns = registry.create(
        {"name": "udp", "port": 53, "protocol": "UDP"}, {"name": "tcp", "port": 53}, {"name": "x", "port": 80},
        type="NodePort",
    )  # fmt: skip
    udp, tcp, other = ports(dns)
    assert udp == tcp != other
    assert all(30086 <= port <= 32767 for port in (udp, other))
    changed = registry.update(dns, {"name": "x", "port": 81}, {"name": "new", "port": 82})
    assert ports(changed)[0] == other
    assert ports(changed)[1] != other
    registry.create({"port": 1, "nodePort": udp}, type="NodePort")


def test_a_node_port_that_cannot_be_had() -> None:
    registry = Registry()
    registry.create({"port": 80, "nodePort": 30007}, type="NodePort")
    assert refusal(registry, {"port": 80, "nodePort": 30007}, type="NodePort") == (
        "spec.ports[0].nodePort: Invalid value: 30007: provided port is already allocated"
    )
    assert refusal(registry, {"port": 80, "nodePort": 80}, type="LoadBalancer") == (
        "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. "
        "The range of valid ports is 30000-32767"
    )


def test_a_load_balancer_may_do_without_node_ports() -> None:
    registry = Registry()
    bare = registry.create({"port": 80}, type="LoadBalancer", allocateLoadBalancerNodePorts=False)
    assert ports(bare) == [0]
    asked = registry.create({"port": 80, "nodePort": 30007}, type="LoadBalancer", allocateLoadBalancerNodePorts=False)
    assert ports(asked) == [30007]


def test_a_local_load_balancer_has_a_health_check_port_that_stays() -> None:
    registry = Registry()
    local = registry.create({"port": 80}, type="LoadBalancer", externalTrafficPolicy="Local")
    port = local["spec"]["healthCheckNodePort"]
    assert port in range(30000, 32768)
    assert port not in ports(local)
    wide = registry.update(local, externalTrafficPolicy="Cluster")
    assert "healthCheckNodePort" not in wide["spec"]
    registry.create({"port": 80, "nodePort": port}, type="NodePort")


def test_changing_the_type_takes_and_gives_back() -> None:
    registry = Registry()
    plain = registry.create({"port": 80})
    open_ = registry.update(plain, type="NodePort")
    (port,) = ports(open_)
    closed = registry.update(open_, type="ClusterIP")
    assert (ip(closed), ports(closed)) == (ip(plain), [0])
    registry.create({"port": 80, "nodePort": port}, type="NodePort")
    named = registry.update(closed, type="ExternalName", externalName="a.example")
    assert "clusterIP" not in named["spec"]
    registry.create(clusterIP=ip(plain))
    back = registry.update(named, type="ClusterIP")
    assert ip(back) != ip(plain)


def test_headless_and_external_name_services_get_no_address() -> None:
    registry = Registry()
    headless = registry.create(clusterIP="None", selector={"a": "b"})["spec"]
    assert (headless["clusterIPs"], headless["ipFamilies"], headless["ipFamilyPolicy"]) == (
        ["None"],
        ["IPv4"],
        "SingleStack",
    )
    free = registry.create(clusterIP="None")["spec"]
    assert (free["ipFamilies"], free["ipFamilyPolicy"]) == (["IPv4", "IPv6"], "RequireDualStack")
    assert "clusterIPs" not in registry.create(type="ExternalName", externalName="a.example")["spec"]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            {"ipFamilyPolicy": "RequireDualStack"},
            'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": '
            "this cluster is not configured for dual-stack services",
        ),
        ({"ipFamilies": ["IPv6"]}, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'),
        (
            {"clusterIP": "fd00::1"},
            'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
        ),
        (
            {"ipFamilies": ["IPv4", "IPv6"]},
            'spec.ipFamilyPolicy: Invalid value: "SingleStack": '
            "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
        ),
    ],
)
def test_one_family_only(spec: dict[str, Any], said: str) -> None:
    assert refusal(Registry(), **spec) == said


def test_two_families_may_be_preferred() -> None:
    registry = Registry()
    made = registry.create(ipFamilyPolicy="PreferDualStack")
    assert (made["spec"]["ipFamilies"], len(made["spec"]["clusterIPs"])) == (["IPv4"], 1)
    assert registry.update(made, selector={"a": "b"})["spec"]["ipFamilies"] == ["IPv4"]


def test_a_range_of_ipv6() -> None:
    registry = Registry("fd00::/112")
    made = registry.create()["spec"]
    assert made["ipFamilies"] == ["IPv6"]
    assert ipaddress.ip_address(made["clusterIP"]) in ipaddress.ip_network("fd00::/112")


@pytest.mark.parametrize(("size", "kept"), [(16, 0), (32, 16), (4096, 256), (65536, 256), (512, 32)])
def test_band_of_addresses(size: int, kept: int) -> None:
    assert band(size, 16, 256, 16) == kept


def test_a_full_pool_has_nothing_free() -> None:
    pool = Pool(1, 3, reserved=1)
    pool.hold([2, 3])
    assert pool.free() == 1
    assert pool.free(besides=[1]) is None
    pool.release([2])
    assert pool.free() == 2
