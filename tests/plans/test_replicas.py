"""Which Pods count as replicas, which are available, and which one dies first."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apiserver.objects import replicas
from tests.plans import builders

Object = dict[str, Any]
NOW = datetime(2026, 1, 1, 1, 0, 0, tzinfo=UTC)


def pod(name: str, *, node: str = "node-1", phase: str = "Running", ready: bool = True, **facts: Any) -> Object:
    """`age` and `ready_for` in seconds, `cost`, `restarts`, `terminating`."""
    made = builders.pod(name, "10.0.0.1", ready=ready, phase=phase, terminating=facts.get("terminating", False))
    made["spec"]["nodeName"] = node
    made["metadata"]["creationTimestamp"] = stamp(facts.get("age", 600))
    made["status"]["conditions"][0]["lastTransitionTime"] = stamp(facts.get("ready_for", 600))
    made["status"]["containerStatuses"] = [{"restartCount": facts.get("restarts", 0)}]
    if "cost" in facts:
        made["metadata"]["annotations"] = {replicas.DELETION_COST: facts["cost"]}
    return made


def stamp(seconds_ago: float) -> str:
    return (NOW - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pod("x", node=""), pod("y", phase="Pending", ready=False)),
        (pod("x", phase="Pending", ready=False), pod("y", phase="Unknown", ready=False)),
        (pod("x", phase="Unknown", ready=False), pod("y", ready=False)),
        (pod("x", ready=False), pod("y", cost="-10")),
        (pod("x", cost="-1"), pod("y")),
        (pod("x"), pod("y", cost="5")),
        (pod("x"), pod("y", cost="10")),
        (pod("x", ready_for=10), pod("y", ready_for=5000)),
        (pod("x", restarts=3), pod("y", restarts=1)),
        (pod("x", age=5), pod("y", age=5000)),
        (pod("x", cost="not a number"), pod("y", cost="1")),
    ],
)
def test_who_dies_first(first, second):
    for pods in ([first, second], [second, first]):
        assert replicas.choose_victims(pods, pods, 1, NOW) == [first]


def test_a_node_with_many_of_them_loses_one():
    alone, two = pod("alone", node="node-1"), [pod("a", node="node-2"), pod("b", node="node-2")]
    victim = replicas.choose_victims([alone, *two], [alone, *two], 1, NOW)[0]
    assert victim["spec"]["nodeName"] == "node-2"
    related = [*two, pod("sibling", node="node-1"), pod("other", node="node-1"), alone]
    victim = replicas.choose_victims([alone, *two], related, 1, NOW)[0]
    assert victim is alone


def test_about_as_old_counts_as_as_old():
    """600 and 900 seconds are one power of two: then the uid decides, not the age."""
    older, younger = pod("a", ready_for=900), pod("b", ready_for=600)
    assert replicas.choose_victims([older, younger], [], 1, NOW) == [older]


@pytest.mark.parametrize("seed", range(10))
def test_the_order_does_not_depend_on_the_input(seed):
    chance = random.Random(seed)
    pods = [pod(f"p{n}", ready_for=2**n, ready=n % 3 > 0, cost=str(n % 4), age=2**n) for n in range(10)]
    expected = replicas.choose_victims(pods, pods, 6, NOW)
    chance.shuffle(pods)
    assert replicas.choose_victims(pods, pods, 6, NOW) == expected


def test_all_go_when_all_must():
    pods = [pod("a"), pod("b")]
    assert replicas.choose_victims(pods, pods, 5, NOW) == pods


@pytest.mark.parametrize(
    ("one", "minimum", "seconds"),
    [
        (pod("a", ready=False), 0, None),
        (pod("a", ready_for=5), 0, 0.0),
        (pod("a", ready_for=5), 30, 25.0),
        (pod("a", ready_for=30), 30, 0.0),
    ],
)
def test_available_in(one, minimum, seconds):
    assert replicas.available_in_seconds(one, minimum, NOW) == seconds


def replicaset(**spec: Any) -> Object:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    metadata = {"name": "web-1", "namespace": "shop", "uid": "rs", "generation": 3}
    return {"metadata": metadata, "spec": {"replicas": 3, "template": template, **spec}}


def test_status_counts():
    pods = [
        pod("a"),
        pod("b", ready=False),
        pod("c", ready_for=5),
        pod("d", terminating=True),
        pod("e", phase="Failed", ready=False),
    ]
    pods[1]["metadata"]["labels"] = {"other": "label"}
    assert replicas.replicaset_status(replicaset(minReadySeconds=60), pods, None, NOW) == {
        "replicas": 3,
        "fullyLabeledReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 1,
        "observedGeneration": 3,
        "terminatingReplicas": 1,
    }
    assert replicas.seconds_to_next_available(replicaset(minReadySeconds=60), pods, NOW) == 55.0


def test_an_empty_status_has_no_zeros_but_two():
    assert replicas.replicaset_status(replicaset(), [], None, NOW) == {
        "replicas": 0,
        "observedGeneration": 3,
        "terminatingReplicas": 0,
    }


def test_a_failure_is_said_once_and_unsaid():
    def failure(message: str) -> Object:
        return {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}

    one = replicaset()
    one["status"] = replicas.replicaset_status(one, [], failure("first"), NOW)
    assert one["status"]["conditions"] == [failure("first")]
    again = replicas.replicaset_status(one, [], failure("second"), NOW)
    assert again["conditions"] == [failure("first")]
    assert "conditions" not in replicas.replicaset_status(one, [], None, NOW)


def test_a_pod_of_a_template_is_its_own_copy():
    template = {
        "metadata": {"labels": {"app": "web"}, "annotations": {"n": "1"}, "finalizers": ["example.com/f"]},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    owner, reference = {"metadata": {"name": "web-1", "namespace": "shop"}}, {"uid": "rs"}
    made = replicas.pod_from_template(template, owner, reference)
    assert made == {
        "metadata": {
            "generateName": "web-1-",
            "namespace": "shop",
            "labels": {"app": "web"},
            "annotations": {"n": "1"},
            "finalizers": ["example.com/f"],
            "ownerReferences": [reference],
        },
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    made["spec"]["containers"][0]["image"] = "changed"
    made["metadata"]["labels"]["app"] = "changed"
    assert template["spec"]["containers"][0]["image"] == "i"
    assert template["metadata"]["labels"] == {"app": "web"}
