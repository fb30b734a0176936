"""Validation of the volume types of storage systems and clouds. Most of them only name what they cannot do without."""

from __future__ import annotations

import re
from collections.abc import Callable

from apiserver.objects.validation import Causes, Object, invalid, not_supported, required
from apiserver.objects.validation.names import dns_label, in_range, problems
from apiserver.objects.validation.paths import validate_descending_path

Check = Callable[[str, Object], Causes]

_is_iqn = re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$").search
_is_eui = re.compile(r"eui.[A-Za-z0-9]{16}").fullmatch
_is_naa = re.compile(r"naa.[A-Za-z0-9]{32}").fullmatch

QUOBYTE_REGISTRY = "must be a host:port pair or multiple pairs separated by commas"
QUOBYTE_TENANT_MAX_LENGTH = 64
AZURE_CACHING = ("None", "ReadOnly", "ReadWrite")
AZURE_KINDS = ("Dedicated", "Managed", "Shared")
AZURE_MANAGED = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
AZURE_BLOB = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
RESERVED_DOMAINS = (".kubernetes.io", ".k8s.io")


def _needs(*fields: str) -> Check:
    """Fields that must not be empty."""

    def validate(at: str, source: Object) -> Causes:
        return [required(f"{at}.{field}") for field in fields if not source.get(field)]

    return validate


def _git_repo(at: str, source: Object) -> Causes:
    causes = _needs("repository")(at, source)
    return causes + validate_descending_path(f"{at}.directory", source.get("directory", ""))


def _disk(name_field: str, path: str = "") -> Check:
    """A disk with partitions; Kubernetes reports Google's at another path."""

    def validate(at: str, source: Object) -> Causes:
        at = f"{at.rpartition('.')[0]}.{path}" if path else at
        causes = _needs(name_field)(at, source)
        partition = source.get("partition", 0)
        if not 0 <= partition <= 255:
            # The sentence excludes 0, the check does not: so in Kubernetes.
            causes += problems(f"{at}.partition", partition, in_range(partition, 1, 255))
        return causes

    return validate


def _nfs(at: str, source: Object) -> Causes:
    path = source.get("path", "")
    causes = _needs("server", "path")(at, source)
    return causes if path.startswith("/") else [*causes, invalid(f"{at}.path", path, "must be an absolute path")]


def _iscsi(at: str, source: Object) -> Causes:
    causes = _needs("targetPortal", "iqn")(at, source)
    if source.get("iqn"):
        causes += _validate_initiator(f"{at}.iqn", source["iqn"])
    lun = source.get("lun", 0)
    causes += problems(f"{at}.lun", lun, in_range(lun, 0, 255))
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and source.get("secretRef") is None:
        causes.append(required(f"{at}.secretRef"))
    if (initiator := source.get("initiatorName")) is not None:
        causes += _validate_initiator(f"{at}.initiatorname", initiator)
    return causes


def _validate_initiator(at: str, name: str) -> Causes:
    checks = {"iqn": _is_iqn, "eui": _is_eui, "naa": _is_naa}
    check = checks.get(name[:3])
    if check is None:
        return [invalid(at, name, "must be valid format starting with iqn, eui, or naa")]
    return [] if check(name) else [invalid(at, name, "must be valid format")]


def _flocker(at: str, source: Object) -> Causes:
    name, uuid = source.get("datasetName", ""), source.get("datasetUUID", "")
    causes: Causes = []
    if not name and not uuid:
        causes.append(required(at, "one of datasetName and datasetUUID is required"))
    if name and uuid:
        text = "datasetName and datasetUUID can not be specified simultaneously"
        causes.append(invalid(at, "resource", text))
    if "/" in name:
        causes.append(invalid(f"{at}.datasetName", name, "must not contain '/'"))
    return causes


def _cinder(at: str, source: Object) -> Causes:
    return _needs("volumeID")(at, source) + _validate_secret(at, source)


def _validate_secret(at: str, source: Object) -> Causes:
    secret = source.get("secretRef")
    return [required(f"{at}.secretRef.name")] if secret is not None and not secret.get("name") else []


def _quobyte(at: str, source: Object) -> Causes:
    registry = source.get("registry", "")
    causes: Causes = []
    if not registry:
        causes.append(required(f"{at}.registry", QUOBYTE_REGISTRY))
    elif len(source.get("tenant", "")) > QUOBYTE_TENANT_MAX_LENGTH:
        text = f"must be a UUID and may not exceed a length of {QUOBYTE_TENANT_MAX_LENGTH} characters"
        causes.append(required(f"{at}.tenant", text))
    else:
        pairs = registry.split(",")
        causes += [invalid(f"{at}.registry", registry, QUOBYTE_REGISTRY) for p in pairs if p.count(":") != 1]
    return causes + _needs("volume")(at, source)


def _fibre_channel(at: str, source: Object) -> Causes:
    targets, wide, lun = source.get("targetWWNs"), source.get("wwids"), source.get("lun")
    causes: Causes = []
    if not targets and not wide:
        text = "must specify either targetWWNs or wwids, but not both"
        causes.append(required(f"{at}.targetWWNs", text))
    if targets and wide:
        text = "targetWWNs and wwids can not be specified simultaneously"
        causes.append(invalid(f"{at}.targetWWNs", targets, text))
    if targets and lun is None:
        causes.append(required(f"{at}.lun", "lun is required if targetWWNs is specified"))
    elif targets and lun is not None:
        causes += problems(f"{at}.lun", lun, in_range(lun, 0, 255))
    return causes


def _flex(at: str, source: Object) -> Causes:
    causes = _needs("driver")(at, source)
    for key in sorted(source.get("options") or ()):
        domain = "." + key.partition("/")[0].lower()
        if domain.endswith(RESERVED_DOMAINS):
            text = "kubernetes.io and k8s.io namespaces are reserved"
            causes.append(invalid(f"{at}.options[{key}]", key, text))
    return causes


def _azure_disk(at: str, source: Object) -> Causes:
    causes = _needs("diskName", "diskURI")(at, source)
    caching, kind, uri = source.get("cachingMode"), source.get("kind"), source.get("diskURI", "")
    if caching is not None and caching not in AZURE_CACHING:
        causes.append(not_supported(f"{at}.cachingMode", caching, AZURE_CACHING))
    if kind is not None and kind not in AZURE_KINDS:
        causes.append(not_supported(f"{at}.kind", kind, AZURE_KINDS))
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        causes.append(not_supported(f"{at}.diskURI", uri, (AZURE_MANAGED,)))
    if kind not in (None, "Managed") and not uri.startswith("https://"):
        causes.append(not_supported(f"{at}.diskURI", uri, (AZURE_BLOB,)))
    return causes


def _storageos(at: str, source: Object) -> Causes:
    causes = _needs("volumeName")(at, source)
    for field in ("volumeName", "volumeNamespace"):
        if value := source.get(field):
            causes += problems(f"{at}.{field}", value, dns_label(value))
    return causes + _validate_secret(at, source)


STORAGE_VOLUMES: dict[str, Check] = {
    "gitRepo": _git_repo,
    "gcePersistentDisk": _disk("pdName", "persistentDisk"),
    "awsElasticBlockStore": _disk("volumeID"),
    "nfs": _nfs,
    "iscsi": _iscsi,
    "glusterfs": _needs("endpoints", "path"),
    "flocker": _flocker,
    "rbd": _needs("monitors", "image"),
    "cinder": _cinder,
    "cephfs": _needs("monitors"),
    "quobyte": _quobyte,
    "fc": _fibre_channel,
    "flexVolume": _flex,
    "azureFile": _needs("secretName", "shareName"),
    "vsphereVolume": _needs("volumePath"),
    "photonPersistentDisk": _needs("pdID"),
    "portworxVolume": _needs("volumeID"),
    "azureDisk": _azure_disk,
    "storageos": _storageos,
    "scaleIO": _needs("gateway", "system", "volumeName"),
}
