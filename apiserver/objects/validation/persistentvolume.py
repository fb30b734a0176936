"""Validation of PersistentVolumes: what they are, how large, and what about them may change."""

from __future__ import annotations

import posixpath
from typing import Any

from apiserver.objects.quantity import parse
from apiserver.objects.validation import (
    IMMUTABLE,
    NOT_NEGATIVE,
    Causes,
    Object,
    forbidden,
    invalid,
    not_supported,
    required,
)
from apiserver.objects.validation.names import dns_label, dns_subdomain, problems
from apiserver.objects.validation.paths import validate_no_backsteps
from apiserver.objects.validation.podlayout import difference, on_one_line, print_volume_source
from apiserver.objects.validation.scheduling import validate_node_selector
from apiserver.objects.validation.storagevolumes import STORAGE_VOLUMES, Check
from apiserver.objects.validation.volumes import (
    MISSPELT,
    ONE_TYPE,
    VOLUMES,
    validate_access_modes,
    validate_driver_name,
)

RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
VOLUME_MODES = ("Block", "Filesystem")
CSI_SECRETS = (
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
)
ISCSI_IDENTITY_MAX = 64
INLINE = "in the context of inline volumes"


def validate_volume(volume: Object) -> Causes:
    return validate_volume_spec("spec", volume["spec"], volume["metadata"].get("name", ""))


def validate_volume_spec(at: str, spec: Object, name: str) -> Causes:
    modes = spec.get("accessModes") or []
    causes = [] if modes else [required(f"{at}.accessModes")]
    causes += validate_access_modes(f"{at}.accessModes", modes)
    causes += _validate_capacity(f"{at}.capacity", spec.get("capacity") or {})
    policy = spec.get("persistentVolumeReclaimPolicy")
    if policy and policy not in RECLAIM_POLICIES:
        causes.append(not_supported(f"{at}.persistentVolumeReclaimPolicy", policy, RECLAIM_POLICIES))
    affinity = spec.get("nodeAffinity")
    if affinity is not None:
        causes += _validate_affinity(f"{at}.nodeAffinity", affinity)
    causes += _validate_source(at, spec, name)
    path = (spec.get("hostPath") or {}).get("path")
    if path and posixpath.normpath(path) == "/" and policy == "Recycle":
        text = "may not be 'recycle' for a hostPath mount of '/'"
        causes.append(forbidden(f"{at}.persistentVolumeReclaimPolicy", text))
    if storage_class := spec.get("storageClassName"):
        causes += problems(f"{at}.storageClassName", storage_class, dns_subdomain(storage_class))
    mode = spec.get("volumeMode")
    if mode is not None and mode not in VOLUME_MODES:
        causes.append(not_supported(f"{at}.volumeMode", mode, VOLUME_MODES))
    return causes + _validate_attributes_class(at, spec)


def _validate_capacity(at: str, capacity: Object) -> Causes:
    causes = [] if capacity else [required(at)]
    if set(capacity) != {"storage"}:
        causes.append(not_supported(at, capacity or None, ("storage",)))
    for resource, amount in sorted(capacity.items()):
        value = parse(amount).value
        if value < 0:
            causes.append(invalid(f"{at}[{resource}]", amount, NOT_NEGATIVE))
        if value <= 0:
            causes.append(invalid(f"{at}[{resource}]", amount, "must be greater than zero"))
    return causes


def _validate_affinity(at: str, affinity: Object) -> Causes:
    selector = affinity.get("required")
    if selector is None:
        return [required(f"{at}.required", "must specify required node constraints")]
    return validate_node_selector(f"{at}.required", selector)


def _validate_source(at: str, spec: Object, name: str) -> Causes:
    found = [source for source in SOURCES if spec.get(source) is not None]
    if not found:
        return [required(at, "must specify a volume type")]
    first, *others = found
    causes = list(SOURCES[first](f"{at}.{first}", spec[first]))
    if first == "iscsi" and "initiatorName" in spec[first]:
        causes += _validate_initiator_fits(at, spec[first], name)
    causes += [forbidden(f"{at}.{MISSPELT.get(other, other)}", ONE_TYPE) for other in others]
    if first == "local" and spec.get("nodeAffinity") is None:
        causes.append(required(f"{at}.nodeAffinity", "Local volume requires node affinity"))
    return causes


def _validate_initiator_fits(at: str, source: Object, name: str) -> Causes:
    if len(f"{name}:{source.get('targetPortal', '')}") <= ISCSI_IDENTITY_MAX:
        return []
    text = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
    return [invalid(f"{at}.metadata.name", name, text + "if iscsi.initiatorName is specified.")]


def _validate_attributes_class(at: str, spec: Object) -> Causes:
    name = spec.get("volumeAttributesClassName")
    if name is None:
        return []
    at, csi = f"{at}.volumeAttributesClassName", f"{at}.csi"
    causes = problems(at, name, dns_subdomain(name)) if name else [required(at, "an empty string is disallowed")]
    if spec.get("csi") is None:
        causes.append(required(csi, "has to be specified when using volumeAttributesClassName"))
    return causes


def validate_inline_spec(at: str, spec: Object) -> Causes:
    """A volume that stands in a VolumeAttachment: only a CSI volume, and nothing about claims."""
    unwanted = [("claimRef", spec.get("claimRef")), ("capacity", spec.get("capacity"))]
    causes = [forbidden(f"{at}.{field}", f"may not be specified {INLINE}") for field, value in unwanted if value]
    if spec.get("csi") is None:
        causes.append(required(f"{at}.csi", f"has to be specified {INLINE}"))
    modes = spec.get("accessModes") or []
    causes += [] if modes else [required(f"{at}.accessModes")]
    causes += validate_access_modes(f"{at}.accessModes", modes)
    if spec.get("persistentVolumeReclaimPolicy", "Retain") != "Retain":
        causes.append(forbidden(f"{at}.persistentVolumeReclaimPolicy", f"may only be Retain {INLINE}"))
    if spec.get("nodeAffinity") is not None:
        causes.append(forbidden(f"{at}.nodeAffinity", f"may not be specified {INLINE}"))
    causes += _validate_source(at, spec, "")
    if spec.get("storageClassName"):
        causes.append(forbidden(f"{at}.storageClassName", f"may not be specified {INLINE}"))
    if spec.get("volumeMode", "Filesystem") != "Filesystem":
        causes.append(forbidden(f"{at}.volumeMode", f"may not specify volumeMode other than Filesystem {INLINE}"))
    return causes


# -- what each source needs, in the order in which Kubernetes looks for them -----------------------------------------


def _secret_named(source: Object, at: str, field: str = "secretRef", needs_namespace: bool = True) -> Causes:
    """A secret that is referred to has a name, and mostly a namespace."""
    secret = source.get(field)
    if secret is None:
        return []
    fields = ("name", "namespace") if needs_namespace else ("name",)
    return [required(f"{at}.{field}.{name}") for name in fields if not secret.get(name)]


def _with_secret(name: str) -> Check:
    """The rules of the volume type of Pods, and a secret with a namespace."""

    def validate(at: str, source: Object) -> Causes:
        plain = {key: value for key, value in source.items() if key != "secretRef"}
        if name == "iscsi" and source.get("secretRef") is not None:
            plain["secretRef"] = {"name": "given"}
        return STORAGE_VOLUMES[name](at, plain) + _secret_named(source, at)

    return validate


def _glusterfs(at: str, source: Object) -> Causes:
    causes = STORAGE_VOLUMES["glusterfs"](at, source)
    namespace = source.get("endpointsNamespace")
    if namespace is not None:
        text = "if the endpointnamespace is set, it must be a valid namespace name"
        if not namespace or dns_label(namespace):
            causes.append(invalid(f"{at}.endpointsNamespace", namespace, text))
    return causes


def _azure_file(at: str, source: Object) -> Causes:
    causes = STORAGE_VOLUMES["azureFile"](at, source)
    namespace = source.get("secretNamespace")
    if namespace is not None and not namespace:
        causes.append(required(f"{at}.secretNamespace"))
    return causes


def _local(at: str, source: Object) -> Causes:
    path = source.get("path", "")
    if not path:
        return [required(f"{at}.path")]
    return validate_no_backsteps(f"{at}.path", path)


def _csi(at: str, source: Object) -> Causes:
    causes = validate_driver_name(f"{at}.driver", source.get("driver", ""))
    if not source.get("volumeHandle"):
        causes.append(required(f"{at}.volumeHandle"))
    for field in CSI_SECRETS:
        secret = source.get(field)
        if secret is None:
            continue
        for part, check in (("name", dns_subdomain), ("namespace", dns_label)):
            value = secret.get(part, "")
            here = f"{at}.{field}.{part}"
            causes += problems(here, value, check(value)) if value else [required(here)]
    return causes


SOURCES: dict[str, Check] = {
    "hostPath": VOLUMES["hostPath"],
    "gcePersistentDisk": STORAGE_VOLUMES["gcePersistentDisk"],
    "awsElasticBlockStore": STORAGE_VOLUMES["awsElasticBlockStore"],
    "glusterfs": _glusterfs,
    "flocker": STORAGE_VOLUMES["flocker"],
    "nfs": STORAGE_VOLUMES["nfs"],
    "rbd": STORAGE_VOLUMES["rbd"],
    "quobyte": STORAGE_VOLUMES["quobyte"],
    "cephfs": STORAGE_VOLUMES["cephfs"],
    "iscsi": _with_secret("iscsi"),
    "cinder": _with_secret("cinder"),
    "fc": STORAGE_VOLUMES["fc"],
    "flexVolume": STORAGE_VOLUMES["flexVolume"],
    "azureFile": _azure_file,
    "vsphereVolume": STORAGE_VOLUMES["vsphereVolume"],
    "photonPersistentDisk": STORAGE_VOLUMES["photonPersistentDisk"],
    "portworxVolume": STORAGE_VOLUMES["portworxVolume"],
    "azureDisk": STORAGE_VOLUMES["azureDisk"],
    "scaleIO": STORAGE_VOLUMES["scaleIO"],
    "local": _local,
    "storageos": _with_secret("storageos"),
    "csi": _csi,
}


# -- changes -----------------------------------------------------------------------------------------------------------


def validate_volume_update(new: Object, old: Object) -> Causes:
    """The source is for ever, a node affinity almost."""
    spec, before = new["spec"], old["spec"]
    source, source_before = _source(spec, before), _source(before, before)
    causes: Causes = []
    if source != source_before:
        text = "spec.persistentvolumesource is immutable after creation\n"
        text += difference(print_volume_source(source_before), print_volume_source(source))
        causes.append(forbidden("spec.persistentvolumesource", text))
    if spec.get("volumeMode") != before.get("volumeMode"):
        causes.append(invalid("volumeMode", spec.get("volumeMode"), IMMUTABLE))
    affinity, affinity_before = spec.get("nodeAffinity"), before.get("nodeAffinity")
    if affinity_before is not None and affinity != affinity_before:
        causes.append(invalid("nodeAffinity", on_one_line("VolumeAffinity", affinity), IMMUTABLE))
    if before.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
        text = "update from non-nil value to nil is forbidden"
        causes.append(forbidden("spec.volumeAttributesClassName", text))
    return causes


def _source(spec: Object, before: Object) -> dict[str, Any]:
    """The source alone. A CSI volume may be given a secret for expansion later."""
    source = {name: spec[name] for name in SOURCES if spec.get(name) is not None}
    if "csi" in source and "controllerExpandSecretRef" not in (before.get("csi") or {}):
        source["csi"] = {k: v for k, v in source["csi"].items() if k != "controllerExpandSecretRef"}
    return source
