"""default-scheduler: gives each Pod without a node the best node that can take it, or says why none can.

    Pod, Node, Namespace changes -> Cluster (objects/scheduling): nodes and their load, kept by difference
    a Pod without a node         -> waiting, the most important first
    reconcile                    -> takes one from waiting: filter, score, assume, bind
    no node                      -> parked, until something changes that could help

A decision is made without waiting for anything, and counted at once ("assumed"): the next Pod is placed knowing it,
while the binding is still on its way to the disk. So many bindings share one disk write, and priorities hold among all
Pods that wait at that moment. A key of the work queue says only that there is something to do: whoever comes first
takes the most important Pod.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from apiserver.api import API
from apiserver.call import Call
from apiserver.clock import timestamp
from apiserver.controllers._podclaims import bind_claims, storage_of
from apiserver.deletion import DeleteOptions
from apiserver.errors import APIError, NotFound
from apiserver.kind import Object
from apiserver.kinds.namespace import kind as NAMESPACE
from apiserver.kinds.node import kind as NODE
from apiserver.kinds.persistentvolume import kind as VOLUME
from apiserver.kinds.persistentvolumeclaim import kind as CLAIM
from apiserver.kinds.pod import kind as POD
from apiserver.kinds.poddisruptionbudget import kind as BUDGET
from apiserver.kinds.storageclass import kind as CLASS
from apiserver.objects.podstatus import TERMINAL, Verdict, condition, disrupt
from apiserver.objects.scheduling import messages
from apiserver.objects.scheduling.cluster import Cluster, NodeInfo
from apiserver.objects.scheduling.filters import Refusal, View, refusal_of
from apiserver.objects.scheduling.pods import PodInfo, read
from apiserver.objects.scheduling.preemption import Preemption, budget_of, preempt
from apiserver.objects.scheduling.scoring import best_of
from apiserver.objects.scheduling.storage import Choice
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.events import Pace, Recorder
from apiserver.reconcile.workqueue import Key
from apiserver.subresources import bind

NAME = "default-scheduler"
WORKERS = 64
"""Bindings on their way at the same time: they share disk writes."""
EVENT_BURST, EVENTS_PER_SECOND = 100.0, 50.0
"""How many Pods are spoken of at once, and then how fast: placing Pods goes before talking about it."""
PREEMPTED = Verdict(True, "PreemptionByScheduler", f"{NAME}: preempting to accommodate a higher priority pod")
CALL = Call(manager="kube-scheduler", user="system:kube-scheduler")

NODES_CHANGED = frozenset(("node", "resources", "ports", "pods", "claims"))
POD_LEFT = frozenset(("resources", "ports", "pods"))
POD_CAME = frozenset(("pods",))
CLAIM_CHANGED = frozenset(("claims",))
"""What each kind of change may cure: see Refusal.by."""


@dataclass(slots=True)
class _Parked:
    pod: PodInfo
    refused_by: frozenset[str]
    message: str
    node: str = ""
    """Where it is to go once its claims have their volumes."""


def controller() -> Controller:
    """The scheduler for Pods whose schedulerName is `default-scheduler`."""
    scheduler = _Scheduler()
    return Controller(
        NAME,
        scheduler.reconcile,
        watches={
            NAMESPACE: scheduler.namespace_changed,
            NODE: scheduler.node_changed,
            **dict.fromkeys((CLAIM, VOLUME, CLASS), scheduler.storage_changed),
            POD: scheduler.pod_changed,
        },
        workers=WORKERS,
    )


@dataclass(slots=True)
class _Placed:
    pod: Object
    due: datetime | None = None
    """When its Event may be written; None: after the Pods that wait now."""


@dataclass
class _Scheduler:
    cluster: Cluster = field(default_factory=Cluster)
    waiting: dict[str, PodInfo] = field(default_factory=dict)
    parked: dict[str, _Parked] = field(default_factory=dict)
    _queue: list[tuple[int, int, str]] = field(default_factory=list)
    """(-priority, order of arrival, uid); entries whose uid no longer waits are skipped."""
    _binding: set[str] = field(default_factory=set)
    """uids of Pods whose binding is on its way."""
    _placed: dict[Key, _Placed] = field(default_factory=dict)
    """Pods bound and not yet spoken of."""
    _pace: Pace = field(default_factory=lambda: Pace(EVENT_BURST, EVENTS_PER_SECOND))
    _order: count[int] = field(default_factory=count)
    _recorder: Recorder | None = None

    # -- what changes --------------------------------------------------------------------------------------------------

    def namespace_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        if new is not None:
            self.cluster.namespaces[new["metadata"]["name"]] = new["metadata"].get("labels") or {}
        elif old is not None:
            self.cluster.namespaces.pop(old["metadata"]["name"], None)
        return ()

    def node_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        if new is None:
            assert old is not None
            self.cluster.remove_node(old["metadata"]["name"])
            return ()
        known = self.cluster.nodes.get(new["metadata"]["name"])
        before = _offer(known) if known else None
        self.cluster.set_node(new)
        # Heartbeats change nothing that matters here.
        return () if before == _offer(self.cluster.nodes[new["metadata"]["name"]]) else self._woken(NODES_CHANGED)

    def storage_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        return self._woken(CLAIM_CHANGED)

    def pod_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        if new is None:
            assert old is not None
            return self._left(old["metadata"]["uid"])
        metadata, spec = new["metadata"], new["spec"]
        uid = metadata["uid"]
        node, over = spec.get("nodeName"), (new.get("status") or {}).get("phase") in TERMINAL
        if over or (not node and (metadata.get("deletionTimestamp") or not _is_ours(spec))):
            return self._left(uid)
        if node:
            return self._came(uid, node, new)
        if uid in self.cluster.pods or (old is not None and not _asks_differently(old, new)):
            return ()  # being bound, or nothing that a decision rests on has changed
        self.parked.pop(uid, None)
        info, nominated = read(new), (new.get("status") or {}).get("nominatedNodeName", "")
        self.cluster.nominate(info, nominated)
        self._wait(info)
        return ((metadata["namespace"], metadata["name"]),)

    def _came(self, uid: str, node: str, pod: Object) -> Iterable[Key]:
        self.waiting.pop(uid, None)
        self.parked.pop(uid, None)
        self.cluster.nominated.pop(uid, None)
        keys: list[Key] = []
        if uid in self._binding:
            self._binding.discard(uid)
            keys.append((pod["metadata"]["namespace"], pod["metadata"]["name"]))
            self._placed[keys[0]] = _Placed(pod)
            keys += self._woken(POD_CAME)
        known = self.cluster.pods.get(uid)
        if known is not None and known.node == node and known.is_still(pod):
            return keys
        self.cluster.assign(read(pod), node)
        return keys + self._woken(POD_CAME)

    def _left(self, uid: str) -> Iterable[Key]:
        self.waiting.pop(uid, None)
        self.parked.pop(uid, None)
        was_promised = self.cluster.nominated.pop(uid, None) is not None
        if not was_promised and uid not in self.cluster.pods:
            return ()
        self.cluster.remove(uid)
        return self._woken(POD_LEFT)

    def _wait(self, pod: PodInfo) -> None:
        self.waiting[pod.uid] = pod
        heapq.heappush(self._queue, (-pod.priority, next(self._order), pod.uid))

    def _woken(self, cures: frozenset[str]) -> list[Key]:
        """Have the parked Pods tried again that a change may have helped."""
        helped = [uid for uid, parked in self.parked.items() if parked.refused_by & cures]
        keys = []
        for uid in helped:
            pod = self.parked[uid].pod
            self._wait(pod)
            keys.append((pod.namespace, pod.name))
        return keys

    # -- what is decided -----------------------------------------------------------------------------------------------

    async def reconcile(self, api: API, key: Key) -> Result | None:
        while (pod := self._next()) is not None:
            await self._schedule(api, pod)
        placed, now = self._placed.get(key), api.clock.now()
        if placed is None:
            return None
        if placed.due is None:
            placed.due = now + timedelta(seconds=self._pace.reserve(1, now))
        if placed.due > now:
            return Result(after_seconds=(placed.due - now).total_seconds())
        del self._placed[key]
        text = f"Successfully assigned {'/'.join(key)} to {placed.pod['spec']['nodeName']}"
        await self._said(api).event(POD, placed.pod, "Normal", "Scheduled", text)
        return None

    def _next(self) -> PodInfo | None:
        while self._queue:
            pod = self.waiting.pop(heapq.heappop(self._queue)[2], None)
            if pod is not None:
                return pod
        return None

    async def _schedule(self, api: API, pod: PodInfo) -> None:
        if not self.cluster.nodes:
            await self._park(api, pod, frozenset(("node",)), messages.NO_NODES)
            return
        storage = storage_of(api, pod)
        lacking = messages.CONTRADICTION if pod.named_nodes == frozenset() else storage.lacking
        if lacking:
            await self._park(api, pod, CLAIM_CHANGED, messages.pending_for_all(len(self.cluster.nodes), lacking))
            return
        view = View(pod, self.cluster, storage)
        with self.cluster.reserving(pod):
            possible, refusals = self._judged(view)
        if not possible:
            await self._give_up(api, view, refusals)
            return
        known = self.parked.get(pod.uid)
        before = (known.node if known else "") or self.cluster.nominated_for(pod)
        node = next((each for each in possible if each.name == before), None) or best_of(possible, pod, self.cluster)
        if not storage.open:
            await self._place(api, pod, node)
            return
        self.parked[pod.uid] = _Parked(pod, CLAIM_CHANGED, known.message if known else "", node.name)
        await self._bind_claims(api, pod, node, storage.choices(node) or ())

    async def _bind_claims(self, api: API, pod: PodInfo, node: NodeInfo, choices: Iterable[Choice]) -> None:
        """Have the claims of a Pod bound on its node; their binding wakes the Pod up again."""
        try:
            await bind_claims(api, node.name, choices, CALL)
        except APIError:
            self._wait(pod)
            raise

    def _judged(self, view: View) -> tuple[list[NodeInfo], dict[str, Refusal]]:
        possible, refusals = [], {}
        for node in self.cluster.nodes.values():
            refusal = refusal_of(node, view)
            if refusal is None:
                possible.append(node)
            else:
                refusals[node.name] = refusal
        return possible, refusals

    async def _place(self, api: API, pod: PodInfo, node: NodeInfo) -> None:
        self.parked.pop(pod.uid, None)
        self.cluster.assign(pod, node.name)
        self._binding.add(pod.uid)
        binding = {"metadata": {"uid": pod.uid}, "target": {"kind": "Node", "name": node.name}}
        try:
            await bind(api, POD, pod.namespace, pod.name, binding, CALL)
        except BaseException as error:
            needs_node = self._forget_assumption(api, pod)
            if needs_node:
                self._wait(pod)
            if needs_node or not isinstance(error, APIError):
                raise

    def _forget_assumption(self, api: API, pod: PodInfo) -> bool:
        """A binding was refused: go by what is stored. Whether the Pod still needs a node."""
        self._binding.discard(pod.uid)
        self.cluster.remove(pod.uid)
        pod.node = ""
        record = api.find(POD, pod.namespace, pod.name)
        if record is None or record.object["metadata"]["uid"] != pod.uid:
            return False
        node = record.object["spec"].get("nodeName")
        if node:
            self.cluster.assign(read(record.object), node)
        return not node

    async def _give_up(self, api: API, view: View, refusals: dict[str, Refusal]) -> None:
        pod, total = view.pod, len(self.cluster.nodes)
        budgets = [budget_of(record.object) for record in api.list(BUDGET)]
        with self.cluster.reserving(pod):
            outcome = preempt(view, refusals, [budget for budget in budgets if budget is not None])
        reasons = [reason for refusal in refusals.values() for reason in refusal.reasons]
        text = messages.unavailable(total, reasons)
        if outcome.message:
            text = messages.pending(total, reasons, outcome.message)
        await self._park(api, pod, frozenset(r.by for r in refusals.values()), text, outcome.node)
        await self._evict(api, pod, outcome)

    async def _park(
        self, api: API, pod: PodInfo, refused_by: frozenset[str], message: str, nominated: str = ""
    ) -> None:
        """Put a Pod aside, and say why: in its PodScheduled condition and, when it is news, in an Event."""
        known, before = self.parked.get(pod.uid), self.cluster.nominated_for(pod)
        self.parked[pod.uid] = _Parked(pod, refused_by, message)
        self.cluster.nominate(pod, nominated)
        if known is not None and known.message == message and nominated == before:
            return
        now = timestamp(api.clock.now())

        def told(object: Object) -> Object:
            if object["metadata"]["uid"] != pod.uid or object["spec"].get("nodeName"):
                return object
            status = object.setdefault("status", {})
            conditions = status.get("conditions") or []
            before = next((c for c in conditions if c["type"] == "PodScheduled"), None)
            verdict = Verdict(False, "Unschedulable", message)
            new = condition("PodScheduled", verdict, before, object["metadata"].get("generation"), now)
            status["conditions"] = [*(c for c in conditions if c["type"] != "PodScheduled"), new]
            status.pop("nominatedNodeName", None)
            if nominated:
                status["nominatedNodeName"] = nominated
            return object

        try:
            record = await api.modify(POD, pod.namespace, pod.name, told, "status", CALL)
        except NotFound:
            return
        await self._said(api).event(POD, record.object, "Warning", "FailedScheduling", message)

    async def _evict(self, api: API, pod: PodInfo, outcome: Preemption) -> None:
        """Delete the victims; their leaving wakes the Pod up again."""
        for victim in outcome.victims:
            record = api.find(POD, victim.namespace, victim.name)
            if record is None or victim.terminating:
                continue
            text = f"Preempted by pod {pod.uid} on node {outcome.node}"
            await self._said(api).event(POD, record.object, "Normal", "Preempted", text)
            try:
                await api.modify(POD, victim.namespace, victim.name, _preempted_at(api.clock.now()), "status", CALL)
                await api.delete(POD, victim.namespace, victim.name, DeleteOptions(uid=victim.uid), CALL)
            except NotFound:
                continue

    def _said(self, api: API) -> Recorder:
        if self._recorder is None:
            self._recorder = Recorder(api, NAME)
        return self._recorder


def _preempted_at(now: datetime) -> Callable[[Object], Object]:
    """Says in a Pod's status why it goes."""

    def told(pod: Object) -> Object:
        disrupt(pod, PREEMPTED, timestamp(now))
        return pod

    return told


def _is_ours(spec: Object) -> bool:
    return spec.get("schedulerName", NAME) == NAME and not spec.get("schedulingGates")


def _asks_differently(old: Object, new: Object) -> bool:
    """Whether anything has changed that a decision rests on."""
    return bool(old["spec"] != new["spec"] or old["metadata"].get("labels") != new["metadata"].get("labels"))


def _offer(node: NodeInfo) -> tuple[object, ...]:
    """What a node offers: when this changes, Pods that found no place may find one."""
    return node.labels, list(node.taints), node.unschedulable, dict(node.allocatable)
