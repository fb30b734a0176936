"""Disruption budgets kept by their controller, and evictions that ask them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from apiserver import errors
from apiserver.call import Call
from apiserver.deletion import DeleteOptions
from apiserver.eviction import evict
from tests.apiserver.harness import Harness

Object = dict[str, Any]
LABELS = {"app": "zk"}


def budget(name: str = "keep", **spec: Any) -> Object:
    spec = {"selector": {"matchLabels": LABELS}, **spec}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec}


def pod(name: str, *, ready: bool = True) -> Object:
    simulate = {} if ready else {"annotations": {"minictl.dev/simulate": "Unready"}}
    metadata = {"name": name, "labels": LABELS, **simulate}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [dict(CONTAINER)]}}


CONTAINER = {"name": "c", "image": "zookeeper:3"}


def deployment(replicas: int) -> Object:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [dict(CONTAINER)]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "zk"}, "spec": spec}


async def evicted(h: Harness, name: str, options: DeleteOptions | None = None, *, dry_run: bool = False) -> str:
    """ "" or why not."""
    try:
        await evict(h.api, h.kind("Pod"), "default", name, options or DeleteOptions(), Call(dry_run=dry_run))
    except errors.APIError as error:
        causes = (error.details or {}).get("causes") or [{"message": error.message}]
        return f"{error.code} {causes[0]['message']}"
    return ""


def counts(h: Harness, name: str = "keep") -> tuple[int, int, int, int]:
    """expected, desired, healthy, allowed"""
    status = h.get("PodDisruptionBudget", name)["status"]
    fields = ("expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed")
    expected, desired, healthy, allowed = (status[field] for field in fields)
    return expected, desired, healthy, allowed


def said(h: Harness, reason: str) -> list[str]:
    return [event["message"] for event in h.list("Event") if event["reason"] == reason]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"minAvailable": 3}, (4, 3, 4, 1)),
        ({"minAvailable": "75%"}, (4, 3, 4, 1)),
        ({"maxUnavailable": "50%"}, (4, 2, 4, 2)),
        ({"maxUnavailable": 0}, (4, 4, 4, 0)),
    ],
)
async def test_a_budget_follows_the_scale_of_its_deployment(spec: Object, expected: tuple[int, ...]) -> None:
    async with Harness() as h:
        await h.create(deployment(4))
        await h.settle()
        await h.create(budget(**spec))
        await h.settle()
        assert counts(h) == expected


async def test_evictions_stop_where_the_budget_does() -> None:
    async with Harness() as h:
        for name in ("a", "b", "c"):
            await h.create(pod(name))
        await h.create(budget(minAvailable=2))
        await h.settle()
        assert counts(h) == (3, 2, 3, 1)
        assert await evicted(h, "a", dry_run=True) == ""
        assert h.get("PodDisruptionBudget", "keep")["status"]["disruptionsAllowed"] == 1
        outcomes = await asyncio.gather(*(evicted(h, name) for name in ("a", "b", "c")))
        assert sorted(outcomes)[0] == ""
        assert sum(outcome.startswith("429") for outcome in outcomes) == 2
        await h.settle()
        survivors = [one for one in h.list("Pod") if "deletionTimestamp" not in one["metadata"]]
        assert len(survivors) == 2
        refusal = await evicted(h, survivors[0]["metadata"]["name"])
        assert refusal == "429 The disruption budget keep needs 2 healthy pods and has 2 currently"


async def test_the_reason_stands_in_the_status_of_a_pod_that_takes_its_time() -> None:
    async with Harness() as h:
        await h.create(pod("a") | {"metadata": {"name": "a", "finalizers": ["example.com/wait"]}})
        await h.settle()
        assert await evicted(h, "a") == ""
        conditions = {c["type"]: c for c in h.get("Pod", "a")["status"]["conditions"]}
        assert conditions["DisruptionTarget"]["reason"] == "EvictionByEvictionAPI"
        assert conditions["DisruptionTarget"]["message"] == "Eviction API: evicting"


async def test_two_budgets_are_one_too_many() -> None:
    async with Harness() as h:
        await h.create(pod("a"))
        await h.create(budget("one", minAvailable=0))
        await h.create(budget("two", minAvailable=0))
        await h.settle()
        assert (await evicted(h, "a")).startswith("500 This pod has more than one PodDisruptionBudget")


@pytest.mark.parametrize(
    ("policy", "well", "goes"),
    [("IfHealthyBudget", 2, True), ("IfHealthyBudget", 1, False), ("AlwaysAllow", 1, True)],
)
async def test_pods_that_are_not_well(policy: str, well: int, goes: bool) -> None:
    async with Harness() as h:
        for number in range(well):
            await h.create(pod(f"well-{number}"))
        await h.create(pod("sick", ready=False))
        await h.create(budget(minAvailable=2, unhealthyPodEvictionPolicy=policy))
        await h.settle()
        assert (await evicted(h, "sick") == "") is goes
        assert h.get("PodDisruptionBudget", "keep")["status"]["disruptionsAllowed"] == 0


async def test_preconditions_and_missing_pods() -> None:
    async with Harness() as h:
        await h.create(pod("a"))
        await h.settle()
        assert (await evicted(h, "ghost")).startswith("404")
        assert (await evicted(h, "a", DeleteOptions(uid="other"))).startswith("409")
        assert (await evicted(h, "a", DeleteOptions(resource_version="1"))).startswith("409")
        assert await evicted(h, "a", DeleteOptions(uid=h.get("Pod", "a")["metadata"]["uid"])) == ""


async def test_a_budget_says_what_keeps_it_from_counting() -> None:
    async with Harness() as h:
        await h.create(budget("none", minAvailable=1))
        await h.settle()
        assert said(h, "NoPods") == ["No matching pods found"]
        await h.create(pod("alone"))
        await h.create(budget(maxUnavailable="50%"))
        await h.settle()
        assert counts(h) == (0, 0, 1, 0)
        assert said(h, "UnmanagedPods")[0].startswith("Pods selected by this PodDisruptionBudget (selector: &Label")


async def test_pods_of_what_has_no_scale_fail_the_sync() -> None:
    async with Harness() as h:
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "owner"}}
        made = await h.create(lease)
        reference = {"apiVersion": lease["apiVersion"], "kind": "Lease", "name": "owner", "controller": True}
        owned = pod("a")
        owned["metadata"]["ownerReferences"] = [reference | {"uid": made["metadata"]["uid"]}]
        await h.create(owned)
        await h.create(budget(maxUnavailable=1))
        await h.settle()
        (condition,) = h.get("PodDisruptionBudget", "keep")["status"]["conditions"]
        text = "leases.coordination.k8s.io does not implement the scale subresource"
        assert (condition["reason"], condition["message"]) == ("SyncFailed", text)
        assert await evicted(h, "a") == "429 The disruption budget keep is still being processed by the server."


async def test_what_was_said_of_a_pod_that_stays_is_taken_back() -> None:
    async with Harness() as h:
        await h.create(pod("a"))
        await h.settle()

        def doomed(found: Object) -> Object:
            now = "2026-01-01T00:00:00Z"
            target = {"type": "DisruptionTarget", "status": "True", "reason": "Test", "lastTransitionTime": now}
            found["status"]["conditions"].append(target)
            return found

        await h.api.modify(h.kind("Pod"), "default", "a", doomed, "status")
        await h.settle()
        assert _target(h)["status"] == "True"
        h.clock.advance(121)
        await h.settle()
        assert (_target(h)["status"], _target(h).get("reason")) == ("False", None)


def _target(h: Harness) -> Object:
    (found,) = [c for c in h.get("Pod", "a")["status"]["conditions"] if c["type"] == "DisruptionTarget"]
    return dict(found)
