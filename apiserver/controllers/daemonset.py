"""Runs one Pod of a DaemonSet on each node that suits it, and replaces them when the template changes.

    claim revisions and Pods -> the revision of the present template -> one Pod for each node (plan_nodes)
    -> when that has nothing to do: the next step of an update (plan_update) -> forget surplus revisions -> status

The Pods are placed by the scheduler: each asks for its one node by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apiserver.api import API
from apiserver.call import Call
from apiserver.errors import APIError
from apiserver.kind import Object
from apiserver.kinds.controllerrevision import kind as CONTROLLERREVISION
from apiserver.kinds.daemonset import kind as DAEMONSET
from apiserver.kinds.node import kind as NODE
from apiserver.kinds.pod import kind as POD
from apiserver.objects import daemons, revisions
from apiserver.objects.daemons import Placement, Plan
from apiserver.objects.selectors import from_object
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Result, is_namespace_ending
from apiserver.reconcile.dependents import Dependents
from apiserver.reconcile.history import History
from apiserver.reconcile.podcontrol import BURST, PodControl
from apiserver.reconcile.selecting import Matcher, Selecting, key_of
from apiserver.reconcile.statuses import write_status
from apiserver.reconcile.workqueue import Key

NAME = "daemonset-controller"
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 15 * 60.0
"""A Pod that fails is replaced at once; the next one on its node later and later."""


def controller() -> Controller:
    state = _DaemonSets()
    watches = {
        DAEMONSET: state.selecting.changed,
        POD: state.pods.changed,
        CONTROLLERREVISION: state.history.changed,
        NODE: state.node_changed,
    }
    return Controller(NAME, state.reconcile, watches, workers=2)


@dataclass
class _Pauses:
    """How long to leave a failed Pod alone, by DaemonSet, its generation and node."""

    known: dict[tuple[str, int, str], tuple[datetime, float]] = field(default_factory=dict)

    def left(self, key: tuple[str, int, str], now: datetime) -> float:
        """Seconds to wait; at 0 the next pause begins, twice as long."""
        since, seconds = self.known.get(key, (now, 0.0))
        left = (since + timedelta(seconds=seconds) - now).total_seconds()
        if left > 0:
            return left
        is_old = (now - since).total_seconds() > 2 * LONGEST_PAUSE_SECONDS
        doubled = min(seconds * 2, LONGEST_PAUSE_SECONDS) if seconds and not is_old else FIRST_PAUSE_SECONDS
        self.known[key] = now, doubled
        return 0.0

    def forget(self, uid: str) -> None:
        self.known = {key: pause for key, pause in self.known.items() if key[0] != uid}


@dataclass(frozen=True)
class _Turn:
    """One reconcile: the DaemonSet as read, the nodes, and the hash of its present template."""

    api: API
    daemonset: Object
    nodes: Sequence[Object]
    hash: str
    call: Call


class _DaemonSets:
    def __init__(self) -> None:
        self.selecting = Selecting(_selector)
        self.pods = Dependents(POD, DAEMONSET, self.selecting)
        self.history = History(DAEMONSET, self.selecting, daemons.HASH_LABEL)
        self.control = PodControl(DAEMONSET, NAME)
        self.pauses = _Pauses()

    def node_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        """The DaemonSets that want to be on a node, or to leave it, other than before."""
        if old is not None and new is not None and _offer(old) == _offer(new):
            return  # heartbeats change nothing that matters here
        for record in api.list(DAEMONSET):
            placement = Placement(record.object)
            before, after = (placement.judge(node) if node is not None else None for node in (old, new))
            if before != after:
                yield key_of(record.object)

    async def reconcile(self, api: API, key: Key) -> Result | None:
        record = api.find(DAEMONSET, *key)
        if record is None or record.object["metadata"].get("deletionTimestamp"):
            return None
        daemonset, call = record.object, api.named(NAME)
        if not (
            daemonset["spec"]["selector"].get("matchLabels") or daemonset["spec"]["selector"].get("matchExpressions")
        ):
            text = "This daemon set is selecting all pods. A non-empty selector is required."
            await self.control.say(api, daemonset, "Warning", "SelectingAll", text)
            return None
        selector = from_object(daemonset["spec"]["selector"])
        found = list(self.pods.candidates(api, daemonset))
        await ownership.claim(api, POD, DAEMONSET, daemonset, selector, found, call)
        known = await self.history.claimed(api, daemonset, call)
        newest, collisions = await self.history.ensure_newest(api, daemonset, known, call)
        nodes = [record.object for record in api.list(NODE)]
        turn = _Turn(api, daemonset, nodes, newest["metadata"]["labels"][daemons.HASH_LABEL], call)
        failure, wait = None, None
        try:
            wait = await self._step(turn)
        except APIError as error:
            failure = error
        pods, now = self._by_node(turn), api.clock.now()
        status = daemons.status(daemonset, nodes, pods, turn.hash, collisions, now)
        await write_status(api, DAEMONSET, daemonset, status, call)
        await self._forget(turn, known, newest, pods)
        if failure is not None and not is_namespace_ending(failure):
            raise failure
        every = [pod for here in pods.values() for pod in here]
        waits = [wait, daemons.seconds_to_next_available(daemonset, every, now)]
        return Result(after_seconds=min((seconds for seconds in waits if seconds), default=None))

    def _by_node(self, turn: _Turn) -> dict[str, list[Object]]:
        return daemons.by_node(record.object for record in self.pods.owned(turn.api, turn.daemonset))

    async def _step(self, turn: _Turn) -> float | None:
        """The next writes; in how many seconds a failed Pod may be replaced that has to wait for it."""
        pods, now = self._by_node(turn), turn.api.clock.now()
        plan = daemons.plan_nodes(turn.daemonset, turn.nodes, pods, turn.hash, now)
        wait = await self._end(turn, plan)
        if plan.is_empty and daemons.is_rolling(turn.daemonset):
            plan = daemons.plan_update(turn.daemonset, turn.nodes, pods, turn.hash, now)
        reference = ownership.owner_reference(DAEMONSET, turn.daemonset)
        new = [daemons.make_pod(turn.daemonset, reference, turn.hash, node) for node in plan.start_on[:BURST]]
        await self.control.create(turn.api, turn.daemonset, new)
        await self.control.delete(turn.api, turn.daemonset, plan.delete[:BURST])
        return wait

    async def _end(self, turn: _Turn, plan: Plan) -> float | None:
        """Have Pods that ended deleted with the plan, after saying so; the seconds until the next one may be."""
        waits: list[float] = []
        metadata = turn.daemonset["metadata"]
        generation = (turn.daemonset.get("status") or {}).get("observedGeneration", 0)
        for pod in plan.ended:
            node = daemons.node_of(pod)
            what = f"daemon pod {metadata['namespace']}/{pod['metadata']['name']} on node {node}"
            if pod["status"]["phase"] == "Failed":
                left = self.pauses.left((metadata["uid"], generation, node), turn.api.clock.now())
                if left > 0:
                    waits.append(left)
                    continue
                said = ("Warning", "FailedDaemonPod", f"Found failed {what}, will try to kill it")
            else:
                said = ("Normal", "SucceededDaemonPod", f"Found succeeded {what}, will try to delete it")
            await self.control.say(turn.api, turn.daemonset, *said)
            plan.delete.append(pod)
        return min(waits, default=None)

    async def _forget(
        self, turn: _Turn, known: list[Object], newest: Object, pods: Mapping[str, Sequence[Object]]
    ) -> None:
        hashes = {
            (pod["metadata"].get("labels") or {}).get(daemons.HASH_LABEL) for here in pods.values() for pod in here
        }
        live = {newest["metadata"]["name"]}
        live.update(
            one["metadata"]["name"]
            for one in known
            if (one["metadata"].get("labels") or {}).get(daemons.HASH_LABEL) in hashes
        )
        limit = turn.daemonset["spec"].get("revisionHistoryLimit", 10)
        await self.history.forget(turn.api, revisions.surplus(known, live, limit), turn.call)


def _offer(node: Object) -> tuple[object, ...]:
    return node["metadata"].get("labels"), node["spec"].get("taints")


def _selector(daemonset: Object) -> tuple[Matcher, Mapping[str, str]]:
    selector = daemonset["spec"]["selector"]
    return from_object(selector), selector.get("matchLabels") or {}
