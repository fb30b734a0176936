"""The simulated provisioner: makes, enlarges and deletes the volumes of classes that name `minictl.dev/simulated`.

What an external provisioner and an external resizer do in a real cluster, with their words in the events; the binding
is left to the volume binder. Keys with a namespace are claims, those without are volumes.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from apiserver.api import API
from apiserver.errors import AlreadyExists, NotFound
from apiserver.kind import Object
from apiserver.kinds.persistentvolume import kind as VOLUME
from apiserver.kinds.persistentvolumeclaim import kind as CLAIM
from apiserver.kinds.storageclass import kind as CLASS
from apiserver.objects import provisioning
from apiserver.objects.storage import class_of
from apiserver.reconcile.controller import Controller
from apiserver.reconcile.events import Recorder
from apiserver.reconcile.workqueue import Key


def controller() -> Controller:
    provisioner = _Provisioner()
    watches = {CLAIM: claim_changed, VOLUME: volume_changed}
    return Controller(provisioning.PROVISIONER, provisioner.reconcile, watches, workers=4)


def claim_changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    if new is not None and (provisioning.is_wanted(new) or new["spec"].get("volumeName")):
        yield new["metadata"]["namespace"], new["metadata"]["name"]


def volume_changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    if new is not None and provisioning.is_to_go(new):
        yield "", new["metadata"]["name"]


class _Provisioner:
    def __init__(self) -> None:
        self._recorder: Recorder | None = None

    async def reconcile(self, api: API, key: Key) -> None:
        with suppress(NotFound):
            if not key[0]:
                await _reclaim(api, key[1])
            elif (record := api.find(CLAIM, *key)) is not None:
                await (self._make if provisioning.is_wanted(record.object) else self._enlarge)(api, record.object)

    async def _make(self, api: API, claim: Object) -> None:
        record = api.find(CLASS, "", class_of(claim))
        name = provisioning.volume_name(claim)
        if record is None or api.find(VOLUME, "", name) is not None:
            return
        namespace = claim["metadata"]["namespace"]
        text = f'External provisioner is provisioning volume for claim "{namespace}/{claim["metadata"]["name"]}"'
        await self._say(api, claim, "Normal", "Provisioning", text)
        problem = provisioning.refusal(claim)
        if problem:
            text = f'failed to provision volume with StorageClass "{class_of(claim)}": {problem}'
            await self._say(api, claim, "Warning", "ProvisioningFailed", text)
            return
        with suppress(AlreadyExists):
            volume = provisioning.new_volume(claim, record.object)
            await api.create(VOLUME, "", volume, api.named(provisioning.PROVISIONER))
            text = f"Successfully provisioned volume {name}"
            await self._say(api, claim, "Normal", "ProvisioningSucceeded", text)

    async def _enlarge(self, api: API, claim: Object) -> None:
        """The volume first: it may have more than the claim knows of, never less."""
        record = api.find(VOLUME, "", claim["spec"].get("volumeName", ""))
        if record is None or not provisioning.is_to_grow(record.object, claim):
            return
        name, size = record.object["metadata"]["name"], claim["spec"]["resources"]["requests"]["storage"]
        await self._say(api, claim, "Normal", "Resizing", f"External resizer is resizing volume {name}")

        def larger(volume: Object) -> Object:
            volume["spec"]["capacity"]["storage"] = size
            return volume

        def told(current: Object) -> Object:
            current["status"]["capacity"] = {**current["status"].get("capacity", {}), "storage": size}
            return current

        call, metadata = api.named(provisioning.PROVISIONER), claim["metadata"]
        await api.modify(VOLUME, "", name, larger, call=call)
        await api.modify(CLAIM, metadata["namespace"], metadata["name"], told, "status", call)
        await self._say(api, claim, "Normal", "VolumeResizeSuccessful", "Resize volume succeeded")

    async def _say(self, api: API, claim: Object, type: str, reason: str, message: str) -> None:
        self._recorder = self._recorder or Recorder(api, provisioning.PROVISIONER)
        await self._recorder.event(CLAIM, claim, type, reason, message)


async def _reclaim(api: API, name: str) -> None:
    record = api.find(VOLUME, "", name)
    if record is not None and provisioning.is_to_go(record.object):
        await api.delete(VOLUME, "", name, call=api.named(provisioning.PROVISIONER))
