"""IP addresses and blocks of them. What Kubernetes once took elsewhere (leading zeros, IPv4 within IPv6) is refused."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface
from typing import Any

from apiserver.objects.expressions.functions.urls import quoted
from apiserver.objects.validation.addresses import Address

Block = IPv4Interface | IPv6Interface

BROADCAST = ip_address("255.255.255.255")


def read_ip(text: str) -> Address:
    """Raises ValueError in Kubernetes' words."""
    said = f"IP Address {quoted(text)} parse error during conversion from string: "
    try:
        address = ip_address(text)
    except ValueError:
        raise ValueError(f"{said}ParseAddr({quoted(text)}): unable to parse IP") from None
    if "%" in text:
        raise ValueError(f"{said}IP address {quoted(text)} with zone value is not allowed")
    if address.version == 6 and address.ipv4_mapped is not None:
        raise ValueError(f"IPv4-mapped IPv6 address {quoted(text)} is not allowed")
    return address


def read_block(text: str) -> Block:
    """Raises ValueError in Kubernetes' words."""
    said = "network address parse error during conversion from string: "
    address, slash, bits = text.partition("/")
    try:
        if not slash or not bits.isdigit() or (len(bits) > 1 and bits[0] == "0"):
            raise ValueError
        block = ip_interface(f"{ip_address(address)}/{bits}")
    except ValueError:
        what = "bad bits after slash" if slash else "no '/'"
        raise ValueError(f"{said}{said}netip.ParsePrefix({quoted(text)}): {what}") from None
    if block.version == 6 and block.ip.ipv4_mapped is not None:
        raise ValueError(f"{said}IPv4-mapped IPv6 address {quoted(text)} is not allowed")
    return block


def _reads(read: Callable[[str], object]) -> Callable[[str], bool]:
    def does(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return does


def _is_global(address: Address) -> bool:
    nowhere = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not nowhere and address != BROADCAST


def _is_link_local_multicast(address: Address) -> bool:
    block = "224.0.0.0/24" if address.version == 4 else "ff02::/16"
    return address in ip_interface(block).network


def _contains(block: Block, other: Address | Block) -> bool:
    if isinstance(other, Block):
        return (
            other.version == block.version
            and other.network.prefixlen >= block.network.prefixlen
            and (other.ip in block.network)
        )
    return other in block.network


DECLARED: dict[str, Callable[..., Any] | None] = {
    "ip(string) IP": read_ip,
    "isIP(string) bool": _reads(read_ip),
    "ip.isCanonical(string) bool": lambda text: str(read_ip(text)) == text,
    "IP.family() int": lambda address: address.version,
    "IP.isUnspecified() bool": lambda address: address.is_unspecified,
    "IP.isLoopback() bool": lambda address: address.is_loopback,
    "IP.isLinkLocalMulticast() bool": _is_link_local_multicast,
    "IP.isLinkLocalUnicast() bool": lambda address: address.is_link_local,
    "IP.isGlobalUnicast() bool": _is_global,
    "string(IP) string": str,
    "cidr(string) CIDR": read_block,
    "isCIDR(string) bool": _reads(read_block),
    "CIDR.containsIP(IP) bool": _contains,
    "CIDR.containsIP(string) bool": lambda block, text: _contains(block, read_ip(text)),
    "CIDR.containsCIDR(CIDR) bool": _contains,
    "CIDR.containsCIDR(string) bool": lambda block, text: _contains(block, read_block(text)),
    "CIDR.ip() IP": lambda block: block.ip,
    "CIDR.masked() CIDR": lambda block: ip_interface(str(block.network)),
    "CIDR.prefixLength() int": lambda block: block.network.prefixlen,
    "string(CIDR) string": str,
}
