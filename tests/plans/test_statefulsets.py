"""The order in which a StatefulSet makes, updates and ends its Pods; the claims it makes; what its status says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apiserver.objects import statefulsets
from apiserver.objects.statefulsets import Plan, Revision

Object = dict[str, Any]
NOW = datetime(2026, 1, 1, 1, 0, 0, tzinfo=UTC)
PARALLEL = {"podManagementPolicy": "Parallel"}
REFERENCE = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "set", "controller": True}
OLD = Revision("web-old", {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"image": "web:1"}]}})
NEW = Revision("web-new", {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"image": "web:2"}]}})


def statefulset(replicas: int = 3, **spec: Any) -> Object:
    base: Object = {
        "replicas": replicas,
        "serviceName": "web",
        "selector": {"matchLabels": {"app": "web"}},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
    }
    return {"metadata": {"name": "web", "namespace": "default", "uid": "set"}, "spec": {**base, **spec}}


def pod(number: int, revision: str = "web-old", state: str = "ready", ready_for: float = 600) -> Object:
    """state: ready, unready, pending, failed, leaving."""
    name = f"web-{number}"
    labels = {statefulsets.POD_NAME: name, statefulsets.POD_INDEX: str(number), "controller-revision-hash": revision}
    metadata: Object = {"name": name, "namespace": "default", "uid": f"uid-{number}", "labels": labels}
    if state == "leaving":
        metadata["deletionTimestamp"] = "2026-01-01T00:59:00Z"
    since = (NOW - timedelta(seconds=ready_for)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = {"type": "Ready", "status": str(state in ("ready", "leaving")), "lastTransitionTime": since}
    phase = {"pending": "Pending", "failed": "Failed"}.get(state, "Running")
    return {"metadata": metadata, "spec": {}, "status": {"phase": phase, "conditions": [ready]}}


def planned(given: Object, pods: list[Object], current: Revision = OLD, updated: Revision = OLD) -> Plan:
    return statefulsets.plan(given, REFERENCE, pods, current, updated, NOW)


def summary(plan: Plan) -> str:
    """`+web-0@web-old -web-2`."""

    def name(one: Object) -> str:
        return str(one["metadata"]["name"])

    made = [f"+{name(one)}@{statefulsets.revision_name(one)}" for one in plan.create]
    return " ".join([*made, *(f"~{name(one)}" for one in plan.amend), *(f"-{name(one)}" for one in plan.delete)])


@pytest.mark.parametrize(
    ("spec", "pods", "expected"),
    [
        ({}, [], "+web-0@web-old"),
        ({}, [pod(0)], "+web-1@web-old"),
        ({}, [pod(0, state="unready")], ""),
        ({}, [pod(0, state="leaving")], ""),
        ({}, [pod(0), pod(2)], "+web-1@web-old"),
        ({}, [pod(0), pod(1, state="failed")], "-web-1"),
        ({}, [pod(0), pod(1), pod(2)], ""),
        ({"minReadySeconds": 60}, [pod(0, ready_for=10)], ""),
        ({"minReadySeconds": 60}, [pod(0, ready_for=60)], "+web-1@web-old"),
        ({"ordinals": {"start": 5}, "replicas": 2}, [pod(5)], "+web-6@web-old"),
        ({"ordinals": {"start": 1}, "replicas": 2}, [pod(0), pod(1), pod(2)], "-web-0"),
        ({"replicas": 1}, [pod(0), pod(1), pod(2)], "-web-2"),
        ({"replicas": 1}, [pod(0), pod(1), pod(2, state="leaving")], ""),
        ({"replicas": 1}, [pod(0), pod(1), pod(2, state="unready")], "-web-2"),
        ({"replicas": 1}, [pod(0), pod(1, state="unready"), pod(2, state="unready")], ""),
        ({"replicas": 1}, [pod(0), pod(1, state="unready"), pod(2)], "-web-2"),
        ({"replicas": 1}, [pod(0, state="unready"), pod(1)], ""),
        ({**PARALLEL}, [pod(1, state="unready")], "+web-0@web-old +web-2@web-old"),
        ({**PARALLEL, "replicas": 1}, [pod(0, state="unready"), pod(1), pod(2)], "-web-2 -web-1"),
        ({**PARALLEL, "replicas": 2}, [pod(0, state="failed")], "+web-1@web-old -web-0"),
    ],
)  # fmt: skip
def test_making_and_ending(spec: Object, pods: list[Object], expected: str) -> None:
    assert summary(planned(statefulset(**spec), pods)) == expected


def rolling(partition: int | None = None) -> Object:
    return {"type": "RollingUpdate", **({} if partition is None else {"rollingUpdate": {"partition": partition}})}


@pytest.mark.parametrize(
    ("strategy", "pods", "expected"),
    [
        (rolling(0), [pod(0), pod(1), pod(2)], "-web-2"),
        (rolling(0), [pod(0), pod(1), pod(2, state="leaving")], ""),
        (rolling(0), [pod(0), pod(1)], "+web-2@web-new"),
        (rolling(0), [pod(0), pod(1), pod(2, "web-new")], "-web-1"),
        (rolling(0), [pod(0), pod(1), pod(2, "web-new", "unready")], ""),
        (rolling(2), [pod(0), pod(1), pod(2, "web-new")], ""),
        (rolling(2), [pod(1), pod(2, "web-new")], "+web-0@web-old"),
        (rolling(2), [pod(0), pod(1)], "+web-2@web-new"),
        (rolling(9), [pod(0), pod(1), pod(2)], ""),
        (rolling(), [pod(0), pod(1), pod(2)], "-web-2"),
        ({"type": "OnDelete"}, [pod(0), pod(1), pod(2)], ""),
        ({"type": "OnDelete"}, [pod(0), pod(1)], "+web-2@web-new"),
    ],
)
def test_an_update_goes_from_the_highest_down_to_the_partition(
    strategy: Object, pods: list[Object], expected: str
) -> None:
    assert summary(planned(statefulset(updateStrategy=strategy), pods, OLD, NEW)) == expected


def test_without_a_partition_those_an_update_has_not_reached_come_back_as_they_were() -> None:
    given = statefulset(updateStrategy=rolling()) | {"status": {"currentReplicas": 2}}
    assert summary(planned(given, [pod(1), pod(2, "web-new")], OLD, NEW)) == "+web-0@web-old"


def test_a_pod_has_a_name_a_host_name_and_claims_of_its_own() -> None:
    data = {"metadata": {"name": "data", "labels": {"tier": "db"}}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    given = statefulset(volumeClaimTemplates=[data])
    own = {"name": "scratch", "emptyDir": {}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"volumes": [own, {"name": "data", "emptyDir": {}}]}}
    made = statefulsets.make_pod(given, REFERENCE, Revision("web-old", template), 4)
    assert made["metadata"] == {
        "name": "web-4",
        "namespace": "default",
        "labels": {
            "app": "web",
            "statefulset.kubernetes.io/pod-name": "web-4",
            "apps.kubernetes.io/pod-index": "4",
            "controller-revision-hash": "web-old",
        },
        "ownerReferences": [REFERENCE],
    }
    assert (made["spec"]["hostname"], made["spec"]["subdomain"]) == ("web-4", "web")
    assert made["spec"]["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-4"}}, own]
    assert statefulsets.claims_of(given, 4) == [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data-web-4", "namespace": "default", "labels": {"tier": "db", "app": "web"}},
            "spec": {"accessModes": ["ReadWriteOnce"]},
        }
    ]


def test_a_pod_that_lost_its_labels_gets_them_back() -> None:
    lost = pod(0)
    del lost["metadata"]["labels"]["apps.kubernetes.io/pod-index"]
    assert summary(planned(statefulset(1), [lost])) == "~web-0"
    assert statefulsets.has_identity(statefulsets.with_identity(lost))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web-0", ("web", 0)),
        ("a-b-12", ("a-b", 12)),
        ("web", ("", -1)),
        ("web-x", ("", -1)),
        ("web-9999999999", ("", -1)),
    ],
)
def test_names_tell_parent_and_number(name: str, expected: tuple[str, int]) -> None:
    assert statefulsets.parent_and_ordinal(name) == expected


FOREIGN = {"kind": "Job", "name": "j", "uid": "j"}
OF_POD = {
    "apiVersion": "v1", "kind": "Pod", "name": "web-2", "uid": "uid-2", "controller": True, "blockOwnerDeletion": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("scaled", "deleted", "replicas", "expected"),
    [
        ("Retain", "Retain", 3, []),
        ("Retain", "Retain", 2, []),
        ("Retain", "Delete", 3, [REFERENCE]),
        ("Retain", "Delete", 2, [REFERENCE]),
        ("Delete", "Retain", 3, []),
        ("Delete", "Retain", 2, [OF_POD]),
        ("Delete", "Delete", 3, [REFERENCE]),
        ("Delete", "Delete", 2, [OF_POD]),
    ],
)
def test_with_whom_a_claim_goes(scaled: str, deleted: str, replicas: int, expected: list[Object]) -> None:
    policy = {"whenScaled": scaled, "whenDeleted": deleted}
    given = statefulset(replicas, persistentVolumeClaimRetentionPolicy=policy)
    for before in ([], [REFERENCE], [OF_POD]):
        claim = {"metadata": {"ownerReferences": [FOREIGN, *before]}}
        assert statefulsets.claim_owners(given, REFERENCE, pod(2), claim) == [FOREIGN, *expected]


def test_a_claim_that_another_controls_is_left_to_them() -> None:
    given = statefulset(persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"})
    claim = {"metadata": {"ownerReferences": [{**FOREIGN, "controller": True}]}}
    assert statefulsets.claim_owners(given, REFERENCE, pod(2), claim) == claim["metadata"]["ownerReferences"]


def test_a_claim_that_goes_with_a_former_pod_is_stale() -> None:
    given = statefulset(persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"})
    assert statefulsets.is_stale(given, "web-2", {"metadata": {"ownerReferences": [OF_POD]}})
    assert not statefulsets.is_stale(given, "web-2", {"metadata": {"ownerReferences": [REFERENCE]}})
    assert not statefulsets.is_stale(statefulset(), "web-2", {"metadata": {"ownerReferences": [OF_POD]}})


def test_the_status_counts_by_revision() -> None:
    pods = [pod(0), pod(1, "web-new", "unready"), pod(2, "web-new", "leaving")]
    assert statefulsets.status(statefulset(), pods, OLD, NEW, 0, NOW) == {
        "replicas": 3,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "currentReplicas": 1,
        "updatedReplicas": 1,
        "currentRevision": "web-old",
        "updateRevision": "web-new",
        "observedGeneration": 0,
        "collisionCount": 0,
    }


def test_an_update_that_is_done_makes_its_revision_the_current_one() -> None:
    pods = [pod(number, "web-new") for number in range(3)]
    status = statefulsets.status(statefulset(), pods, OLD, NEW, 1, NOW)
    assert (status["currentRevision"], status["currentReplicas"], status["collisionCount"]) == ("web-new", 3, 1)
    status = statefulsets.status(statefulset(updateStrategy={"type": "OnDelete"}), pods, OLD, NEW, 0, NOW)
    assert (status["currentRevision"], status.get("currentReplicas")) == ("web-old", None)


def test_when_to_look_again() -> None:
    given = statefulset(minReadySeconds=60)
    assert statefulsets.seconds_to_next_available(given, [pod(0, ready_for=50), pod(1)], NOW) == 10
    assert statefulsets.seconds_to_next_available(given, [pod(1, state="unready")], NOW) is None


def test_of_very_many_pods_some_are_made_at_once() -> None:
    made = planned(statefulset(2**31 - 1, **PARALLEL), [pod(0), pod(2)]).create
    assert len(made) == statefulsets.MAX_AT_ONCE
    assert [one["metadata"]["name"] for one in made[:2]] == ["web-1", "web-3"]
