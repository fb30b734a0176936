"""PersistentVolumeClaim: asks for storage, and is bound to a volume by the volume binder."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects import storage
from apiserver.objects.quantity import parse
from apiserver.objects.validation.persistentvolumeclaim import (
    validate_claim,
    validate_claim_status,
    validate_claim_update,
)


def phase(claim: Object) -> str:
    is_going = claim["metadata"].get("deletionTimestamp")
    return "Terminating" if is_going else str((claim.get("status") or {}).get("phase", ""))


def capacity(claim: Object) -> str:
    """How large its volume is; nothing before it has one."""
    held = ((claim.get("status") or {}).get("capacity") or {}).get("storage", "0")
    return str(parse(held)) if claim["spec"].get("volumeName") else ""


def access_modes(claim: Object) -> str:
    modes = (claim.get("status") or {}).get("accessModes")
    return storage.short_modes(modes) if claim["spec"].get("volumeName") else ""


def prepare(new: Object, old: Object | None) -> None:
    """What the volume begins with stands in two fields; whichever is given fills the other."""
    spec = new.get("spec") or {}
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None:
        spec["dataSourceRef"] = dict(source)
    elif reference is not None and source is None and not reference.get("namespace"):
        spec["dataSource"] = {key: value for key, value in reference.items() if key != "namespace"}


def warnings(new: Object, old: Object | None) -> list[str]:
    found = []
    if storage.CLASS_ANNOTATION in (new["metadata"].get("annotations") or {}):
        text = 'deprecated since v1.8; use "storageClassName" attribute instead'
        found.append(f"metadata.annotations[{storage.CLASS_ANNOTATION}]: {text}")
    resources = new["spec"].get("resources") or {}
    for part in ("requests", "limits"):
        amount = (resources.get(part) or {}).get("storage")
        if amount is not None and not parse(amount).is_whole:
            text = f'fractional byte value "{amount}" is invalid, must be an integer'
            found.append(f"spec.resources.{part}[storage]: {text}")
    return found


kind = Kind(
    "v1",
    "PersistentVolumeClaim",
    "persistentvolumeclaims",
    short=("pvc",),
    status=True,
    deletes_to_status=False,
    columns=(
        NAME,
        Column("Status", phase),
        Column("Volume", lambda claim: claim["spec"].get("volumeName", "")),
        Column("Capacity", capacity),
        Column("Access Modes", access_modes),
        Column("StorageClass", storage.class_of),
        Column("VolumeAttributesClass", lambda claim: claim["spec"].get("volumeAttributesClassName", "<unset>")),
        AGE,
        Column("VolumeMode", lambda claim: claim["spec"].get("volumeMode", "<unset>"), priority=1),
    ),
    prepare=prepare,
    validate=validate_claim,
    validate_update=validate_claim_update,
    validate_status=validate_claim_status,
    warnings=warnings,
)
