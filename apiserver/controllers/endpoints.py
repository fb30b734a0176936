"""Keeps the Endpoints object of every Service that selects Pods: created, corrected, restored, and deleted with it.

Endpoints that somebody wrote by hand, for a Service without a selector or for none at all, are left alone; only when
their Service is deleted they go with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from apiserver.api import API
from apiserver.errors import NotFound
from apiserver.kind import Object
from apiserver.kinds.endpoints import kind as ENDPOINTS
from apiserver.kinds.service import kind as SERVICE
from apiserver.objects import endpoints
from apiserver.objects.remembered import PerObject
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.seen import Seen
from apiserver.reconcile.selecting import itself, key_of
from apiserver.reconcile.services import ServicePods
from apiserver.reconcile.workqueue import Key


def controller() -> Controller:
    state = _Endpoints()
    watches = {**state.services.watches(), ENDPOINTS: itself}
    watches[SERVICE] = state.service_changed
    return Controller(endpoints.CONTROLLER, state.reconcile, watches, workers=5)


class _Endpoints:
    def __init__(self) -> None:
        self.services = ServicePods()
        self._map_service = self.services.watches()[SERVICE]
        self._times = endpoints.TriggerTimes()
        self._deleted: set[Key] = set()
        self._seen = Seen()
        self._offers: dict[Key, endpoints.Offers] = {}

    def service_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        if new is None:
            self._deleted.add(key_of(old))
        return self._map_service(api, old, new)

    async def reconcile(self, api: API, key: Key) -> Result | None:
        service = api.find(SERVICE, *key)
        if service is None:
            await self._delete(api, key)
            return None
        self._deleted.discard(key)
        if not endpoints.selects(service.object):
            return None
        pause = self.services.pause_seconds(api, key)
        if pause:
            return Result(after_seconds=pause)
        await api.store.settled()  # first the slices: whoever waits for a change waits for those
        await self._write(api, key, service.object)
        return None

    async def _write(self, api: API, key: Key, service: Object) -> None:
        pods = self.services.pods(api, service)
        have = api.find(ENDPOINTS, *key)
        if have is not None and self._seen.is_same(key, [service, have.object, *pods]):
            return
        cause = self._times.latest(service, pods)
        offers = self._offers.setdefault(key, PerObject())
        wanted = endpoints.plan_endpoints(service, pods, have.object if have else None, cause, offers)
        call = api.named(endpoints.CONTROLLER)
        if wanted is not None and have is None:
            have = await api.create(ENDPOINTS, key[0], wanted, call)
        elif wanted is not None:
            have = await api.update(ENDPOINTS, *key, wanted, call=call)
        if have is not None:
            self._seen.remember(key, [service, have.object, *pods])

    async def _delete(self, api: API, key: Key) -> None:
        self._times.forget(*key)
        self._offers.pop(key, None)
        self._seen.forget(key)
        have = api.find(ENDPOINTS, *key)
        if have is None:
            self._deleted.discard(key)
            return
        labels = have.object["metadata"].get("labels") or {}
        if key in self._deleted or labels.get(endpoints.MANAGED_BY) == endpoints.CONTROLLER:
            with contextlib.suppress(NotFound):
                await api.delete(ENDPOINTS, *key, call=api.named(endpoints.CONTROLLER))
            self._deleted.discard(key)
