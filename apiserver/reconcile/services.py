"""What the controllers of endpoints share: which Services a Pod's change concerns, and which Pods a Service selects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from apiserver.api import API
from apiserver.kind import Kind, Object
from apiserver.kinds.pod import kind as POD
from apiserver.kinds.service import kind as SERVICE
from apiserver.objects import endpoints
from apiserver.reconcile.controller import Mapper
from apiserver.reconcile.labelled import Labelled
from apiserver.reconcile.selecting import EqualLabels, Matcher, Selecting, key_of
from apiserver.reconcile.workqueue import Key

PACE_SECONDS_PER_POD = 100e-6
"""What one look at a Service is reckoned to take, for each of its Pods: planning, checking and writing 1,000 endpoints
costs tens of milliseconds, and a rollout of 1,000 Pods must not pay that a thousand times."""
AHEAD_SECONDS = 0.1
"""How far a Service may be ahead of that pace. A change that comes alone is followed at once, however many Pods there
are; in a rush of them, those that come too early are taken together."""


class ServicePods:
    """One controller's view of Services and their Pods."""

    def __init__(self) -> None:
        self._selecting = Selecting(_selector)
        self._labelled = Labelled(POD)
        self._pods: dict[Key, list[Object]] = {}
        """The Pods of Services, for as long as nothing about them changes that matters to endpoints."""
        self._on_pace: dict[Key, datetime] = {}
        """When the looks taken at a Service are done at the pace it is reckoned by."""

    def watches(self) -> Mapping[Kind, Mapper]:
        """The mappers, Services first: they fill the index that Pods are looked up in."""
        return {SERVICE: self._service_changed, POD: self._pod_changed}

    def pods(self, api: API, service: Object) -> list[Object]:
        """The Pods that the Service selects, whatever their state, by name."""
        key, now = key_of(service), api.clock.now()
        pods = self._pods.get(key)
        if pods is not None:
            return pods
        pods = self._pods[key] = self._labelled.having(api, key[0], service["spec"]["selector"])
        self._on_pace[key] = max(now, self._on_pace.get(key, now)) + timedelta(seconds=len(pods) * PACE_SECONDS_PER_POD)
        return pods

    def pause_seconds(self, api: API, key: Key) -> float:
        """How long to wait so that more changes of a Service are taken together; 0 to go on now."""
        on_pace = self._on_pace.get(key)
        ahead_seconds = (on_pace - api.clock.now()).total_seconds() if on_pace else 0.0
        return max(0.0, ahead_seconds - AHEAD_SECONDS)

    def _service_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        keys = list(self._selecting.changed(api, old, new))
        for key in keys:
            self._pods.pop(key, None)
            # What somebody did to the Service itself shows at once.
            self._on_pace.pop(key, None)
        return keys

    def _pod_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        self._labelled.changed(old, new)
        if not endpoints.may_differ(old, new):
            return ()
        keys = self._selecting.selecting(api, old, new)
        for key in keys:
            self._pods.pop(key, None)
        return keys


def _selector(service: Object) -> tuple[Matcher, Mapping[str, str]] | None:
    if not endpoints.selects(service):
        return None
    selector = service["spec"]["selector"]
    return EqualLabels(selector), selector
