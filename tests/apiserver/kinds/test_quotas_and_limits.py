"""ResourceQuota and LimitRange: what they are filled in with, refuse, and show."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds.limitrange import kind as limitrange
from apiserver.kinds.resourcequota import kind as resourcequota

from .pipeline import cells, created, refusals, update_refusals


def quota(hard: dict[str, str], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}}


def scoped(name: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"scopeName": name, "operator": operator, "values": list(values)}]}


NARROW = "unsupported scope applied to resource"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (quota({"pods": "3", "count/deployments.apps": "1", "requests.example.com/gpu": "2"}), []),
        (quota({"hugepages-2Mi": "0", "requests.storage": "1Gi"}), []),
        (quota({"pods": "-1"}), ['spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0']),
        (quota({"pods": "1500m"}), ['spec.hard[pods]: Invalid value: "1500m": must be an integer']),
        (quota({"storage": "1"}), [
            'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota']),
        (quota({"cows": "1"}), [
            'spec.hard[cows]: Invalid value: "cows": must be a standard resource type or fully qualified',
            'spec.hard[cows]: Invalid value: "cows": must be a standard resource for quota']),
        (quota({"pods": "1"}, scopes=["Terminating", "NotTerminating"]), [
            'spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes']),
        (quota({"cpu": "1"}, scopes=["BestEffort"]), [f'spec.scopes: Invalid value: ["BestEffort"]: {NARROW}']),
        (quota({"pods": "1"}, scopes=["Fast"]), ['spec.scopes: Invalid value: ["Fast"]: unsupported scope']),
        (quota({"pods": "1"}, scopeSelector=scoped("PriorityClass", "In", "high")), []),
        (quota({"pods": "1"}, scopeSelector=scoped("PriorityClass", "In")), [
            "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is "
            "'In' or 'NotIn' for scope selector"]),
        (quota({"services": "1"}, scopeSelector=scoped("PriorityClass", "Exists")), [
            'spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"PriorityClass",'
            f'"Operator":"Exists","Values":null}}]}}: {NARROW}']),
        (quota({"pods": "1"}, scopeSelector=scoped("PriorityClass", "Like")), [
            'spec.scopeSelector.matchExpressions.operator: Invalid value: "Like": not a valid selector operator']),
        (quota({"pods": "1"}, scopeSelector=scoped("Terminating", "DoesNotExist", "a")), [
            'spec.scopeSelector.matchExpressions.operator: Invalid value: "DoesNotExist": '
            "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
            "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or "
            "ResourceQuotaScopeCrossNamespacePodAffinity",
            'spec.scopeSelector.matchExpressions.values: Invalid value: ["a"]: must be no value when `operator` is '
            "'Exist' or 'DoesNotExist' for scope selector"]),
    ],
)  # fmt: skip
def test_what_a_quota_can_count(given: dict[str, Any], expected: list[str]) -> None:
    assert refusals(resourcequota, given) == expected


def test_a_quota_keeps_its_scopes() -> None:
    old, new = quota({"pods": "1"}, scopes=["Terminating"]), quota({"pods": "1"})
    assert update_refusals(resourcequota, new, old) == ["spec.scopes: Invalid value: null: field is immutable"]
    assert update_refusals(resourcequota, quota({"pods": "9"}, scopes=["Terminating"]), old) == []


def test_requests_and_limits_have_columns_of_their_own() -> None:
    given = quota({"pods": "3"})
    given["status"] = {"hard": {"limits.cpu": "2", "pods": "3", "cpu": "1"}, "used": {"pods": "1", "cpu": "250m"}}
    row = cells(resourcequota, given)
    assert (row["Request"], row["Limit"]) == ("cpu: 250m/1, pods: 1/3", "limits.cpu: 0/2")


def limits(type_: str = "Container", **amounts: Any) -> dict[str, Any]:
    return {"metadata": {"name": "l"}, "spec": {"limits": [{"type": type_, **amounts}]}}


def test_what_is_not_said_of_containers_follows_from_what_is() -> None:
    given = limits(max={"cpu": "2"}, min={"cpu": "1", "memory": "1Gi"}, default={"example.com/gpu": "1"})
    (item,) = created(limitrange, given)["spec"]["limits"]
    assert item["default"] == {"cpu": "2", "example.com/gpu": "1"}
    assert item["defaultRequest"] == {"cpu": "2", "memory": "1Gi", "example.com/gpu": "1"}
    (untouched,) = created(limitrange, limits("Pod", max={"cpu": "2"}))["spec"]["limits"]
    assert untouched == {"type": "Pod", "max": {"cpu": "2"}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (limits(max={"cpu": "1"}, default={"cpu": "3"}, defaultRequest={"cpu": "1"}), [
            'spec.limits[0].default[cpu]: Invalid value: "1": default value 3 is greater than max value 1']),
        (limits("Pod", min={"cpu": "2"}, max={"cpu": "1"}), [
            'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1']),
        (limits("Pod", default={"cpu": "1"}), [
            "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"]),
        (limits("PersistentVolumeClaim"), [
            "spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither "
            "was provided"]),
        (limits("PersistentVolumeClaim", min={"storage": "1Gi"}), []),
        (limits("Cow"), [
            'spec.limits[0].type: Invalid value: "Cow": must be a standard limit type or fully qualified']),
        (limits("Pod", min={"cpu": "1"}, max={"cpu": "2"}, maxLimitRequestRatio={"cpu": "3"}), [
            'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = '
            "2.000000"]),
        (limits("Pod", maxLimitRequestRatio={"cpu": "500m"}), [
            'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1']),
        (limits(max={"storage": "1"}), [
            'spec.limits[0].max[storage]: Invalid value: "storage": must be a standard resource for containers',
            'spec.limits[0].default[storage]: Invalid value: "storage": must be a standard resource for containers',
            'spec.limits[0].defaultRequest[storage]: Invalid value: "storage": must be a standard resource for '
            "containers"]),
    ],
)  # fmt: skip
def test_bounds_must_leave_room(given: dict[str, Any], expected: list[str]) -> None:
    assert refusals(limitrange, given) == expected


def test_each_type_is_bounded_once() -> None:
    given = limits("Pod")
    given["spec"]["limits"] *= 2
    assert refusals(limitrange, given) == ['spec.limits[1].type: Duplicate value: "Pod"']


def test_limits_without_a_name_get_one() -> None:
    new: dict[str, Any] = {"metadata": {}}
    limitrange.prepare(new, None)
    assert len(new["metadata"]["name"]) == 36
