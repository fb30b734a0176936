"""What a write to a Pod's resize subresource may do."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from apiserver.objects.validation.podresize import keep_all_but_resources, validate_resize

Object = dict[str, Any]


def pod(requests: Object | None = None, limits: Object | None = None, qos: str = "Burstable") -> Object:
    resources = {side: amounts for side, amounts in (("requests", requests), ("limits", limits)) if amounts}
    spec = {"containers": [{"name": "c", "image": "nginx:1", "resources": resources}]}
    return {"metadata": {"name": "p"}, "spec": spec, "status": {"qosClass": qos}}


def said(new: Object, old: Object) -> list[str]:
    return [str(cause).partition("\n")[0] for cause in validate_resize(new, old)]


BURSTABLE = pod({"cpu": "1", "memory": "1Gi"}, {"cpu": "2"})


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (pod({"cpu": "2", "memory": "1Gi"}, {"cpu": "2"}), []),
        (pod({"cpu": "1", "memory": "2Gi"}, {"cpu": "3", "memory": "4Gi"}), []),
        (pod({"cpu": "1", "memory": "1Gi"}, {"cpu": "1", "memory": "1Gi"}), [
            'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing']),
        (pod({"cpu": "1"}, {"cpu": "2"}), [
            "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"]),
        (pod({"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"}, {"cpu": "2"}), [
            "spec: Forbidden: only cpu and memory resources are mutable"]),
    ],
)  # fmt: skip
def test_cpu_and_memory_may_change(new: Object, expected: list[str]) -> None:
    assert said(new, BURSTABLE) == expected


def test_containers_stay() -> None:
    more, renamed = copy.deepcopy(BURSTABLE), copy.deepcopy(BURSTABLE)
    more["spec"]["containers"].append({"name": "d", "image": "x"})
    renamed["spec"]["containers"][0]["name"] = "d"
    assert said(more, BURSTABLE) == ["spec: Forbidden: containers may not be added or removed on resize"]
    assert said(renamed, BURSTABLE) == ["spec: Forbidden: containers may not be renamed or reordered on resize"]


def test_nodes_that_do_not_tell_what_they_gave_do_not_resize() -> None:
    old = copy.deepcopy(BURSTABLE)
    old["status"]["containerStatuses"] = [{"name": "c", "state": {"running": {}}}]
    assert said(BURSTABLE, old) == ["spec: Forbidden: Pod running on node without support for resize"]
    old["status"]["containerStatuses"][0]["resources"] = {}
    assert said(BURSTABLE, old) == []


def test_everything_else_is_put_back() -> None:
    new = pod({"cpu": "2"})
    new["spec"]["containers"][0]["image"] = "other"
    new["spec"]["nodeName"] = new["metadata"]["labels"] = "other"
    new["status"] = {}
    keep_all_but_resources(new, BURSTABLE)
    assert new["spec"]["containers"] == [{"name": "c", "image": "nginx:1", "resources": {"requests": {"cpu": "2"}}}]
    assert (new["metadata"], new["status"]) == (BURSTABLE["metadata"], BURSTABLE["status"])
    assert "nodeName" not in new["spec"]
