"""The kubelets of all simulated nodes: run the Pods assigned to them, report what becomes of them, end them.

    Pod on a simulated node --> runtime.start --> facts --> status_of(pod, facts) --> status, where it differs
                                                    +-----> happenings: Events
    deletionTimestamp       --> runtime.stop  --> delete for good (grace period 0, this very uid)

Nothing that is known here is needed after a restart: containers are adopted from the Pod's status, and so are
addresses. Pods on other people's Nodes (a Node somebody created by hand) have no kubelet here and stay as they are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Network

from apiserver.api import API
from apiserver.call import Call
from apiserver.clock import parse_timestamp, timestamp
from apiserver.deletion import DeleteOptions
from apiserver.errors import NotFound
from apiserver.kind import Object
from apiserver.kinds.node import kind as NODE
from apiserver.kinds.pod import kind as POD
from apiserver.objects.podevents import Happening, happenings, killings
from apiserver.objects.podfacts import PodFacts
from apiserver.objects.podresizing import as_allocated, may_be_resized
from apiserver.objects.podstatus import KUBELET_CONDITIONS, TERMINAL, Place, Verdict, status_of
from apiserver.objects.simulatednode import is_simulated
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.events import Pace, Recorder
from apiserver.reconcile.workqueue import Key
from apiserver.runtime import Runtime
from apiserver.runtime.addresses import AddressPool, OutOfAddresses

NAME = "kubelet"
WORKERS = 64
"""Statuses on their way at the same time: they share disk writes."""
CALL = Call(manager="kubelet", user="system:nodes", groups=("system:nodes",))
EVENT_BURST, EVENTS_PER_SECOND = 100.0, 50.0
"""How much each kubelet says at once, and then how fast: the defaults of a kubelet (eventBurst, eventRecordQPS). When a
thousand Pods start together, the rest of their story is told while everybody else already works with them."""
FULL_SECONDS = 10.0
"""When a Pod that found no free address is tried again."""
RECONCILE_SECONDS = 10.0
"""How long a kubelet lets a status stand that somebody else has changed while it has nothing new to say itself."""

log = logging.getLogger(__name__)


def controller(runtime: Runtime, pod_cidr: str = "10.244.0.0/16") -> Controller:
    """The kubelets over one runtime; `pod_cidr` is the range that all Pod addresses come from."""
    kubelet = _Kubelet(runtime, AddressPool(IPv4Network(pod_cidr)))
    return Controller(
        NAME,
        kubelet.reconcile,
        watches={NODE: kubelet.node_changed, POD: kubelet.pod_changed},
        workers=WORKERS,
    )


@dataclass(slots=True)
class _Unsaid:
    """Events to be written at `due`; None: after the Pods that wait now."""

    happenings: list[Happening]
    due: datetime | None = None


@dataclass(slots=True)
class _Opinion:
    """What the last report of a Pod rested on; `contested`: when it was first seen to have been changed by others."""

    grounds: tuple[object, ...]
    contested: datetime | None = None


@dataclass
class _Kubelet:
    runtime: Runtime
    addresses: AddressPool
    hosts: dict[str, str] = field(default_factory=dict)
    """The simulated nodes that are up, with their own addresses."""
    given: dict[str, str] = field(default_factory=dict)
    """Addresses of Pods, by uid."""
    reports: dict[str, Object] = field(default_factory=dict)
    """Statuses being written, by uid: a change that is only ours needs no second look."""
    opinions: dict[str, _Opinion] = field(default_factory=dict)
    """By uid."""
    unsaid: dict[str, _Unsaid] = field(default_factory=dict)
    """Events still to be written, by uid: they wait until no other Pod waits for its status."""
    paces: dict[str, Pace] = field(default_factory=dict)
    """By node."""
    _recorder: Recorder | None = None

    # -- what changes --------------------------------------------------------------------------------------------------

    def node_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        node = new or old
        assert node is not None
        name = node["metadata"]["name"]
        host = _host_ip(new) if new is not None and is_simulated(new) else ""
        if self.hosts.get(name, "") == host:
            return ()
        if not host:
            self.hosts.pop(name)
            return ()
        self.hosts[name] = host
        self.addresses.add_node(name, IPv4Network(node["spec"]["podCIDR"]))
        pods = [r.object for r in api.list(POD) if r.object["spec"].get("nodeName") == name]
        for pod in pods:  # others have spoken for them while the node was silent
            self.opinions.pop(pod["metadata"]["uid"], None)
        return map(_key, pods)

    def pod_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        if new is None:
            assert old is not None
            self._forget(old["metadata"]["uid"])
            return ()
        metadata, status = new["metadata"], new.get("status") or {}
        uid = metadata["uid"]
        if new["spec"].get("nodeName") not in self.hosts:
            self._note_address(uid, status)
            return ()
        if old is not None and self.reports.get(uid) == status:
            return ()
        self._note_address(uid, status)
        return (_key(new),)

    def _note_address(self, uid: str, status: Object) -> None:
        address = status.get("podIP")
        if not address or uid in self.given or address == status.get("hostIP") or ":" in address:
            return
        self.addresses.claim(address, uid)
        self.given[uid] = address

    def _forget(self, uid: str) -> None:
        self.runtime.stop(uid)
        self.reports.pop(uid, None)
        self.opinions.pop(uid, None)
        self.unsaid.pop(uid, None)
        address = self.given.pop(uid, None)
        if address:
            self.addresses.release(address, uid)

    # -- one Pod -------------------------------------------------------------------------------------------------------

    async def reconcile(self, api: API, key: Key) -> Result | None:
        record = api.find(POD, *key)
        if record is None:
            return None
        pod = record.object
        metadata, status = pod["metadata"], pod.get("status") or {}
        host = self.hosts.get(pod["spec"].get("nodeName", ""))
        if host is None:
            return None
        if "deletionTimestamp" in metadata:
            left_seconds = self._seconds_to_end(api, pod)
            if left_seconds > 0:
                return Result(after_seconds=left_seconds)
            await self._end(api, pod)
            return None
        speaks_in_seconds = await self._say_in_turn(api, pod)
        if status.get("phase") in TERMINAL:
            return Result(after_seconds=speaks_in_seconds)
        try:
            place = Place(host, self._address(pod, host))
        except OutOfAddresses as error:
            log.warning("%s/%s has to wait: %s", *key, error)
            return Result(after_seconds=FULL_SECONDS)
        resize = None
        if may_be_resized(pod):
            pod, resize = as_allocated(pod, _allocatable(api, pod["spec"]["nodeName"]))
        self.runtime.start(pod)
        facts = self.runtime.observe(metadata["uid"])
        reports_in_seconds = await self._report(api, pod, facts, place, resize)
        if metadata["uid"] in self.unsaid and speaks_in_seconds is None:
            speaks_in_seconds = 0.0
        return Result(after_seconds=_earliest(speaks_in_seconds, facts.again_in_seconds, reports_in_seconds))

    def _address(self, pod: Object, host: str) -> str:
        if pod["spec"].get("hostNetwork"):
            return host
        uid = pod["metadata"]["uid"]
        address = self.given.get(uid)
        if address is None:
            address = self.given[uid] = self.addresses.allocate(pod["spec"]["nodeName"], uid)
        return address

    async def _report(
        self, api: API, pod: Object, facts: PodFacts, place: Place, resize: Verdict | None
    ) -> float | None:
        """Write the Pod's status where it is not what it should be; or in how many seconds that will be due."""
        metadata, now = pod["metadata"], timestamp(api.clock.now())
        uid, version = metadata["uid"], metadata["resourceVersion"]
        status = status_of(pod, facts, place, now, resize)
        if status == pod.get("status"):
            return None
        grounds = _grounds(pod, facts, place)
        left_seconds = self._seconds_to_insist(uid, grounds, api.clock.now())
        if left_seconds > 0:
            return left_seconds
        self.opinions[uid] = _Opinion(grounds)
        self.reports[uid] = status

        def reported(fresh: Object) -> Object:
            if fresh["metadata"]["uid"] != uid:
                return fresh
            if fresh["metadata"]["resourceVersion"] != version:
                self.reports[uid] = status_of(fresh, facts, place, now, resize)
            fresh["status"] = self.reports[uid]
            return fresh

        try:
            await api.modify(POD, metadata["namespace"], metadata["name"], reported, "status", CALL)
        except NotFound:
            return None
        finally:
            self.reports.pop(uid, None)
        told = happenings(pod, facts)
        if told:
            unsaid = self.unsaid.setdefault(uid, _Unsaid([]))
            unsaid.happenings.extend(told)
        return None

    def _seconds_to_insist(self, uid: str, grounds: tuple[object, ...], now: datetime) -> float:
        """How long to let others have it their way: not at all where there is news of the Pod."""
        opinion = self.opinions.get(uid)
        if opinion is None or opinion.grounds != grounds:
            return 0.0
        opinion.contested = opinion.contested or now
        return (opinion.contested + timedelta(seconds=RECONCILE_SECONDS) - now).total_seconds()

    def _seconds_to_end(self, api: API, pod: Object) -> float:
        """How long the containers of a deleted Pod go on: what they take to end, within the time they are given."""
        metadata = pod["metadata"]
        grace_seconds = metadata.get("deletionGracePeriodSeconds") or 0
        if (pod.get("status") or {}).get("phase") in TERMINAL:
            return 0.0
        unused_seconds = grace_seconds - min(grace_seconds, self.runtime.farewell_seconds(pod))
        ends = parse_timestamp(metadata["deletionTimestamp"]) - timedelta(seconds=unused_seconds)
        return (ends - api.clock.now()).total_seconds()

    async def _end(self, api: API, pod: Object) -> None:
        """Stop the containers; then nothing but finalizers may hold the Pod."""
        metadata = pod["metadata"]
        if metadata.get("deletionGracePeriodSeconds") == 0:
            self.runtime.stop(metadata["uid"])
            return
        self.runtime.stop(metadata["uid"])
        options = DeleteOptions(grace_seconds=0, uid=metadata["uid"])
        try:
            await api.delete(POD, metadata["namespace"], metadata["name"], options, CALL)
        except NotFound:
            return
        told = killings(pod)
        if told and self._pace(pod).take(len(told), api.clock.now()):
            await self._say(api, pod, told)

    async def _say_in_turn(self, api: API, pod: Object) -> float | None:
        """Write the Events that the Pod has coming, if it is their turn; else in how many seconds it will be."""
        unsaid = self.unsaid.get(pod["metadata"]["uid"])
        if unsaid is None:
            return None
        now = api.clock.now()
        if unsaid.due is None:
            unsaid.due = now + timedelta(seconds=self._pace(pod).reserve(len(unsaid.happenings), now))
        if unsaid.due > now:
            return (unsaid.due - now).total_seconds()
        del self.unsaid[pod["metadata"]["uid"]]
        await self._say(api, pod, unsaid.happenings)
        return None

    def _pace(self, pod: Object) -> Pace:
        return self.paces.setdefault(pod["spec"]["nodeName"], Pace(EVENT_BURST, EVENTS_PER_SECOND))

    async def _say(self, api: API, pod: Object, what: list[Happening]) -> None:
        if self._recorder is None:
            self._recorder = Recorder(api, NAME)
        host = pod["spec"]["nodeName"]
        event = self._recorder.event
        await asyncio.gather(*(event(POD, pod, e.type, e.reason, e.message, e.field_path, host) for e in what))


def _earliest(*moments: float | None) -> float | None:
    return min((seconds for seconds in moments if seconds is not None), default=None)


def _grounds(pod: Object, facts: PodFacts, place: Place) -> tuple[object, ...]:
    """What a Pod's status is concluded from, but for that status itself."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    others = [(c["type"], c["status"]) for c in conditions if c["type"] not in KUBELET_CONDITIONS]
    return replace(facts, again_in_seconds=None), place, pod["metadata"].get("generation"), others


def _allocatable(api: API, node: str) -> Object:
    record = api.find(NODE, "", node)
    return (record.object.get("status") or {}).get("allocatable") or {} if record is not None else {}


def _key(pod: Object) -> Key:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]


def _host_ip(node: Object) -> str:
    """The node's own address, "" until it is known."""
    addresses = (node.get("status") or {}).get("addresses") or ()
    return next((a["address"] for a in addresses if a["type"] == "InternalIP"), "")
