"""Deployments and Services under random deeds and mishaps; once all is quiet, what is there is what was asked for.

    scale, new images, labels taken away and given back, Pods deleted, Pods that crash,
    nodes that fall silent, time that passes, the control plane cut short and started over the same log

Meanwhile the ReplicaSets of a Deployment never grow to more than its replicas and maxSurge. In the end:

    every Deployment has its number of Pods, all ready, of its last template, in the ReplicaSet of that template
    every other ReplicaSet is empty, every controller that a Pod names is there, no two Pods share an address
    every Service leads to the ready Pods that carry its label, and to nothing else

MINICTL_SEEDS=200 runs that many seeds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from apiserver.errors import NotFound
from apiserver.storage.store import Change
from tests.apiserver.harness import Harness
from tests.apiserver.lasting import LastingLog

Object = dict[str, Any]
SEEDS = range(int(os.environ.get("MINICTL_SEEDS", "15")))
NAMES = ["red", "blue"]
NODES = 3
DEEDS = 25
RECOVERY_SECONDS = 900.0
"""Longer than any back-off, toleration or quarantine."""
SIMULATE = "minictl.dev/simulate"


def deployment(name: str, size: int, surge: int, unavailable: int) -> Object:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": size, "selector": {"matchLabels": labels},
            "strategy": {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "web:0"}]}},
        },
    }  # fmt: skip


def service(name: str) -> Object:
    spec = {"selector": {"app": name}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def is_active(pod: Object) -> bool:
    return "deletionTimestamp" not in pod["metadata"] and pod.get("status", {}).get("phase") not in (
        "Succeeded",
        "Failed",
    )


def is_ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))


def controller(object: Object) -> Object | None:
    return next((r for r in object["metadata"].get("ownerReferences") or () if r.get("controller")), None)


class World:
    """One seed: a cluster, what was done to it, and what its Deployments may want at most."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.log = LastingLog()
        self.elapsed = 0.0
        self.most: dict[str, int] = {}
        self.problems: list[str] = []
        self.image = 0

    async def run(self) -> None:
        lives = self.chance.choice([1, 2, 3])
        for life in range(lives):
            self.h = Harness(self.log, nodes=NODES)
            self.h.clock.advance(self.elapsed)
            async with self.h:
                self.h.cluster.store.listen("replicasets.apps", self._replicaset_changed)
                if life == 0:
                    await self._begin()
                await self._live()
                if life == lives - 1:  # not in a life of its own: one that begins looks at everything anew
                    await self._recover()
                    self._check()
        assert not self.problems

    async def _begin(self) -> None:
        for name in NAMES:
            surge, unavailable = self.chance.choice([(1, 0), (0, 1), (1, 1), (2, 2)])
            made = deployment(name, self.chance.randrange(5), surge, unavailable)
            self.most[name] = made["spec"]["replicas"] + surge
            await self.h.create(made)
            await self.h.create(service(name))

    async def _live(self) -> None:
        deeds: list[Callable[[], Any]] = [
            self._scale, self._roll, self._relabel, self._delete, self._crash, self._node, self._wait, self.h.settle
        ]  # fmt: skip
        for _ in range(self.chance.randrange(DEEDS)):
            with contextlib.suppress(NotFound):  # the Pod it was about has gone in the meantime
                await self.chance.choice(deeds)()
            for _ in range(self.chance.choice([0, 1, 5, 30])):
                await asyncio.sleep(0)

    # -- deeds ---------------------------------------------------------------------------------------------------------

    async def _change(self, kind: str, name: str, how: Callable[[Object], object]) -> None:
        def changed(object: Object) -> Object:
            object["metadata"].pop("resourceVersion")
            how(object)
            return object

        found = self.h.kind(kind)
        await self.h.api.modify(found, "default" if found.namespaced else "", name, changed)

    async def _scale(self) -> None:
        name, size = self.chance.choice(NAMES), self.chance.randrange(7)
        surge = self.h.get("Deployment", name)["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
        self.most[name] = max(self.most[name], size + surge)
        await self._change("Deployment", name, lambda d: d["spec"].update(replicas=size))

    async def _roll(self) -> None:
        self.image = self.chance.choice([self.image + 1, max(0, self.image - 1)])
        image = f"web:{self.image}"
        containers = [{"name": "c", "image": image}]
        await self._change(
            "Deployment",
            self.chance.choice(NAMES),
            lambda d: d["spec"]["template"]["spec"].update(containers=containers),
        )

    def _some_pod(self) -> str:
        """Chosen by age: names are random, and a seed is to choose the same one again."""
        pods = [r for r in self.h.api.list(self.h.kind("Pod"), "default") if is_active(r.object)]
        pods.sort(key=lambda record: record.created)
        return str(self.chance.choice(pods).object["metadata"]["name"]) if pods else ""

    async def _relabel(self) -> None:
        pod, app = self._some_pod(), self.chance.choice([*NAMES, "stray"])
        if pod:
            await self._change("Pod", pod, lambda p: p["metadata"]["labels"].update(app=app))

    async def _delete(self) -> None:
        if pod := self._some_pod():
            await self.h.api.delete(self.h.kind("Pod"), "default", pod)

    async def _crash(self) -> None:
        how, pod = self.chance.choice(["CrashLoopBackOff", "Error", "Unready"]), self._some_pod()
        if pod:
            await self._change(
                "Pod", pod, lambda p: p["metadata"].setdefault("annotations", {}).update({SIMULATE: how})
            )

    async def _node(self) -> None:
        how = self.chance.choice(["Down", "", ""])
        name = f"node-{self.chance.randrange(NODES) + 1}"
        await self._change("Node", name, lambda n: n["metadata"]["annotations"].update({SIMULATE: how}))

    async def _wait(self) -> None:
        await self._advance(self.chance.choice([0.5, 10, 60, 400]))

    async def _advance(self, seconds: float) -> None:
        await self.h.cluster.advance(seconds)
        self.elapsed += seconds

    # -- what must hold ------------------------------------------------------------------------------------------------

    def _replicaset_changed(self, change: Change) -> None:
        """Hold a ReplicaSet that grew against the most that its Deployment has ever been allowed."""
        new, before = change.record.object, change.before.object if change.before else None
        owner = controller(new)
        if owner is None or new["spec"]["replicas"] <= (before["spec"]["replicas"] if before else 0):
            return
        siblings = [r for r in self.h.list("ReplicaSet") if (controller(r) or {}).get("uid") == owner["uid"]]
        wanted = sum(r["spec"]["replicas"] for r in siblings)
        if wanted > self.most[owner["name"]]:
            self.problems.append(f"{owner['name']}: {wanted} Pods are wanted, {self.most[owner['name']]} allowed")

    async def _recover(self) -> None:
        for number in range(NODES):
            await self._change(
                "Node", f"node-{number + 1}", lambda n: n["metadata"]["annotations"].update({SIMULATE: ""})
            )
        for pod in self.h.list("Pod"):
            with contextlib.suppress(NotFound):
                await self._change(
                    "Pod", pod["metadata"]["name"], lambda p: p["metadata"].get("annotations", {}).pop(SIMULATE, None)
                )
        await self._advance(RECOVERY_SECONDS)
        await self.h.settle()

    def _check(self) -> None:
        pods, sets = self.h.list("Pod"), self.h.list("ReplicaSet")
        assert [p["metadata"]["name"] for p in pods if not is_active(p) and "deletionTimestamp" in p["metadata"]] == []
        addresses = [p["status"]["podIP"] for p in pods if is_active(p)]
        assert len(set(addresses)) == len(addresses), "two Pods share an address"
        uids = {r["metadata"]["uid"] for r in sets}
        assert all(owner["uid"] in uids for p in pods if (owner := controller(p)))
        for name in NAMES:
            found = self.h.get("Deployment", name)
            size, containers = found["spec"]["replicas"], found["spec"]["template"]["spec"]["containers"]
            mine = [r for r in sets if (controller(r) or {}).get("uid") == found["metadata"]["uid"]]
            current = [r for r in mine if r["spec"]["template"]["spec"]["containers"] == containers]
            assert [r["spec"]["replicas"] for r in current] == [size]
            assert all(r["spec"]["replicas"] == 0 for r in mine if r not in current)
            owned = {
                r["metadata"]["uid"]: [
                    p for p in pods if is_active(p) and (controller(p) or {}).get("uid") == r["metadata"]["uid"]
                ]
                for r in mine
            }
            assert sum(map(len, owned.values())) == len(owned[current[0]["metadata"]["uid"]]) == size
            assert all(
                is_ready(p) and p["metadata"]["labels"]["app"] == name for p in owned[current[0]["metadata"]["uid"]]
            )
            status = found["status"]
            assert status["observedGeneration"] == found["metadata"]["generation"]
            assert [status.get(k, 0) for k in ("replicas", "updatedReplicas", "availableReplicas")] == [size] * 3
            self._check_endpoints(name, pods)

    def _check_endpoints(self, name: str, pods: list[Object]) -> None:
        ready = sorted(
            p["status"]["podIP"]
            for p in pods
            if is_active(p) and is_ready(p) and p["metadata"]["labels"]["app"] == name
        )
        subsets = self.h.get("Endpoints", name).get("subsets") or []
        assert sorted(a["ip"] for s in subsets for a in s.get("addresses", ())) == ready
        assert not any(s.get("notReadyAddresses") for s in subsets)
        slices = [
            s for s in self.h.list("EndpointSlice") if s["metadata"]["labels"].get("kubernetes.io/service-name") == name
        ]
        assert sorted(e["addresses"][0] for s in slices for e in s["endpoints"] or ()) == ready


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_there_in_the_end_is_what_was_asked_for(seed: int) -> None:
    asyncio.run(World(seed).run())
