"""StatefulSet, DaemonSet, ReplicationController, ControllerRevision: defaults, refusals, columns."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from apiserver.kind import Kind
from apiserver.kinds.controllerrevision import kind as controllerrevision
from apiserver.kinds.daemonset import kind as daemonset
from apiserver.kinds.replicationcontroller import kind as replicationcontroller
from apiserver.kinds.statefulset import kind as statefulset

from .pipeline import cells, created, refusals, update_refusals, updated
from .test_workloads import LABELS, MISMATCH, workload

Object = dict[str, Any]


def controller(**spec: Any) -> Object:
    return workload(LABELS, **spec)


def claim(name: str = "data", **spec: Any) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {"metadata": {"name": name}, "spec": asked}


# -- StatefulSet -------------------------------------------------------------------------------------------------------


def test_defaults_of_statefulsets() -> None:
    spec = created(statefulset, workload(volumeClaimTemplates=[claim()]))["spec"]
    assert spec["podManagementPolicy"] == "OrderedReady"
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert (spec["replicas"], spec["revisionHistoryLimit"], spec["serviceName"]) == (1, 10, "")
    made = spec["volumeClaimTemplates"][0]
    assert (made["apiVersion"], made["kind"]) == ("v1", "PersistentVolumeClaim")
    assert made["status"] == {"phase": "Pending"}
    assert made["spec"]["volumeMode"] == "Filesystem"
    explicit = created(statefulset, workload(updateStrategy={"type": "RollingUpdate"}))["spec"]
    assert explicit["updateStrategy"] == {"type": "RollingUpdate"}


def test_what_the_version_leaves_off_is_dropped() -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}}
    spec = created(statefulset, workload(updateStrategy=rolling))["spec"]
    assert spec["updateStrategy"]["rollingUpdate"] == {"partition": 0}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (workload(), []),
        (workload(podManagementPolicy="Random"), [
            "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'"]),
        (workload(updateStrategy={"type": "Never"}), [
            'spec.updateStrategy: Invalid value: {"Type":"Never","RollingUpdate":null}: '
            "must be 'RollingUpdate' or 'OnDelete'"]),
        (workload(updateStrategy={"type": "OnDelete", "rollingUpdate": {"partition": 1}}), [
            'spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: '
            "only allowed for updateStrategy 'RollingUpdate'"]),
        (workload(updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": -1}}), [
            "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0"]),
        (workload(persistentVolumeClaimRetentionPolicy={"whenScaled": "Keep"}), [
            'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep": '
            'supported values: "Retain", "Delete"']),
        (workload(replicas=-1, minReadySeconds=-2, ordinals={"start": -3}), [
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.minReadySeconds: Invalid value: -2: must be greater than or equal to 0",
            "spec.ordinals.start: Invalid value: -3: must be greater than or equal to 0"]),
        (workload({}), ["spec.selector: Invalid value: {}: empty selector is invalid for statefulset"]),
        (workload(labels={"app": "x"}), [f'spec.template.metadata.labels: Invalid value: {{"app":"x"}}: {MISMATCH}']),
        (workload({"matchExpressions": [{"key": "a", "operator": "Like"}]}), [
            'spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
            'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Like"}]}: ']),
        (workload(volumeClaimTemplates=[claim(accessModes=[])]), [
            "spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required"]),
    ],
)  # fmt: skip
def test_refusals_of_statefulsets(given: Object, expected: list[str]) -> None:
    assert refusals(statefulset, given) == expected


def test_a_container_may_mount_a_claim_and_nothing_unknown() -> None:
    given = workload(volumeClaimTemplates=[claim()])
    container = given["spec"]["template"]["spec"]["containers"][0]
    container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    assert refusals(statefulset, given) == []
    container["volumeMounts"].append({"name": "dada", "mountPath": "/dada"})
    assert refusals(statefulset, given) == ['spec.template.spec.containers[0].volumeMounts[1].name: Not found: "dada"']


def test_a_name_that_makes_no_host_name_is_refused() -> None:
    assert statefulset.validate_name is not None
    assert statefulset.validate_name("a.b", False) == ["must not contain dots"]
    assert refusals(statefulset, workload(serviceName="a.b")) == [
        'spec.serviceName: Invalid value: "a.b": must not contain dots'
    ]


def test_most_of_a_statefulset_is_for_ever() -> None:
    old = created(statefulset, workload(serviceName="a", volumeClaimTemplates=[claim()]))
    changes: Object = {
        "replicas": 2, "minReadySeconds": 1, "revisionHistoryLimit": 1, "ordinals": {"start": 1},
        "updateStrategy": {"type": "OnDelete"}, "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"},
    }  # fmt: skip
    allowed = workload(serviceName="a", volumeClaimTemplates=[claim()], **changes)
    assert update_refusals(statefulset, allowed, old) == []
    text = (
        "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
        "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' "
        "are forbidden"
    )
    for change in ({"serviceName": "b"}, {"podManagementPolicy": "Parallel"}, {"volumeClaimTemplates": [claim("x")]}):
        asked = workload(**{"serviceName": "a", "volumeClaimTemplates": [claim()], **change})
        assert update_refusals(statefulset, asked, old) == [text]


def test_a_negative_history_limit_keeps_everything_and_is_warned_of() -> None:
    made = created(statefulset, workload(revisionHistoryLimit=-1))
    text = "a negative value retains all historical revisions; a value >= 0 is recommended"
    assert statefulset.warnings(made, None) == [f"spec.revisionHistoryLimit: {text}"]
    assert statefulset.warnings(made, copy.deepcopy(made)) == []


def test_columns_of_statefulsets() -> None:
    row = cells(statefulset, {**workload(replicas=3), "status": {"readyReplicas": 2}})
    assert (row["Ready"], row["Containers"], row["Images"]) == ("2/3", "c", "nginx:1")


def test_a_statefulset_status_adds_up() -> None:
    new = {"status": {"replicas": 1, "readyReplicas": 1, "currentReplicas": 2, "availableReplicas": 2}}
    assert [str(c) for c in statefulset.validate_status(new, {"status": {"collisionCount": 0}})] == [
        "status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas",
        "status.collisionCount: Invalid value: 0: cannot be decremented",
    ]


# -- DaemonSet ---------------------------------------------------------------------------------------------------------


def test_defaults_of_daemonsets() -> None:
    spec = created(daemonset, workload())["spec"]
    rolling = {"maxUnavailable": 1, "maxSurge": 0}
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}
    assert spec["revisionHistoryLimit"] == 10
    assert created(daemonset, workload(updateStrategy={"type": "OnDelete"}))["spec"]["updateStrategy"] == {
        "type": "OnDelete"
    }


def test_an_annotation_counts_the_templates_and_only_the_server_writes_it() -> None:
    key = "deprecated.daemonset.template.generation"
    given = workload()
    given["metadata"]["annotations"] = {key: "7"}
    old = created(daemonset, given)
    assert old["metadata"]["annotations"] == {key: "1"}
    assert updated(daemonset, {**workload(), "metadata": {"name": "web"}}, old)["metadata"]["annotations"] == {key: "2"}
    same = updated(daemonset, copy.deepcopy(old), old)
    assert same["metadata"]["annotations"] == {key: "1"}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"updateStrategy": {"type": "Slow"}}, [
            'spec.updateStrategy: Unsupported value: {"Type":"Slow","RollingUpdate":null}: '
            'supported values: "RollingUpdate", "OnDelete"']),
        ({"updateStrategy": {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 1}}}, [
            "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: "
            "may not be set when maxUnavailable is non-zero"]),
        ({"updateStrategy": {"rollingUpdate": {"maxUnavailable": 0}}}, [
            "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"]),
        ({"updateStrategy": {"rollingUpdate": {"maxUnavailable": "200%"}}}, [
            'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "200%": must not be greater than 100%']),
        ({"minReadySeconds": -1, "revisionHistoryLimit": -1}, [
            "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
            "spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0"]),
        ({"selector": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for daemonset"]),
        ({"selector": {"matchLabels": {"app": "x"}}}, [
            f'spec.template.metadata.labels: Invalid value: {{"app":"web"}}: {MISMATCH}']),
    ],
)  # fmt: skip
def test_refusals_of_daemonsets(spec: Object, expected: list[str]) -> None:
    given = workload()
    given["spec"] |= spec
    assert refusals(daemonset, given) == expected


def test_a_daemonset_without_a_selector_selects_nothing() -> None:
    given = workload()
    del given["spec"]["selector"]
    assert refusals(daemonset, given) == [f'spec.template.metadata.labels: Invalid value: {{"app":"web"}}: {MISMATCH}']


def test_columns_of_daemonsets() -> None:
    status = {"desiredNumberScheduled": 3, "currentNumberScheduled": 2, "numberReady": 1, "numberAvailable": 1}
    given = {**workload(), "status": status}
    assert list(cells(daemonset, given).values())[1:7] == [3, 2, 1, 0, 1, "<none>"]
    given["spec"]["template"]["spec"]["nodeSelector"] = {"b": "2", "a": "1"}
    assert cells(daemonset, given)["Node Selector"] == "a=1,b=2"


def test_a_daemonset_status_has_no_negative_numbers() -> None:
    causes = daemonset.validate_status({"status": {"numberReady": -1}}, {})
    assert [str(c) for c in causes] == ["status.numberReady: Invalid value: -1: must be greater than or equal to 0"]


# -- ReplicationController ---------------------------------------------------------------------------------------------


def test_a_replicationcontroller_takes_selector_and_labels_from_its_template() -> None:
    given = controller()
    del given["spec"]["selector"]
    made = created(replicationcontroller, given)
    assert (made["spec"]["selector"], made["metadata"]["labels"], made["spec"]["replicas"]) == (LABELS, LABELS, 1)
    kept = created(replicationcontroller, {**controller(), "metadata": {"name": "web", "labels": {"a": "b"}}})
    assert kept["metadata"]["labels"] == {"a": "b"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (controller(), []),
        (controller(replicas=-1), ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        ({"metadata": {"name": "web"}, "spec": {}}, ["spec.selector: Required value", "spec.template: Required value"]),
        (workload({"app": "x"}), [f'spec.template.metadata.labels: Invalid value: {{"app":"web"}}: {MISMATCH}']),
    ],
)  # fmt: skip
def test_refusals_of_replicationcontrollers(given: Object, expected: list[str]) -> None:
    assert refusals(replicationcontroller, given) == expected


@pytest.mark.parametrize("kind", [statefulset, daemonset, replicationcontroller], ids=lambda k: str(k.name))
def test_their_pods_run_for_ever(kind: Kind) -> None:
    given = controller() if kind is replicationcontroller else workload()
    given["spec"]["template"]["spec"] |= {"restartPolicy": "OnFailure", "activeDeadlineSeconds": 5}
    assert refusals(kind, given) == [
        'spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
        f"spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in {kind.name} is not Supported",
    ]


def test_columns_of_replicationcontrollers() -> None:
    row = cells(replicationcontroller, {**controller(replicas=2), "status": {"replicas": 1}})
    assert (row["Desired"], row["Current"], row["Ready"], row["Selector"]) == (2, 1, 0, "app=web")


# -- ControllerRevision ------------------------------------------------------------------------------------------------


def test_a_revision_needs_data_which_is_for_ever() -> None:
    assert refusals(controllerrevision, {"revision": -1}) == [
        "data: Required value: data is mandatory",
        "revision: Invalid value: -1: must be greater than or equal to 0",
    ]
    old = {"metadata": {"name": "x"}, "data": {"a": 1}, "revision": 1}
    assert update_refusals(controllerrevision, {**old, "revision": 2}, old) == []
    assert update_refusals(controllerrevision, {**old, "data": {"a": 2}}, old) == [
        'data: Invalid value: {"a":2}: field is immutable'
    ]


def test_columns_of_revisions() -> None:
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "controller": True}
    given = {"metadata": {"name": "web-1", "ownerReferences": [owner]}, "revision": 3}
    row = cells(controllerrevision, given)
    assert (row["Controller"], row["Revision"]) == ("statefulset.apps/web", 3)
    assert cells(controllerrevision, {"metadata": {"name": "x"}})["Controller"] == "<none>"
