"""Why a PersistentVolumeClaim has no volume."""

from __future__ import annotations

from minictl.insight import name_of
from minictl.insight.causes import NOTHING, Cause, Surroundings
from minictl.texts.near import near

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Object = dict[str, Any]

DEFAULT = "storageclass.kubernetes.io/is-default-class"
SELECTED = "volume.kubernetes.io/selected-node"
NOBODY = "kubernetes.io/no-provisioner"


def of_claim(claim: Object, around: Surroundings = NOTHING) -> tuple[str, list[Cause]]:
    """Whether it is bound, in one sentence, and why not."""
    spec, phase = claim["spec"], (claim.get("status") or {}).get("phase", "Pending")
    if phase == "Bound":
        return f"It is bound to {spec.get('volumeName')}.", []
    if phase == "Lost":
        return "It is lost.", [Cause(f"Its volume {spec.get('volumeName')} is gone, and what was on it.")]
    return "It has no volume yet.", [_unbound(claim, around)]


def _unbound(claim: Object, around: Surroundings) -> Cause:
    name, classes = claim["spec"].get("storageClassName"), {c["metadata"]["name"]: c for c in around.classes}
    if name is None:
        make_default = f"minictl annotate storageclass NAME {DEFAULT}=true"
        return Cause("It names no StorageClass, and none is the default.", make_default)
    if name == "":
        return Cause("It wants a PersistentVolume that is made by hand, and none fits it.", "minictl get pv")
    found = classes.get(name)
    if found is None:
        like = near(name, classes)
        meant = f": is {like[0]} meant?" if like else "."
        return Cause(f"There is no StorageClass {name}{meant}", "minictl get storageclass")
    if found.get("provisioner") == NOBODY:
        return Cause(
            f"Nobody makes volumes of the StorageClass {name}, and no PersistentVolume fits it.", "minictl get pv"
        )
    waits = found.get("volumeBindingMode") == "WaitForFirstConsumer"
    if waits and SELECTED not in (claim["metadata"].get("annotations") or {}):
        return Cause(f"The StorageClass {name} waits until a Pod that uses the claim has a node.")
    maker = found.get("provisioner")
    return Cause(f"{maker}, which makes the volumes of {name}, has made none.", f"minictl describe {name_of(claim)}")
