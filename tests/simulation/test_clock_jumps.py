"""The wall clock jumps back and forth, as after a long sleep or a correction: the cluster goes on as it was."""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from apiserver.clock import ManualClock
from apiserver.objects import simulatednode
from tests.apiserver.harness import Harness, Object

SEEDS = range(int(os.environ.get("MINICTL_SEEDS", "6")))
DAY, HOUR = 86400.0, 3600.0


class JumpingClock(ManualClock):
    """One whose date is wrong by `error`; whoever sleeps is not concerned."""

    error = timedelta()

    def now(self) -> datetime:
        return super().now() + self.error

    def jump(self, seconds: float) -> None:
        self.error += timedelta(seconds=seconds)


class Jumping(Harness):
    """A harness with such a clock."""

    clock: JumpingClock

    def __init__(self, **settings: Any) -> None:
        super().__init__(clock=JumpingClock(), **settings)

    async def pass_time(self, seconds: int, step: int = 1) -> None:
        for _ in range(0, seconds, step):
            self.clock.advance(step)
            await self.settle()


def deployment(replicas: int) -> Object:
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "web:1"}], "terminationGracePeriodSeconds": 5},
            },
        },
    }  # fmt: skip


def ready_nodes(h: Harness) -> int:
    nodes = [node["status"]["conditions"] for node in h.list("Node", "")]
    return sum(c["type"] == "Ready" and c["status"] == "True" for conditions in nodes for c in conditions)


def _stopped(node: Object) -> Object:
    node["metadata"]["annotations"][simulatednode.BEHAVIOUR] = simulatednode.DOWN
    return node


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_cluster_lives_through_jumps(seed: int) -> None:
    chance = random.Random(seed)
    async with Jumping() as h:
        await h.create(deployment(3))
        await h.settle()
        await h.pass_time(5)
        uids = {pod["metadata"]["uid"] for pod in h.list("Pod")}
        assert len(uids) == 3
        for _ in range(4):
            h.clock.jump(chance.choice([-DAY, DAY, -HOUR, HOUR, -40.0, 70.0]))
            for _ in range(chance.randrange(20, 130)):
                await h.pass_time(1)
                assert ready_nodes(h) == 3, "nodes were called dead"
        assert {pod["metadata"]["uid"] for pod in h.list("Pod")} == uids, "Pods were replaced"
        deployments = h.kind("Deployment")
        await h.api.modify(deployments, "default", "web", lambda old: {**old, "spec": {**old["spec"], "replicas": 5}})
        h.clock.jump(chance.choice([-DAY, DAY]))
        await h.pass_time(15)
        assert h.get("Deployment", "web")["status"]["readyReplicas"] == 5
        await h.api.delete(deployments, "default", "web")
        await h.pass_time(2)
        h.clock.jump(chance.choice([-DAY, DAY]))
        await h.pass_time(40)
        assert h.list("Pod") == []
        await h.api.modify(h.kind("Node"), "", "node-1", _stopped)
        await h.pass_time(75)
        assert ready_nodes(h) == 2, "a node that is dead was not found so"
