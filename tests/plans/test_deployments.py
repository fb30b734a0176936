"""How a Deployment rolls, step by step, and what it says of itself meanwhile."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apiserver.objects import deployments, deploymentstatus
from apiserver.objects.deploymentstatus import Saying

Object = dict[str, Any]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def deployment(
    size: int = 3, *, image: str = "web:1", surge: Any = "25%", unavailable: Any = "25%", **spec: Any
) -> Object:
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {
        "metadata": {"name": "web", "namespace": "shop", "uid": "d", "generation": 1},
        "spec": {
            "replicas": size,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
            "template": template(image),
            "progressDeadlineSeconds": 600,
            **spec,
        },
        "status": {},
    }


def template(image: str) -> Object:
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": image}]}}


def replicaset(name: str, size: int, available: int | None = None, *, made: int = 0, **annotations: str) -> Object:
    at = (NOW + timedelta(seconds=made)).strftime("%Y-%m-%dT%H:%M:%SZ")
    available = size if available is None else available
    status = {"replicas": size, "readyReplicas": available, "availableReplicas": available, "terminatingReplicas": 0}
    noted = {f"deployment.kubernetes.io/{key}": value for key, value in annotations.items()}
    return {
        "metadata": {"name": name, "creationTimestamp": at, "annotations": noted, "uid": name},
        "spec": {"replicas": size, "template": template(name)},
        "status": status,
    }


def sizes(steps: list[deployments.Resize]) -> dict[str, int]:
    return {step.replicaset["metadata"]["name"]: step.replicas for step in steps}


@pytest.mark.parametrize(
    ("size", "surge", "unavailable", "want"),
    [
        (3, "25%", "25%", (1, 0)),
        (10, "25%", "25%", (3, 2)),
        (4, "50%", "50%", (2, 2)),
        (4, 0, 0, (0, 1)),
        (4, "0%", "0%", (0, 1)),
        (2, 5, 5, (5, 2)),
        (0, "25%", "25%", (0, 0)),
        (1, "1%", "99%", (1, 0)),
        (3, 0, "25%", (0, 1)),
    ],
)
def test_bounds_round_surge_up_and_unavailable_down(size, surge, unavailable, want):
    one = deployment(size, surge=surge, unavailable=unavailable)
    assert (deployments.max_surge(one), deployments.max_unavailable(one)) == want


def test_recreate_has_no_bounds():
    one = deployment(3, strategy={"type": "Recreate"})
    assert (deployments.max_surge(one), deployments.max_unavailable(one)) == (0, 0)


@pytest.mark.parametrize(
    ("size", "new", "old", "grow", "shrink"),
    [
        # surge 1, unavailable 0
        (3, (1, 0), [(3, 3)], {}, {}),
        (3, (1, 1), [(3, 3)], {}, {"old0": 2}),
        (3, (1, 1), [(2, 2)], {"new": 2}, {"old0": 2}),
        (3, (3, 3), [(0, 0)], {}, {}),
        # an old replica that is not available goes whatever the new ones do
        (3, (0, 0), [(4, 3)], {}, {"old0": 3}),
        # but never below what must be available
        (3, (1, 0), [(3, 2)], {}, {}),
        (3, (5, 5), [], {"new": 3}, {}),
        (3, (0, 0), [(3, 3), (1, 1)], {}, {"old0": 2}),
    ],
)
def test_one_step(size, new, old, grow, shrink):
    one = deployment(size, surge=1, unavailable=0)
    newest = replicaset("new", *new, made=99)
    olds = [replicaset(f"old{n}", *counts, made=n) for n, counts in enumerate(old)]
    assert sizes(deployments.plan_grow(one, newest, olds)) == grow
    if not grow:
        assert sizes(deployments.plan_shrink(one, newest, olds)) == shrink


@pytest.mark.parametrize("seed", range(60))
def test_a_rollout_ends_and_keeps_its_bounds(seed):
    """Random bounds, Pods that become available or fail in random order."""
    chance = random.Random(seed)
    surge = chance.choice([0, 1, 3, "25%", "100%"])
    unavailable = chance.choice([0, 1, 2, "25%", "100%"])
    one = deployment(chance.randrange(1, 12), surge=surge, unavailable=unavailable)
    wanted, most = one["spec"]["replicas"], one["spec"]["replicas"] + deployments.max_surge(one)
    least = wanted - deployments.max_unavailable(one)
    new = replicaset("new", 0, made=99)
    old = [replicaset("a", wanted), replicaset("b", 0, made=1)]
    for _ in range(300):
        steps = deployments.plan_grow(one, new, old) or deployments.plan_shrink(one, new, old)
        for step in steps:
            available = step.replicaset["status"]["availableReplicas"]
            step.replicaset["spec"]["replicas"] = step.replicas
            # The unavailable Pods are the first that a smaller ReplicaSet deletes.
            step.replicaset["status"]["availableReplicas"] = min(available, step.replicas)
        every = [new, *old]
        assert sum(rs["spec"]["replicas"] for rs in every) <= most
        assert sum(rs["status"]["availableReplicas"] for rs in every) >= least
        if not steps and chance.random() < 0.7:
            lacking = new["spec"]["replicas"] - new["status"]["availableReplicas"]
            new["status"]["availableReplicas"] += min(lacking, chance.randrange(1, 4))
    assert [rs["spec"]["replicas"] for rs in (new, *old)] == [wanted, 0, 0]


class TestScaling:
    def test_the_only_active_one_gets_the_size(self):
        one = deployment(5)
        new, old = replicaset("new", 0), replicaset("old", 3, **{"desired-replicas": "3"})
        assert deployments.was_scaled(one, [new, old])
        assert sizes(deployments.plan_scale(one, new, [old])) == {"old": 5}

    def test_in_a_rollout_all_grow_in_proportion(self):
        one = deployment(15, surge=3)
        noted = {"desired-replicas": "10", "max-replicas": "13"}
        new, old = replicaset("new", 5, 0, made=1, **noted), replicaset("old", 8, **noted)
        assert sizes(deployments.plan_scale(one, new, [old])) == {"old": 11, "new": 7}

    def test_in_a_rollout_all_shrink_in_proportion(self):
        one = deployment(5, surge=3)
        noted = {"desired-replicas": "10", "max-replicas": "13"}
        new, old = replicaset("new", 5, 0, made=1, **noted), replicaset("old", 8, **noted)
        assert sizes(deployments.plan_scale(one, new, [old])) == {"old": 5, "new": 3}

    def test_to_nothing(self):
        noted = {"desired-replicas": "10", "max-replicas": "13"}
        new, old = replicaset("new", 5, 0, made=1, **noted), replicaset("old", 8, **noted)
        assert sizes(deployments.plan_scale(deployment(0), new, [old])) == {"old": 0, "new": 0}

    def test_a_full_new_one_sends_the_old_home(self):
        noted = {"desired-replicas": "3", "max-replicas": "4"}
        new, old = replicaset("new", 3, made=1, **noted), replicaset("old", 1, **noted)
        assert sizes(deployments.plan_scale(deployment(3), new, [old])) == {"old": 0}


class TestReplicaSets:
    def test_made_for_the_template(self):
        one = deployment(3, minReadySeconds=5)
        one["metadata"]["annotations"] = {"note": "x", "kubectl.kubernetes.io/last-applied-configuration": "{}"}
        made = deployments.make_replicaset(one, {"uid": "d"}, 3, 2)
        hash_ = deployments.template_hash(one)
        assert made["metadata"]["name"] == f"web-{hash_}"
        assert made["metadata"]["labels"] == {"app": "web", "pod-template-hash": hash_}
        assert made["spec"]["selector"]["matchLabels"] == {"app": "web", "pod-template-hash": hash_}
        assert made["spec"]["template"]["metadata"]["labels"]["pod-template-hash"] == hash_
        assert (made["spec"]["replicas"], made["spec"]["minReadySeconds"]) == (3, 5)
        assert made["metadata"]["annotations"] == {
            "note": "x",
            "deployment.kubernetes.io/revision": "2",
            "deployment.kubernetes.io/desired-replicas": "3",
            "deployment.kubernetes.io/max-replicas": "4",
        }
        assert "pod-template-hash" not in one["spec"]["template"]["metadata"]["labels"]
        assert deployments.new_replicaset(one, [made]) is made

    def test_the_hash_is_stable_and_spells_no_words(self):
        hash_ = deployments.template_hash(deployment())
        assert hash_ == deployments.template_hash(deployment(9))
        assert set(hash_) <= set("bcdfghjklmnpqrstvwxz2456789")
        assert hash_ != deployments.template_hash(deployment(image="web:2"))
        assert hash_ != deployments.template_hash({**deployment(), "status": {"collisionCount": 1}})

    def test_one_that_is_new_again_keeps_its_past(self):
        before = replicaset("old", 0, revision="1")
        assert deployments.new_annotations(deployment(), before, 3) == {
            "deployment.kubernetes.io/revision": "3",
            "deployment.kubernetes.io/revision-history": "1",
        }
        again = replicaset("old", 0, revision="3", **{"revision-history": "1"})
        want = {"deployment.kubernetes.io/revision": "5", "deployment.kubernetes.io/revision-history": "1,3"}
        assert deployments.new_annotations(deployment(), again, 5) == want
        assert deployments.new_annotations(deployment(), replicaset("x", 0, revision="4"), 2) == {
            "deployment.kubernetes.io/revision": "4"
        }

    def test_history_is_forgotten_oldest_first_but_not_what_still_runs(self):
        old = [replicaset(f"r{n}", 0, revision=str(n)) for n in (3, 1, 2, 10)]
        one = deployment(revisionHistoryLimit=2)
        assert [rs["metadata"]["name"] for rs in deployments.forgotten(one, old)] == ["r1", "r2"]
        running = replicaset("r1", 1, revision="1")
        assert deployments.forgotten(deployment(revisionHistoryLimit=3), [running, *old[:1], *old[2:]]) == []
        assert deployments.forgotten(deployment(revisionHistoryLimit=None), old) == []


def progressing(status: Object) -> tuple[str, str, str]:
    found = deploymentstatus.find(status, "Progressing")
    assert found is not None
    return found["status"], found["reason"], found["message"]


def after(one: Object, replicasets: list[Object], new: Object | None, seconds: float) -> Object:
    return deploymentstatus.rollout_status(one, replicasets, new, NOW + timedelta(seconds=seconds))


class TestStatus:
    def begun(self) -> Object:
        one = deployment()
        created = Saying("Progressing", "True", "NewReplicaSetCreated", "Created")
        deploymentstatus.say(one["status"], created.condition("2026-01-01T00:00:00Z"))
        return one

    def test_the_numbers(self):
        old, new = replicaset("old", 2), replicaset("new", 2, 1, made=1)
        status = after(self.begun(), [old, new], new, 1)
        assert {k: v for k, v in status.items() if k != "conditions"} == {
            "observedGeneration": 1,
            "replicas": 4,
            "updatedReplicas": 2,
            "readyReplicas": 3,
            "availableReplicas": 3,
            "unavailableReplicas": 1,
            "terminatingReplicas": 0,
        }

    def test_a_rollout_says_created_updated_done(self):
        one, new = self.begun(), replicaset("new", 3, 1)
        one["status"] = after(one, [new], new, 1)
        assert progressing(one["status"]) == ("True", "ReplicaSetUpdated", 'ReplicaSet "new" is progressing.')
        assert [c["type"] for c in one["status"]["conditions"]] == ["Available", "Progressing"]
        assert deploymentstatus.seconds_to_deadline(one, one["status"], NOW) == 602.0
        new = replicaset("new", 3)
        one["status"] = after(one, [new], new, 2)
        want = ("True", "NewReplicaSetAvailable", 'ReplicaSet "new" has successfully progressed.')
        assert progressing(one["status"]) == want
        assert deploymentstatus.seconds_to_deadline(one, one["status"], NOW) is None
        moment = deploymentstatus.find(one["status"], "Progressing")
        assert moment is not None
        assert (moment["lastTransitionTime"], moment["lastUpdateTime"]) == (
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:02Z",
        )

    def test_a_finished_rollout_stays_finished_when_a_pod_dies(self):
        one, new = self.begun(), replicaset("new", 3)
        one["status"] = after(one, [new], new, 1)
        lost = replicaset("new", 3, 1)
        status = after(one, [lost], lost, 5000)
        assert progressing(status)[1] == "NewReplicaSetAvailable"
        available = deploymentstatus.find(status, "Available")
        assert available is not None
        assert (available["status"], available["reason"]) == ("False", "MinimumReplicasUnavailable")

    def test_no_progress_until_the_deadline_is_a_failure(self):
        one, new = self.begun(), replicaset("new", 3, 1)
        one["status"] = after(one, [new], new, 1)
        assert after(one, [new], new, 600)["conditions"] == one["status"]["conditions"]
        status = after(one, [new], new, 602)
        want = ("False", "ProgressDeadlineExceeded", 'ReplicaSet "new" has timed out progressing.')
        assert progressing(status) == want
        assert deploymentstatus.seconds_to_deadline(one, status, NOW) is None

    def test_without_a_deadline_nothing_is_said_of_progress(self):
        one, new = deployment(progressDeadlineSeconds=2**31 - 1), replicaset("new", 3)
        assert deploymentstatus.find(after(one, [new], new, 1), "Progressing") is None

    def test_pausing_and_resuming(self):
        one = self.begun()
        assert deploymentstatus.pause_condition(one) is None
        one["spec"]["paused"] = True
        saying = deploymentstatus.pause_condition(one)
        assert saying == Saying("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
        deploymentstatus.say(one["status"], saying.condition("2026-01-01T00:00:09Z"))
        assert deploymentstatus.pause_condition(one) is None
        one["spec"]["paused"] = False
        resumed = deploymentstatus.pause_condition(one)
        assert resumed is not None
        assert (resumed.reason, resumed.message) == ("DeploymentResumed", "Deployment is resumed")

    def test_a_failing_replicaset_is_passed_on_and_taken_back(self):
        one, new = self.begun(), replicaset("new", 3, 0)
        failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "no quota"}
        new["status"]["conditions"] = [{**failure, "lastTransitionTime": "2026-01-01T00:00:03Z"}]
        one["status"] = after(one, [new], new, 1)
        found = deploymentstatus.find(one["status"], "ReplicaFailure")
        assert found is not None
        assert (found["reason"], found["message"]) == ("FailedCreate", "no quota")
        healed = replicaset("new", 3)
        assert deploymentstatus.find(after(one, [healed], healed, 2), "ReplicaFailure") is None
