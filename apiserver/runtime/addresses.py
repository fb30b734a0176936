"""Pod addresses: which are free, and which comes next.

Each node hands out the addresses of its own range, one after another, and starts over only at the end: an address that
was just given back is the last to be given out again, so nobody mistakes a new Pod for the one it replaces. A node
whose range is used up takes over blocks of the cluster's range that belong to no node, from the far end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network

FIRST_HOST = 2
"""The first two addresses of a range are its network and the bridge on the node."""


class OutOfAddresses(Exception):
    """Every address that the node could use is taken."""


@dataclass
class _Range:
    start: int
    end: int
    next: int
    is_full: bool = False

    @classmethod
    def of(cls, network: IPv4Network) -> _Range:
        start = int(network.network_address) + FIRST_HOST
        return cls(start, int(network.broadcast_address), start)


@dataclass
class AddressPool:
    """The Pod addresses of a cluster; `cluster` is the range that those of all nodes lie in."""

    cluster: IPv4Network
    _nodes: dict[str, IPv4Network] = field(default_factory=dict)
    _owners: dict[int, str] = field(default_factory=dict)
    _ranges: dict[str, list[_Range]] = field(default_factory=dict)
    _spare: int = 0

    def add_node(self, node: str, network: IPv4Network) -> None:
        """Say which addresses are the node's; more than once does no harm."""
        if self._nodes.get(node) != network:
            self._nodes[node] = network
            self._ranges[node] = [_Range.of(network)]

    def allocate(self, node: str, uid: str) -> str:
        """An address for the Pod `uid` on a node that was added. Raises OutOfAddresses."""
        for place in self._ranges[node]:
            address = None if place.is_full else self._next(place)
            if address is not None:
                self._owners[address] = uid
                return _text(address)
        self._ranges[node].append(self._extra_range())
        return self.allocate(node, uid)

    def claim(self, address: str, uid: str) -> None:
        """Take note that a Pod has this address already, and go on after it."""
        number = _number(address)
        self._owners[number] = uid
        for ranges in self._ranges.values():
            for place in ranges:
                if place.next <= number < place.end:
                    place.next = number + 1

    def release(self, address: str, uid: str) -> None:
        """Give an address back, unless it has another owner by now."""
        number = _number(address)
        if self._owners.get(number) != uid:
            return
        del self._owners[number]
        for ranges in self._ranges.values():
            for place in ranges:
                if place.start <= number < place.end:
                    place.is_full = False

    def _next(self, place: _Range) -> int | None:
        size = place.end - place.start
        for step in range(size):
            address = place.start + (place.next - place.start + step) % size
            if address not in self._owners:
                place.next = address + 1
                return address
        place.is_full = True
        return None

    def _extra_range(self) -> _Range:
        """The next block from the far end of the cluster's range that overlaps with no node's."""
        prefix = max((network.prefixlen for network in self._nodes.values()), default=24)
        size = 2 ** (32 - prefix)
        while (self._spare + 1) * size <= self.cluster.num_addresses:
            self._spare += 1
            start = int(self.cluster.broadcast_address) + 1 - self._spare * size
            block = IPv4Network((start, prefix))
            if not any(block.overlaps(network) for network in self._nodes.values()):
                return _Range.of(block)
        raise OutOfAddresses(f"no free address left in {self.cluster}")


def _number(address: str) -> int:
    a, b, c, d = address.split(".")
    return int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d)


def _text(number: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
