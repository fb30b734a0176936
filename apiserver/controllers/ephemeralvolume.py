"""Makes the claims of Pods that bring the description of a volume along: they are owned by the Pod and go with it."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.errors import AlreadyExists, APIError
from apiserver.kind import Object
from apiserver.kinds.persistentvolumeclaim import kind as CLAIM
from apiserver.kinds.pod import kind as POD
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, is_namespace_ending
from apiserver.reconcile.events import Recorder
from apiserver.reconcile.workqueue import Key

NAME = "ephemeral_volume"


def controller() -> Controller:
    watches = {POD: pod_changed, CLAIM: claim_changed}
    return Controller(NAME, _Ephemeral().reconcile, watches, workers=4)


def pod_changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    if old is None and new is not None and _ephemeral(new):
        yield new["metadata"]["namespace"], new["metadata"]["name"]


def claim_changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    """A claim that is gone may have been in the way, or is to be made again."""
    if old is not None and new is None:
        owner = ownership.controller_of(old)
        if owner is not None and owner["kind"] == POD.name:
            yield old["metadata"]["namespace"], owner["name"]


def _ephemeral(pod: Object) -> list[Object]:
    return [volume for volume in pod["spec"].get("volumes") or () if volume.get("ephemeral")]


class _Ephemeral:
    def __init__(self) -> None:
        self._recorder: Recorder | None = None

    async def reconcile(self, api: API, key: Key) -> None:
        record = api.find(POD, *key)
        if record is None or "deletionTimestamp" in record.object["metadata"]:
            return
        for volume in _ephemeral(record.object):
            try:
                await _ensure(api, record.object, volume)
            except APIError as error:
                if not is_namespace_ending(error):
                    self._recorder = self._recorder or Recorder(api, NAME)
                    text = f"ephemeral volume {volume['name']}: {error.message}"
                    await self._recorder.event(POD, record.object, "Warning", "FailedBinding", text)
                raise


async def _ensure(api: API, pod: Object, volume: Object) -> None:
    """Raises APIError where the claim cannot be made, or belongs to somebody else."""
    namespace, owner = pod["metadata"]["namespace"], pod["metadata"]["name"]
    name = f"{owner}-{volume['name']}"
    known = api.find(CLAIM, namespace, name)
    if known is not None:
        if not ownership.is_controlled_by(known.object, pod):
            text = f"PVC {namespace}/{name} was not created for pod {namespace}/{owner} (pod is not owner)"
            raise APIError(text)
        return
    template = volume["ephemeral"].get("volumeClaimTemplate") or {}
    described = template.get("metadata") or {}
    kept = {key: described[key] for key in ("labels", "annotations") if described.get(key)}
    metadata = {"name": name, **kept, "ownerReferences": [ownership.owner_reference(POD, pod)]}
    try:
        await api.create(CLAIM, namespace, {"metadata": metadata, "spec": template["spec"]}, api.named(NAME))
    except AlreadyExists:
        return
