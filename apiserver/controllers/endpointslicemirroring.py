"""Mirrors Endpoints that somebody wrote by hand, for a Service without a selector, into EndpointSlices."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.kind import Object
from apiserver.kinds.endpoints import kind as ENDPOINTS
from apiserver.kinds.endpointslice import kind as ENDPOINTSLICE
from apiserver.kinds.service import kind as SERVICE
from apiserver.objects import endpointslices, mirroring
from apiserver.objects.selectors import from_object
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller
from apiserver.reconcile.selecting import itself
from apiserver.reconcile.workqueue import Key

NAME = "endpointslicemirroring-controller"


def controller() -> Controller:
    watches = {ENDPOINTS: itself, SERVICE: itself, ENDPOINTSLICE: its_endpoints}
    return Controller(NAME, reconcile, watches, workers=5)


async def reconcile(api: API, key: Key) -> None:
    wanted = {endpointslices.SERVICE_NAME: key[1], endpointslices.MANAGED_BY: mirroring.CONTROLLER}
    selector = from_object({"matchLabels": wanted})
    have = [record.object for record in api.list(ENDPOINTSLICE, key[0], selector)]
    endpoints, service = api.find(ENDPOINTS, *key), api.find(SERVICE, *key)
    call = api.named(NAME)
    if (
        endpoints is None
        or service is None
        or service.object["spec"].get("selector")
        or not mirroring.is_mirrored(endpoints.object)
    ):
        await ownership.write(api, ENDPOINTSLICE, key[0], [], [], have, call)
        return
    owner = ownership.owner_reference(ENDPOINTS, endpoints.object)
    changes = mirroring.plan(endpoints.object, owner, have)
    await ownership.write(api, ENDPOINTSLICE, key[0], changes.create, changes.update, changes.delete, call)


def its_endpoints(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    for slice_ in (old, new):
        labels = (slice_["metadata"].get("labels") or {}) if slice_ else {}
        name = labels.get(endpointslices.SERVICE_NAME)
        if slice_ and name and labels.get(endpointslices.MANAGED_BY) == mirroring.CONTROLLER:
            yield slice_["metadata"]["namespace"], name
