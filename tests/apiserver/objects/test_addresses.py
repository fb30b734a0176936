from __future__ import annotations

import pytest

from apiserver.objects.validation.addresses import (
    cidr_warnings,
    endpoint_ip,
    ip_warnings,
    parse_cidr,
    parse_ip,
    valid_cidr,
    valid_ip,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.9.8.7", "10.9.8.7"),
        ("010.009.008.007", "10.9.8.7"),
        ("::ffff:10.9.8.7", "10.9.8.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", None),
        ("10.9.8", None),
        ("10.9.8.256", None),
        ("", None),
    ],
)
def test_addresses_are_read_as_go_read_them(text: str, address: str | None) -> None:
    parsed = parse_ip(text)
    assert (parsed and str(parsed)) == address


@pytest.mark.parametrize("text", ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/-1", "/8", "::1/129"])
def test_what_is_no_block(text: str) -> None:
    assert parse_cidr(text) is None
    (cause,) = valid_cidr("f", text)
    assert str(cause).endswith("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
    assert valid_cidr("f", text, existing=[text]) == []


def test_what_was_accepted_once_stays() -> None:
    assert [cause.field for cause in valid_ip("f", "nonsense")] == ["f"]
    assert valid_ip("f", "nonsense", existing=["nonsense"]) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0.0.0.0", "unspecified"),  # noqa: S104 - an address in an object, not one to listen on
        ("127.8.8.8", "loopback"),
        ("fe80::1", "link-local range"),
        ("224.0.0.9", "link-local multicast"),
        ("ff02::1", "link-local multicast"),
        ("x", "valid IP address"),
    ],
)
def test_addresses_that_mean_something_on_one_node_only(text: str, why: str) -> None:
    (cause,) = endpoint_ip("f", text)
    assert why in str(cause)


@pytest.mark.parametrize("text", ["10.0.0.1", "224.0.1.1", "2001:db8::1", "ff05::1"])
def test_addresses_that_may_be_endpoints(text: str) -> None:
    assert endpoint_ip("f", text) == []
    assert ip_warnings("f", text) == []


def test_how_addresses_should_be_written() -> None:
    future = "will be considered invalid in a future Kubernetes release"
    assert ip_warnings("f", "192.012.2.2") == [f'f: non-standard IP address "192.012.2.2" {future}: use "192.12.2.2"']
    assert ip_warnings("f", "::ffff:1.2.3.4") == [
        f'f: non-standard IP address "::ffff:1.2.3.4" {future}: use "1.2.3.4"'
    ]
    assert ip_warnings("f", "2001:db8:0:0::2") == [
        'f: IPv6 address "2001:db8:0:0::2" should be in RFC 5952 canonical format ("2001:db8::2")'
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10.0.0.0/8", []),
        ("2001:db8::/64", []),
        ("10.0.0.1/8", ["is ambiguous in this context (should be \"10.0.0.0/8\" or \"10.0.0.1/32\"?)"]),
        ("10.0.0.0/08", ['use "10.0.0.0/8"']),
        ("::ffff:10.0.0.0/104", ['use "10.0.0.0/8"']),
        ("2001:db8:0:0::/64", ['canonical format ("2001:db8::/64")']),
    ],
)  # fmt: skip
def test_how_blocks_should_be_written(text: str, said: list[str]) -> None:
    found = cidr_warnings("f", text)
    assert len(found) == len(said)
    assert all(end in warning for warning, end in zip(found, said, strict=True))
