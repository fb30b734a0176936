"""What a PodDisruptionBudget allows, given its Pods and the scale of their owners."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apiserver.objects import disruptions
from tests.plans import builders

Object = dict[str, Any]
NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
AGES_AGO, JUST_NOW = "2026-01-01T11:00:00Z", "2026-01-01T11:59:30Z"


def budget(status: Object | None = None, **spec: Any) -> Object:
    return {"metadata": {"name": "b", "generation": 2}, "spec": spec, "status": status or {}}


def pod(name: str, **facts: Any) -> Object:
    return builders.pod(name, "10.0.0.1", **facts)


@pytest.mark.parametrize(
    ("spec", "expected", "desired"),
    [
        ({"minAvailable": 2}, 3, 2),
        ({"minAvailable": 9}, 3, 9),
        ({"minAvailable": "50%"}, 5, 3),
        ({"maxUnavailable": 1}, 3, 2),
        ({"maxUnavailable": "30%"}, 10, 7),
        ({"maxUnavailable": "50%"}, 5, 2),
        ({"maxUnavailable": 7}, 3, 0),
        ({}, 3, 0),
    ],
)
def test_how_many_must_stay(spec: Object, expected: int, desired: int) -> None:
    assert disruptions.desired_healthy(budget(**spec), expected) == desired


@pytest.mark.parametrize(
    ("spec", "needed"),
    [
        ({"minAvailable": 2}, False),
        ({"minAvailable": "2%"}, True),
        ({"maxUnavailable": 2}, True),
    ],
)
def test_the_scale_of_owners_matters_for_shares(spec: Object, needed: bool) -> None:
    assert disruptions.needs_scale(budget(**spec)) is needed


@pytest.mark.parametrize(("current", "allowed", "reason"), [(4, 2, "SufficientPods"), (2, 0, "InsufficientPods")])
def test_status(current: int, allowed: int, reason: str) -> None:
    status = disruptions.status_of(budget(minAvailable=2), 4, current, {"a": JUST_NOW}, NOW)
    (condition,) = status.pop("conditions")
    assert status == {
        "currentHealthy": current,
        "desiredHealthy": 2,
        "disruptionsAllowed": allowed,
        "expectedPods": 4,
        "observedGeneration": 2,
        "disruptedPods": {"a": JUST_NOW},
    }
    assert (condition["reason"], condition["status"]) == (reason, "True" if allowed else "False")
    assert condition["observedGeneration"] == 2


def test_a_budget_of_no_pods_allows_nothing() -> None:
    assert disruptions.status_of(budget(minAvailable=0), 0, 0, {}, NOW)["disruptionsAllowed"] == 0


def test_a_condition_keeps_its_time_while_it_holds() -> None:
    first = disruptions.status_of(budget(minAvailable=1), 2, 2, {}, NOW)
    later = datetime(2026, 1, 1, 13, 0, 0, tzinfo=UTC)
    assert disruptions.status_of(budget(first, minAvailable=1), 2, 2, {}, later) == first
    changed = disruptions.status_of(budget(first, minAvailable=2), 2, 2, {}, later)
    assert changed["conditions"][0]["lastTransitionTime"] == "2026-01-01T13:00:00Z"


def test_pods_that_may_go_do_not_count_until_they_are_late() -> None:
    pods = [pod("going"), pod("late"), pod("leaving", terminating=True), pod("unready", ready=False), pod("well")]
    known = {"going": JUST_NOW, "late": AGES_AGO, "leaving": JUST_NOW, "gone": JUST_NOW}
    found = disruptions.disrupted(budget({"disruptedPods": known}), pods, NOW)
    assert found.going == {"going": JUST_NOW}
    assert [late["metadata"]["name"] for late in found.late] == ["late"]
    assert found.next_seconds == 90.0
    assert disruptions.healthy(pods, found.going) == 2


def test_the_last_disruption_is_said_to_be_the_last() -> None:
    one = budget(minAvailable=1)
    one["status"] = disruptions.status_of(one, 2, 2, {}, NOW)
    disruptions.allow(one, "a", NOW)
    assert one["status"]["disruptionsAllowed"] == 0
    assert one["status"]["disruptedPods"] == {"a": "2026-01-01T12:00:00Z"}
    assert one["status"]["conditions"][0]["reason"] == "InsufficientPods"


def test_a_selector_in_the_middle_of_a_sentence() -> None:
    expression = {"key": "b", "operator": "In", "values": ["x", "y"]}
    assert disruptions.printed_selector({"matchLabels": {"a": "1"}, "matchExpressions": [expression]}) == (
        "&LabelSelector{MatchLabels:map[string]string{a: 1,},MatchExpressions:[]LabelSelectorRequirement"
        "{LabelSelectorRequirement{Key:b,Operator:In,Values:[x y],},},}"
    )
