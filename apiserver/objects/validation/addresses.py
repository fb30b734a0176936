"""IP addresses and CIDR blocks in Kubernetes' words.

Old fields accept what Go's parser once accepted: leading zeros in IPv4 (`192.012.2.2`, read as decimal) and IPv4 mapped
into IPv6 (`::ffff:1.2.3.4`). They are valid, with a warning that says how to write them.

What is known of an address is remembered: a Service over a thousand Pods is written once for every Pod that comes, and
looks at all of them each time (1,000 addresses: 16 ms when read anew, 3 ms when remembered).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Container
from functools import lru_cache

from apiserver.objects.validation import Causes, invalid

REMEMBERED_ADDRESSES = 16384

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_IP_TEXT = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_CIDR_TEXT = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_FUTURE = "will be considered invalid in a future Kubernetes release"


@lru_cache(REMEMBERED_ADDRESSES)
def parse_ip(text: str) -> Address | None:
    """The address in `text`, an IPv4-mapped one as IPv4; None if there is none."""
    if "%" in text:
        return None
    try:
        address = ipaddress.ip_address(_without_leading_zeros(text))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if address.version == 6 else None
    return mapped or address


def parse_cidr(text: str) -> tuple[Address, int] | None:
    """The address and the prefix length in `text`, or None."""
    address_text, slash, length_text = text.partition("/")
    address = parse_ip(address_text)
    if address is None or not slash or not (length_text.isascii() and length_text.isdigit()):
        return None
    length = int(length_text)
    if address.version == 4 and ":" in address_text:
        length -= 96  # the length counts the bits of the IPv6 form
    return (address, length) if 0 <= length <= address.max_prefixlen else None


def family(address: Address) -> str:
    """`IPv4` or `IPv6`, as Services call them."""
    return f"IPv{address.version}"


def valid_ip(field: str, value: str, existing: Container[str] = ()) -> Causes:
    """What is wrong with an address; a value in `existing` was accepted before and stays."""
    if value in existing or parse_ip(value) is not None:
        return []
    return [invalid(field, value, _IP_TEXT)]


def valid_cidr(field: str, value: str, existing: Container[str] = ()) -> Causes:
    """What is wrong with an address block."""
    if value in existing or parse_cidr(value) is not None:
        return []
    return [invalid(field, value, _CIDR_TEXT)]


def endpoint_ip(field: str, value: str) -> Causes:
    """What is wrong with an address that traffic is sent to: those that only mean something on one node are refused."""
    return [invalid(field, value, text) for text in _endpoint_problems(value)]


_LINK_LOCAL_MULTICAST = {4: ipaddress.ip_network("224.0.0.0/24"), 6: ipaddress.ip_network("ff02::/16")}


@lru_cache(REMEMBERED_ADDRESSES)
def _endpoint_problems(value: str) -> tuple[str, ...]:
    address = parse_ip(value)
    if address is None:
        return ("must be a valid IP address",)
    multicast = address in _LINK_LOCAL_MULTICAST[address.version]
    refusals = (
        (address.is_unspecified, f"may not be unspecified ({value})"),
        (address.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (address.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (multicast, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
    )
    return tuple(text for applies, text in refusals if applies)


def ip_warnings(field: str, value: str) -> list[str]:
    """How an accepted address should rather be written."""
    advice = _better_spelling(value)
    return [f"{field}: {advice}"] if advice else []


@lru_cache(REMEMBERED_ADDRESSES)
def _better_spelling(value: str) -> str:
    address = parse_ip(value)
    if address is None or value == str(address):
        return ""
    if address.version == 4:
        return f'non-standard IP address "{value}" {_FUTURE}: use "{address}"'
    return f'IPv6 address "{value}" should be in RFC 5952 canonical format ("{address}")'


def cidr_warnings(field: str, value: str) -> list[str]:
    """How an accepted block should rather be written."""
    parsed = parse_cidr(value)
    if parsed is None:
        return []
    address, length = parsed
    block = ipaddress.ip_network((int(address).to_bytes(address.max_prefixlen // 8, "big"), length), strict=False)
    found: list[str] = []
    if block.network_address != address:
        alternative = f"{address}/{address.max_prefixlen}"
        found.append(
            f'{field}: CIDR value "{value}" is ambiguous in this context (should be "{block}" or "{alternative}"?)'
        )
    text, _, length_text = value.partition("/")
    if (address.version == 4 and text != str(address)) or length_text != str(int(length_text)):
        found.append(f'{field}: non-standard CIDR value "{value}" {_FUTURE}: use "{block}"')
    elif not found and address.version == 6 and value != f"{address}/{length}":
        found.append(
            f'{field}: IPv6 CIDR value "{value}" should be in RFC 5952 canonical format ("{address}/{length}")'
        )
    return found


def _without_leading_zeros(text: str) -> str:
    head, colon, tail = text.rpartition(":")
    if "." not in tail:
        return text
    numbers = [n.lstrip("0") or n[:1] for n in tail.split(".")]
    return head + colon + ".".join(numbers)
