"""Ranges of Service addresses, and addresses: what is wrong with them, in Kubernetes' words."""

from __future__ import annotations

from typing import Any

from apiserver.objects.validation import IMMUTABLE, Causes, invalid, required
from apiserver.objects.validation.addresses import parse_cidr, parse_ip, valid_cidr
from apiserver.objects.validation.names import dns_subdomain, path_segment

Object = dict[str, Any]

MAX_RANGES = 2
ONE_OF_EACH = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
NO_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


def validate_range(range_: Object) -> Causes:
    """What is wrong with a ServiceCIDR."""
    at, spec = "spec.cidrs", range_["spec"]
    cidrs = spec.get("cidrs") or []
    if not cidrs:
        return [required(at, "at least one CIDR required")]
    if len(cidrs) > MAX_RANGES:
        return [invalid(at, {"CIDRs": cidrs}, f"may only hold up to {MAX_RANGES} values")]
    parsed = [parse_cidr(text) for text in cidrs]
    if len(cidrs) == MAX_RANGES and len({found[0].version if found else None for found in parsed} - {None}) != len(
        cidrs
    ):
        return [invalid(at, {"CIDRs": cidrs}, ONE_OF_EACH)]
    return [cause for index, text in enumerate(cidrs) for cause in valid_cidr(f"{at}[{index}]", text)]


def validate_range_update(new: Object, old: Object) -> Causes:
    cidrs = new["spec"].get("cidrs") or []
    return [] if cidrs == (old["spec"].get("cidrs") or []) else [invalid("spec.cidrs", cidrs, IMMUTABLE)]


def address_name(name: str, is_prefix: bool) -> list[str]:
    """The name of an IPAddress: the address itself, written the one way it is written."""
    address = parse_ip(name)
    if address is None:
        return [NO_ADDRESS]
    return [] if str(address) == name else [f'must be in canonical form ("{address}")']


def validate_address(address: Object) -> Causes:
    """What is wrong with an IPAddress."""
    at, parent = "spec.parentRef", address["spec"].get("parentRef")
    if parent is None:
        return [required(at)]
    group, namespace = parent.get("group"), parent.get("namespace")
    causes = [invalid(f"{at}.group", group, said) for said in dns_subdomain(group)] if group else []
    for field in ("resource", "name"):
        value = parent.get(field, "")
        if not value:
            causes.append(required(f"{at}.{field}"))
        causes += [invalid(f"{at}.{field}", value, said) for said in path_segment(value)]
    return causes + [invalid(f"{at}.namespace", namespace, said) for said in path_segment(namespace or "")]


def validate_address_update(new: Object, old: Object) -> Causes:
    parent = new["spec"].get("parentRef")
    return [] if parent == old["spec"].get("parentRef") else [invalid("spec.parentRef", parent, IMMUTABLE)]
