"""Endpoints: the addresses behind a Service in the old form, one object for all of them. EndpointSlices replace it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation import Causes, required
from apiserver.objects.validation.addresses import endpoint_ip, ip_warnings, valid_ip
from apiserver.objects.validation.names import dns_label, dns_subdomain, problems
from apiserver.objects.validation.ports import (
    validate_app_protocol,
    validate_number,
    validate_port_name,
    validate_protocol,
)

SHOWN_ADDRESSES = 3
"""More than these are counted, not shown, in a table."""
LISTS = ("addresses", "notReadyAddresses")
MANAGED_BY = "endpoints.kubernetes.io/managed-by"
CONTROLLER = "endpoint-controller"
DEPRECATED = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"


def targets(endpoints: Object) -> Iterator[str]:
    """Every ready address with every port of its subset, `10.244.0.2:8080`."""
    for subset in endpoints.get("subsets") or ():
        addresses = [address["ip"] for address in subset.get("addresses") or ()]
        ports = subset.get("ports")
        if not ports:
            yield from addresses
        for port in ports or ():
            for ip in addresses:
                yield f"[{ip}]:{port['port']}" if ":" in ip else f"{ip}:{port['port']}"


def summary(endpoints: Object) -> str:
    """`<none>` without subsets, but nothing at all where no address is ready."""
    if not endpoints.get("subsets"):
        return "<none>"
    found = list(targets(endpoints))
    shown = ",".join(found[:SHOWN_ADDRESSES])
    more = len(found) - SHOWN_ADDRESSES
    return f"{shown} + {more} more..." if more > 0 else shown


def validate_create(endpoints: Object) -> Causes:
    return _validate_subsets(endpoints, {})


def validate_update(new: Object, old: Object) -> Causes:
    """Subsets that stay as they are were found right before, under whatever rules held then; and so were addresses."""
    if new.get("subsets") == old.get("subsets"):
        return []
    return _validate_subsets(new, {a["ip"]: a for s in old.get("subsets") or () for n in LISTS for a in s.get(n) or ()})


def _validate_subsets(endpoints: Object, known: Mapping[str, Object]) -> Causes:
    """`known`: addresses that need no look, by their IP."""
    causes: Causes = []
    for index, subset in enumerate(endpoints.get("subsets") or ()):
        causes += _validate_subset(f"subsets[{index}]", subset, known)
    return causes


def _validate_subset(field: str, subset: Object, known: Mapping[str, Object]) -> Causes:
    causes: Causes = []
    if not subset.get("addresses") and not subset.get("notReadyAddresses"):
        causes.append(required(field, "must specify `addresses` or `notReadyAddresses`"))
    for name in LISTS:
        for index, address in enumerate(subset.get(name) or ()):
            if known.get(address.get("ip", "")) != address:
                causes += _validate_address(f"{field}.{name}[{index}]", address)
    ports = subset.get("ports") or ()
    for index, port in enumerate(ports):
        causes += _validate_port(f"{field}.ports[{index}]", port, len(ports) > 1)
    return causes


def _validate_address(field: str, address: Object) -> Causes:
    ip, hostname, node = address.get("ip", ""), address.get("hostname"), address.get("nodeName")
    causes = valid_ip(f"{field}.ip", ip)
    if hostname:
        causes += problems(f"{field}.hostname", hostname, dns_label(hostname))
    if node is not None:
        causes += problems(f"{field}.nodeName", node, dns_subdomain(node))
    return causes + endpoint_ip(f"{field}.ip", ip)


def _validate_port(field: str, port: Object, is_named: bool) -> Causes:
    return [
        *validate_port_name(f"{field}.name", port.get("name", ""), is_required=is_named),
        *validate_number(f"{field}.port", port.get("port", 0)),
        *validate_protocol(f"{field}.protocol", port.get("protocol")),
        *validate_app_protocol(f"{field}.appProtocol", port.get("appProtocol")),
    ]


def warnings(new: Object, old: Object | None) -> list[str]:
    """About addresses written in an old way, except by the controller, which tidies them itself."""
    if (new["metadata"].get("labels") or {}).get(MANAGED_BY) == CONTROLLER:
        return []
    found: list[str] = []
    for s, subset in enumerate(new.get("subsets") or ()):
        for name in LISTS:
            for a, address in enumerate(subset.get(name) or ()):
                found += ip_warnings(f"subsets[{s}].{name}[{a}].ip", address.get("ip", ""))
    return found


kind = Kind(
    "v1",
    "Endpoints",
    "endpoints",
    short=("ep",),
    singular="endpoints",
    columns=(NAME, Column("Endpoints", summary), AGE),
    validate_create=validate_create,
    validate_update=validate_update,
    warnings=warnings,
    read_warning=DEPRECATED,
    creates_on_update=True,
)
