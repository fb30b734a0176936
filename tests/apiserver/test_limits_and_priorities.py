"""What admission gives to Pods and refuses them: LimitRanges, PriorityClasses, RuntimeClasses."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver import errors
from tests.apiserver.harness import Harness

Object = dict[str, Any]


def limits(**item: Any) -> Object:
    spec = {"limits": [{"type": "Container", **item}]}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "bounds"}, "spec": spec}


def pod(*resources: Object, **spec: Any) -> Object:
    containers = [{"name": f"c{n}", "image": "nginx", "resources": r} for n, r in enumerate(resources or ({},))]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": containers, **spec}}


async def refusal(h: Harness, object: Object) -> str:
    with pytest.raises(errors.Forbidden) as refused:
        await h.create(object)
    return refused.value.message.partition("is forbidden: ")[2]


async def test_containers_get_what_they_do_not_say() -> None:
    async with Harness(nodes=0) as h:
        amounts = {"default": {"cpu": "500m", "memory": "512Mi"}, "defaultRequest": {"cpu": "100m"}}
        await h.create(limits(**amounts))
        made = await h.create(pod({}, {"limits": {"cpu": "800m"}}, initContainers=[{"name": "i", "image": "x"}]))
        assert [c["resources"] for c in made["spec"]["containers"]] == [
            {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "512Mi"}},
            {"limits": {"cpu": "800m", "memory": "512Mi"}, "requests": {"cpu": "800m", "memory": "512Mi"}},
        ]
        assert made["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
            "LimitRanger plugin set: cpu, memory request for container c0; cpu, memory limit for container c0; "
            "memory request for container c1; memory limit for container c1; "
            "cpu, memory request for init container i; cpu, memory limit for init container i"
        )
        assert made["status"]["qosClass"] == "Burstable"


@pytest.mark.parametrize(
    ("item", "resources", "expected"),
    [
        ({"max": {"cpu": "1"}}, {"limits": {"cpu": "2"}, "requests": {"cpu": "1"}}, (
            "maximum cpu usage per Container is 1, but limit is 2")),
        ({"min": {"cpu": "100m"}}, {"requests": {"cpu": "50m"}}, (
            "minimum cpu usage per Container is 100m, but request is 50m")),
        ({"min": {"cpu": "100m"}, "max": {"cpu": "1"}}, {"limits": {"cpu": "50m"}}, (
            "minimum cpu usage per Container is 100m, but request is 50m")),
        ({"type": "Pod", "min": {"memory": "1Gi"}}, {}, (
            "minimum memory usage per Pod is 1Gi.  No request is specified")),
        ({"type": "Pod", "max": {"memory": "1Gi"}}, {}, (
            "maximum memory usage per Pod is 1Gi.  No limit is specified")),
        ({"maxLimitRequestRatio": {"cpu": "2"}}, {"limits": {"cpu": "3"}, "requests": {"cpu": "1"}}, (
            "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000")),
        ({"maxLimitRequestRatio": {"cpu": "2"}}, {}, (
            "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0")),
        ({"max": {"cpu": "1", "memory": "1Gi"}}, {"limits": {"cpu": "2", "memory": "2Gi"}}, (
            "[maximum cpu usage per Container is 1, but limit is 2, "
            "maximum memory usage per Container is 1Gi, but limit is 2Gi]")),
    ],
)  # fmt: skip
async def test_nobody_goes_beyond_the_bounds(item: Object, resources: Object, expected: str) -> None:
    async with Harness(nodes=0) as h:
        await h.create(limits(**item))
        assert await refusal(h, pod(resources)) == expected


async def test_a_pod_is_bounded_as_a_whole() -> None:
    async with Harness(nodes=0) as h:
        await h.create(limits(type="Pod", max={"cpu": "1"}))
        half = {"limits": {"cpu": "600m"}}
        assert await refusal(h, pod(half, half)) == "maximum cpu usage per Pod is 1, but limit is 1200m"


def priority(name: str, value: int, **fields: Any) -> Object:
    return {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value,
            **fields}  # fmt: skip


async def test_a_pod_gets_the_priority_of_its_class() -> None:
    async with Harness(nodes=0) as h:
        await h.create(priority("calm", 5, preemptionPolicy="Never"))
        made = await h.create(pod(priorityClassName="calm"))
        assert (made["spec"]["priority"], made["spec"]["preemptionPolicy"]) == (5, "Never")
        plain = pod()
        plain["metadata"]["name"] = "plain"
        made = await h.create(plain)
        assert (made["spec"]["priority"], made["spec"]["preemptionPolicy"]) == (0, "PreemptLowerPriority")


async def test_a_default_class_is_for_those_that_name_none() -> None:
    async with Harness(nodes=0) as h:
        await h.create(priority("usual", 7, globalDefault=True))
        made = await h.create(pod())
        assert (made["spec"]["priorityClassName"], made["spec"]["priority"]) == ("usual", 7)
        second = priority("second", 8, globalDefault=True)
        assert await refusal(h, second) == (
            "PriorityClass usual is already marked as default. Only one default can exist"
        )


COMPUTED = "must not be provided in pod spec; priority admission controller computed"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"priorityClassName": "gold"}, "no PriorityClass with name gold was found"),
        ({"priority": 9}, (
            f"the integer value of priority (9) {COMPUTED} 0 from the given PriorityClass name")),
        ({"preemptionPolicy": "Never"}, (
            f"the string value of PreemptionPolicy (Never) {COMPUTED} PreemptLowerPriority from the given "
            "PriorityClass name")),
        ({"runtimeClassName": "ghost"}, 'pod rejected: RuntimeClass "ghost" not found'),
        ({"overhead": {"cpu": "1"}}, (
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")),
    ],
)  # fmt: skip
async def test_refusals(spec: Object, expected: str) -> None:
    async with Harness(nodes=0) as h:
        assert await refusal(h, pod(**spec)) == expected


async def test_the_classes_of_the_system_stay() -> None:
    async with Harness(nodes=0) as h:
        kind = h.kind("PriorityClass")
        assert {one["metadata"]["name"]: one["value"] for one in h.list("PriorityClass")} == {
            "system-node-critical": 2000001000,
            "system-cluster-critical": 2000000000,
        }
        with pytest.raises(errors.Forbidden, match="this is a system priority class and cannot be deleted"):
            await h.api.delete(kind, "", "system-node-critical")


async def test_a_runtime_class_says_what_it_costs_and_where_it_runs() -> None:
    async with Harness(nodes=0) as h:
        toleration = {"key": "sandbox", "operator": "Exists"}
        await h.create({
            "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "gvisor"}, "handler": "runsc",
            "overhead": {"podFixed": {"cpu": "250m"}},
            "scheduling": {"nodeSelector": {"sandbox": "yes"}, "tolerations": [toleration]},
        })  # fmt: skip
        spec = (await h.create(pod(runtimeClassName="gvisor", nodeSelector={"disk": "ssd"})))["spec"]
        assert spec["overhead"] == {"cpu": "250m"}
        assert spec["nodeSelector"] == {"disk": "ssd", "sandbox": "yes"}
        assert toleration in spec["tolerations"]
        assert await refusal(h, pod(runtimeClassName="gvisor", nodeSelector={"sandbox": "no"})) == (
            "conflict: runtimeClass.scheduling.nodeSelector[sandbox] = yes; pod.spec.nodeSelector[sandbox] = no"
        )
        assert await refusal(h, pod(runtimeClassName="gvisor", overhead={"cpu": "1"})) == (
            "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
        )
