"""Nodes that fall silent, are cordoned or tainted, and what that means for the Pods on them.

    no heartbeat for too long        -> conditions Unknown
    conditions, spec.unschedulable   -> taints
    NoExecute taints                 -> Pods that do not tolerate them are deleted, at once or when their time is up

Kubernetes has two controllers for this, node-lifecycle and taint-eviction; both are here.
"""

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
from apiserver.kinds.lease import kind as LEASE
from apiserver.kinds.node import kind as NODE
from apiserver.kinds.pod import kind as POD
from apiserver.objects.nodehealth import seconds_to_live, silenced, taints_of
from apiserver.objects.podstatus import TERMINAL, Verdict, disrupt
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.events import Recorder
from apiserver.reconcile.workqueue import Key

LIFECYCLE, EVICTION = "node-controller", "taint-eviction-controller"
LEASES = "kube-node-lease"
GRACE_SECONDS = 50.0
"""A node that was not heard from for this long is unreachable."""
STARTUP_SECONDS = 60.0
"""The same for a node that was never heard from, from its creation."""
SECOND_LOOK_SECONDS = 1.0
"""Before a node is called unreachable it is looked at once more."""
LATE_SECONDS, LATE_LOOK_SECONDS = 5.0, 11.0
"""Where its silence is noticed as late as the first, the machine slept, or its clock jumped: whoever lives is heard of
within the second."""
TAINTED = Verdict(True, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint")
CALL = Call(manager="node-controller", user="system:kube-controller-manager")


def controllers() -> list[Controller]:
    """The controller of nodes and the one of the Pods on tainted nodes."""
    lifecycle, eviction = _Lifecycle(), _Eviction()
    return [
        Controller(LIFECYCLE, lifecycle.reconcile, watches={NODE: _itself}),
        Controller(EVICTION, eviction.reconcile, watches={NODE: eviction.node_changed, POD: eviction.pod_changed}),
    ]


def _itself(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    return [("", new["metadata"]["name"])] if new is not None else ()


@dataclass
class _Lifecycle:
    suspects: dict[str, datetime] = field(default_factory=dict)
    """Nodes that seemed silent at the last look, with when they were last heard from."""
    _recorder: Recorder | None = None

    async def reconcile(self, api: API, key: Key) -> Result | None:
        name = key[1]
        record = api.find(NODE, "", name)
        if record is None:
            self.suspects.pop(name, None)
            return None
        heard, grace_seconds = _last_heard(api, record.object)
        # A heartbeat from the future is no sign of life either: then the clock was set back.
        left_seconds = grace_seconds - abs((api.clock.now() - heard).total_seconds())
        if left_seconds > 0:
            self.suspects.pop(name, None)
        elif self.suspects.get(name) != heard:
            self.suspects[name] = heard
            left_seconds = SECOND_LOOK_SECONDS if left_seconds > -LATE_SECONDS else LATE_LOOK_SECONDS
        else:
            await self._write_silence(api, record.object)
        if _is_silent(record.object):
            await self._mark_pods_not_ready(api, name)
        await _write_taints(api, name)
        return Result(after_seconds=left_seconds) if left_seconds > 0 else None

    async def _write_silence(self, api: API, node: Object) -> None:
        now, name = timestamp(api.clock.now()), node["metadata"]["name"]

        def silent(fresh: Object) -> Object:
            fresh.setdefault("status", {})["conditions"] = silenced(fresh, now)
            return fresh

        try:
            await api.modify(NODE, "", name, silent, "status", CALL)
        except NotFound:
            return
        if _is_ready(node):
            text = f"Node {name} status is now: NodeNotReady"
            await self._said(api).event(NODE, node, "Normal", "NodeNotReady", text)

    def _said(self, api: API) -> Recorder:
        self._recorder = self._recorder or Recorder(api, LIFECYCLE)
        return self._recorder

    async def _mark_pods_not_ready(self, api: API, node: str) -> None:
        """Nobody vouches for the node's Pods any more: Services must not send anything there."""
        now = timestamp(api.clock.now())
        for record in api.list(POD):
            pod = record.object
            if pod["spec"].get("nodeName") != node or not _is_ready(pod):
                continue
            await self._said(api).event(POD, pod, "Warning", "NodeNotReady", "Node is not ready")
            try:
                await api.modify(POD, *_key(pod), lambda fresh: _not_ready(fresh, now), "status", CALL)
            except NotFound:
                continue


def _is_ready(object: Object) -> bool:
    """Whether a Pod or a node says that it is ready."""
    conditions = (object.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _not_ready(pod: Object, now: str) -> Object:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    for condition in conditions:
        if condition["type"] == "Ready" and condition["status"] == "True":
            condition["status"], condition["lastTransitionTime"] = "False", now
    return pod


def _is_silent(node: Object) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "Unknown" for c in conditions)


def _last_heard(api: API, node: Object) -> tuple[datetime, float]:
    """When a node was last heard from, and how long it may be silent after that."""
    moments = [c.get("lastHeartbeatTime") for c in (node.get("status") or {}).get("conditions") or ()]
    lease = api.find(LEASE, LEASES, node["metadata"]["name"])
    if lease is not None:
        moments.append((lease.object.get("spec") or {}).get("renewTime"))
    heard = [datetime.fromisoformat(moment) for moment in moments if moment]
    if heard:
        return max(heard), GRACE_SECONDS
    return datetime.fromisoformat(node["metadata"]["creationTimestamp"]), STARTUP_SECONDS


async def _write_taints(api: API, name: str) -> None:
    now = timestamp(api.clock.now())

    def tainted(node: Object) -> Object:
        taints = taints_of(node, now)
        spec = node.setdefault("spec", {})
        if taints:
            spec["taints"] = taints
        else:
            spec.pop("taints", None)
        return node

    record = api.find(NODE, "", name)
    if record is None or taints_of(record.object, now) == ((record.object.get("spec") or {}).get("taints") or []):
        return
    try:
        await api.modify(NODE, "", name, tainted, call=CALL)
    except NotFound:
        return


@dataclass
class _Eviction:
    tainted: dict[str, list[Object]] = field(default_factory=dict)
    """Nodes with NoExecute taints, and these."""
    doomed: set[Key] = field(default_factory=set)
    """Pods that are to be deleted when their time is up."""
    _recorder: Recorder | None = None

    def node_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        node = new or old
        assert node is not None
        name = node["metadata"]["name"]
        taints = [t for t in ((new or {}).get("spec") or {}).get("taints") or () if t["effect"] == "NoExecute"]
        if taints == self.tainted.get(name, []):
            return ()
        self.tainted[name] = taints
        if not taints:
            del self.tainted[name]
        return [_key(r.object) for r in api.list(POD) if r.object["spec"].get("nodeName") == name]

    def pod_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        pod = new or old
        assert pod is not None
        is_concerned = pod["spec"].get("nodeName") in self.tainted if new is not None else _key(pod) in self.doomed
        return (_key(pod),) if is_concerned else ()

    async def reconcile(self, api: API, key: Key) -> Result | None:
        was_doomed = key in self.doomed
        self.doomed.discard(key)
        record = api.find(POD, *key)
        if record is None or "deletionTimestamp" in record.object["metadata"]:
            return None
        pod = record.object
        taints = self.tainted.get(pod["spec"].get("nodeName", ""))
        if (pod.get("status") or {}).get("phase") in TERMINAL:
            return None
        seconds = seconds_to_live(pod["spec"].get("tolerations") or [], taints or [])
        if not taints or seconds is None:
            if was_doomed:
                await self._say(api, pod, "Cancelling deletion of Pod")
            return None
        left_seconds = seconds - (api.clock.now() - _since(api, taints)).total_seconds() if seconds else 0.0
        if left_seconds > 0:
            self.doomed.add(key)
            return Result(after_seconds=left_seconds)
        await self._evict(api, pod)
        return None

    async def _say(self, api: API, pod: Object, what: str) -> None:
        self._recorder = self._recorder or Recorder(api, EVICTION)
        text = f"{what} {'/'.join(_key(pod))}"
        await self._recorder.event(POD, pod, "Normal", "TaintManagerEviction", text)

    async def _evict(self, api: API, pod: Object) -> None:
        uid, now = pod["metadata"]["uid"], timestamp(api.clock.now())

        def told(fresh: Object) -> Object:
            if fresh["metadata"]["uid"] == uid:
                disrupt(fresh, TAINTED, now)
            return fresh

        await self._say(api, pod, "Marking for deletion Pod")
        try:
            await api.modify(POD, *_key(pod), told, "status", CALL)
            await api.delete(POD, *_key(pod), DeleteOptions(uid=uid), CALL)
        except NotFound:
            return


def _since(api: API, taints: list[Object]) -> datetime:
    added = [datetime.fromisoformat(t["timeAdded"]) for t in taints if t.get("timeAdded")]
    return max(added) if added else api.clock.now()


def _key(pod: Object) -> Key:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]
