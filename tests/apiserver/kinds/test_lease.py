from __future__ import annotations

from apiserver.kinds.lease import kind

from .pipeline import cells, created, refusals


def test_a_lease_lasts_and_counts_upwards() -> None:
    assert refusals(kind, {"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}}) == [
        "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
        "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
    ]
    assert refusals(kind, {}) == []


def test_fields_of_coordinated_election_are_left_out() -> None:
    spec = {"holderIdentity": "a", "strategy": "OldestEmulationVersion", "preferredHolder": "b"}
    assert created(kind, {"spec": spec})["spec"] == {"holderIdentity": "a"}


def test_the_holder_is_shown() -> None:
    assert cells(kind, {"metadata": {}, "spec": {"holderIdentity": "a"}})["Holder"] == "a"
    assert cells(kind, {"metadata": {}, "spec": {}})["Holder"] == ""
