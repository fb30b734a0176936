"""A running Pod whose containers are to have other resources: whether its node can give them. Pure.

What a node cannot give even when it is empty is not given: the Pod keeps what it has, and a condition says so.
"""

from __future__ import annotations

from typing import Any

from apiserver.objects.patch import copied
from apiserver.objects.podstatus import RESIZE_PENDING, Verdict, find_condition
from apiserver.objects.scheduling.resources import CPU, MEMORY, amounts, requests_of

Object = dict[str, Any]

RESIZABLE = (("containers", "containerStatuses"), ("initContainers", "initContainerStatuses"))


def needs_restart(container: Object, before: Object) -> bool:
    """Whether a container (of two specs) has to be started again to have the resources of the first."""

    def amounts_of(spec: Object, name: str) -> list[Any]:
        resources = spec.get("resources") or {}
        return [(resources.get(side) or {}).get(name) for side in ("requests", "limits")]

    return any(
        policy["restartPolicy"] == "RestartContainer"
        and amounts_of(container, policy["resourceName"]) != amounts_of(before, policy["resourceName"])
        for policy in container.get("resizePolicy") or ()
    )


def may_be_resized(pod: Object) -> bool:
    """Whether the Pod may ask for other resources than it has: its spec is newer than its status, or that says so."""
    status = pod.get("status") or {}
    is_news = status.get("observedGeneration") not in (None, pod["metadata"].get("generation"))
    return is_news or find_condition(status, RESIZE_PENDING) is not None


def as_allocated(pod: Object, allocatable: Object) -> tuple[Object, Verdict | None]:
    """The Pod with the resources that it gets on a node with `allocatable`; and why those are not what it asks for."""
    asked, there = requests_of(pod["spec"]), amounts(allocatable)
    lacking = next((name for name in (MEMORY, CPU) if asked.get(name, 0) > there.get(name, 0)), None)
    if lacking is None:
        return pod, None
    text = f"{lacking}, requested: {asked[lacking]}, capacity: {there.get(lacking, 0)}"
    spec, status = copied(pod["spec"]), pod.get("status") or {}
    for specs, statuses in RESIZABLE:
        known = {each["name"]: each.get("resources") for each in status.get(statuses) or ()}
        for container in spec.get(specs) or ():
            container["resources"] = known.get(container["name"]) or {}
    return {**pod, "spec": spec}, Verdict(True, "Infeasible", f"Node didn't have enough capacity: {text}")
