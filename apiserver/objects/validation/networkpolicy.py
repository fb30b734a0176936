"""Validation of NetworkPolicies: peers, ports, and address blocks."""

from __future__ import annotations

from collections.abc import Iterator

from apiserver.objects.validation import Causes, Object, forbidden, invalid, not_supported, required
from apiserver.objects.validation.addresses import Address, cidr_warnings, parse_cidr, valid_cidr
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import port_name, port_number, problems

DIRECTIONS = (("ingress", "from"), ("egress", "to"))
"""What a policy lists by direction: (the rules, the other side in each)."""
TYPES = ("Ingress", "Egress")
PROTOCOLS = ("TCP", "UDP", "SCTP")


def validate_policy(policy: Object) -> Causes:
    spec = policy["spec"]
    causes = validate_label_selector("spec.podSelector", spec.get("podSelector"))
    for direction, side in DIRECTIONS:
        for index, rule in enumerate(spec.get(direction) or ()):
            at = f"spec.{direction}[{index}]"
            for number, port in enumerate(rule.get("ports") or ()):
                causes += _validate_port(f"{at}.ports[{number}]", port)
            for number, peer in enumerate(rule.get(side) or ()):
                causes += _validate_peer(f"{at}.{side}[{number}]", peer)
    types = spec.get("policyTypes") or []
    if len(types) > len(TYPES):
        return [*causes, invalid("spec.policyTypes", types, "may not specify more than two policyTypes")]
    for index, name in enumerate(types):
        if name not in TYPES:
            causes.append(not_supported(f"spec.policyTypes[{index}]", name, TYPES))
    return causes


def _validate_port(at: str, entry: Object) -> Causes:
    protocol, port, end = entry.get("protocol"), entry.get("port"), entry.get("endPort")
    causes: Causes = []
    if protocol is not None and protocol not in PROTOCOLS:
        causes.append(not_supported(f"{at}.protocol", protocol, PROTOCOLS))
    if port is None:
        text = "may not be specified when `port` is not specified"
        return causes if end is None else [*causes, invalid(f"{at}.endPort", end, text)]
    if isinstance(port, str):
        if end is not None:
            causes.append(invalid(f"{at}.endPort", end, "may not be specified when `port` is non-numeric"))
        return causes + problems(f"{at}.port", port, port_name(port))
    causes += problems(f"{at}.port", port, port_number(port))
    if end is not None:
        if end < port:
            causes.append(invalid(f"{at}.endPort", end, "must be greater than or equal to `port`"))
        causes += problems(f"{at}.endPort", end, port_number(end))
    return causes


def _validate_peer(at: str, peer: Object) -> Causes:
    causes: Causes = []
    selectors = [name for name in ("podSelector", "namespaceSelector") if peer.get(name) is not None]
    for name in selectors:
        causes += validate_label_selector(f"{at}.{name}", peer[name])
    block = peer.get("ipBlock")
    if block is not None:
        causes += _validate_block(f"{at}.ipBlock", block)
    if block is None and not selectors:
        causes.append(required(at, "must specify a peer"))
    elif block is not None and selectors:
        causes.append(forbidden(at, "may not specify both ipBlock and another peer"))
    return causes


def _validate_block(at: str, block: Object) -> Causes:
    cidr = block.get("cidr", "")
    if not cidr:
        return [required(f"{at}.cidr")]
    causes = valid_cidr(f"{at}.cidr", cidr)
    whole = parse_cidr(cidr)
    if whole is None:
        return causes
    for index, text in enumerate(block.get("except") or ()):
        here = f"{at}.except[{index}]"
        causes += valid_cidr(here, text)
        part = parse_cidr(text)
        if part is not None and not _is_strictly_within(part, whole):
            causes.append(invalid(here, text, "must be a strict subset of `cidr`"))
    return causes


def _is_strictly_within(part: tuple[Address, int], whole: tuple[Address, int]) -> bool:
    (address, length), (start, width) = part, whole
    if address.version != start.version or width >= length:
        return False
    shift = start.max_prefixlen - width
    return bool(int(address) >> shift == int(start) >> shift)


def policy_warnings(new: Object, old: Object | None) -> list[str]:
    """How accepted blocks should rather be written."""
    found: list[str] = []
    for at, block in _blocks(new["spec"]):
        found += cidr_warnings(f"{at}.cidr", block.get("cidr", ""))
        for index, text in enumerate(block.get("except") or ()):
            found += cidr_warnings(f"{at}.except[{index}]", text)
    return found


def _blocks(spec: Object) -> Iterator[tuple[str, Object]]:
    for direction, side in DIRECTIONS:
        for index, rule in enumerate(spec.get(direction) or ()):
            for number, peer in enumerate(rule.get(side) or ()):
                if peer.get("ipBlock"):
                    yield f"spec.{direction}[{index}].{side}[{number}].ipBlock", peer["ipBlock"]
