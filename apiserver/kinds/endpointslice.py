"""EndpointSlice: up to a thousand endpoints of one Service, all of one address type and with the same ports."""

from __future__ import annotations

from collections.abc import Sequence

from apiserver.kind import AGE, NAME, Column, Kind, Object, spec_changed
from apiserver.objects.validation import IMMUTABLE, Causes, duplicate, invalid, not_supported, required, too_many
from apiserver.objects.validation.addresses import endpoint_ip, family, ip_warnings, parse_ip, valid_ip
from apiserver.objects.validation.names import dns_label, dns_subdomain, label_value, problems
from apiserver.objects.validation.ports import validate_app_protocol, validate_port_name, validate_protocol

ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")

MAX_ENDPOINTS, MAX_ADDRESSES, MAX_PORTS = 1000, 100, 20000
MAX_HINTS = 8
SHOWN = 3
"""More ports or addresses than these are counted, not shown, in a table."""

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
CONTROLLERS = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")


def port_summary(slice: Object) -> str:
    return _summary([_port_text(port) for port in slice.get("ports") or ()])


def _port_text(port: Object) -> str:
    number = port.get("port")
    return str(number) if number is not None else str(port.get("name", "*"))


def address_summary(slice: Object) -> str:
    return _summary([a for endpoint in slice.get("endpoints") or () for a in endpoint.get("addresses") or ()])


def _summary(found: Sequence[str]) -> str:
    shown = ",".join(found[:SHOWN])
    more = len(found) - SHOWN
    return f"{shown} + {more} more..." if more > 0 else shown or "<unset>"


def prepare(new: Object, old: Object | None) -> None:
    """Topology labels stand in fields of their own since v1; the map that held them is not stored."""
    for endpoint in new.get("endpoints") or ():
        endpoint.pop("deprecatedTopology", None)


def is_new_generation(new: Object, old: Object) -> bool:
    """Labels count too: they say whose endpoints these are."""
    return spec_changed(new, old) or (new["metadata"].get("labels") or {}) != (old["metadata"].get("labels") or {})


def validate(slice: Object) -> Causes:
    return [
        *_validate_address_type(slice.get("addressType", "")),
        *_validate_ports("ports", slice.get("ports") or ()),
    ]


def validate_create(slice: Object) -> Causes:
    return _validate_endpoints("endpoints", slice.get("endpoints") or (), slice.get("addressType", ""))


def validate_update(new: Object, old: Object) -> Causes:
    """Endpoints that stay as they are were found right before, under whatever rules held then."""
    causes = [] if new.get("endpoints") == old.get("endpoints") else validate_create(new)
    address_type = new.get("addressType", "")
    if address_type != old.get("addressType", ""):
        causes.append(invalid("addressType", address_type, IMMUTABLE))
    return causes


def _validate_address_type(address_type: str) -> Causes:
    if not address_type:
        return [required("addressType")]
    return [] if address_type in ADDRESS_TYPES else [not_supported("addressType", address_type, ADDRESS_TYPES)]


def _validate_ports(field: str, ports: Sequence[Object]) -> Causes:
    if len(ports) > MAX_PORTS:
        return [too_many(field, len(ports), MAX_PORTS)]
    causes: Causes = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        at, name = f"{field}[{index}]", port.get("name", "")
        causes += validate_port_name(f"{at}.name", name, is_required=False)
        if name in names:
            causes.append(duplicate(f"{at}.name", name))
        names.add(name)
        causes += validate_protocol(f"{at}.protocol", port.get("protocol"))
        causes += validate_app_protocol(f"{at}.appProtocol", port.get("appProtocol"))
    return causes


def _validate_endpoints(field: str, endpoints: Sequence[Object], address_type: str) -> Causes:
    if len(endpoints) > MAX_ENDPOINTS:
        return [too_many(field, len(endpoints), MAX_ENDPOINTS)]
    causes: Causes = []
    for index, endpoint in enumerate(endpoints):
        causes += _validate_endpoint(f"{field}[{index}]", endpoint, address_type)
    return causes


def _validate_endpoint(field: str, endpoint: Object, address_type: str) -> Causes:
    addresses = endpoint.get("addresses") or ()
    causes: Causes = []
    if not addresses:
        causes.append(required(f"{field}.addresses", "must contain at least 1 address"))
    elif len(addresses) > MAX_ADDRESSES:
        causes.append(too_many(f"{field}.addresses", len(addresses), MAX_ADDRESSES))
    for index, address in enumerate(addresses):
        causes += _validate_address(f"{field}.addresses[{index}]", address, address_type)
    if (node := endpoint.get("nodeName")) is not None:
        causes += problems(f"{field}.nodeName", node, dns_subdomain(node))
    if (hostname := endpoint.get("hostname")) is not None:
        causes += problems(f"{field}.hostname", hostname, dns_label(hostname))
    return causes + _validate_hints(f"{field}.hints", endpoint.get("hints") or {})


def _validate_address(field: str, address: str, address_type: str) -> Causes:
    if address_type == "FQDN":
        return _validate_domain(field, address)
    if address_type not in ADDRESS_TYPES:
        return []
    if causes := valid_ip(field, address):
        return causes
    parsed = parse_ip(address)
    if parsed is not None and family(parsed) != address_type:
        causes = [invalid(field, address, f"must be an {address_type} address")]
    return causes + endpoint_ip(field, address)


def _validate_domain(field: str, name: str) -> Causes:
    """At least two labels, a trailing dot allowed."""
    if not name:
        return [required(field)]
    domain = name.removesuffix(".")
    if found := dns_subdomain(domain):
        return [invalid(field, domain, ",".join(found))]
    if "." not in domain:
        return [invalid(field, domain, "should be a domain with at least two segments separated by dots")]
    wrong = ((label, dns_label(label)) for label in domain.split("."))
    return [invalid(field, label, ",".join(found)) for label, found in wrong if found][:1]


def _validate_hints(field: str, hints: Object) -> Causes:
    zones, nodes = hints.get("forZones") or (), hints.get("forNodes") or ()
    causes = [
        too_many(f"{field}.{name}", len(entries), MAX_HINTS)
        for name, entries in (("forZones", zones), ("forNodes", nodes))
        if len(entries) > MAX_HINTS
    ]
    if causes:
        return causes
    for name, entries, check in (("forZones", zones, label_value), ("forNodes", nodes, dns_subdomain)):
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            at, value = f"{field}.{name}[{index}].name", entry.get("name", "")
            if value in seen:
                causes.append(duplicate(at, value))
            seen.add(value)
            causes += problems(at, value, check(value))
    return causes


def warnings(new: Object, old: Object | None) -> list[str]:
    found = ["spec.addressType: FQDN endpoints are deprecated"] if new.get("addressType") == "FQDN" else []
    if (new["metadata"].get("labels") or {}).get(MANAGED_BY) in CONTROLLERS or new.get("addressType") == "FQDN":
        return found
    for e, endpoint in enumerate(new.get("endpoints") or ()):
        for a, address in enumerate(endpoint.get("addresses") or ()):
            found += ip_warnings(f"endpoints[{e}].addresses[{a}]", address)
    return found


kind = Kind(
    "discovery.k8s.io/v1",
    "EndpointSlice",
    "endpointslices",
    columns=(
        NAME,
        Column("AddressType", lambda slice: str(slice.get("addressType", ""))),
        Column("Ports", port_summary),
        Column("Endpoints", address_summary),
        AGE,
    ),
    has_generation=True,
    is_new_generation=is_new_generation,
    prepare=prepare,
    validate=validate,
    validate_create=validate_create,
    validate_update=validate_update,
    warnings=warnings,
)
