"""Events are news: one that has not been written again for an hour is deleted, as in Kubernetes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from apiserver.api import API
from apiserver.clock import parse_timestamp
from apiserver.deletion import DeleteOptions
from apiserver.errors import NotFound
from apiserver.kind import Object
from apiserver.kinds.event import kind as EVENT
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.workqueue import Key

KEPT_SECONDS = 3600.0
"""How long an Event outlives its last write (source: the default of kube-apiserver's --event-ttl)."""


def controller() -> Controller:
    """Deletes Events that have had their time."""
    return Controller("event-expiry", reconcile, watches={EVENT: _new})


def _new(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Only new Events are scheduled: one that occurs again is looked at when its first time is over."""
    if new is None or old is not None:
        return ()
    return ((new["metadata"]["namespace"], new["metadata"]["name"]),)


async def reconcile(api: API, key: Key) -> Result | None:
    record = api.find(EVENT, *key)
    if record is None:
        return None
    age = (api.clock.now() - parse_timestamp(last_written(record.object))).total_seconds()
    if age < KEPT_SECONDS:
        return Result(after_seconds=KEPT_SECONDS - age)
    with contextlib.suppress(NotFound):
        await api.delete(EVENT, *key, DeleteOptions(uid=record.object["metadata"]["uid"]), api.named("event-expiry"))
    return None


def last_written(event: Object) -> str:
    """When it was stored last. What its writer says of the time does not count: news of long ago is news."""
    metadata = event["metadata"]
    times = [str(entry.get("time") or "") for entry in metadata.get("managedFields") or ()]
    return max([str(metadata["creationTimestamp"]), *times])
