"""What the controllers of endpoints share: which Services a Pod's change concerns, and which Pods a Service selects."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from apiserver.api import API
from apiserver.kind import Kind, Object
from apiserver.kinds.pod import kind as POD
from apiserver.kinds.service import kind as SERVICE
from apiserver.objects import endpoints
from apiserver.objects.meta import labels
from apiserver.reconcile.controller import Mapper
from apiserver.reconcile.labelled import Labelled
from apiserver.reconcile.selecting import EqualLabels, Matcher, Selecting, key_of
from apiserver.reconcile.workqueue import Key

PACE_SECONDS_PER_POD = 20e-6
"""How much later another look at a Service may follow on one, for each of its Pods: to plan, check and write 1,000
endpoints takes some milliseconds, and a rollout of 1,000 Pods must not pay that a thousand times."""
AHEAD_SECONDS = 0.1
"""How far a Service may be ahead of that pace. A change that comes alone is followed at once, however many Pods there
are; in a rush of them, those that come too early are taken together."""


class ServicePods:
    """One controller's view of Services and their Pods."""

    def __init__(self) -> None:
        self._selecting = Selecting(_selector)
        self._labelled = Labelled(POD)
        self._pods: dict[Key, list[Object]] = {}
        """The Pods of Services, as they were when something about them last changed that matters to endpoints."""
        self._looked_at: set[Key] = set()
        """The Services of whose Pods nothing has changed since the last look."""
        self._on_pace: dict[Key, datetime] = {}
        """When the looks taken at a Service are done at the pace it is reckoned by."""

    def watches(self) -> Mapping[Kind, Mapper]:
        """The mappers, Services first: they fill the index that Pods are looked up in."""
        return {SERVICE: self._service_changed, POD: self._pod_changed}

    def pods(self, api: API, service: Object) -> list[Object]:
        """The Pods that the Service selects, whatever their state, by name."""
        key, now = key_of(service), api.clock.now()
        pods = self._pods.get(key)
        if pods is None:
            pods = self._pods[key] = self._labelled.having(api, key[0], service["spec"]["selector"])
        if key not in self._looked_at:
            self._looked_at.add(key)
            pace = timedelta(seconds=len(pods) * PACE_SECONDS_PER_POD)
            self._on_pace[key] = max(now, self._on_pace.get(key, now)) + pace
        return list(pods)

    def pause_seconds(self, api: API, key: Key) -> float:
        """How long to wait so that more changes of a Service are taken together; 0 to go on now."""
        on_pace = self._on_pace.get(key)
        ahead_seconds = (on_pace - api.clock.now()).total_seconds() if on_pace else 0.0
        return max(0.0, ahead_seconds - AHEAD_SECONDS)

    def _service_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        keys = list(self._selecting.changed(api, old, new))
        for key in keys:
            self._forget_pods(key)
            # What somebody did to the Service itself shows at once.
            self._on_pace.pop(key, None)
        return keys

    def _pod_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        self._labelled.changed(old, new)
        if not endpoints.may_differ(old, new):
            return ()
        keys = self._selecting.selecting(api, old, new)
        for key in keys:
            if not self._replaced(key, old, new):
                self._forget_pods(key)
            self._looked_at.discard(key)
        return keys

    def _replaced(self, key: Key, old: Object | None, new: Object | None) -> bool:
        """Put a new version of a Pod in the place of an older one, if it is still selected."""
        pods = self._pods.get(key)
        if pods is None or old is None or new is None or labels(old) != labels(new):
            return False
        place = bisect_left(pods, old["metadata"]["name"], key=_name)
        if place == len(pods) or pods[place]["metadata"]["uid"] != old["metadata"]["uid"]:
            return False
        pods[place] = new
        return True

    def _forget_pods(self, key: Key) -> None:
        self._pods.pop(key, None)
        self._looked_at.discard(key)


def _name(object: Object) -> str:
    return str(object["metadata"]["name"])


def _selector(service: Object) -> tuple[Matcher, Mapping[str, str]] | None:
    if not endpoints.selects(service):
        return None
    selector = service["spec"]["selector"]
    return EqualLabels(selector), selector
