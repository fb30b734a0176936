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


def replica_set(revision: int, image: str, cause: str = "") -> Object:
    annotations = {rollouts.REVISION: str(revision), **({rollouts.CHANGE_CAUSE: cause} if cause else {})}
    template = {"metadata": {"labels": {"app": "web", rollouts.HASH: image}}, "spec": {"image": image}}
    return {"metadata": {"name": image, "annotations": annotations}, "spec": {"template": template}}


def test_going_back() -> None:
    revisions = rollouts.history([replica_set(3, "c"), replica_set(1, "a", "first"), replica_set(2, "b")])
    assert list(revisions) == [1, 2, 3]
    assert rollouts.to_go_back_to("web", revisions, 0) is revisions[2]
    assert rollouts.to_go_back_to("web", revisions, 1) is revisions[1]
    with pytest.raises(CommandError, match="unable to find specified revision 7 in history"):
        rollouts.to_go_back_to("web", revisions, 7)
    with pytest.raises(CommandError, match='no rollout history found for deployment "web"'):
        rollouts.to_go_back_to("web", {3: revisions[3]}, 0)
    assert rollouts.template_of(revisions[1])["metadata"]["annotations"] == {rollouts.CHANGE_CAUSE: "first"}


def test_an_old_template_comes_back_without_its_hash_and_with_the_deployments_own_annotations() -> None:
    now = {"metadata": {"annotations": {rollouts.LAST_APPLIED: "{}", "note": "new", rollouts.REVISION: "3"}}}
    template, annotations = rollouts.rolled_back(now, replica_set(1, "a", "first"))
    assert template["value"] == {"metadata": {"labels": {"app": "web"}}, "spec": {"image": "a"}}
    assert annotations["value"] == {rollouts.LAST_APPLIED: "{}", rollouts.REVISION: "3", rollouts.CHANGE_CAUSE: "first"}
