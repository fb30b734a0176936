"""What the simulated provisioner makes: volumes with a name, a size and an owner, and nothing behind them."""

from __future__ import annotations

from typing import Any

from apiserver.objects import binding
from apiserver.objects.storage import capacity, class_of, requested

Object = dict[str, Any]

PROVISIONER = "minictl.dev/simulated"
"""What a StorageClass names to get simulated volumes."""
DRIVER = "simulated.minictl.dev"
"""What their volumes name: no driver may have a slash in its name."""


def is_wanted(claim: Object) -> bool:
    """Whether a claim waits for a simulated volume."""
    handed_to = binding.annotations_of(claim).get(binding.PROVISIONER)
    return handed_to == PROVISIONER and not claim["spec"].get("volumeName")


def is_ours(volume: Object) -> bool:
    return binding.annotations_of(volume).get(binding.PROVISIONED_BY) == PROVISIONER


def is_to_go(volume: Object) -> bool:
    """Whether a simulated volume has served its claim, and is not to be kept."""
    policy = volume["spec"].get("persistentVolumeReclaimPolicy")
    return is_ours(volume) and policy == "Delete" and binding.phase_of(volume) == "Released"


def is_to_grow(volume: Object, claim: Object) -> bool:
    """Whether the claim of a simulated volume asks for more than the volume has."""
    is_bound = binding.phase_of(claim) == "Bound" and binding.is_bound_to(volume, claim)
    return is_ours(volume) and is_bound and capacity(volume) < requested(claim)


def refusal(claim: Object) -> str:
    """Why no simulated volume can be what a claim asks for, "" if one can."""
    if claim["spec"].get("selector") is not None:
        return "claim Selector is not supported"
    source = claim["spec"].get("dataSourceRef")
    return f"simulated volumes begin empty, not with a {source['kind']}" if source is not None else ""


def volume_name(claim: Object) -> str:
    return f"pvc-{claim['metadata']['uid']}"


def new_volume(claim: Object, storage_class: Object) -> Object:
    """The volume for a claim, kept for it from the start."""
    name, spec = volume_name(claim), claim["spec"]
    volume = {
        "metadata": {"name": name, "annotations": {binding.PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": class_of(claim),
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "csi": {"driver": DRIVER, "volumeHandle": name},
            "claimRef": binding.reference_to(claim),
        },
    }
    if storage_class.get("mountOptions"):
        volume["spec"]["mountOptions"] = storage_class["mountOptions"]
    return volume
