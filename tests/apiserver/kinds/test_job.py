"""What is refused of Jobs, what may change, and how they look in a table."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds.job import kind as JOB
from apiserver.objects.validation.job import CONTROLLER_UID, generated_labels
from tests.apiserver.kinds.pipeline import cells, created, refusals, update_refusals

Object = dict[str, Any]


def job(restart: str = "Never", labels: Object | None = None, **spec: Any) -> Object:
    metadata = {"name": "sum", "namespace": "shop", "uid": "u-1"}
    marks = generated_labels(metadata) if labels is None else labels
    pod = {"restartPolicy": restart, "containers": [{"name": "c", "image": "busybox:1"}]}
    template = {"metadata": {"labels": marks}, "spec": pod}
    selector = {"matchLabels": {CONTROLLER_UID: "u-1"}}
    return {"metadata": metadata, "spec": {"template": template, "selector": selector, **spec}}


INDEXED = {"completionMode": "Indexed", "completions": 3}
EXIT = {"onExitCodes": {"operator": "In", "values": [1]}}


def failing(**rule: Any) -> Object:
    return {"podFailurePolicy": {"rules": [rule]}}


@pytest.mark.parametrize(
    ("given", "want"),
    [
        ({"completions": -1}, "spec.completions: Invalid value: -1: must be greater than or equal to 0"),
        ({"restart": "Always"}, 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'),
        (
            {"completionMode": "Indexed", "parallelism": 1},
            "spec.completions: Required value: when completion mode is Indexed",
        ),
        ({"backoffLimitPerIndex": 1}, "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"),
        (
            {**INDEXED, "maxFailedIndexes": 1},
            "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
        ),
        (
            {"completionMode": "All"},
            'spec.completionMode: Unsupported value: "All": supported values: "NonIndexed", "Indexed"',
        ),
        (
            {"managedBy": "me"},
            'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
        ),
        (
            {"podReplacementPolicy": "Never"},
            'spec.podReplacementPolicy: Unsupported value: "Never": supported values: "Failed", "TerminatingOrFailed"',
        ),
        (
            {**failing(action="Ignore", **EXIT), "podReplacementPolicy": "TerminatingOrFailed"},
            'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
        ),
        (
            failing(action="Skip", **EXIT),
            'spec.podFailurePolicy.rules[0].action: Unsupported value: "Skip": '
            'supported values: "Count", "FailIndex", "FailJob", "Ignore"',
        ),
        (
            failing(action="Ignore"),
            "spec.podFailurePolicy.rules[0]: Invalid value: "
            "specifying one of OnExitCodes and OnPodConditions is required",
        ),
        (
            failing(action="Ignore", onExitCodes={"operator": "In", "values": [2, 0]}),
            "spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator|"
            "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,0]: must be ordered",
        ),
        (
            {**failing(action="Ignore", **EXIT), "restart": "OnFailure"},
            'spec.template.spec.restartPolicy: Invalid value: "OnFailure": '
            'only "Never" is supported when podFailurePolicy is specified',
        ),
        (
            {"successPolicy": {"rules": [{"succeededCount": 1}]}},
            'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: '
            "requires indexed completion mode",
        ),
        (
            {**INDEXED, "successPolicy": {"rules": [{"succeededIndexes": "0-9"}]}},
            'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-9": '
            'error parsing succeededIndexes: too large index: "9"',
        ),
        (
            {"labels": {}, "manualSelector": True},
            "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
        ),
    ],
)
def test_what_is_refused(given: Object, want: str) -> None:
    assert refusals(JOB, job(**given)) == want.split("|")


def test_labels_that_belong_to_another_job_are_refused() -> None:
    foreign = {**generated_labels({"uid": "u-2", "name": "sum"})}
    assert "spec.template.metadata.labels[controller-uid]" in refusals(JOB, job(labels=foreign))[0]


def test_defaults_follow_from_other_fields() -> None:
    plain = created(JOB, job())["spec"]
    assert (plain["completions"], plain["parallelism"], plain["backoffLimit"]) == (1, 1, 6)
    assert "completions" not in created(JOB, job(parallelism=2))["spec"]
    assert created(JOB, job(**INDEXED, backoffLimitPerIndex=1))["spec"]["backoffLimit"] == 2**31 - 1
    assert created(JOB, job(**failing(action="Ignore", **EXIT)))["spec"]["podReplacementPolicy"] == "Failed"


@pytest.mark.parametrize(
    ("before", "after", "want"),
    [
        ({}, {"completions": 2}, ["spec.completions: Invalid value: 2: field is immutable"]),
        ({}, {"parallelism": 2, "completions": 1}, []),
        (INDEXED, {**INDEXED, "completions": 4, "parallelism": 4}, []),
        (
            INDEXED,
            {**INDEXED, "completions": 4},
            ["spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism"],
        ),
        ({}, {"managedBy": "a.io/b"}, ['spec.managedBy: Invalid value: "a.io/b": field is immutable']),
    ],
)
def test_what_may_change(before: Object, after: Object, want: list[str]) -> None:
    assert update_refusals(JOB, job(**after), created(JOB, job(**before))) == want


def test_a_suspended_job_may_still_choose_its_nodes() -> None:
    other = job(suspend=True)
    other["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}
    assert update_refusals(JOB, other, created(JOB, job(suspend=True))) == []
    (refused,) = update_refusals(JOB, other, created(JOB, job()))
    assert refused.startswith("spec.template: Invalid value: ")
    assert refused.endswith(": field is immutable")


def test_a_status_must_not_contradict_itself() -> None:
    def told(status: Object, before: Object | None = None) -> list[str]:
        old = {**created(JOB, job()), "status": before or {}}
        return [str(cause) for cause in JOB.validate_status({**old, "status": status}, old)]

    complete = {"type": "Complete", "status": "True"}
    assert "cannot set Complete=True condition without" in told({"conditions": [complete]})[0]
    assert told({"ready": 1}) == ["status.ready: Invalid value: 1: cannot set more ready pods than active"]
    assert told({"failed": 1}, {"failed": 2}) == ["status.failed: Invalid value: 1: cannot decrease the failed counter"]


def test_columns() -> None:
    times = {"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:02:05Z"}
    done = {
        **created(JOB, job()),
        "status": {"succeeded": 1, **times, "conditions": [{"type": "Complete", "status": "True"}]},
    }
    row = cells(JOB, done)
    assert (row["Status"], row["Completions"], row["Duration"]) == ("Complete", "1/1", "2m5s")
    assert cells(JOB, created(JOB, job(parallelism=3)))["Completions"] == "0/1 of 3"
    assert cells(JOB, created(JOB, job()))["Duration"] == ""
