"""The parts of a Pod that are written by themselves: ephemeral containers and resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apiserver import errors
from tests.apiserver.harness import Harness

Object = dict[str, Any]


def pod(**spec: Any) -> Object:
    container = {"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "1"}}}
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container], **spec},
    }  # fmt: skip


async def write(h: Harness, part: str, change: Callable[[Object], None]) -> Object:
    def changed(found: Object) -> Object:
        change(found)
        return found

    return (await h.api.modify(h.kind("Pod"), "default", "p", changed, part)).object


def debugger(name: str = "dbg", image: str = "busybox") -> Callable[[Object], None]:
    def added(found: Object) -> None:
        found["metadata"]["labels"] = {"not": "written"}
        found["spec"].setdefault("ephemeralContainers", []).append({"name": name, "image": image})

    return added


async def test_ephemeral_containers_are_added_and_nothing_else() -> None:
    async with Harness(nodes=0) as h:
        await h.create(pod())
        made = await write(h, "ephemeralcontainers", debugger())
        assert [c["name"] for c in made["spec"]["ephemeralContainers"]] == ["dbg"]
        assert made["spec"]["ephemeralContainers"][0]["imagePullPolicy"] == "Always"
        assert "labels" not in made["metadata"]
        assert made["metadata"]["generation"] == 2
        with pytest.raises(errors.Invalid, match="may not be changed"):
            await write(h, "ephemeralcontainers", lambda p: p["spec"]["ephemeralContainers"][0].update(image="x"))
        with pytest.raises(errors.Invalid, match='existing ephemeral containers "dbg" may not be removed'):
            await write(h, "ephemeralcontainers", lambda p: p["spec"].pop("ephemeralContainers"))
        with pytest.raises(errors.Invalid, match="Duplicate value"):
            await write(h, "ephemeralcontainers", debugger("c"))


async def test_a_running_pod_is_resized_and_says_so() -> None:
    async with Harness() as h:
        await h.create(pod())
        await h.settle()

        def resized(found: Object) -> None:
            found["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1500m"}}
            found["spec"]["containers"][0]["image"] = "not-written"

        made = await write(h, "resize", resized)
        assert made["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "1500m"}}
        assert made["spec"]["containers"][0]["image"] == "nginx"
        await h.settle()
        (status,) = h.get("Pod", "p")["status"]["containerStatuses"]
        assert status["resources"] == {"requests": {"cpu": "1500m"}}
        assert status["allocatedResources"] == {"cpu": "1500m"}


async def test_a_resize_is_held_against_quotas_and_limits() -> None:
    async with Harness(nodes=0) as h:
        await h.create(pod())
        spec: Object = {"hard": {"requests.cpu": "2"}}
        await h.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": spec})

        def grown(cpu: str) -> Callable[[Object], None]:
            return lambda p: p["spec"]["containers"][0].update(resources={"requests": {"cpu": cpu}})

        with pytest.raises(errors.Forbidden, match="exceeded quota: q, requested: requests"):
            await write(h, "resize", grown("2500m"))
        await write(h, "resize", grown("2"))
        spec = {"limits": [{"type": "Pod", "min": {"cpu": "1"}}]}
        await h.create({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": spec})
        with pytest.raises(errors.Forbidden, match="minimum cpu usage per Pod is 1, but request is 500m"):
            await write(h, "resize", grown("500m"))
