"""Volumes as they read in the description of a Pod and of a Pod template."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minictl.describe import quantities
from minictl.describe.text import NONE, UNSET, Page
from minictl.texts.gotext import plain

LONG_ATTRIBUTE = 140

Fields = Mapping[str, Any]
# (label, path in the volume's source, what an absent value reads as)
Row = tuple[str, str, object]

# volume source: (what it is, its rows), for all whose rows are their fields one by one
_PLAIN: dict[str, tuple[str, tuple[Row, ...]]] = {
    "hostPath": (
        "HostPath (bare host directory volume)",
        (("Path", "path", ""), ("HostPathType", "type", NONE)),
    ),
    "gcePersistentDisk": (
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        (
            ("PDName", "pdName", ""),
            ("FSType", "fsType", ""),
            ("Partition", "partition", 0),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "awsElasticBlockStore": (
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        (
            ("VolumeID", "volumeID", ""),
            ("FSType", "fsType", ""),
            ("Partition", "partition", 0),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "gitRepo": (
        "GitRepo (a volume that is pulled from git when the pod is created)",
        (("Repository", "repository", ""), ("Revision", "revision", "")),
    ),
    "secret": (
        "Secret (a volume populated by a Secret)",
        (("SecretName", "secretName", ""), ("Optional", "optional", False)),
    ),
    "configMap": (
        "ConfigMap (a volume populated by a ConfigMap)",
        (("Name", "name", ""), ("Optional", "optional", False)),
    ),
    "nfs": (
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        (("Server", "server", ""), ("Path", "path", ""), ("ReadOnly", "readOnly", False)),
    ),
    "persistentVolumeClaim": (
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        (("ClaimName", "claimName", ""), ("ReadOnly", "readOnly", False)),
    ),
    "image": (
        "Image (a container image or OCI artifact)",
        (("Reference", "reference", ""), ("PullPolicy", "pullPolicy", "")),
    ),
    "azureFile": (
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        (("SecretName", "secretName", ""), ("ShareName", "shareName", ""), ("ReadOnly", "readOnly", False)),
    ),
    "flocker": (
        "Flocker (a Flocker volume mounted by the Flocker agent)",
        (("DatasetName", "datasetName", ""), ("DatasetUUID", "datasetUUID", "")),
    ),
    "portworxVolume": (
        "PortworxVolume (a Portworx Volume resource)",
        (("VolumeID", "volumeID", ""),),
    ),
    "vsphereVolume": (
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        (("VolumePath", "volumePath", ""), ("FSType", "fsType", ""), ("StoragePolicyName", "storagePolicyName", "")),
    ),
    "glusterfs": (
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        (("EndpointsName", "endpoints", ""), ("Path", "path", ""), ("ReadOnly", "readOnly", False)),
    ),
}


# The same for volumes of the whole cluster, where they differ.
_PERSISTENT: dict[str, tuple[str, tuple[Row, ...]]] = {
    "local": ("LocalVolume (a persistent volume backed by local storage on a node)", (("Path", "path", ""),)),
    "glusterfs": (
        _PLAIN["glusterfs"][0],
        (
            ("EndpointsName", "endpoints", ""),
            ("EndpointsNamespace", "endpointsNamespace", UNSET),
            ("Path", "path", ""),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "azureFile": (
        _PLAIN["azureFile"][0],
        (
            ("SecretName", "secretName", ""),
            ("SecretNamespace", "secretNamespace", ""),
            ("ShareName", "shareName", ""),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "cephfs": (
        "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        (
            ("Monitors", "monitors", []),
            ("Path", "path", ""),
            ("User", "user", ""),
            ("SecretFile", "secretFile", ""),
            ("SecretRef", "secretRef", ""),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "rbd": (
        "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        (
            ("CephMonitors", "monitors", []),
            ("RBDImage", "image", ""),
            ("FSType", "fsType", ""),
            ("RBDPool", "pool", ""),
            ("RadosUser", "user", ""),
            ("Keyring", "keyring", ""),
            ("SecretRef", "secretRef", ""),
            ("ReadOnly", "readOnly", False),
        ),
    ),
    "cinder": (
        "Cinder (a Persistent Disk resource in OpenStack)",
        (
            ("VolumeID", "volumeID", ""),
            ("FSType", "fsType", ""),
            ("ReadOnly", "readOnly", False),
            ("SecretRef", "secretRef", ""),
        ),
    ),
}


def persistent(page: Page, spec: Fields) -> None:
    """What a PersistentVolume stands for; `<unknown>` for what has no words of its own."""
    for key, show in (("csi", _csi), ("fc", _fc), ("iscsi", _iscsi)):
        if spec.get(key) is not None:
            show(page, spec[key])
            return
    for key, (what, rows) in {**_PLAIN, **_PERSISTENT}.items():
        if spec.get(key) is not None:
            source = spec[key]
            if any(label == "SecretRef" for label, _, _ in rows):
                source = {**source, "secretRef": _secret_reference(source.get("secretRef"))}
            _rows(page, what, rows, source)
            return
    page.line("<unknown>", 1)


def _secret_reference(reference: Fields | None) -> str:
    """A reference as Go prints it."""
    if reference is None:
        return "nil"
    return f"&SecretReference{{Name:{reference.get('name', '')},Namespace:{reference.get('namespace', '')},}}"


def _fc(page: Page, source: Fields) -> None:
    page.field("Type", "FC (a Fibre Channel disk)", 2)
    page.field("TargetWWNs", ", ".join(source.get("targetWWNs") or ()), 2)
    page.field("LUN", source.get("lun", NONE), 2)
    page.field("FSType", source.get("fsType", ""), 2)
    page.field("ReadOnly", plain(bool(source.get("readOnly"))), 2)


def _iscsi(page: Page, source: Fields) -> None:
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
    page.field("SecretRef", _secret_reference(source.get("secretRef")), 2)
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
        if kind in _PLAIN:
            _rows(page, *_PLAIN[kind], volume[kind] or {})
        elif kind in _SPECIAL:
            _SPECIAL[kind](page, volume[kind] or {})
        else:
            page.line("<unknown>", 1)


def _rows(page: Page, what: str, rows: Sequence[Row], source: Fields) -> None:
    page.field("Type", what, 2)
    for label, key, absent in rows:
        page.field(label, plain(source.get(key, absent)), 2)


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


def _csi(page: Page, source: Fields) -> None:
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
        page.stack("Labels", (f"{key}={value}" for key, value in sorted((meta.get("labels") or {}).items())), 2)
        page.stack("Annotations", (f"{k}: {v}" for k, v in sorted((meta.get("annotations") or {}).items())), 2)
        page.field("Capacity", "", 2)
        page.field("Access Modes", "", 2)
        if spec.get("volumeMode"):
            page.field("VolumeMode", spec["volumeMode"], 2)


_SPECIAL: dict[str, Callable[[Page, Fields], None]] = {
    "emptyDir": _empty_dir,
    "projected": _projected,
    "downwardAPI": _downward,
    "csi": _csi,
    "ephemeral": _ephemeral,
}
