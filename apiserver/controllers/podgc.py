"""Pods whose node is gone: nobody can run or end them any more, so they are deleted here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from apiserver.api import API
from apiserver.call import Call
from apiserver.clock import timestamp
from apiserver.deletion import DeleteOptions
from apiserver.errors import NotFound
from apiserver.kind import Object
from apiserver.kinds.node import kind as NODE
from apiserver.kinds.pod import kind as POD
from apiserver.objects.podstatus import FAILED, TERMINAL, Verdict, disrupt
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.workqueue import Key

NAME = "pod-garbage-collector"
QUARANTINE_SECONDS = 40.0
"""How long a node must be missing before its Pods are: it may be about to register."""
CALL = Call(manager=NAME, user="system:kube-controller-manager")
ORPHANED = Verdict(True, "DeletionByPodGC", "PodGC: node no longer exists")


def controller() -> Controller:
    """Deletes Pods assigned to nodes that are not there."""
    collector = _Collector()
    return Controller(NAME, collector.reconcile, watches={NODE: collector.node_changed, POD: collector.pod_changed})


@dataclass
class _Collector:
    missing: dict[str, datetime] = field(default_factory=dict)
    """Nodes that Pods are assigned to and that are not there, with since when that is known."""

    def pod_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        if new is None:
            assert old is not None
            self._last_is_gone(api, old["spec"].get("nodeName", ""))
            return ()
        node = new["spec"].get("nodeName")
        return () if not node or api.find(NODE, "", node) is not None else (_key(new),)

    def _last_is_gone(self, api: API, node: str) -> None:
        """Forget a missing node that no Pod is assigned to any more: who names it later is given as long."""
        if node in self.missing and not any(r.object["spec"].get("nodeName") == node for r in api.list(POD)):
            del self.missing[node]

    def node_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        if new is not None:
            self.missing.pop(new["metadata"]["name"], None)
            return ()
        assert old is not None
        name = old["metadata"]["name"]
        return [_key(r.object) for r in api.list(POD) if r.object["spec"].get("nodeName") == name]

    async def reconcile(self, api: API, key: Key) -> Result | None:
        record = api.find(POD, *key)
        if record is None:
            return None
        pod = record.object
        node = pod["spec"].get("nodeName")
        if not node or api.find(NODE, "", node) is not None:
            return None
        since = self.missing.setdefault(node, api.clock.now())
        left_seconds = QUARANTINE_SECONDS - (api.clock.now() - since).total_seconds()
        if left_seconds > 0:
            return Result(after_seconds=left_seconds)
        await _collect(api, pod)
        return None


async def _collect(api: API, pod: Object) -> None:
    """Call the Pod failed, so that its owner counts it right, and delete it without waiting for a kubelet."""
    uid, now = pod["metadata"]["uid"], timestamp(api.clock.now())

    def failed(fresh: Object) -> Object:
        status = fresh.setdefault("status", {})
        if fresh["metadata"]["uid"] != uid or status.get("phase") in TERMINAL:
            return fresh
        status["phase"] = FAILED
        disrupt(fresh, ORPHANED, now)
        return fresh

    try:
        await api.modify(POD, *_key(pod), failed, "status", CALL)
        await api.delete(POD, *_key(pod), DeleteOptions(grace_seconds=0, uid=uid), CALL)
    except NotFound:
        return


def _key(pod: Object) -> Key:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]
