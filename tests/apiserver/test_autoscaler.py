"""HorizontalPodAutoscalers at work: in their own time, within their bounds, in both versions."""

from __future__ import annotations

from typing import Any

from tests.apiserver.harness import Harness

Object = dict[str, Any]
LABELS = {"app": "web"}


def deployment(replicas: int) -> Object:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def autoscaler(kind: str = "Deployment") -> Object:
    target = {"apiVersion": "apps/v1", "kind": kind, "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": spec,
    }


async def pass_time(h: Harness, seconds: float = 15) -> None:
    h.clock.advance(seconds)
    await h.settle()


def reasons(h: Harness, version: str = "autoscaling/v2") -> list[str]:
    kind = h.cluster.kinds.by_name(version, "HorizontalPodAutoscaler")
    assert kind is not None
    return [c["reason"] for c in h.api.get(kind, "default", "web").object["status"].get("conditions") or []]


async def test_it_scales_when_its_time_has_come() -> None:
    async with Harness() as h:
        await h.create(deployment(1))
        await h.create(autoscaler())
        await h.settle()
        assert reasons(h) == []
        await pass_time(h)
        assert reasons(h) == ["SucceededRescale"]
        assert h.get("Deployment", "web")["spec"]["replicas"] == 2
        await pass_time(h)
        assert reasons(h) == ["SucceededGetScale", "FailedGetResourceMetric"]
        status = h.get("HorizontalPodAutoscaler", "web")["status"]
        assert (status["currentReplicas"], status["desiredReplicas"]) == (2, 2)
        said = {e["reason"]: e["message"] for e in h.list("Event") if e["involvedObject"]["name"] == "web"}
        assert said["SuccessfulRescale"] == "New size: 2; reason: Current number of replicas below Spec.MinReplicas"
        older = h.cluster.kinds.by_name("autoscaling/v1", "HorizontalPodAutoscaler")
        assert older is not None
        seen = h.api.get(older, "default", "web").object
        assert seen["spec"]["targetCPUUtilizationPercentage"] == 80
        assert "autoscaling.alpha.kubernetes.io/conditions" in seen["metadata"]["annotations"]


async def test_writing_the_older_version_keeps_what_only_the_newer_one_can_say() -> None:
    async with Harness() as h:
        await h.create(deployment(3))
        await h.create(autoscaler())
        await h.settle()
        await pass_time(h)
        older = h.cluster.kinds.by_name("autoscaling/v1", "HorizontalPodAutoscaler")
        assert older is not None

        def raised(found: Object) -> Object:
            found["metadata"]["annotations"].pop("autoscaling.alpha.kubernetes.io/conditions")
            found["spec"]["maxReplicas"] = 9
            return found

        await h.api.modify(older, "default", "web", raised)
        newer = h.get("HorizontalPodAutoscaler", "web")
        assert (newer["apiVersion"], newer["spec"]["maxReplicas"]) == ("autoscaling/v2", 9)
        assert [c["type"] for c in newer["status"]["conditions"]] == ["AbleToScale", "ScalingActive"]
        assert "annotations" not in newer["metadata"]


async def test_targets_that_cannot_be_scaled() -> None:
    async with Harness() as h:
        await h.create(autoscaler("Moon"))
        await h.settle()
        await pass_time(h)
        (condition,) = h.get("HorizontalPodAutoscaler", "web")["status"]["conditions"]
        assert condition["message"] == (
            "the HPA controller was unable to get the target's current scale: "
            'no matches for kind "Moon" in group "apps"'
        )
