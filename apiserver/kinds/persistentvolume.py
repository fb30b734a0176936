"""PersistentVolume: a piece of storage that a claim can be bound to."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects import storage
from apiserver.objects.podwarnings import node_term_warnings
from apiserver.objects.validation.persistentvolume import validate_volume, validate_volume_update

DEPRECATED_ANNOTATIONS = {
    storage.CLASS_ANNOTATION: 'deprecated since v1.8; use "storageClassName" attribute instead',
    "volume.beta.kubernetes.io/mount-options": 'deprecated since v1.31; use "mountOptions" attribute instead',
}
DEPRECATED_SOURCES = {
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
}
RECYCLING = (
    "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."
)


def phase(object: Object) -> str:
    is_going = object["metadata"].get("deletionTimestamp")
    return "Terminating" if is_going else str((object.get("status") or {}).get("phase", ""))


def claim(volume: Object) -> str:
    """The claim it is bound to or kept for."""
    reference = volume["spec"].get("claimRef")
    return "" if reference is None else f"{reference.get('namespace', '')}/{reference.get('name', '')}"


def default(volume: Object) -> None:
    """A new volume is Pending since it exists."""
    status = volume.setdefault("status", {})
    if set(status) == {"phase"} and status["phase"] == "Pending":
        status["lastPhaseTransitionTime"] = volume["metadata"]["creationTimestamp"]


def warnings(new: Object, old: Object | None) -> list[str]:
    spec, annotations = new["spec"], new["metadata"].get("annotations") or {}
    terms = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    found = [
        f"metadata.annotations[{name}]: {text}" for name, text in DEPRECATED_ANNOTATIONS.items() if name in annotations
    ]
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        found.append(f"spec.persistentVolumeReclaimPolicy: {RECYCLING}")
    for index, term in enumerate(terms):
        found += node_term_warnings(f"spec.nodeAffinity.required.nodeSelectorTerms[{index}]", term)
    found += [f"spec.{name}: {text}" for name, text in DEPRECATED_SOURCES.items() if spec.get(name) is not None]
    return found


kind = Kind(
    "v1",
    "PersistentVolume",
    "persistentvolumes",
    short=("pv",),
    namespaced=False,
    status=True,
    deletes_to_status=False,
    columns=(
        NAME,
        Column("Capacity", lambda volume: str(storage.capacity(volume))),
        Column("Access Modes", lambda volume: storage.short_modes(volume["spec"].get("accessModes"))),
        Column("Reclaim Policy", lambda volume: volume["spec"].get("persistentVolumeReclaimPolicy", "")),
        Column("Status", phase),
        Column("Claim", claim),
        Column("StorageClass", storage.class_of),
        Column("VolumeAttributesClass", lambda volume: volume["spec"].get("volumeAttributesClassName", "<unset>")),
        Column("Reason", lambda volume: (volume.get("status") or {}).get("reason", "")),
        AGE,
        Column("VolumeMode", lambda volume: volume["spec"].get("volumeMode", "<unset>"), priority=1),
    ),
    default=default,
    validate=validate_volume,
    validate_update=validate_volume_update,
    warnings=warnings,
)
