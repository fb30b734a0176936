"""Pod addresses: never the same one soon again."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from apiserver.runtime.addresses import AddressPool, OutOfAddresses


def a_pool(cluster: str = "10.244.0.0/16", *nodes: str) -> AddressPool:
    pool = AddressPool(IPv4Network(cluster))
    for i, network in enumerate(nodes or ("10.244.0.0/24", "10.244.1.0/24")):
        pool.add_node(f"node-{i + 1}", IPv4Network(network))
    return pool


def test_addresses_come_in_order_from_the_range_of_the_node():
    pool = a_pool()
    assert [pool.allocate("node-1", "a"), pool.allocate("node-1", "b"), pool.allocate("node-2", "c")] == [
        "10.244.0.2",
        "10.244.0.3",
        "10.244.1.2",
    ]


def test_an_address_given_back_is_the_last_to_be_given_out_again():
    pool = a_pool()
    first = pool.allocate("node-1", "a")
    pool.release(first, "a")
    others = [pool.allocate("node-1", f"p{i}") for i in range(252)]
    assert first not in others
    assert pool.allocate("node-1", "again") == first


def test_only_its_owner_gives_an_address_back():
    pool = a_pool("10.244.0.0/30", "10.244.0.0/30")
    address = pool.allocate("node-1", "a")
    pool.release(address, "somebody else")
    with pytest.raises(OutOfAddresses):
        pool.allocate("node-1", "b")


def test_claimed_addresses_are_taken_and_the_next_come_after_them():
    pool = a_pool()
    pool.claim("10.244.0.7", "old")
    assert pool.allocate("node-1", "new") == "10.244.0.8"


def test_a_full_node_takes_over_ranges_that_belong_to_nobody():
    pool = a_pool()
    addresses = [pool.allocate("node-1", f"p{i}") for i in range(600)]
    assert len(set(addresses)) == 600
    assert {a.rpartition(".")[0] for a in addresses} == {"10.244.0", "10.244.255", "10.244.254"}


def test_a_range_is_used_to_its_end_and_then_there_is_nothing():
    pool = a_pool("10.244.0.0/29", "10.244.0.0/30")
    given = [pool.allocate("node-1", f"p{i}") for i in range(2)]
    assert given == ["10.244.0.2", "10.244.0.6"]
    with pytest.raises(OutOfAddresses):
        pool.allocate("node-1", "one too many")
