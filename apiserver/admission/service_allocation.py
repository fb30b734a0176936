"""Gives Services their cluster IPs and node ports, and takes them back.

Two pools of numbers, addresses and ports, each with a lower band kept for those who ask for a certain one: what is
given out freely comes from the upper band first, so that the two rarely meet (KEP-3070, KEP-3668).

    10.96.0.1 ............ 10.96.0.255 | 10.96.1.0 ...................... 10.96.255.254
       asked for by name               |    given out, starting anywhere

`admit` chooses and writes the choice into the Service; `commit` counts what the Service now holds more than before;
`released` counts it down again. Counting, rather than remembering owners, makes every failed or overtaken write undo
exactly what it did. A pool starts from the stored Services.
"""

from __future__ import annotations

import ipaddress
import random
from collections import Counter
from collections.abc import Iterable

from apiserver import errors
from apiserver.admission import Plugin, Verb, View
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.kinds import service
from apiserver.objects import services
from apiserver.objects.service_families import settle_families
from apiserver.objects.services import cluster_ips, node_ports, ports_of, spec_of, type_of
from apiserver.objects.validation import Causes, invalid
from apiserver.objects.validation.addresses import family, parse_ip

FIRST_NODE_PORT, LAST_NODE_PORT = 30000, 32767
DNS_ADDRESS = 10
"""The place in the service range that cluster DNS asks for, by convention; never given out unasked."""
DRY_RUN_PORT = 32769
"""What a dry run shows in place of a port it does not take."""


class Taken(Exception):
    """A number cannot be had; the message says why, in Kubernetes' words."""


class Pool:
    """The numbers from `first` to `last`, of which the first `reserved` are only given to those who ask for them, while
    others are left; `never` are not given out unasked at all."""

    def __init__(self, first: int, last: int, reserved: int, never: Iterable[int] = ()) -> None:
        self.first, self.last, self.reserved = first, last, reserved
        self._never = frozenset(never)
        self._held: Counter[int] = Counter()

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last

    def is_held(self, number: int) -> bool:
        return number in self._held

    def free(self, besides: Iterable[int] = ()) -> int | None:
        """A free number, none of `besides`; None when all are taken."""
        taken = {*besides, *self._never}
        border = self.first + self.reserved
        return self._free_between(border, self.last, taken) or self._free_between(self.first, border - 1, taken)

    def _free_between(self, first: int, last: int, taken: set[int]) -> int | None:
        if last < first:
            return None
        start = random.randint(first, last)
        for numbers in (range(start, last + 1), range(first, start)):
            for number in numbers:
                if number not in self._held and number not in taken:
                    return number
        return None

    def hold(self, numbers: Iterable[int]) -> None:
        self._held.update(number for number in numbers if number in self)

    def release(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if self._held[number] > 1:
                self._held[number] -= 1
            else:
                del self._held[number]


class ServiceAllocation(Plugin):
    """Addresses from `service_cidr`, node ports from 30000 to 32767."""

    kinds = (service.kind,)

    def __init__(self, service_cidr: str = "10.96.0.0/16") -> None:
        self.network = ipaddress.ip_network(service_cidr)
        self.family = family(self.network.network_address)
        first, last = int(self.network[0]) + 1, int(self.network[-1]) - (self.network.version == 4)
        size = self.network.num_addresses
        self._addresses = Pool(first, last, band(size, 16, 256, 16), never=[int(self.network[0]) + DNS_ADDRESS])
        ports = LAST_NODE_PORT - FIRST_NODE_PORT + 1
        self._ports = Pool(FIRST_NODE_PORT, LAST_NODE_PORT, band(ports, 16, 128, 32))

    def load(self, view: View) -> None:
        """Count what the stored Services hold; called once, before the first write."""
        for record in view.list(service.kind):
            self._addresses.hold(self._addresses_of(record.object))
            self._ports.hold(_ports_of(record.object))

    def admit(self, view: View, verb: Verb, kind: Kind, new: Object | None, old: Object | None, call: Call) -> None:
        """Write families, addresses and ports into `new`. Raises Invalid, or InternalError when a pool is empty."""
        if new is None:
            return
        _refuse(new, settle_families(new, old, self.family))
        if old is None or type_of(old) == services.EXTERNAL_NAME:
            self._give_address(new, call.dry_run)
        if type_of(new) in services.WITH_NODE_PORT:
            _PortPlan(self._ports, new, old, call.dry_run).give()
        _give_health_check_port(self._ports, new, old, call.dry_run)

    def commit(self, view: View, verb: Verb, kind: Kind, new: Object, old: Object | None, call: Call) -> None:
        if not call.dry_run:
            self._addresses.hold(self._addresses_of(new) - self._addresses_of(old))
            self._ports.hold(_ports_of(new) - _ports_of(old))

    def released(self, kind: Kind, gone: Object, kept: Object | None) -> None:
        self._addresses.release(self._addresses_of(gone) - self._addresses_of(kept))
        self._ports.release(_ports_of(gone) - _ports_of(kept))

    def _addresses_of(self, object: Object | None) -> set[int]:
        found = map(parse_ip, cluster_ips(object)) if object is not None else ()
        return {int(address) for address in found if address is not None and address in self.network}

    def _give_address(self, new: Object, dry_run: bool) -> None:
        ips = cluster_ips(new)
        if type_of(new) == services.EXTERNAL_NAME or services.is_headless(new):
            return
        if ips:
            try:
                self._take_address(ips[0], dry_run)
            except Taken as taken:
                _refuse(new, [invalid("spec.clusterIPs", ips, f"failed to allocate IP {ips[0]}: {taken}")])
            return
        number = int(self.network[0]) if dry_run else self._addresses.free()
        if number is None:
            raise errors.InternalError("failed to allocate a serviceIP: range is full")
        address = str(type(self.network[0])(number))
        spec_of(new).update(clusterIP=address, clusterIPs=[address])

    def _take_address(self, ip: str, dry_run: bool) -> None:
        address = parse_ip(ip)
        if address is None or address not in self.network:
            raise Taken("the provided network does not match the current range")
        if int(address) not in self._addresses:
            raise Taken(f"the provided IP ({ip}) is not in the valid range. The range of valid IPs is {self.network}")
        if not dry_run and self._addresses.is_held(int(address)):
            raise Taken("provided IP is already allocated")


class _PortPlan:
    """Chooses the node ports of one Service."""

    def __init__(self, pool: Pool, new: Object, old: Object | None, dry_run: bool) -> None:
        self._pool, self._new, self._old, self._dry_run = pool, new, old, dry_run
        self._chosen: list[int] = []

    def give(self) -> None:
        if self._old is None:
            self._give_first()
        else:
            self._give_more(set(node_ports(self._old)))

    def _give_first(self) -> None:
        """A new Service: ports with the same number (TCP and UDP 53) share a node port, if not told otherwise."""
        ports = ports_of(self._new)
        by_number: dict[int, int] = {}
        for index, port in enumerate(ports):
            number, wanted = port.get("port", 0), port.get("nodePort", 0)
            if not wanted and not services.wants_node_ports(self._new):
                continue
            if number not in by_number:
                asked = next((p["nodePort"] for p in ports if p.get("port", 0) == number and p.get("nodePort")), 0)
                port["nodePort"] = by_number[number] = self._take(index, asked) if asked else self._next()
            elif not wanted:
                port["nodePort"] = by_number[number]
            elif wanted != by_number[number]:
                self._take(index, wanted)

    def _give_more(self, kept: set[int]) -> None:
        """A changed Service: what it has it keeps, what it asks for is taken, what is missing is chosen."""
        seen: set[tuple[str, int]] = set()
        for index, port in enumerate(ports_of(self._new)):
            wanted = port.get("nodePort", 0)
            if not wanted and not services.wants_node_ports(self._new):
                continue
            if not wanted:
                port["nodePort"] = self._next()
            elif wanted not in kept and wanted not in self._chosen:
                self._take(index, wanted)
            key = (port.get("protocol", ""), port["nodePort"])
            if key in seen:
                raise errors.Unexplained(f"duplicate nodePort: {{{key[0]} {key[1]}}}")
            seen.add(key)

    def _take(self, index: int, number: int) -> int:
        try:
            take_port(self._pool, number, self._chosen, self._dry_run)
        except Taken as taken:
            _refuse(self._new, [invalid(f"spec.ports[{index}].nodePort", number, str(taken))])
        self._chosen.append(number)
        return number

    def _next(self) -> int:
        number = next_port(self._pool, self._chosen, node_ports(self._new), self._dry_run)
        if number is None:
            raise errors.InternalError("failed to allocate a nodePort: range is full")
        self._chosen.append(number)
        return number


def take_port(pool: Pool, number: int, chosen: Iterable[int], dry_run: bool) -> None:
    """Raises Taken. A dry run does not look at the range."""
    if number not in pool and not dry_run:
        valid = f"{pool.first}-{pool.last}"
        raise Taken(f"provided port is not in the valid range. The range of valid ports is {valid}")
    if pool.is_held(number) or number in chosen:
        raise Taken("provided port is already allocated")


def next_port(pool: Pool, chosen: Iterable[int], asked: Iterable[int], dry_run: bool) -> int | None:
    """A free port that is neither chosen already nor asked for elsewhere in the Service; None when there is none."""
    if dry_run:
        return max(chosen, default=DRY_RUN_PORT - 1) + 1
    return pool.free({*chosen, *asked})


def _give_health_check_port(pool: Pool, new: Object, old: Object | None, dry_run: bool) -> None:
    """The port on which a load balancer asks a node whether it has endpoints. It stays for as long as it is needed."""
    if not services.needs_health_check(new):
        return
    spec = spec_of(new)
    wanted = spec.get("healthCheckNodePort") or 0
    if old is not None and services.needs_health_check(old):
        return
    chosen = node_ports(new)
    if not wanted:
        number = next_port(pool, chosen, chosen, dry_run)
        if number is None:
            raise errors.InternalError("failed to allocate a HealthCheck NodePort 0: range is full")
        spec["healthCheckNodePort"] = number
        return
    try:
        take_port(pool, wanted, chosen, dry_run)
    except Taken as taken:
        raise errors.InternalError(f"failed to allocate requested HealthCheck NodePort {wanted}: {taken}") from None


def band(size: int, least: int, most: int, share: int) -> int:
    """How many of `size` numbers are kept for those who ask: a `share`-th, between `least` and `most`; none of few."""
    return 0 if size <= least else min(max(size // share, least), most)


def _ports_of(object: Object | None) -> set[int]:
    if object is None:
        return set()
    health_check = spec_of(object).get("healthCheckNodePort") or 0
    return {*node_ports(object), health_check} - {0}


def _refuse(new: Object, causes: Causes) -> None:
    if causes:
        raise errors.Invalid(service.kind.qualified, new["metadata"].get("name", ""), causes)
