"""Which volume a claim gets, and what becomes of the volume of a claim that is gone: the volume binder's decisions.

A claim and its volume point at each other, by `spec.volumeName` and `spec.claimRef`. Either end may be set by people
beforehand; what the binder has set itself it marks with `BY_CONTROLLER`, to know later what it may take back. Once both
ends are written the claim is marked `COMPLETED`: from then on a volume that is missing is lost, not awaited.

    claim_plan     one claim, the volumes, its class         -> bind, provision, or wait and say why
    volume_plan    one volume, the claim it points at        -> its phase, and what its reclaim policy asks for
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from apiserver.objects.quantity import Quantity
from apiserver.objects.selectors import from_object
from apiserver.objects.storage import capacity, class_of, mode_of, names_class, requested

Object = dict[str, Any]

COMPLETED = "pv.kubernetes.io/bind-completed"
BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONER = "volume.kubernetes.io/storage-provisioner"
PROVISIONER_ANNOTATIONS = ("volume.beta.kubernetes.io/storage-provisioner", PROVISIONER)
"""The provisioner that is to make a volume for a claim, under its old and its present name."""

IN_TREE = "kubernetes.io/"
MOVED_OUT = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
    "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
}
"""Provisioners that were part of Kubernetes once, and the drivers that do their work now."""
WITHOUT_DELETER = ("nfs", "csi", "fc", "iscsi")
"""Sources that the volume controller knows, but cannot delete."""
DELETABLE_PATH = "/tmp/.+"  # noqa: S108 - what Kubernetes allows, nothing that is written to
RECYCLABLE = ("hostPath", "nfs")
NONE_AVAILABLE = "no persistent volumes available for this claim and no storage class is set"
AWAITED = (
    "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system "
    "administrator. If volume creation is delayed, please verify that the provisioner is running and correctly "
    "registered."
)


class Said(NamedTuple):
    """An Event: its type, reason and message."""

    type: str
    reason: str
    message: str


@dataclass(frozen=True)
class ClaimPlan:
    """What to do about a claim: all that is not None."""

    volume: Object | None = None
    """Bind it to this volume, or see that it is bound."""
    phase: str | None = None
    """Without a volume, its phase is this."""
    said: Said | None = None
    provisioner: str | None = None
    """Hand it to this provisioner."""
    storage_class: str | None = None
    """Give it this class, since it named none."""


@dataclass(frozen=True)
class VolumePlan:
    """What to do about a volume. `said` goes with a change of phase only."""

    phase: str | None = None
    message: str = ""
    said: Said | None = None
    unbind: bool = False
    delete: bool = False


def is_bound_to(volume: Object, claim: Object) -> bool:
    """Whether a volume is bound to, or kept for, a claim."""
    reference, metadata = volume["spec"].get("claimRef"), claim["metadata"]
    return (
        reference is not None
        and (reference.get("namespace"), reference.get("name")) == (metadata["namespace"], metadata["name"])
        and reference.get("uid") in (None, "", metadata["uid"])
    )


def waits_for_consumer(storage_class: Object | None) -> bool:
    """Whether claims of a class wait for a Pod, so that its node can be considered."""
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def annotations_of(object: Object) -> dict[str, str]:
    return object["metadata"].get("annotations") or {}


def phase_of(object: Object) -> str:
    return str((object.get("status") or {}).get("phase", ""))


# -- claims ------------------------------------------------------------------------------------------------------------


def claim_plan(
    claim: Object,
    volumes: Iterable[Object],
    storage_class: Object | None = None,
    default_class: str = "",
    waiting: Sequence[str] = (),
) -> ClaimPlan:
    """`storage_class` is the one that the claim names, if there is one; `waiting` names the Pods that use the claim
    and have no node yet."""
    name = claim["spec"].get("volumeName")
    named = next((v for v in volumes if v["metadata"]["name"] == name), None) if name else None
    if COMPLETED in annotations_of(claim):
        return _kept(claim, named)
    if name:
        return _named(claim, named)
    delays = waits_for_consumer(storage_class)
    volume = best_match(claim, volumes, only_kept=delays)
    if volume is not None:
        return ClaimPlan(volume)
    if default_class and not names_class(claim):
        return ClaimPlan(storage_class=default_class)
    if delays and SELECTED_NODE not in annotations_of(claim):
        return ClaimPlan(phase="Pending", said=_awaiting(waiting))
    if class_of(claim):
        return _provisioned(claim, storage_class)
    return ClaimPlan(phase="Pending", said=Said("Normal", "FailedBinding", NONE_AVAILABLE))


def _kept(claim: Object, volume: Object | None) -> ClaimPlan:
    """A claim that was bound before."""
    if volume is None:
        lost = "its" if claim["spec"].get("volumeName") else "reference to"
        text = f"Bound claim has lost {lost} PersistentVolume. Data on the volume is lost!"
        return _lost(claim, "ClaimLost", text)
    reference = volume["spec"].get("claimRef")
    if reference is None or reference.get("uid") == claim["metadata"]["uid"]:
        return ClaimPlan(volume)
    text = "Two claims are bound to the same volume, this one is bound incorrectly"
    return _lost(claim, "ClaimMisbound", text)


def _lost(claim: Object, reason: str, text: str) -> ClaimPlan:
    if phase_of(claim) == "Lost":
        return ClaimPlan()
    return ClaimPlan(phase="Lost", said=Said("Warning", reason, text))


def _named(claim: Object, volume: Object | None) -> ClaimPlan:
    """A claim that asks for one volume by its name."""
    if volume is None:
        return ClaimPlan(phase="Pending")
    name = volume["metadata"]["name"]
    if volume["spec"].get("claimRef") is None:
        problem = mismatch(volume, claim)
        if not problem:
            return ClaimPlan(volume)
        text = f'Cannot bind to requested volume "{name}": {problem}'
        return ClaimPlan(phase="Pending", said=Said("Warning", "VolumeMismatch", text))
    if is_bound_to(volume, claim):
        return ClaimPlan(volume)
    text = f'volume "{name}" already bound to a different claim.'
    return ClaimPlan(phase="Pending", said=Said("Warning", "FailedBinding", text))


def mismatch(volume: Object, claim: Object) -> str:
    """Why a volume cannot be what a claim asks for, "" if it can."""
    checks = (
        (
            "deletionTimestamp" in volume["metadata"],
            f'the volume is marked for deletion "{volume["metadata"]["name"]}"',
        ),
        (capacity(volume) < requested(claim), "requested PV is too small"),
        (class_of(volume) != class_of(claim), "storageClassName does not match"),
        (mode_of(volume) != mode_of(claim), "incompatible volumeMode"),
        (not _offers_modes(volume, claim), "incompatible accessMode"),
    )
    return next((text for is_wrong, text in checks if is_wrong), "")


def best_match(claim: Object, volumes: Iterable[Object], only_kept: bool = False) -> Object | None:
    """The volume kept for a claim, else the one with the fewest access modes and then the smallest that will do.

    With `only_kept`, none that is not kept for it."""
    selector = claim["spec"].get("selector")
    wanted = None if selector is None else from_object(selector)
    best: tuple[tuple[int, Quantity], Object] | None = None
    for volume in volumes:
        if not _could_do(volume, claim):
            continue
        if is_bound_to(volume, claim):
            return volume
        if only_kept or volume["spec"].get("claimRef") is not None or phase_of(volume) != "Available":
            continue
        if wanted is not None and not wanted.matches(volume["metadata"].get("labels")):
            continue
        rank = len(volume["spec"].get("accessModes") or ()), capacity(volume)
        if class_of(volume) == class_of(claim) and (best is None or rank < best[0]):
            best = rank, volume
    return best and best[1]


def _could_do(volume: Object, claim: Object) -> bool:
    return (
        "deletionTimestamp" not in volume["metadata"]
        and not capacity(volume) < requested(claim)
        and mode_of(volume) == mode_of(claim)
        and _offers_modes(volume, claim)
    )


def _offers_modes(volume: Object, claim: Object) -> bool:
    return set(claim["spec"].get("accessModes") or ()) <= set(volume["spec"].get("accessModes") or ())


def _awaiting(pods: Sequence[str]) -> Said:
    if not pods:
        return Said("Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
    some = f"pods {','.join(pods)}" if len(pods) > 1 else f"pod {pods[0]}"
    return Said("Normal", "WaitForPodScheduled", f"waiting for {some} to be scheduled")


def _provisioned(claim: Object, storage_class: Object | None) -> ClaimPlan:
    if storage_class is None:
        text = f'storageclass.storage.k8s.io "{class_of(claim)}" not found'
        return ClaimPlan(said=Said("Warning", "ProvisioningFailed", text))
    name: str = storage_class["provisioner"]
    name = MOVED_OUT.get(name, name)
    if name.startswith(IN_TREE):
        return ClaimPlan(said=Said("Warning", "ProvisioningFailed", f"no volume plugin matched name: {name}"))
    return ClaimPlan(provisioner=name, said=Said("Normal", "ExternalProvisioning", AWAITED.format(name)))


# -- volumes -----------------------------------------------------------------------------------------------------------


def volume_plan(volume: Object, claim: Object | None) -> VolumePlan:
    """`claim` is the one that the volume names, if there is one of that name."""
    reference = volume["spec"].get("claimRef")
    if reference is None or not reference.get("uid"):
        return VolumePlan("Available")
    if claim is None or claim["metadata"]["uid"] != reference["uid"]:
        return _reclaimed(volume)
    name = claim["spec"].get("volumeName")
    if not name:
        return VolumePlan()  # the claim's turn
    if name == volume["metadata"]["name"]:
        return VolumePlan("Bound")
    is_surplus = PROVISIONED_BY in annotations_of(volume)
    if is_surplus and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
        return _reclaimed(volume)
    return VolumePlan("Available", unbind=True)


def _reclaimed(volume: Object) -> VolumePlan:
    """A volume whose claim is gone."""
    if phase_of(volume) not in ("Released", "Failed"):
        return VolumePlan("Released")  # everybody is to see it, before anything is done
    policy = volume["spec"].get("persistentVolumeReclaimPolicy")
    if policy == "Recycle":
        if not any(volume["spec"].get(source) for source in RECYCLABLE):
            return _failed("VolumeFailedRecycle", "No recycler plugin found for the volume!")
        return VolumePlan("Available", said=Said("Normal", "VolumeRecycled", "Volume recycled"), unbind=True)
    if policy != "Delete" or PROVISIONED_BY in annotations_of(volume):
        return VolumePlan()
    problem = _undeletable(volume)
    return _failed("VolumeFailedDelete", problem) if problem else VolumePlan(delete=True)


def _failed(reason: str, text: str) -> VolumePlan:
    return VolumePlan("Failed", text, Said("Warning", reason, text))


def _undeletable(volume: Object) -> str:
    """Why nobody here can delete what a volume stands for, "" if somebody can."""
    path = volume["spec"].get("hostPath")
    if path is not None:
        only = f"host_path deleter only supports {DELETABLE_PATH} but received provided"
        return "" if re.search(DELETABLE_PATH, path["path"]) else f"{only} {path['path']}"
    is_known = any(volume["spec"].get(source) for source in WITHOUT_DELETER)
    no_one = "no deletable volume plugin matched" if is_known else "no volume plugin matched"
    return f'error getting deleter volume plugin for volume "{volume["metadata"]["name"]}": {no_one}'


# -- what is written ---------------------------------------------------------------------------------------------------


def bound_volume(volume: Object, claim: Object) -> Object:
    """The volume with the claim that it is bound to."""
    before = volume["spec"].get("claimRef") or {}
    if not is_bound_to(volume, claim):
        annotated(volume, BY_CONTROLLER)
    if before.get("uid") != claim["metadata"]["uid"]:
        volume["spec"]["claimRef"] = reference_to(claim)
    return volume


def reference_to(claim: Object) -> Object:
    """What a volume keeps of its claim."""
    metadata = claim["metadata"]
    kept = {name: metadata[name] for name in ("namespace", "name", "uid", "resourceVersion")}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **kept}


def bound_claim(claim: Object, volume_name: str) -> Object:
    """The claim with the volume that it is bound to."""
    if claim["spec"].get("volumeName") != volume_name:
        claim["spec"]["volumeName"] = volume_name
        annotated(claim, BY_CONTROLLER)
    annotated(claim, COMPLETED)
    return claim


def unbound_volume(volume: Object) -> Object:
    """The volume without its claim, or where people had chosen that, still kept for a claim of that name."""
    annotations = annotations_of(volume)
    if BY_CONTROLLER in annotations:
        del annotations[BY_CONTROLLER], volume["spec"]["claimRef"]
        if not annotations:
            del volume["metadata"]["annotations"]
    else:
        volume["spec"]["claimRef"].pop("uid", None)
    return volume


def handed_over(claim: Object, provisioner: str) -> Object:
    """The claim with the name of who is to make its volume."""
    for name in PROVISIONER_ANNOTATIONS:
        annotated(claim, name, provisioner)
    return claim


def claim_status(claim: Object, phase: str, volume: Object | None) -> Object:
    """The status of a claim with this volume, or without any."""
    status = dict(claim.get("status") or {})
    if volume is None:
        status.pop("accessModes", None)
        status.pop("capacity", None)
    else:
        status["accessModes"] = volume["spec"].get("accessModes")
        if status.get("phase") != phase:
            # Later the two may differ: what the disk offers, and what the file system on it has taken.
            status["capacity"] = volume["spec"]["capacity"]
            attributes = volume["spec"].get("volumeAttributesClassName")
            status |= {"currentVolumeAttributesClassName": attributes} if attributes else {}
    return {**status, "phase": phase}


def volume_status(volume: Object, phase: str, message: str, now: str) -> Object:
    """The status of a volume that enters a phase."""
    status = {key: value for key, value in (volume.get("status") or {}).items() if key != "message"}
    if status.get("phase") != phase:
        status["lastPhaseTransitionTime"] = now
    return {**status, "phase": phase, **({"message": message} if message else {})}


def annotated(object: Object, name: str, value: str = "yes") -> Object:
    """The object with one more annotation."""
    object["metadata"]["annotations"] = {**annotations_of(object), name: value}
    return object
