"""Mirrors Endpoints that somebody wrote by hand, for a Service without a selector, into EndpointSlices."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.kind import Object
from apiserver.kinds.endpoints import kind as ENDPOINTS
from apiserver.kinds.endpointslice import kind as ENDPOINTSLICE
from apiserver.kinds.service import kind as SERVICE
from apiserver.objects import endpointslices, mirroring
from apiserver.objects.endpointslices import Changes
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller
from apiserver.reconcile.labelled import Labelled
from apiserver.reconcile.selecting import itself
from apiserver.reconcile.workqueue import Key

NAME = "endpointslicemirroring-controller"


def controller() -> Controller:
    slices = Labelled(ENDPOINTSLICE, (endpointslices.SERVICE_NAME,))

    async def reconcile(api: API, key: Key) -> None:
        have = slices.having(api, key[0], managed_labels(key[1]))
        endpoints, service = api.find(ENDPOINTS, *key), api.find(SERVICE, *key)
        if endpoints is None or service is None or not _is_mirrored(endpoints.object, service.object):
            changes = Changes(delete=have)
        else:
            owner = ownership.owner_reference(ENDPOINTS, endpoints.object)
            changes = mirroring.plan(endpoints.object, owner, have)
        call = api.named(NAME)
        await ownership.write(api, ENDPOINTSLICE, key[0], changes.create, changes.update, changes.delete, call)

    def slice_changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        slices.changed(old, new)
        return its_endpoints(old, new)

    watches = {ENDPOINTS: itself, SERVICE: itself, ENDPOINTSLICE: slice_changed}
    return Controller(NAME, reconcile, watches, workers=5)


def managed_labels(name: str) -> dict[str, str]:
    """What tells the slices that mirror the Endpoints of this name."""
    return {endpointslices.SERVICE_NAME: name, endpointslices.MANAGED_BY: mirroring.CONTROLLER}


def its_endpoints(old: Object | None, new: Object | None) -> Iterable[Key]:
    """The Endpoints that this slice mirrors, or did before somebody changed its labels."""
    for slice_ in (old, new):
        labels = (slice_["metadata"].get("labels") or {}) if slice_ else {}
        name = labels.get(endpointslices.SERVICE_NAME)
        if slice_ and name and managed_labels(name).items() <= labels.items():
            yield slice_["metadata"]["namespace"], name


def _is_mirrored(endpoints: Object, service: Object) -> bool:
    return not service["spec"].get("selector") and mirroring.is_mirrored(endpoints)
