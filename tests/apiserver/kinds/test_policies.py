"""PodDisruptionBudget, PriorityClass, RuntimeClass: what they refuse and show."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds.poddisruptionbudget import kind as budget
from apiserver.kinds.priorityclass import kind as priorityclass
from apiserver.kinds.runtimeclass import kind as runtimeclass

from .pipeline import cells, created, refusals, update_refusals


def pdb(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "b"}, "spec": {"selector": {"matchLabels": {"app": "zk"}}, **spec}}


PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for "
    "validation is '[0-9]+%')"
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (pdb(minAvailable=1), []),
        (pdb(maxUnavailable="50%", unhealthyPodEvictionPolicy="AlwaysAllow"), []),
        (pdb(minAvailable=3, maxUnavailable=1), [
            'spec: Invalid value: {"MinAvailable":3,"Selector":{"matchLabels":{"app":"zk"}},"MaxUnavailable":1,'
            '"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set']),
        (pdb(minAvailable=-1), ["spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"]),
        (pdb(minAvailable="half"), [f'spec.minAvailable: Invalid value: "half": {PERCENT}']),
        (pdb(maxUnavailable="101%"), ['spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%']),
        (pdb(unhealthyPodEvictionPolicy="Never"), [
            'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", '
            '"IfHealthyBudget"']),
    ],
)  # fmt: skip
def test_a_budget_is_a_number_or_a_percentage(given: dict[str, Any], expected: list[str]) -> None:
    assert refusals(budget, given) == expected


def test_a_budget_shows_what_it_allows() -> None:
    row = cells(budget, {**pdb(maxUnavailable="25%"), "status": {"disruptionsAllowed": 2}})
    assert (row["Min Available"], row["Max Unavailable"], row["Allowed Disruptions"]) == ("N/A", "25%", 2)


def test_the_status_of_a_budget_is_checked() -> None:
    conditions = [{"type": "A", "status": "Maybe", "reason": "1", "lastTransitionTime": None}]
    causes = budget.validate_status({"status": {"expectedPods": -1, "conditions": [*conditions, conditions[0]]}}, {})
    assert [cause.field for cause in causes] == [
        "status.conditions[0].status", "status.conditions[0].lastTransitionTime", "status.conditions[0].reason",
        "status.conditions[1].type", "status.conditions[1].status", "status.conditions[1].lastTransitionTime",
        "status.conditions[1].reason", "status.expectedPods",
    ]  # fmt: skip


def priority(name: str, value: int, **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "value": value, **fields}


RESERVED = (
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: "
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (priority("high", 1_000_000_000), []),
        (priority("low", -5, preemptionPolicy="Never"), []),
        (priority("high", 1_000_000_001), [
            "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"]),
        (priority("system-x", 1), [RESERVED + "system-x is not a known system priority class"]),
        (priority("system-node-critical", 1), [
            RESERVED + "value of system-node-critical PriorityClass must be 2000001000"]),
        (priority("system-node-critical", 2_000_001_000, globalDefault=True), [
            RESERVED + "globalDefault of system-node-critical PriorityClass must be false"]),
        (priority("high", 1, preemptionPolicy="Often"), [
            'preemptionPolicy: Unsupported value: "Often": supported values: "PreemptLowerPriority", "Never"']),
    ],
)  # fmt: skip
def test_priorities_have_bounds(given: dict[str, Any], expected: list[str]) -> None:
    assert refusals(priorityclass, given) == expected


def test_a_priority_class_keeps_its_value() -> None:
    old = created(priorityclass, priority("high", 5))
    assert update_refusals(priorityclass, priority("high", 5, description="new"), old) == []
    assert update_refusals(priorityclass, priority("high", 7, preemptionPolicy="Never"), old) == [
        "value: Forbidden: may not be changed in an update.",
        'preemptionPolicy: Invalid value: "Never": field is immutable',
    ]
    assert cells(priorityclass, old)["PreemptionPolicy"] == "PreemptLowerPriority"


def test_a_runtime_class_names_a_handler() -> None:
    given: dict[str, Any] = {"metadata": {"name": "sandboxed"}, "handler": "runsc"}
    assert refusals(runtimeclass, given) == []
    toleration = {"key": "a", "operator": "Exists"}
    given |= {"handler": "A", "overhead": {"podFixed": {"cpu": "-1"}}}
    given["scheduling"] = {"nodeSelector": {"a": "-"}, "tolerations": [toleration, toleration]}
    found = refusals(runtimeclass, given)
    assert [refusal.partition(":")[0] for refusal in found] == [
        "handler", "overhead.limits[cpu]", "scheduling.nodeSelector", "scheduling.tolerations[1]",
    ]  # fmt: skip
    shown = '{"Key":"a","Operator":"Exists","Value":"","Effect":"","TolerationSeconds":null}'
    assert found[-1] == f"scheduling.tolerations[1]: Duplicate value: {shown}"
    assert update_refusals(runtimeclass, {**given, "handler": "b"}, given) == [
        'handler: Invalid value: "b": field is immutable'
    ]
