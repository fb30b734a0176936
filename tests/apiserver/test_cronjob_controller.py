"""CronJobs in a whole control plane, with time that the test moves."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.apiserver.harness import Harness

Object = dict[str, Any]


def cronjob(simulate: str = "", **spec: Any) -> Object:
    pod = {"restartPolicy": "Never", "containers": [{"name": "work", "image": "worker:1"}]}
    template = {"metadata": {"annotations": {"minictl.dev/simulate": simulate}} if simulate else {}, "spec": pod}
    whole = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}, **spec}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"}, "spec": whole}


async def minutes(h: Harness, count: int) -> None:
    await h.settle()
    for _ in range(count):
        h.clock.advance(60.1)
        await h.settle()


def names(h: Harness) -> list[str]:
    return [job["metadata"]["name"] for job in h.list("Job")]


def said(h: Harness) -> set[str]:
    return {e["reason"] for e in h.list("Event") if e["involvedObject"]["kind"] == "CronJob"}


def test_jobs_are_made_in_time_and_the_oldest_forgotten() -> None:
    async def story() -> None:
        async with Harness() as h:
            await h.create(cronjob("Completed", successfulJobsHistoryLimit=2))
            await h.settle()
            assert names(h) == []
            await minutes(h, 4)
            assert names(h) == ["tick-29453763", "tick-29453764"]
            status = h.get("CronJob", "tick")["status"]
            assert status["lastScheduleTime"] == "2026-01-01T00:04:00Z"
            assert "active" not in status
            assert said(h) == {"SuccessfulCreate", "SawCompletedJob", "SuccessfulDelete"}

    asyncio.run(story())


def test_what_becomes_of_a_job_that_still_runs_is_the_policy() -> None:
    async def story(policy: str, want: list[str], reason: str) -> None:
        async with Harness() as h:
            await h.create(cronjob(concurrencyPolicy=policy))
            await minutes(h, 2)
            assert names(h) == want
            assert [r["name"] for r in h.get("CronJob", "tick")["status"]["active"]] == want
            assert reason in said(h)

    asyncio.run(story("Allow", ["tick-29453761", "tick-29453762"], "SuccessfulCreate"))
    asyncio.run(story("Forbid", ["tick-29453761"], "JobAlreadyActive"))
    asyncio.run(story("Replace", ["tick-29453762"], "SuccessfulDelete"))


def test_a_suspended_one_makes_none_and_its_jobs_go_with_it() -> None:
    async def story() -> None:
        async with Harness() as h:
            await h.create(cronjob(suspend=True))
            await minutes(h, 2)
            assert names(h) == []
            kind = h.kind("CronJob")

            def resumed(old: Object) -> Object:
                return {**old, "spec": {**old["spec"], "suspend": False}}

            await h.api.modify(kind, "default", "tick", resumed)
            await h.settle()
            assert names(h) == ["tick-29453762"]
            await h.api.delete(kind, "default", "tick")
            await h.settle()
            assert (names(h), h.list("Pod")) == ([], [])

    asyncio.run(story())
