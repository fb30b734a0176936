"""Jobs in a whole control plane, with time that the test moves."""

from __future__ import annotations

import asyncio
from typing import Any

from apiserver.deletion import DeleteOptions
from tests.apiserver.harness import Harness

Object = dict[str, Any]

TRACKING = "batch.kubernetes.io/job-tracking"


def job(name: str, simulate: str = "", restart: str = "Never", **spec: Any) -> Object:
    metadata = {"annotations": {"minictl.dev/simulate": simulate}} if simulate else {}
    pod = {"restartPolicy": restart, "containers": [{"name": "work", "image": "worker:1"}]}
    template = {"metadata": metadata, "spec": pod}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}}


def conditions(a_job: Object) -> list[str]:
    return [c["type"] for c in a_job["status"].get("conditions") or () if c["status"] == "True"]


def said(h: Harness, name: str) -> list[str]:
    return sorted(e["reason"] for e in h.list("Event") if e["involvedObject"]["name"] == name)


def test_a_job_runs_its_pods_to_completion_and_counts_them() -> None:
    async def story() -> None:
        async with Harness() as h:
            await h.create(job("sum", "Completed", completions=3, parallelism=2))
            await h.settle()
            done = h.get("Job", "sum")
            assert conditions(done) == ["SuccessCriteriaMet", "Complete"]
            assert (done["status"]["succeeded"], done["status"]["uncountedTerminatedPods"]) == (3, {})
            pods = h.list("Pod")
            assert len(pods) == 3
            assert all("finalizers" not in pod["metadata"] for pod in pods)
            assert all(pod["metadata"]["labels"]["job-name"] == "sum" for pod in pods)
            assert said(h, "sum") == ["Completed", *["SuccessfulCreate"] * 3]

    asyncio.run(story())


def test_failed_pods_are_replaced_later_and_later_until_the_limit() -> None:
    async def story() -> None:
        async with Harness() as h:
            await h.create(job("sum", "Error", backoffLimit=2))
            await h.settle()
            for seconds, pods in ((9, 1), (1, 2), (19, 2), (1, 3)):
                h.clock.advance(seconds)
                await h.settle()
                assert len(h.list("Pod")) == pods
            failed = h.get("Job", "sum")
            assert conditions(failed) == ["FailureTarget", "Failed"]
            assert failed["status"]["failed"] == 3
            assert "BackoffLimitExceeded" in said(h, "sum")

    asyncio.run(story())


def test_a_deadline_ends_the_pods_and_a_time_to_live_the_job() -> None:
    async def story() -> None:
        async with Harness() as h:
            await h.create(job("sum", activeDeadlineSeconds=30, ttlSecondsAfterFinished=60))
            await h.settle()
            assert h.get("Job", "sum")["status"]["ready"] == 1
            h.clock.advance(30)
            await h.settle()
            failed = h.get("Job", "sum")
            assert conditions(failed) == ["FailureTarget", "Failed"]
            assert failed["status"]["conditions"][0]["reason"] == "DeadlineExceeded"
            assert h.list("Pod") == []
            h.clock.advance(60)
            await h.settle()
            assert h.list("Job") == []

    asyncio.run(story())


def test_a_job_managed_by_somebody_else_is_left_alone() -> None:
    async def story() -> None:
        async with Harness() as h:
            await h.create(job("sum", managedBy="acme.io/jobs"))
            await h.settle()
            assert h.list("Pod") == []
            assert not h.get("Job", "sum").get("status")

    asyncio.run(story())


def test_a_pod_that_is_deleted_counts_as_failed_and_is_not_held() -> None:
    async def story() -> None:
        async with Harness() as h:
            await h.create(job("sum"))
            await h.settle()
            (pod,) = h.list("Pod")
            assert pod["metadata"]["finalizers"] == [TRACKING]
            await h.api.delete(h.kind("Pod"), "default", pod["metadata"]["name"])
            await h.settle()
            h.clock.advance(10)
            await h.settle()
            (other,) = h.list("Pod")
            assert other["metadata"]["name"] != pod["metadata"]["name"]
            assert h.get("Job", "sum")["status"]["failed"] == 1

    asyncio.run(story())


def test_a_deleted_job_lets_go_of_its_pods_or_takes_them_along() -> None:
    async def story() -> None:
        async with Harness() as h:
            for name in ("orphaning", "collecting"):
                await h.create(job(name))
            await h.settle()
            await h.api.delete(h.kind("Job"), "default", "orphaning")
            await h.api.delete(h.kind("Job"), "default", "collecting", DeleteOptions(propagation="Background"))
            await h.settle()
            (left,) = h.list("Pod")
            assert left["metadata"]["generateName"] == "orphaning-"
            assert "finalizers" not in left["metadata"]

    asyncio.run(story())


def test_suspending_takes_the_pods_away_without_counting_them() -> None:
    async def story() -> None:
        async with Harness() as h:
            await h.create(job("sum", parallelism=2, completions=2))
            await h.settle()

            def suspended(value: bool) -> Any:
                return lambda old: {**old, "spec": {**old["spec"], "suspend": value}}

            await h.api.modify(h.kind("Job"), "default", "sum", suspended(True))
            await h.settle()
            assert h.list("Pod") == []
            assert conditions(h.get("Job", "sum")) == ["Suspended"]
            assert "startTime" not in h.get("Job", "sum")["status"]
            h.clock.advance(100)
            await h.api.modify(h.kind("Job"), "default", "sum", suspended(False))
            await h.settle()
            status = h.get("Job", "sum")["status"]
            assert (status["active"], status["ready"], status.get("failed")) == (2, 2, None)
            assert status["startTime"] == "2026-01-01T00:01:40Z"

    asyncio.run(story())


def test_a_job_that_cannot_make_its_pods_says_what_it_has_and_why() -> None:
    async def story() -> None:
        async with Harness() as h:
            unmade = job("sum", parallelism=2)
            unmade["spec"]["template"]["spec"]["priorityClassName"] = "nope"
            await h.create(unmade)
            await h.settle()
            status = dict(h.get("Job", "sum")["status"])
            assert status.pop("startTime")
            assert status == {"ready": 0, "terminating": 0, "uncountedTerminatedPods": {}}
            text = 'Error creating: pods "sum-" is forbidden: no PriorityClass with name nope was found'
            assert text in {e["message"] for e in h.list("Event")}

    asyncio.run(story())
