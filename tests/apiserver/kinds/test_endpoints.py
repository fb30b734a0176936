from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds.endpoints import kind

from .pipeline import cells, created, refusals, update_refusals


def endpoints(*subsets: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "subsets": list(subsets)}


def ips(*last: int) -> list[dict[str, str]]:
    return [{"ip": f"192.0.2.{n}"} for n in last]


@pytest.mark.parametrize(
    ("given", "cell"),
    [
        (endpoints(), "<none>"),
        (endpoints({"notReadyAddresses": ips(1), "ports": [{"port": 80}]}), ""),
        (endpoints({"addresses": ips(1, 2)}), "192.0.2.1,192.0.2.2"),
        (endpoints({"addresses": ips(1, 2), "ports": [{"port": 80}]}), "192.0.2.1:80,192.0.2.2:80"),
        (
            endpoints({"addresses": ips(1, 2), "ports": [{"port": 80}, {"port": 81}]}, {"addresses": ips(3)}),
            "192.0.2.1:80,192.0.2.2:80,192.0.2.1:81 + 2 more...",
        ),
        (endpoints({"addresses": [{"ip": "2001:db8::1"}], "ports": [{"port": 80}]}), "[2001:db8::1]:80"),
    ],
)
def test_the_cell_counts_what_it_does_not_show(given: dict[str, Any], cell: str) -> None:
    assert cells(kind, given)["Endpoints"] == cell


@pytest.mark.parametrize(
    ("subset", "said"),
    [
        ({"ports": [{"port": 80}]}, ["subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"]),
        (
            {"addresses": [{"ip": "x"}]},
            [
                'subsets[0].addresses[0].ip: Invalid value: "x": '
                "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
                'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address',
            ],
        ),
        (
            {"notReadyAddresses": [{"ip": "::1"}]},
            [
                'subsets[0].notReadyAddresses[0].ip: Invalid value: "::1": '
                "may not be in the loopback range (127.0.0.0/8, ::1/128)"
            ],
        ),
        (
            {"addresses": ips(1), "ports": [{"port": 80, "protocol": "ICMP"}]},
            ['subsets[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
        ),
        ({"addresses": ips(1), "ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]}, []),
    ],
)
def test_refusals(subset: dict[str, Any], said: list[str]) -> None:
    assert refusals(kind, endpoints(subset)) == said


def test_subsets_that_stay_are_not_looked_at() -> None:
    old = created(kind, endpoints({"addresses": [{"ip": "127.0.0.1"}]}))
    labelled = {**old, "metadata": {"name": "web", "labels": {"a": "b"}}}
    assert update_refusals(kind, labelled, old) == []
    (said,) = update_refusals(kind, endpoints({"addresses": [{"ip": "127.0.0.2"}]}), old)
    assert "loopback" in said


def test_old_spellings_warn_unless_the_controller_writes() -> None:
    given = endpoints({"addresses": [{"ip": "192.0.2.010"}]})
    (said,) = kind.warnings(given, None)
    assert said.endswith('use "192.0.2.10"')
    given["metadata"]["labels"] = {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    assert kind.warnings(given, None) == []
