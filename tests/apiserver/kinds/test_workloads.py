"""ReplicaSets and Deployments: what they share, and where they differ."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from apiserver.kind import Kind
from apiserver.kinds.deployment import kind as deployment
from apiserver.kinds.replicaset import kind as replicaset

from .pipeline import cells, created, refusals, update_refusals

LABELS = {"app": "web"}
MISMATCH = "`selector` does not match template `labels`"


def workload(selector: Any = None, labels: Any = None, **spec: Any) -> dict[str, Any]:
    template: dict[str, Any] = {"spec": {"containers": [{"name": "c", "image": "nginx:1"}]}}
    template["metadata"] = {"labels": LABELS if labels is None else labels}
    return {
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": LABELS} if selector is None else selector, "template": template, **spec},
    }


@pytest.mark.parametrize("kind", [deployment, replicaset], ids=lambda k: str(k.name))
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (workload(), []),
        (workload({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}), []),
        (workload(labels={"app": "x"}), [f'spec.template.metadata.labels: Invalid value: {{"app":"x"}}: {MISMATCH}']),
        (workload({}), ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
        (workload({"matchLabels": LABELS, "matchExpressions": [{"key": "a", "operator": "Like"}]}), [
            'spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
            'spec.selector: Invalid value: {"matchLabels":{"app":"web"},"matchExpressions":[{"key":"a","operator":'
            '"Like"}]}: invalid label selector']),
        (workload({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}), [
            f'spec.template.metadata.labels: Invalid value: {{"app":"web"}}: {MISMATCH}']),
        (workload(replicas=-1), ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
    ],
)  # fmt: skip
def test_refusals(kind: Kind, given: dict[str, Any], expected: list[str]) -> None:
    assert refusals(kind, given) == expected


def test_no_selector_selects_nothing() -> None:
    given = workload()
    del given["spec"]["selector"]
    del given["spec"]["template"]
    assert refusals(replicaset, given) == [
        "spec.selector: Required value",
        f"spec.template.metadata.labels: Invalid value: null: {MISMATCH}",
        "spec.template.spec.containers: Required value",
    ]


def test_a_template_always_restarts_and_is_reported_without_metadata() -> None:
    given = workload(labels={"app": "web", "x": "a b"})
    given["spec"]["template"]["spec"] |= {"restartPolicy": "Never", "activeDeadlineSeconds": 5}
    first, *others = refusals(deployment, given)
    assert first.startswith('spec.template.labels: Invalid value: "a b": a valid label must be')
    assert others == [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
    ]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"strategy": {"type": "Blue"}}, [
            'spec.strategy: Unsupported value: {"Type":"Blue","RollingUpdate":null}: supported values: "Recreate", '
            '"RollingUpdate"']),
        ({"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}}, [
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]),
        ({"strategy": {"rollingUpdate": {"maxSurge": "many", "maxUnavailable": "101%"}}}, [
            "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"many\": a valid percent string must be a numeric "
            "string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
            'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%']),
        ({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}}, [
            'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0']),
        ({"progressDeadlineSeconds": 5, "minReadySeconds": 5}, [
            "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"]),
        ({"revisionHistoryLimit": -1}, [
            "spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0"]),
    ],
)  # fmt: skip
def test_refusals_of_deployments(spec: dict[str, Any], expected: list[str]) -> None:
    assert refusals(deployment, workload(**spec)) == expected


def test_defaults_of_deployments() -> None:
    spec = created(deployment, workload())["spec"]
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    assert spec["strategy"] == rolling
    assert (spec["replicas"], spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (1, 10, 600)
    pod = spec["template"]["spec"]
    assert pod["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert "enableServiceLinks" not in pod
    assert "rollingUpdate" not in created(deployment, workload(strategy={"type": "Recreate"}))["spec"]["strategy"]


def test_requests_of_a_template_stay_as_written() -> None:
    given = workload()
    given["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1"}}
    made = created(deployment, given)["spec"]["template"]["spec"]["containers"][0]
    assert made["resources"] == {"limits": {"cpu": "1"}}


def test_a_selector_is_for_ever() -> None:
    old = created(deployment, workload())
    assert update_refusals(deployment, workload({"matchLabels": {"app": "other"}}), old) == [
        'spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable'
    ]


def test_annotations_make_a_new_generation_of_a_deployment_only() -> None:
    old = created(deployment, workload())
    new = copy.deepcopy(old)
    new["metadata"]["annotations"] = {"a": "b"}
    assert deployment.is_new_generation(new, old)
    assert not replicaset.is_new_generation(new, old)
    new = copy.deepcopy(old)
    new["metadata"]["labels"] = {"a": "b"}
    assert not deployment.is_new_generation(new, old)


def test_columns() -> None:
    selector = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}
    made = {**workload(selector, replicas=3), "status": {"replicas": 3, "readyReplicas": 2, "updatedReplicas": 1}}
    row = cells(deployment, made)
    assert (row["Ready"], row["Up-to-date"], row["Available"]) == ("2/3", 1, 0)
    assert (row["Containers"], row["Images"], row["Selector"]) == ("c", "nginx:1", "app in (api,web)")
    row = cells(replicaset, made)
    assert (row["Desired"], row["Current"], row["Ready"]) == (3, 3, 2)


def test_a_status_adds_up() -> None:
    new = {"status": {"replicas": 1, "readyReplicas": 2, "availableReplicas": 3, "updatedReplicas": -1}}
    found = [str(c) for c in deployment.validate_status(new, {"status": {"collisionCount": 1}})]
    assert found == [
        "status.updatedReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas",
        "status.collisionCount: Invalid value: 0: cannot be decremented",
    ]


def test_a_name_with_dots_is_no_host_name() -> None:
    made = created(deployment, {**workload(), "metadata": {"name": "a.b"}})
    assert deployment.warnings(made, None) == [
        "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
        "a DNS label is recommended: [must not contain dots]"
    ]
