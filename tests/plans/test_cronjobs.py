"""When a CronJob is due: given its schedule, what was made last and the time, want the start to make."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from apiserver.objects import cronjobs

Object = dict[str, Any]


def cronjob(schedule: str = "*/5 * * * *", last: str = "", **spec: Any) -> Object:
    metadata = {"name": "tick", "namespace": "shop", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"template": {}}}
    status = {"lastScheduleTime": last} if last else {}
    return {"metadata": metadata, "spec": {"schedule": schedule, "jobTemplate": template, **spec}, "status": status}


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-{text}+00:00")


@pytest.mark.parametrize(
    ("given", "now", "moment", "wait"),
    [
        (cronjob(), "01T00:04:59", None, 1.1),
        (cronjob(), "01T00:05:00", "01T00:05:00", 300.1),
        (cronjob(), "01T00:13:00", "01T00:10:00", 120.1),
        (cronjob(last="2026-01-01T00:10:00Z"), "01T00:13:00", None, 120.1),
        (cronjob(startingDeadlineSeconds=60), "01T00:13:00", None, 120.1),
        (cronjob(startingDeadlineSeconds=200), "01T00:13:00", "01T00:10:00", 120.1),
        (cronjob("@every 7m"), "01T00:30:00", "01T00:28:00", 300.1),
        (cronjob(timeZone="Asia/Tokyo", schedule="0 9 * * *"), "02T00:00:01", "02T00:00:00", 86399.1),
    ],
)
def test_the_last_start_that_was_missed_is_due(given: Object, now: str, moment: str | None, wait: float) -> None:
    due = cronjobs.due(given, at(now))
    assert (due.moment, due.missed_many) == (at(moment) if moment else None, False)
    assert due.next_seconds == pytest.approx(wait)


def test_many_missed_starts_are_worth_a_warning() -> None:
    assert cronjobs.due(cronjob("* * * * *"), at("02T00:00:00")).missed_many
    assert not cronjobs.due(cronjob("* * * * *", startingDeadlineSeconds=600), at("02T00:00:00")).missed_many


def test_a_schedule_that_names_no_time_is_never_due() -> None:
    with pytest.raises(cronjobs.NeverDue):
        cronjobs.due(cronjob("0 0 31 2 *"), at("02T00:00:00"))


def test_a_job_is_named_for_its_minute_and_says_what_it_was_scheduled_for() -> None:
    job = cronjobs.make_job(cronjob(timeZone="Asia/Tokyo"), {"uid": "u"}, at("01T00:05:00"))
    assert job["metadata"]["name"] == "tick-29453765"
    assert job["metadata"]["annotations"] == {cronjobs.SCHEDULED_FOR: "2026-01-01T09:05:00+09:00"}
    assert job["metadata"]["labels"] == {"a": "b"}
    utc = cronjobs.make_job(cronjob(), {"uid": "u"}, at("01T00:05:00"))
    assert utc["metadata"]["annotations"] == {cronjobs.SCHEDULED_FOR: "2026-01-01T00:05:00Z"}


def test_the_oldest_finished_jobs_are_surplus() -> None:
    jobs = [{"metadata": {"name": n}, "status": {"startTime": t}} for n, t in (("b", "2"), ("a", "1"), ("c", "3"))]
    assert [j["metadata"]["name"] for j in cronjobs.surplus(jobs, 1)] == ["a", "b"]
    assert cronjobs.surplus(jobs, None) == []
