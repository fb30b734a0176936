"""Says of a claim that was made larger that its volume is for others to enlarge: no driver is part of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.kind import Object
from apiserver.kinds.persistentvolume import kind as VOLUME
from apiserver.kinds.persistentvolumeclaim import kind as CLAIM
from apiserver.kinds.storageclass import kind as CLASS
from apiserver.objects import binding
from apiserver.objects.storage import class_of, requested
from apiserver.reconcile.controller import Controller
from apiserver.reconcile.events import Recorder
from apiserver.reconcile.workqueue import Key

NAME = "volume_expand"
MESSAGE = "waiting for an external controller to expand this PVC"


def controller() -> Controller:
    return Controller(NAME, _Expander().reconcile, {CLAIM: grown})


def grown(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The key of a bound claim that asks for more than before."""
    if old is not None and new is not None and requested(old) < requested(new) and binding.phase_of(new) == "Bound":
        yield new["metadata"]["namespace"], new["metadata"]["name"]


class _Expander:
    def __init__(self) -> None:
        self._recorder: Recorder | None = None

    async def reconcile(self, api: API, key: Key) -> None:
        record = api.find(CLAIM, *key)
        if record is None:
            return
        claim = record.object
        volume = api.find(VOLUME, "", claim["spec"].get("volumeName", ""))
        storage_class = api.find(CLASS, "", class_of(claim))
        if volume is None or storage_class is None or not storage_class.object.get("allowVolumeExpansion"):
            return
        self._recorder = self._recorder or Recorder(api, NAME)
        # A CSI driver is known to have a resizer of its own; of other sources nobody knows who could enlarge them.
        type = "Normal" if volume.object["spec"].get("csi") else "Warning"
        await self._recorder.event(CLAIM, claim, type, "ExternalExpanding", MESSAGE)
