"""What is refused of CronJobs, and how they look in a table."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds.cronjob import kind as CRONJOB
from tests.apiserver.kinds.pipeline import cells, created, refusals

Object = dict[str, Any]


def cronjob(name: str = "tick", job: Object | None = None, **spec: Any) -> Object:
    pod = {"restartPolicy": "OnFailure", "containers": [{"name": "c", "image": "busybox:1"}]}
    template = {"spec": {"template": {"spec": pod}, **(job or {})}}
    return {"metadata": {"name": name}, "spec": {"schedule": "@daily", "jobTemplate": template, **spec}}


@pytest.mark.parametrize(
    ("given", "want"),
    [
        ({"schedule": ""}, "spec.schedule: Required value"),
        (
            {"schedule": "every day"},
            'spec.schedule: Invalid value: "every day": expected exactly 5 fields, found 2: [every day]',
        ),
        (
            {"schedule": "TZ=UTC @daily"},
            'spec.schedule: Invalid value: "TZ=UTC @daily": '
            "cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
        ),
        ({"timeZone": "Moon/Base"}, 'spec.timeZone: Invalid value: "Moon/Base": unknown time zone Moon/Base'),
        ({"timeZone": "../etc"}, 'spec.timeZone: Invalid value: "../etc": unknown time zone ../etc'),
        (
            {"timeZone": "Local"},
            'spec.timeZone: Invalid value: "Local": '
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        ),
        (
            {"concurrencyPolicy": "Never"},
            'spec.concurrencyPolicy: Unsupported value: "Never": supported values: "Allow", "Forbid", "Replace"',
        ),
        (
            {"failedJobsHistoryLimit": -1},
            "spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            {"job": {"manualSelector": True}},
            'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
        ),
        ({"name": "a" * 53}, f'metadata.name: Invalid value: "{"a" * 53}": must be no more than 52 characters'),
    ],
)
def test_what_is_refused(given: Object, want: str) -> None:
    assert refusals(CRONJOB, cronjob(**given)) == [want]


def test_defaults_reach_the_pod_and_leave_the_job_open() -> None:
    spec = created(CRONJOB, cronjob())["spec"]
    assert (spec["concurrencyPolicy"], spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (
        "Allow",
        3,
        1,
    )
    assert spec["suspend"] is False
    assert "parallelism" not in spec["jobTemplate"]["spec"]
    assert spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"


def test_columns() -> None:
    row = cells(CRONJOB, created(CRONJOB, cronjob(timeZone="Etc/UTC")))
    assert (row["Schedule"], row["Timezone"], row["Suspend"], row["Active"]) == ("@daily", "Etc/UTC", "False", 0)
    assert (row["Last Schedule"], row["Containers"], row["Selector"]) == ("<none>", "c", "<none>")
