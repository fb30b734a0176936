"""Keeps the EndpointSlices of every Service that selects Pods, writing only the slices that have to change.

A deleted Service's slices are the garbage collector's business: they name the Service as their owner.
"""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.kind import Object
from apiserver.kinds.endpointslice import kind as ENDPOINTSLICE
from apiserver.kinds.node import kind as NODE
from apiserver.kinds.service import kind as SERVICE
from apiserver.objects import endpoints, endpointslices
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.labelled import Labelled
from apiserver.reconcile.seen import Seen
from apiserver.reconcile.services import ServicePods
from apiserver.reconcile.workqueue import Key

NAME = "endpointslice-controller"
ZONE = "topology.kubernetes.io/zone"


def controller() -> Controller:
    services = ServicePods()
    times = endpoints.TriggerTimes()
    slices = Labelled(ENDPOINTSLICE, (endpointslices.SERVICE_NAME,))
    seen = Seen()
    planned: dict[Key, dict[str, endpointslices.Known]] = {}

    async def reconcile(api: API, key: Key) -> Result | None:
        service = api.find(SERVICE, *key)
        if service is None:
            times.forget(*key)
            planned.pop(key, None)
            seen.forget(key)
        if service is None or not endpoints.selects(service.object):
            return None
        pause = services.pause_seconds(api, key)
        if pause:
            return Result(after_seconds=pause)
        pods = services.pods(api, service.object)
        have = slices.having(api, key[0], managed_labels(key[1]))
        known = zones(api)
        if seen.is_same(key, [service.object, known, *have, *pods]):
            return None
        owner = ownership.owner_reference(SERVICE, service.object)
        cause = times.latest(service.object, pods)
        before = planned.setdefault(key, {})
        changes = endpointslices.plan(service.object, pods, known, owner, have, cause, before)
        call = api.named(NAME)
        there = {slice_["metadata"]["name"]: slice_ for slice_ in have if slice_ not in changes.delete}
        for record in await ownership.write(
            api, ENDPOINTSLICE, key[0], changes.create, changes.update, changes.delete, call
        ):
            there[record.object["metadata"]["name"]] = record.object
        seen.remember(key, [service.object, known, *(there[name] for name in sorted(there)), *pods])
        return None

    def slice_changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        slices.changed(old, new)
        return its_service(old, new)

    watches = {**services.watches(), ENDPOINTSLICE: slice_changed, NODE: every_service}
    return Controller(NAME, reconcile, watches, workers=5)


def managed_labels(service: str) -> dict[str, str]:
    """What tells the slices that this controller keeps for a Service."""
    return {endpointslices.SERVICE_NAME: service, endpointslices.MANAGED_BY: endpointslices.CONTROLLER}


def zones(api: API) -> dict[str, str]:
    """The zone of every node, "" for none."""
    return {record.object["metadata"]["name"]: _zone(record.object) for record in api.list(NODE)}


def its_service(old: Object | None, new: Object | None) -> Iterable[Key]:
    """The Services whose slice this is, or was before somebody changed its labels."""
    for slice_ in (old, new):
        labels = (slice_["metadata"].get("labels") or {}) if slice_ else {}
        name = labels.get(endpointslices.SERVICE_NAME)
        if slice_ and name and managed_labels(name).items() <= labels.items():
            yield slice_["metadata"]["namespace"], name


def every_service(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    """All Services, when a node came, went, or changed its zone; endpoints tell the zone of their node."""
    if old is not None and new is not None and _zone(old) == _zone(new):
        return
    for record in api.list(SERVICE):
        yield record.object["metadata"]["namespace"], record.object["metadata"]["name"]


def _zone(node: Object) -> str:
    return str((node["metadata"].get("labels") or {}).get(ZONE, ""))
