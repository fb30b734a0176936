"""Binds claims to volumes, and sees to volumes whose claims are gone.

    claim  -> plan (objects/binding.py) -> the volume, its status, the claim, its status: written in this order
    volume -> plan                      -> its phase, and what its reclaim policy asks for

One worker, since two claims must not be given one volume. Keys with a namespace are claims, those without are volumes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from apiserver.api import API
from apiserver.clock import timestamp
from apiserver.errors import NotFound
from apiserver.kind import Kind, Object
from apiserver.kinds.persistentvolume import kind as VOLUME
from apiserver.kinds.persistentvolumeclaim import kind as CLAIM
from apiserver.kinds.pod import kind as POD
from apiserver.kinds.storageclass import kind as CLASS
from apiserver.objects import binding
from apiserver.objects.binding import ClaimPlan, Said
from apiserver.objects.scheduling.pods import claim_names
from apiserver.objects.storage import class_of, default_of, is_default_class
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.events import Recorder
from apiserver.reconcile.workqueue import Key
from apiserver.storage import Record

NAME = "persistentvolume-controller"
AGAIN_SECONDS = 15.0
"""Claims that wait are looked at, and spoken of, this often."""


def controller() -> Controller:
    binder = _Binder()
    watches = {CLAIM: claim_changed, VOLUME: volume_changed, CLASS: class_changed}
    return Controller(NAME, binder.reconcile, watches)


def claim_changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    for claim in (old, new):
        if claim is not None:
            yield claim["metadata"]["namespace"], claim["metadata"]["name"]
            if claim["spec"].get("volumeName"):
                yield "", claim["spec"]["volumeName"]


def volume_changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    for volume in (old, new):
        if volume is not None:
            yield "", volume["metadata"]["name"]
            reference = volume["spec"].get("claimRef")
            if reference is not None:
                yield reference.get("namespace", ""), reference.get("name", "")
    if new is not None and _is_newly_free(old, new):
        yield from _waiting(api, class_of(new))
    if new is None or old is None:
        name = (new or old or {})["metadata"]["name"]
        claims = (record.object for record in api.list(CLAIM))
        yield from (_key(claim) for claim in claims if claim["spec"].get("volumeName") == name)


def _is_newly_free(old: Object | None, new: Object) -> bool:
    is_as_before = old is not None and binding.phase_of(old) == "Available" and old["spec"] == new["spec"]
    return binding.phase_of(new) == "Available" and not is_as_before


def class_changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    if new is None:
        return ()
    return [*_waiting(api, new["metadata"]["name"]), *(_waiting(api, "") if is_default_class(new) else ())]


def _waiting(api: API, storage_class: str) -> Iterable[Key]:
    """Claims of a class that have no volume yet."""
    claims = (record.object for record in api.list(CLAIM))
    return (_key(c) for c in claims if binding.phase_of(c) == "Pending" and class_of(c) == storage_class)


def _key(claim: Object) -> Key:
    return claim["metadata"]["namespace"], claim["metadata"]["name"]


class _Binder:
    def __init__(self) -> None:
        self._recorder: Recorder | None = None

    async def reconcile(self, api: API, key: Key) -> Result | None:
        try:
            if key[0]:
                record = api.find(CLAIM, *key)
                return await self._see_to_claim(api, record.object) if record else None
            record = api.find(VOLUME, *key)
            if record is not None:
                await self._see_to_volume(api, record.object)
        except NotFound:
            pass  # gone in between, and its going brings the key back
        return None

    # -- claims --------------------------------------------------------------------------------------------------------

    async def _see_to_claim(self, api: API, claim: Object) -> Result | None:
        plan = _planned(api, claim)
        if plan.volume is not None:
            await _bind(api, plan.volume, claim)
            return None
        if plan.storage_class is not None:
            await _amend(api, CLAIM, claim, _classed(plan.storage_class))
            return None
        if plan.provisioner is not None:
            provisioner = plan.provisioner
            claim = (await _amend(api, CLAIM, claim, lambda c: binding.handed_over(c, provisioner))).object
        if plan.phase is not None:
            await _set_claim_status(api, claim, plan.phase, None)
        if plan.said is not None:
            await self._say(api, CLAIM, claim, plan.said)
        return Result(AGAIN_SECONDS) if plan.said is not None and plan.phase != "Lost" else None

    async def _say(self, api: API, kind: Kind, object: Object, said: Said) -> None:
        self._recorder = self._recorder or Recorder(api, NAME)
        await self._recorder.event(kind, object, *said)

    # -- volumes -------------------------------------------------------------------------------------------------------

    async def _see_to_volume(self, api: API, volume: Object) -> None:
        reference = volume["spec"].get("claimRef") or {}
        record = api.find(CLAIM, reference.get("namespace", ""), reference.get("name", "")) if reference else None
        plan = binding.volume_plan(volume, record.object if record else None)
        if plan.delete:
            await api.delete(VOLUME, "", volume["metadata"]["name"], call=api.named(NAME))
            return
        is_news = plan.phase is not None and plan.phase != binding.phase_of(volume)
        if is_news and plan.said is not None:
            await self._say(api, VOLUME, volume, plan.said)
        if plan.unbind:
            volume = (await _amend(api, VOLUME, volume, binding.unbound_volume)).object
        if plan.phase is not None:
            await _set_volume_status(api, volume, plan.phase, plan.message)


def _planned(api: API, claim: Object) -> ClaimPlan:
    name, chosen = class_of(claim), claim["spec"].get("volumeName")
    if chosen:
        record = api.find(VOLUME, "", chosen)
        return binding.claim_plan(claim, [record.object] if record else [])
    record = api.find(CLASS, "", name) if name else None
    storage_class = record.object if record else None
    default = default_of(r.object for r in api.list(CLASS) if is_default_class(r.object))
    waiting = _pods_without_node(api, claim) if binding.waits_for_consumer(storage_class) else []
    return binding.claim_plan(claim, [r.object for r in api.list(VOLUME)], storage_class, default, waiting)


def _pods_without_node(api: API, claim: Object) -> list[str]:
    namespace, name = _key(claim)
    pods = [r.object for r in api.list(POD, namespace) if not r.object["spec"].get("nodeName")]
    return [pod for pod, spec in ((p["metadata"]["name"], p["spec"]) for p in pods) if name in claim_names(pod, spec)]


async def _bind(api: API, volume: Object, claim: Object) -> None:
    """Write both ends, the volume's first: a claim never names a volume that is not its own."""
    name = volume["metadata"]["name"]
    volume = (await _amend(api, VOLUME, volume, lambda v: binding.bound_volume(v, claim))).object
    await _set_volume_status(api, volume, "Bound")
    claim = (await _amend(api, CLAIM, claim, lambda c: binding.bound_claim(c, name))).object
    await _set_claim_status(api, claim, "Bound", volume)


def _classed(name: str) -> Callable[[Object], Object]:
    def classed(claim: Object) -> Object:
        claim["spec"]["storageClassName"] = name
        return claim

    return classed


async def _amend(
    api: API, kind: Kind, object: Object, change: Callable[[Object], Object], subresource: str = ""
) -> Record:
    """Change what was read and decided on: raises Conflict where it has changed since."""
    metadata = object["metadata"]

    def changed(current: Object) -> Object:
        current["metadata"]["resourceVersion"] = metadata["resourceVersion"]
        return change(current)

    place = metadata.get("namespace", ""), metadata["name"]
    return await api.modify(kind, *place, changed, subresource, api.named(NAME))


async def _set_claim_status(api: API, claim: Object, phase: str, volume: Object | None) -> None:
    def told(current: Object) -> Object:
        return {**current, "status": binding.claim_status(current, phase, volume)}

    if binding.claim_status(claim, phase, volume) != claim.get("status"):
        await _amend(api, CLAIM, claim, told, "status")


async def _set_volume_status(api: API, volume: Object, phase: str, message: str = "") -> None:
    if binding.phase_of(volume) == phase:
        return
    now = timestamp(api.clock.now())

    def told(current: Object) -> Object:
        return {**current, "status": binding.volume_status(current, phase, message, now)}

    await _amend(api, VOLUME, volume, told, "status")
