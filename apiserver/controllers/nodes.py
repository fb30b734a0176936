"""The simulated nodes: registered when the cluster starts, and alive (status, heartbeat Leases) as long as it runs and
nothing else is asked of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import IPv4Network

from apiserver.api import API
from apiserver.call import Call
from apiserver.clock import micro_timestamp, timestamp
from apiserver.errors import AlreadyExists, NotFound
from apiserver.kind import Object
from apiserver.kinds.lease import kind as LEASE
from apiserver.kinds.node import kind as NODE
from apiserver.objects import simulatednode
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.workqueue import Key

NAME = "node-registration"
LEASES = "kube-node-lease"
"""The namespace of heartbeats."""
RENEW_SECONDS = 10.0
LEASE_SECONDS = 40
CALL = Call(manager="kubelet", user="system:nodes", groups=("system:nodes",))


def controller() -> Controller:
    """Keeps the status of every simulated Node true and its Lease fresh."""
    return Controller(NAME, _reconcile, watches={NODE: _itself}, workers=4)


async def bootstrap(api: API, count: int, pod_cidr: str) -> None:
    """Register `node-1` to `node-COUNT`, and take leave of simulated nodes that are more than that.

    Call once, before controllers run. Raises ValueError when `pod_cidr` has no room for so many nodes.
    """
    network = IPv4Network(pod_cidr)
    await asyncio.gather(*(_register(api, simulatednode.new_node(index, network)) for index in range(count)))
    for record in api.list(NODE):
        metadata = record.object["metadata"]
        if simulatednode.is_simulated(record.object) and _index(metadata["name"]) >= count:
            await api.delete(NODE, "", metadata["name"], call=CALL)


async def _register(api: API, node: Object) -> None:
    name = node["metadata"]["name"]
    if api.find(NODE, "", name) is None:
        await api.create(NODE, "", node, CALL)
    await _report(api, name)


def _itself(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    if new is None or not (simulatednode.is_simulated(new) or simulatednode.comes_back(new)):
        return ()
    return [("", new["metadata"]["name"])]


async def _reconcile(api: API, key: Key) -> Result | None:
    record = api.find(NODE, "", key[1])
    if record is None:
        return None
    if not simulatednode.is_simulated(record.object):
        return await _restart(api, record.object)
    await _report(api, key[1])
    return Result(after_seconds=await _beat(api, record.object))


async def _restart(api: API, node: Object) -> Result | None:
    """Start a kubelet that was to be silent only for a while, when that is over."""
    due = simulatednode.comes_back(node)
    if due is None:
        return None
    left_seconds = (due - api.clock.now()).total_seconds()
    if left_seconds > 0:
        return Result(after_seconds=left_seconds)
    with contextlib.suppress(NotFound):
        await api.modify(NODE, "", node["metadata"]["name"], simulatednode.restarted, call=CALL)
    return None


async def _report(api: API, name: str) -> None:
    """Write the node's status where it is not what its kubelet would say."""
    now = timestamp(api.clock.now())

    def reported(node: Object) -> Object:
        if simulatednode.is_simulated(node):
            node["status"] = simulatednode.status_of(node, _index(name), now)
        return node

    with contextlib.suppress(NotFound):
        await api.modify(NODE, "", name, reported, "status", CALL)


async def _beat(api: API, node: Object) -> float:
    """Renew the node's Lease if it is time to; returns in how many seconds it will be."""
    name, now = node["metadata"]["name"], api.clock.now()
    lease = api.find(LEASE, LEASES, name)
    if lease is None:
        with contextlib.suppress(AlreadyExists, NotFound):
            await api.create(LEASE, LEASES, _lease(node, now), CALL)
        return RENEW_SECONDS
    renewed = (lease.object.get("spec") or {}).get("renewTime")
    due = datetime.fromisoformat(renewed) + timedelta(seconds=RENEW_SECONDS) if renewed else now
    left_seconds = (due - now).total_seconds()
    if 0 < left_seconds <= RENEW_SECONDS:  # more than that: the clock was set back
        return left_seconds
    with contextlib.suppress(NotFound):
        await api.modify(LEASE, LEASES, name, lambda old: {**old, "spec": _lease(node, now)["spec"]}, call=CALL)
    return RENEW_SECONDS


def _lease(node: Object, now: datetime) -> Object:
    name = node["metadata"]["name"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
    return {
        "metadata": {"name": name, "ownerReferences": [owner]},
        "spec": {
            "holderIdentity": name,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": micro_timestamp(now),
        },
    }


def _index(name: str) -> int:
    """0 for `node-1`; a simulated node of another name counts as the first."""
    number = name.rpartition("-")[2]
    return int(number) - 1 if number.isdigit() else 0
