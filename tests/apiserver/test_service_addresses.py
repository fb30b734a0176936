"""ServiceCIDR and IPAddress: what tells of Services' addresses."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.errors import Invalid
from apiserver.kinds.ipaddress import parent
from tests.apiserver.harness import Harness

Object = dict[str, Any]


def service(name: str, **spec: Any) -> Object:
    spec = {"ports": [{"port": 80}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def address(address_: str, **parent: str) -> Object:
    metadata = {"name": address_}
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "IPAddress", "metadata": metadata, "spec": {"parentRef": parent},
    }  # fmt: skip


async def test_the_range_of_the_cluster_is_ready() -> None:
    async with Harness() as h:
        (found,) = h.list("ServiceCIDR")
        assert (found["metadata"]["name"], found["spec"]["cidrs"]) == ("kubernetes", ["10.96.0.0/16"])
        assert found["metadata"]["finalizers"] == ["networking.k8s.io/service-cidr-finalizer"]
        (condition,) = found["status"]["conditions"]
        assert (condition["type"], condition["status"]) == ("Ready", "True")


async def test_each_address_of_a_service_has_its_object() -> None:
    async with Harness() as h:
        assert [(a["metadata"]["name"], parent(a)) for a in h.list("IPAddress")] == [
            ("10.96.0.1", "services/default/kubernetes")
        ]
        made = await h.create(service("web"))
        await h.create(service("none", clusterIP="None"))
        await h.settle()
        found = h.get("IPAddress", made["spec"]["clusterIP"])
        assert parent(found) == "services/default/web"
        assert found["metadata"]["labels"] == {
            "ipaddress.kubernetes.io/ip-family": "IPv4", "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
        }  # fmt: skip
        await h.api.delete(h.kind("IPAddress"), "", made["spec"]["clusterIP"])
        await h.settle()
        assert len(h.list("IPAddress")) == 2
        await h.api.delete(h.kind("Service"), "default", "web")
        await h.settle()
        assert len(h.list("IPAddress")) == 1


async def test_addresses_of_others_are_left_alone() -> None:
    async with Harness() as h:
        await h.create(address("10.96.7.7", resource="gateways", name="g", group="example.com"))
        await h.settle()
        assert parent(h.get("IPAddress", "10.96.7.7")) == "gateways.example.com/g"


@pytest.mark.parametrize(
    ("object", "said"),
    [
        (
            address("10.0.0.01", resource="a", name="b"),
            'metadata.name: Invalid value: "10.0.0.01": must be in canonical',
        ),
        (address("ten", resource="a", name="b"), 'metadata.name: Invalid value: "ten": must be a valid IP address'),
        (address("10.0.0.1", name="b"), "spec.parentRef.resource: Required value"),
        (address("10.0.0.1", resource="a", name=".."), "spec.parentRef.name: Invalid value: \"..\": may not be '..'"),
        ({"spec": {}}, "spec.cidrs: Required value: at least one CIDR required"),
        ({"spec": {"cidrs": ["10.0.0.0/8", "11.0.0.0/8"]}}, "may specify no more than one IP for each IP family"),
        ({"spec": {"cidrs": ["10.0.0.0/8", "fd00::/8", "11.0.0.0/8"]}}, "may only hold up to 2 values"),
        ({"spec": {"cidrs": ["ten"]}}, 'spec.cidrs[0]: Invalid value: "ten": must be a valid CIDR value'),
    ],
)
async def test_what_is_refused(object: Object, said: str) -> None:
    made = {
        "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "more"}, **object,
    }  # fmt: skip
    async with Harness() as h:
        with pytest.raises(Invalid) as refused:
            await h.create(made)
        assert said in refused.value.message


async def test_neither_changes_what_it_is_about() -> None:
    async with Harness() as h:
        with pytest.raises(Invalid, match="field is immutable"):
            await h.api.modify(
                h.kind("ServiceCIDR"), "", "kubernetes", lambda old: {**old, "spec": {"cidrs": ["10.0.0.0/8"]}}
            )
        other = {"parentRef": {"resource": "services", "name": "x", "namespace": "default"}}
        with pytest.raises(Invalid, match="field is immutable"):
            await h.api.modify(h.kind("IPAddress"), "", "10.96.0.1", lambda old: {**old, "spec": other})
