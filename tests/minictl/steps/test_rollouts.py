"""How far rollouts are, and where they can go back to."""

from typing import Any

import pytest

from minictl.errors import CommandError
from minictl.steps import rollouts

Object = dict[str, Any]
WAITING = 'Waiting for deployment "web" rollout to finish: '


def deployment(updated: int, total: int, available: int, observed: int = 2, **status: Any) -> Object:
    counts = {"updatedReplicas": updated, "replicas": total, "availableReplicas": available}
    return {
        "kind": "Deployment",
        "metadata": {"name": "web", "generation": 2},
        "spec": {"replicas": 3},
        "status": {**counts, "observedGeneration": observed, **status},
    }


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (deployment(0, 3, 3, observed=1), "Waiting for deployment spec update to be observed..."),
        (deployment(1, 4, 3), WAITING + "1 out of 3 new replicas have been updated..."),
        (deployment(3, 4, 3), WAITING + "1 old replicas are pending termination..."),
        (deployment(3, 3, 2), WAITING + "2 of 3 updated replicas are available..."),
        (deployment(3, 3, 3), 'deployment "web" successfully rolled out'),
    ],
)  # fmt: skip
def test_progress(subject: Object, text: str) -> None:
    state = rollouts.progress(subject)
    assert (state.text, state.done) == (text, text.endswith("rolled out"))


def test_a_missed_deadline_and_kinds_without_rollouts_are_errors() -> None:
    late = deployment(1, 4, 3, conditions=[{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}])
    with pytest.raises(CommandError, match='deployment "web" exceeded its progress deadline'):
        rollouts.progress(late)
    with pytest.raises(CommandError, match="no status viewer has been implemented for Service"):
        rollouts.progress({"kind": "Service", "metadata": {"name": "s"}})


OWNERS = [{"controller": True, "uid": "1"}]


def replica_set(revision: int, image: str, cause: str = "") -> Object:
    annotations = {rollouts.REVISION: str(revision), **({rollouts.CHANGE_CAUSE: cause} if cause else {})}
    template = {"metadata": {"labels": {"app": "web", rollouts.HASH: image}}, "spec": {"image": image}}
    metadata = {"name": image, "annotations": annotations, "ownerReferences": OWNERS}
    return {"metadata": metadata, "spec": {"template": template}}


def controller_revision(revision: int, image: str) -> Object:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"image": image}, "$patch": "replace"}
    metadata = {"name": image, "ownerReferences": OWNERS}
    return {"metadata": metadata, "revision": revision, "data": {"spec": {"template": template}}}


def owner(kind: str, image: str = "c", **annotations: str) -> Object:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"image": image}}
    metadata = {"name": "web", "uid": "1", "annotations": annotations}
    return {"kind": kind, "metadata": metadata, "spec": {"template": template}}


def past(kind: str, found: list[Object], **annotations: str) -> rollouts.Past:
    return rollouts.PASTS[kind](owner(kind, **annotations), found)


def test_going_back_to_a_replica_set() -> None:
    foreign = {**replica_set(9, "x"), "metadata": {"name": "x", "annotations": {rollouts.REVISION: "9"}}}
    all_three = [replica_set(3, "c"), foreign, replica_set(1, "a", "first"), replica_set(2, "b")]
    given = past("Deployment", all_three)
    assert list(given.revisions) == [1, 2, 3]
    assert (given.to_go_back_to(0), given.to_go_back_to(1)) == (2, 1)
    with pytest.raises(CommandError, match="unable to find specified revision 7 in history"):
        given.to_go_back_to(7)
    with pytest.raises(CommandError, match='no rollout history found for deployment "web"'):
        past("Deployment", all_three[:1]).to_go_back_to(0)
    assert given.shown_template(1)["metadata"]["annotations"] == {rollouts.CHANGE_CAUSE: "first"}
    assert given.shown(2)["kind"] == "ReplicaSet"
    assert (given.is_present(3), given.is_present(2)) == (True, False)


def test_an_old_template_comes_back_without_its_hash_and_with_the_deployments_own_annotations() -> None:
    own = {rollouts.LAST_APPLIED: "{}", "note": "new", rollouts.REVISION: "3"}
    given = past("Deployment", [replica_set(1, "a", "first")], **own)
    kind, (template, annotations) = given.patch(1)
    assert kind == "json"
    assert template["value"] == {"metadata": {"labels": {"app": "web"}}, "spec": {"image": "a"}}
    assert annotations["value"] == {rollouts.LAST_APPLIED: "{}", rollouts.REVISION: "3", rollouts.CHANGE_CAUSE: "first"}


@pytest.mark.parametrize("kind", ["DaemonSet", "StatefulSet"])
def test_going_back_to_a_controller_revision(kind: str) -> None:
    given = past(kind, [controller_revision(3, "c"), controller_revision(2, "b")])
    assert given.to_go_back_to(0) == 2
    assert (given.is_present(3), given.is_present(2)) == (True, False)
    assert given.patch(2) == ("strategic", controller_revision(2, "b")["data"])
    assert given.shown(2)["spec"]["template"] == {"metadata": {"labels": {"app": "web"}}, "spec": {"image": "b"}}
    with pytest.raises(CommandError, match="no last revision to roll back to"):
        past(kind, [controller_revision(3, "c")]).to_go_back_to(0)


def stateful_set(updated: int, ready: int, partition: int | None = 0, **status: Any) -> Object:
    rolling = {} if partition is None else {"rollingUpdate": {"partition": partition}}
    return {
        "kind": "StatefulSet",
        "metadata": {"name": "web", "generation": 2},
        "spec": {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", **rolling}},
        "status": {"observedGeneration": 2, "updatedReplicas": updated, "readyReplicas": ready, **status},
    }


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (stateful_set(0, 3, observedGeneration=1), "Waiting for statefulset spec update to be observed..."),
        (stateful_set(0, 1), "Waiting for 2 pods to be ready..."),
        (stateful_set(1, 3, 1), "Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated..."),
        (stateful_set(2, 3, 1), "partitioned roll out complete: 2 new pods have been updated..."),
        (stateful_set(1, 3, None, updateRevision="b", currentRevision="a"),
         "waiting for statefulset rolling update to complete 1 pods at revision b..."),
        (stateful_set(3, 3, None, updateRevision="b", currentRevision="b", currentReplicas=3),
         "statefulset rolling update complete 3 pods at revision b..."),
    ],
)  # fmt: skip
def test_progress_of_a_stateful_set(subject: Object, text: str) -> None:
    state = rollouts.progress(subject)
    assert (state.text, state.done) == (text, "complete:" in text or "update complete" in text)


def test_progress_of_a_daemon_set() -> None:
    def given(updated: int, available: int, strategy: str = "RollingUpdate") -> Object:
        counts = {"desiredNumberScheduled": 3, "updatedNumberScheduled": updated, "numberAvailable": available}
        spec = {"updateStrategy": {"type": strategy}}
        return {"kind": "DaemonSet", "metadata": {"name": "web"}, "spec": spec, "status": counts}

    waiting = 'Waiting for daemon set "web" rollout to finish: '
    assert rollouts.progress(given(1, 3)).text == waiting + "1 out of 3 new pods have been updated..."
    assert rollouts.progress(given(3, 2)).text == waiting + "2 of 3 updated pods are available..."
    assert rollouts.progress(given(3, 3)).done
    with pytest.raises(CommandError, match="rollout status is only available for RollingUpdate strategy type"):
        rollouts.progress(given(3, 3, "OnDelete"))
