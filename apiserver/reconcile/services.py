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
from apiserver.reconcile.selecting import EqualLabels, Matcher, Selecting
from apiserver.reconcile.workqueue import Key

FREE_PODS = 100
"""Up to this many Pods a Service's endpoints follow every change at once."""
PAUSE_SECONDS_PER_POD = 250e-6
"""Beyond that, the changes of this long are taken together: planning, checking and writing 1,000 endpoints costs tens
of milliseconds, and a rollout of 1,000 Pods must not pay that a thousand times."""


class ServicePods:
    """One controller's view of Services and their Pods."""

    def __init__(self) -> None:
        self._selecting = Selecting(_selector)
        self._labelled = Labelled(POD)
        self._not_before: dict[Key, datetime] = {}

    def watches(self) -> Mapping[Kind, Mapper]:
        """The mappers, Services first: they fill the index that Pods are looked up in."""
        return {SERVICE: self._service_changed, POD: self._pod_changed}

    def pods(self, api: API, service: Object) -> list[Object]:
        """The Pods that the Service selects, whatever their state."""
        metadata = service["metadata"]
        pods = self._labelled.having(api, metadata["namespace"], service["spec"]["selector"])
        if len(pods) > FREE_PODS:
            pause = timedelta(seconds=len(pods) * PAUSE_SECONDS_PER_POD)
            self._not_before[metadata["namespace"], metadata["name"]] = api.clock.now() + pause
        return pods

    def pause_seconds(self, api: API, key: Key) -> float:
        """How long to wait so that more changes of a large Service are taken together; 0 to go on now."""
        not_before = self._not_before.get(key)
        left = (not_before - api.clock.now()).total_seconds() if not_before else 0.0
        if left > 0:
            return left
        self._not_before.pop(key, None)
        return 0.0

    def _service_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        keys = list(self._selecting.changed(api, old, new))
        for key in keys:
            # What somebody did to the Service itself shows at once.
            self._not_before.pop(key, None)
        return keys

    def _pod_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        self._labelled.changed(old, new)
        return self._selecting.selecting(api, old, new) if endpoints.may_differ(old, new) else ()


def _selector(service: Object) -> tuple[Matcher, Mapping[str, str]] | None:
    if not endpoints.selects(service):
        return None
    selector = service["spec"]["selector"]
    return EqualLabels(selector), selector
