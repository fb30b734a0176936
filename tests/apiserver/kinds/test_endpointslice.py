from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds.endpointslice import kind

from .pipeline import cells, created, refusals, update_refusals


def slice_of(*addresses: str, **more: Any) -> dict[str, Any]:
    endpoints = [{"addresses": [address]} for address in addresses]
    return {"metadata": {"name": "s"}, "addressType": "IPv4", "endpoints": endpoints, **more}


def test_defaults() -> None:
    made = created(kind, slice_of("192.0.2.1", ports=[{"port": 80}]))
    assert made["ports"] == [{"name": "", "protocol": "TCP", "port": 80}]
    assert made["endpoints"][0]["conditions"] == {}
    empty = created(kind, {"addressType": "IPv4"})
    assert (empty["endpoints"], empty["ports"]) == (None, None)


def test_the_old_topology_map_is_not_stored() -> None:
    endpoint = {"addresses": ["192.0.2.1"], "deprecatedTopology": {"not a key!": "x"}, "zone": "a"}
    made = created(kind, slice_of(endpoints=[endpoint]))
    assert made["endpoints"] == [{"addresses": ["192.0.2.1"], "zone": "a", "conditions": {}}]


def test_cells() -> None:
    assert cells(kind, slice_of())["Endpoints"] == "<unset>"
    row = cells(kind, slice_of("a", "b", "c", "d", "e", ports=[{"port": 80}, {"name": "all"}]))
    assert (row["Endpoints"], row["Ports"]) == ("a,b,c + 2 more...", "80,all")
    assert cells(kind, slice_of(ports=[{}]))["Ports"] == "*"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"metadata": {"name": "s"}}, ["addressType: Required value"]),
        (slice_of("2001:db8::1"), ['endpoints[0].addresses[0]: Invalid value: "2001:db8::1": must be an IPv4 address']),
        (slice_of("db.example.com", addressType="FQDN"), []),
        (
            slice_of("db", addressType="FQDN"),
            [
                'endpoints[0].addresses[0]: Invalid value: "db": '
                "should be a domain with at least two segments separated by dots"
            ],
        ),
        (slice_of(endpoints=[{}]), ["endpoints[0].addresses: Required value: must contain at least 1 address"]),
        (
            slice_of(endpoints=[{"addresses": ["192.0.2.1"]}] * 1001),
            ["endpoints: Too many: 1001: must have at most 1000 items"],
        ),
        (slice_of(ports=[{"name": "a"}, {"name": "a"}]), ['ports[1].name: Duplicate value: "a"']),
        (slice_of(ports=[{"port": 70000}]), []),
        (
            slice_of(endpoints=[{"addresses": ["192.0.2.1"], "hints": {"forZones": [{"name": "a"}, {"name": "a"}]}}]),
            ['endpoints[0].hints.forZones[1].name: Duplicate value: "a"'],
        ),
    ],
)
def test_refusals(given: dict[str, Any], said: list[str]) -> None:
    assert refusals(kind, given) == said


def test_the_address_type_stays_and_endpoints_that_stay_are_not_looked_at() -> None:
    old = created(kind, slice_of("192.0.2.1"))
    fixed = 'addressType: Invalid value: "IPv6": field is immutable'
    assert update_refusals(kind, slice_of("192.0.2.1", addressType="IPv6"), old) == [fixed]
    assert update_refusals(kind, slice_of("192.0.2.2", addressType="IPv6"), old) == [
        'endpoints[0].addresses[0]: Invalid value: "192.0.2.2": must be an IPv6 address',
        fixed,
    ]


def test_labels_make_a_new_generation_and_annotations_do_not() -> None:
    old = slice_of("192.0.2.1")
    labelled = {**old, "metadata": {"name": "s", "labels": {"kubernetes.io/service-name": "web"}}}
    annotated = {**old, "metadata": {"name": "s", "annotations": {"a": "b"}}}
    assert kind.is_new_generation(labelled, old)
    assert not kind.is_new_generation(annotated, old)
    assert kind.is_new_generation(slice_of("192.0.2.2"), old)


def test_domains_warn() -> None:
    assert kind.warnings(slice_of("db.example.com", addressType="FQDN"), None) == [
        "spec.addressType: FQDN endpoints are deprecated"
    ]
