"""Volumes as they read in the description of a Pod and of a Pod template."""

from collections.abc import Callable, Sequence

from minictl.describe import quantities
from minictl.describe.sources import OF_PODS, OF_THE_CLUSTER, Fields, Row
from minictl.describe.text import NONE, UNSET, Page
from minictl.texts.gotext import plain

LONG_ATTRIBUTE = 140


def persistent(page: Page, spec: Fields) -> None:
    """What a PersistentVolume stands for; `<unknown>` for what has no words of its own."""
    kind = next((key for key in (*_ANYWHERE, *OF_THE_CLUSTER) if spec.get(key) is not None), "")
    if kind in _ANYWHERE:
        _ANYWHERE[kind](page, spec[kind], "SecretReference")
        return
    if not kind:
        page.line("<unknown>", 1)
        return
    source, secret = spec[kind], spec[kind].get("secretRef") or {}
    if kind == "scaleIO":
        source = {**source, "secretName": secret.get("name", ""), "secretNamespace": secret.get("namespace", "")}
    _rows(page, *OF_THE_CLUSTER[kind], source, "SecretReference")


def _reference(reference: Fields | None, kind: str) -> str:
    """A reference to a Secret as Go prints it."""
    if reference is None:
        return "nil"
    fields = ("Name", "Namespace") if kind == "SecretReference" else ("Name",)
    shown = "".join(f"{field}:{reference.get(field.lower(), '')}," for field in fields)
    return f"&{kind}{{{shown}}}"


def _fc(page: Page, source: Fields, reference: str) -> None:
    page.field("Type", "FC (a Fibre Channel disk)", 2)
    page.field("TargetWWNs", ", ".join(source.get("targetWWNs") or ()), 2)
    page.field("LUN", source.get("lun", NONE), 2)
    page.field("FSType", source.get("fsType", ""), 2)
    page.field("ReadOnly", plain(bool(source.get("readOnly"))), 2)


def _iscsi(page: Page, source: Fields, reference: str) -> None:
    what = "an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod"
    page.field("Type", f"ISCSI ({what})", 2)
    page.field("TargetPortal", source.get("targetPortal", ""), 2)
    page.field("IQN", source.get("iqn", ""), 2)
    page.field("Lun", source.get("lun", 0), 2)
    page.line(f"ISCSIInterface\t{source.get('iscsiInterface', '')}", 2)
    page.field("FSType", source.get("fsType", ""), 2)
    page.field("ReadOnly", plain(bool(source.get("readOnly"))), 2)
    page.field("Portals", plain(source.get("portals") or []), 2)
    page.field("DiscoveryCHAPAuth", plain(bool(source.get("chapAuthDiscovery"))), 2)
    page.field("SessionCHAPAuth", plain(bool(source.get("chapAuthSession"))), 2)
    page.field("SecretRef", _reference(source.get("secretRef"), reference), 2)
    page.field("InitiatorName", source.get("initiatorName", NONE), 2)


def write(page: Page, volumes: Sequence[Fields] | None, template: bool = False) -> None:
    indent = "  " if template else ""
    if not volumes:
        page.field(f"{indent}Volumes", NONE)
        return
    page.line(f"{indent}Volumes:")
    for volume in volumes:
        page.line((" " if template else "") + f"{volume.get('name', '')}:", 1)
        kind = next((key for key in volume if key != "name"), "")
        if kind in OF_PODS:
            _rows(page, *OF_PODS[kind], volume[kind] or {}, "LocalObjectReference")
        elif kind in _ANYWHERE:
            _ANYWHERE[kind](page, volume[kind] or {}, "LocalObjectReference")
        elif kind in _SPECIAL:
            _SPECIAL[kind](page, volume[kind] or {})
        else:
            page.line("<unknown>", 1)


def _rows(page: Page, what: str, rows: Sequence[Row], source: Fields, reference: str) -> None:
    page.field("Type", what, 2)
    for label, key, absent in rows:
        shown = _reference(source.get(key), reference) if key == "secretRef" else plain(source.get(key, absent))
        page.field(label, shown, 2)


def _empty_dir(page: Page, source: Fields) -> None:
    page.field("Type", "EmptyDir (a temporary directory that shares a pod's lifetime)", 2)
    page.field("Medium", source.get("medium", ""), 2)
    limit = source.get("sizeLimit")
    page.field("SizeLimit", limit if limit and quantities.parse(limit).value > 0 else UNSET, 2)


def _projected(page: Page, source: Fields) -> None:
    page.field("Type", "Projected (a volume that contains injected data from multiple sources)", 2)
    for part in source.get("sources") or ():
        for key, label in (("secret", "SecretName"), ("configMap", "ConfigMapName")):
            if part.get(key) is not None:
                page.field(label, part[key].get("name", ""), 2)
                page.field("Optional", plain(bool(part[key].get("optional"))), 2)
        if part.get("downwardAPI") is not None:
            page.field("DownwardAPI", "true", 2)
        if part.get("serviceAccountToken") is not None:
            page.field("TokenExpirationSeconds", part["serviceAccountToken"].get("expirationSeconds", 0), 2)


def _downward(page: Page, source: Fields) -> None:
    page.field("Type", "DownwardAPI (a volume populated by information about the pod)", 2)
    page.line("Items:", 2)
    for item in source.get("items") or ():
        for key, name in (("fieldRef", "fieldPath"), ("resourceFieldRef", "resource")):
            if item.get(key) is not None:
                page.line(f"{item[key].get(name, '')} -> {item.get('path', '')}", 3)


def _csi(page: Page, source: Fields, reference: str) -> None:
    page.field("Type", "CSI (a Container Storage Interface (CSI) volume source)", 2)
    page.field("Driver", source.get("driver", ""), 2)
    page.field("FSType", source.get("fsType", ""), 2)
    if "volumeHandle" in source:
        page.field("VolumeHandle", source["volumeHandle"], 2)
    page.field("ReadOnly", plain(bool(source.get("readOnly"))), 2)
    attributes = [f"{key}={value}" for key, value in sorted((source.get("volumeAttributes") or {}).items())]
    page.stack("VolumeAttributes", ("    " + _cut(each) for each in attributes), 2)


def _cut(text: str) -> str:
    return text if len(text) <= LONG_ATTRIBUTE else text[:LONG_ATTRIBUTE] + "..."


def _ephemeral(page: Page, source: Fields) -> None:
    what = "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)"
    page.field("Type", what, 2)
    claim = source.get("volumeClaimTemplate")
    if claim:
        spec = claim.get("spec") or {}
        page.field("StorageClass", spec.get("storageClassName", ""), 2)
        page.field("Volume", spec.get("volumeName", ""), 2)
        meta = claim.get("metadata") or {}
        nested = "    "  # the page of a claim, as far as it goes, moved to the right
        labels = [f"{nested}{key}={value}" for key, value in sorted((meta.get("labels") or {}).items())]
        notes = [f"{nested}{key}: {value}" for key, value in sorted((meta.get("annotations") or {}).items())]
        page.stack("Labels", labels or [f"{nested}{NONE}"], 2)
        page.stack("Annotations", notes or [f"{nested}{NONE}"], 2)
        page.field("Capacity", "", 2)
        page.field("Access Modes", "", 2)
        if spec.get("volumeMode"):
            page.field("VolumeMode", spec["volumeMode"], 2)


_SPECIAL: dict[str, Callable[[Page, Fields], None]] = {
    "emptyDir": _empty_dir,
    "projected": _projected,
    "downwardAPI": _downward,
    "ephemeral": _ephemeral,
}
_ANYWHERE: dict[str, Callable[[Page, Fields, str], None]] = {"csi": _csi, "fc": _fc, "iscsi": _iscsi}
"""Kinds that Pods and the cluster have alike; they are told how Go calls a reference to a Secret there."""
