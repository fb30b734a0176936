"""What a Job does next: given the Job, its Pods and the time, want the plan. And the small things it rests on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apiserver.objects import indexes
from apiserver.objects.jobs.plan import Plan, counted, plan
from apiserver.objects.jobs.pods import FAILURES, FINALIZER, INDEX, Backoff, make
from apiserver.objects.jobs.policies import judge, success

Object = dict[str, Any]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STAMP = "2026-01-01T00:00:00Z"


def job(status: Object | None = None, restart: str = "Never", **spec: Any) -> Object:
    whole: Object = {"parallelism": 1, "completions": 1, "backoffLimit": 6, "suspend": False}
    whole |= {"template": {"spec": {"restartPolicy": restart, "containers": [{"name": "c"}]}}, **spec}
    metadata = {"name": "sum", "namespace": "shop", "uid": "uid-sum"}
    return {"metadata": metadata, "spec": whole, "status": status or {}}


def pod(name: str, phase: str = "Running", index: int | None = None, **more: Any) -> Object:
    annotations = {INDEX: str(index)} if index is not None else {}
    metadata = {"name": name, "namespace": "shop", "uid": name, "annotations": annotations, "finalizers": [FINALIZER]}
    metadata["annotations"] |= more.pop("annotations", {})
    if more.pop("going", False):
        metadata["deletionTimestamp"] = STAMP
    ended = {"terminated": {"exitCode": more.pop("code", phase == "Failed"), "finishedAt": STAMP}}
    state = {"running": {}} if phase == "Running" else ended
    container = {"name": "c", "state": state, "restartCount": more.pop("restarts", 0)}
    ready = {"type": "Ready", "status": "True" if phase == "Running" else "False", "lastTransitionTime": STAMP}
    status = {"phase": phase, "containerStatuses": [container], "conditions": [ready, *more.pop("conditions", ())]}
    return {"metadata": metadata, "spec": {"nodeName": "node-1"}, "status": status}


def look(a_job: Object, *pods: Object, backoff: Backoff | None = None, now: datetime = NOW) -> Plan:
    return plan(a_job, pods, backoff or Backoff(), now, STAMP)


def reason(made: Plan) -> str:
    return made.decided["reason"] if made.decided else ""


@pytest.mark.parametrize(
    ("spec", "pods", "made"),
    [
        ({}, [], 1),
        ({"completions": 5, "parallelism": 3}, [], 3),
        ({"completions": 5, "parallelism": 3}, [pod("a"), pod("b")], 1),
        ({"completions": 2, "parallelism": 3}, [pod("a", "Succeeded")], 1),
        ({"completions": 1}, [pod("a", "Succeeded")], 0),
        ({"completions": None, "parallelism": 2}, [], 2),
        ({"completions": None, "parallelism": 2}, [pod("a", "Succeeded"), pod("b")], 0),
        ({"parallelism": 0}, [], 0),
        ({"suspend": True}, [], 0),
    ],
)
def test_as_many_pods_are_made_as_completions_are_missing(spec: Object, pods: list[Object], made: int) -> None:
    assert look(job(**spec), *pods).create == [None] * made


def test_a_deleted_pod_is_replaced_at_once_unless_only_failed_ones_are() -> None:
    going = pod("a", going=True)
    late = NOW + timedelta(minutes=1)
    assert look(job(), going, now=late).create == [None]
    assert look(job(podReplacementPolicy="Failed"), going, now=late).create == []


def test_surplus_pods_and_those_of_a_suspended_job_go_uncounted() -> None:
    assert len(look(job(completions=3, parallelism=1), pod("a"), pod("b")).forget) == 1
    suspended = look(job(suspend=True, status={"startTime": STAMP}), pod("a"))
    assert [p["metadata"]["name"] for p in suspended.forget] == ["a"]
    assert suspended.release == []
    assert suspended.status["conditions"][0]["reason"] == "JobSuspended"
    assert "startTime" not in suspended.status


@pytest.mark.parametrize(
    ("spec", "status", "pods", "why"),
    [
        ({"backoffLimit": 0}, {}, [pod("a", "Failed")], "BackoffLimitExceeded"),
        ({"backoffLimit": 1}, {}, [pod("a", "Failed")], ""),
        ({"backoffLimit": 1}, {"failed": 1}, [pod("a", "Failed")], "BackoffLimitExceeded"),
        ({"backoffLimit": 2, "restart": "OnFailure"}, {}, [pod("a", restarts=2)], "BackoffLimitExceeded"),
        ({"backoffLimit": 3, "restart": "OnFailure"}, {}, [pod("a", restarts=2)], ""),
        ({"activeDeadlineSeconds": 0}, {"startTime": STAMP}, [pod("a")], "DeadlineExceeded"),
        ({"activeDeadlineSeconds": 1}, {"startTime": STAMP}, [pod("a")], ""),
        ({}, {}, [pod("a", "Succeeded")], "CompletionsReached"),
    ],
)
def test_a_job_is_decided(spec: Object, status: Object, pods: list[Object], why: str) -> None:
    assert reason(look(job(status, **spec), *pods)) == why


def test_a_failed_pod_is_replaced_after_a_growing_pause() -> None:
    made = look(job(), pod("a", "Failed"))
    assert (made.create, made.wait_seconds, made.backoff.failures) == ([], [10.0], 1)
    again = look(job(), pod("b", "Failed"), backoff=Backoff(2, NOW - timedelta(minutes=1)))
    assert (again.create, again.wait_seconds) == ([], [40.0])
    assert look(job({"failed": 1}), backoff=Backoff(1, NOW - timedelta(seconds=10))).create == [None]


def test_ended_pods_are_named_before_they_are_counted_and_only_then_the_job_ends() -> None:
    made = look(job(), pod("a", "Succeeded"))
    assert made.status["uncountedTerminatedPods"] == {"succeeded": ["a"]}
    assert [p["metadata"]["name"] for p in made.release] == ["a"]
    held, nothing = counted(made.status, {"a"}, made.decided, STAMP)
    assert (held.get("succeeded"), nothing) == (None, [])
    status, said = counted(made.status, set(), made.decided, STAMP)
    assert (status["succeeded"], status["completionTime"]) == (1, STAMP)
    assert [c["type"] for c in status["conditions"]] == ["SuccessCriteriaMet", "Complete"]
    assert said == [("Normal", "Completed", "Job completed")]
    _, said = counted(made.status, set(), made.decided, STAMP, wanted=0)
    assert [reason for _, reason, _ in said] == ["TooManySucceededPods", "Completed"]


def test_a_job_that_fails_counts_the_pods_it_ends_and_waits_for_them() -> None:
    made = look(job(backoffLimit=0, parallelism=2, completions=2), pod("a", "Failed"), pod("b"))
    assert [p["metadata"]["name"] for p in made.end] == ["b"]
    assert made.status["uncountedTerminatedPods"] == {"failed": ["a", "b"]}
    status, _ = counted(made.status, set(), made.decided, STAMP)
    assert [c["type"] for c in status["conditions"]] == ["FailureTarget"]
    status, _ = counted({**status, "terminating": 0}, set(), made.decided, STAMP)
    assert [c["type"] for c in status["conditions"]] == ["FailureTarget", "Failed"]
    assert "completionTime" not in status


# -- indexes -----------------------------------------------------------------------------------------------------------

INDEXED = {"completionMode": "Indexed", "completions": 4, "parallelism": 3}


def test_the_first_free_indexes_are_started() -> None:
    assert look(job(**INDEXED)).create == [0, 1, 2]
    made = look(job({"completedIndexes": "0"}, **INDEXED), pod("b", index=1), pod("c", "Succeeded", index=2))
    assert made.create == [3]
    assert (made.status["completedIndexes"], made.status["succeeded"]) == ("0,2", 2)


def test_a_second_pod_of_an_index_goes() -> None:
    made = look(job(**INDEXED), pod("a", index=0), pod("b", index=0), pod("c", index=9))
    assert [p["metadata"]["name"] for p in made.forget] == ["b", "c"]


def test_failures_of_an_index_are_handed_on_until_it_has_failed() -> None:
    a_job = job(**INDEXED, backoffLimitPerIndex=1)
    first = pod("a", "Failed", index=0, annotations={FAILURES: "0"})
    made = look(a_job, first)
    assert (made.create, made.release, made.status["failedIndexes"]) == ([1, 2], [], "")
    made = look(a_job, first, now=NOW + timedelta(seconds=10))
    assert made.create == [0, 1, 2]
    again = make(a_job, {}, 0, made.replaced[0])
    assert again["metadata"]["annotations"][FAILURES] == "1"
    second = pod("b", "Failed", index=0, annotations={FAILURES: "1"})
    assert look(a_job, second).status["failedIndexes"] == "0"
    assert reason(look({**a_job, "status": {"completedIndexes": "1-3"}}, second)) == "FailedIndexes"
    assert (
        reason(look(job(**INDEXED, backoffLimitPerIndex=1, maxFailedIndexes=0), second)) == "MaxFailedIndexesExceeded"
    )


def test_pods_of_indexed_jobs_know_their_index() -> None:
    made = make(job(**INDEXED), {"uid": "u"}, 3, None)
    metadata, spec = made["metadata"], made["spec"]
    assert (metadata["generateName"], spec["hostname"]) == ("sum-3-", "sum-3")
    assert metadata["annotations"][INDEX] == metadata["labels"][INDEX] == "3"
    assert spec["containers"][0]["env"][0]["name"] == "JOB_COMPLETION_INDEX"
    assert metadata["finalizers"] == [FINALIZER]


@pytest.mark.parametrize(
    ("numbers", "text"), [([], ""), ([0], "0"), ([0, 1], "0,1"), ([0, 1, 2, 5, 7, 8, 9], "0-2,5,7-9")]
)
def test_indexes_are_written_as_short_as_possible(numbers: list[int], text: str) -> None:
    assert indexes.write(numbers) == text
    assert indexes.read(text, 100) == set(numbers)
    assert indexes.count(text, 100) == len(numbers)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1-2-3", 'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts'),
        ("x", 'cannot convert string to integer for index: "x"'),
        ("9", 'too large index: "9"'),
        ("3-1", "non-increasing order, previous: 3, current: 1"),
        ("1,1", "non-increasing order, previous: 1, current: 1"),
    ],
)
def test_bad_indexes_are_told(text: str, why: str) -> None:
    with pytest.raises(indexes.BadIndexes) as caught:
        indexes.count(text, 5)
    assert str(caught.value).startswith(why)


# -- policies ----------------------------------------------------------------------------------------------------------


def rules(*rules: Object) -> Object:
    return {"rules": list(rules)}


EXIT_42 = {"onExitCodes": {"operator": "In", "values": [42]}}
DISRUPTED = {"onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}


def test_the_first_rule_that_fits_a_failed_pod_decides() -> None:
    gone = {"type": "DisruptionTarget", "status": "True"}
    policy = rules(
        {"action": "FailJob", **EXIT_42}, {"action": "Ignore", **DISRUPTED}, {"action": "FailIndex", **EXIT_42}
    )
    why = "Container c for pod shop/a failed with exit code 42 matching FailJob rule at index 0"
    assert judge(policy, pod("a", "Failed", code=42)).fails_job == why
    assert judge(policy, pod("a", "Failed", code=1, conditions=[gone])).counts is False
    assert judge(policy, pod("a", "Failed", code=1)).counts is True
    assert judge(rules({"action": "FailIndex", **EXIT_42}), pod("a", "Failed", code=42)).fails_index is True
    others = {"onExitCodes": {"operator": "NotIn", "values": [1]}, "action": "FailJob"}
    assert judge(rules(others), pod("a", "Succeeded", code=0)).fails_job == ""


def test_ignored_failures_do_not_count() -> None:
    policy = rules({"action": "Ignore", **EXIT_42})
    made = look(job(podFailurePolicy=policy, backoffLimit=0), pod("a", "Failed", code=42))
    assert (reason(made), made.status["uncountedTerminatedPods"]) == ("", {})
    assert [p["metadata"]["name"] for p in made.release] == ["a"]
    failed = look(job(podFailurePolicy=rules({"action": "FailJob", **EXIT_42})), pod("a", "Failed", code=42))
    assert reason(failed) == "PodFailurePolicy"


@pytest.mark.parametrize(
    ("rule", "done", "met"),
    [
        ({"succeededCount": 2}, {1}, ""),
        ({"succeededCount": 2}, {1, 3}, "Matched rules at index 0"),
        ({"succeededIndexes": "0,2-3"}, {0, 2}, ""),
        ({"succeededIndexes": "0,2-3"}, {0, 1, 2, 3}, "Matched rules at index 0"),
        ({"succeededIndexes": "0,2-3", "succeededCount": 1}, {3}, "Matched rules at index 0"),
    ],
)
def test_a_success_policy_may_ask_for_less(rule: Object, done: set[int], met: str) -> None:
    assert success(rules(rule), 4, done) == met


def test_a_met_success_policy_ends_the_other_pods() -> None:
    a_job = job(**INDEXED, successPolicy=rules({"succeededIndexes": "0"}))
    made = look(a_job, pod("a", "Succeeded", index=0), pod("b", index=1))
    assert reason(made) == "SuccessPolicy"
    assert [p["metadata"]["name"] for p in made.end] == ["b"]
    assert made.status["uncountedTerminatedPods"] == {}


def test_very_many_completions_are_not_gone_through_one_by_one() -> None:
    many = {"completionMode": "Indexed", "completions": 2**31 - 1, "parallelism": 3}
    assert look(job({"completedIndexes": "0,2"}, **many)).create == [1, 3, 4]
    named = f"0-{2**31 - 2}"
    assert len(indexes.read(named, 2**31 - 1)) == indexes.MAX_INDEXES
    assert len(look(job({}, **{**many, "parallelism": 2**31 - 1})).create) == 500
