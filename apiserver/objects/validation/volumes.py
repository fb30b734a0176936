"""Validation of a Pod's volumes: the list, and the volume types that stand for Kubernetes objects or the node's own
disk. Those of storage vendors are in storagevolumes.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from apiserver.objects.quantity import parse
from apiserver.objects.validation import (
    Causes,
    Object,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from apiserver.objects.validation.fieldrefs import VOLUME_FIELDS, validate_field_ref, validate_resource_ref
from apiserver.objects.validation.meta import validate_annotations, validate_label_selector, validate_labels
from apiserver.objects.validation.names import byte_length, dns_label, dns_subdomain, problems
from apiserver.objects.validation.paths import validate_file_path, validate_mode, validate_no_backsteps
from apiserver.objects.validation.projections import validate_projected
from apiserver.objects.validation.storagevolumes import STORAGE_VOLUMES

ONE_TYPE = "may not specify more than 1 volume type"
HOST_PATH_TYPES = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
DRIVER_MAX_BYTES = 63


class Owner(NamedTuple):
    """Whose volumes these are: a Pod, with its name, or a template ("" for a name)."""

    is_pod: bool
    pod_name: str


def validate_volumes(at: str, volumes: list[Object], owner: Owner) -> tuple[dict[str, Object], Causes]:
    """The volumes that may be mounted, by name, and what is wrong with the others."""
    usable: dict[str, Object] = {}
    causes: Causes = []
    created_claims = {f"{owner.pod_name}-{v.get('name', '')}" for v in volumes if "ephemeral" in v and owner.pod_name}
    for index, volume in enumerate(volumes):
        here, name = f"{at}[{index}]", volume.get("name", "")
        found = _validate_source(here, volume, name, owner)
        if not name:
            found.append(required(f"{here}.name"))
        else:
            found += problems(f"{here}.name", name, dns_label(name))
        if name in usable:
            found.append(duplicate(f"{here}.name", name))
        if found:
            causes += found
        else:
            usable[name] = volume
        claim = volume.get("persistentVolumeClaim")
        if claim and claim.get("claimName") in created_claims:
            text = "must not reference a PVC that gets created for an ephemeral volume"
            causes.append(invalid(f"{here}.persistentVolumeClaim.claimName", claim["claimName"], text))
    return usable, causes


def _validate_source(at: str, volume: Object, name: str, owner: Owner) -> Causes:
    sources = [key for key in volume if key != "name" and volume[key] is not None]
    if not sources:
        return [required(at, "must specify a volume type")]
    if len(sources) > 1:
        sources.sort(key=_ORDER.__getitem__)
    first, *others = sources
    causes: Causes = []
    if first == "image" and owner.is_pod and not volume[first].get("reference"):
        causes.append(required(f"{at}.image.reference"))
    causes += VOLUMES[first](f"{at}.{first}", volume[first])
    causes += [forbidden(f"{at}.{MISSPELT.get(other, other)}", ONE_TYPE) for other in others]
    if first == "iscsi" and "initiatorName" in volume[first]:
        if len(f"{name}:{volume[first].get('targetPortal', '')}") > 64:
            text = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
            causes.append(invalid(f"{at}.name", name, text + "if iscsi.initiatorName is specified."))
    elif first == "ephemeral" and owner.pod_name and name:
        claim = f"{owner.pod_name}-{name}"
        causes += [invalid(f"{at}.name", name, f'PVC name "{claim}": {text}') for text in dns_subdomain(claim)]
    return causes


def _empty_dir(at: str, source: Object) -> Causes:
    limit = source.get("sizeLimit")
    if limit is None or parse(limit).value >= 0:
        return []
    return [forbidden(f"{at}.sizeLimit", "SizeLimit field must be a valid resource quantity")]


def _host_path(at: str, source: Object) -> Causes:
    path = source.get("path")
    if not path:
        return [required(f"{at}.path")]
    causes = validate_no_backsteps(f"{at}.path", path)
    if source.get("type", "") not in HOST_PATH_TYPES:
        causes.append(not_supported(f"{at}.type", source["type"], HOST_PATH_TYPES))
    return causes


def _named_files(name_field: str) -> Callable[[str, Object], Causes]:
    """Volumes of a ConfigMap's or a Secret's keys."""

    def validate(at: str, source: Object) -> Causes:
        causes = [] if source.get(name_field) else [required(f"{at}.{name_field}")]
        causes += validate_mode(f"{at}.defaultMode", source.get("defaultMode"))
        for index, item in enumerate(source.get("items") or ()):
            causes += validate_key_to_path(f"{at}.items[{index}]", item)
        return causes

    return validate


def validate_key_to_path(at: str, item: Object) -> Causes:
    path = item.get("path", "")
    causes = [required(f"{at}.{name}") for name in ("key", "path") if not item.get(name)]
    return causes + validate_file_path(f"{at}.path", path) + validate_mode(f"{at}.mode", item.get("mode"))


def _claim(at: str, source: Object) -> Causes:
    return [] if source.get("claimName") else [required(f"{at}.claimName")]


def _downward(at: str, source: Object) -> Causes:
    causes = validate_mode(f"{at}.defaultMode", source.get("defaultMode"))
    for item in source.get("items") or ():
        causes += validate_downward_file(at, item)
    return causes


def validate_downward_file(at: str, item: Object) -> Causes:
    """One file made of a field or a resource. Kubernetes reports it at the volume, without the item's index."""
    path, field, resource = item.get("path", ""), item.get("fieldRef"), item.get("resourceFieldRef")
    causes = [] if path else [required(f"{at}.path")]
    causes += validate_file_path(f"{at}.path", path)
    if field is not None:
        causes += validate_field_ref(f"{at}.fieldRef", field, VOLUME_FIELDS)
        if resource is not None:
            text = "fieldRef and resourceFieldRef can not be specified simultaneously"
            causes.append(invalid(at, "resource", text))
    elif resource is not None:
        causes += validate_resource_ref(f"{at}.resourceFieldRef", resource, in_volume=True)
    else:
        causes.append(required(at, "one of fieldRef and resourceFieldRef is required"))
    return causes + validate_mode(f"{at}.mode", item.get("mode"))


def _csi(at: str, source: Object) -> Causes:
    causes = validate_driver_name(f"{at}.driver", source.get("driver", ""))
    secret = source.get("nodePublishSecretRef")
    if secret is not None and not secret.get("name"):
        causes.append(required(f"{at}.nodePublishSecretRef.name"))
    elif secret is not None:
        causes += problems(f"{at}.name", secret["name"], dns_subdomain(secret["name"]))
    return causes


def validate_driver_name(at: str, driver: str) -> Causes:
    causes = [] if driver else [required(at)]
    if byte_length(driver) > DRIVER_MAX_BYTES:
        causes.append(too_long(at, DRIVER_MAX_BYTES))
    return causes + problems(at, driver, dns_subdomain(driver.lower()))


def _ephemeral(at: str, source: Object) -> Causes:
    template = source.get("volumeClaimTemplate")
    if template is None:
        return [required(f"{at}.volumeClaimTemplate")]
    at = f"{at}.volumeClaimTemplate"
    metadata = template.get("metadata") or {}
    causes = validate_annotations(f"{at}.metadata.annotations", metadata.get("annotations") or {})
    causes += validate_labels(f"{at}.metadata.labels", metadata.get("labels") or {})
    for name in sorted(set(metadata) - {"annotations", "labels", "creationTimestamp"}):
        causes.append(forbidden(f"{at}.metadata.{name}", "cannot be set"))
    return causes + validate_claim_spec(f"{at}.spec", template.get("spec") or {})


def validate_claim_spec(at: str, spec: Object) -> Causes:
    """What a PersistentVolumeClaim asks for."""
    modes = spec.get("accessModes") or []
    causes = [] if modes else [required(f"{at}.accessModes", "at least 1 access mode is required")]
    causes += validate_label_selector(f"{at}.selector", spec.get("selector"))
    causes += validate_access_modes(f"{at}.accessModes", modes)
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if storage is None:
        causes.append(required(f"{at}.resources[storage]"))
    elif parse(storage).value <= 0:
        causes.append(invalid(f"{at}.resources[storage]", storage, "must be greater than zero"))
    if name := spec.get("storageClassName"):
        causes += problems(f"{at}.storageClassName", name, dns_subdomain(name))
    mode = spec.get("volumeMode")
    if mode is not None and mode not in ("Block", "Filesystem"):
        causes.append(not_supported(f"{at}.volumeMode", mode, ("Block", "Filesystem")))
    causes += _validate_beginning(at, spec.get("dataSource"), spec.get("dataSourceRef"))
    if name := spec.get("volumeAttributesClassName"):
        causes += problems(f"{at}.volumeAttributesClassName", name, dns_subdomain(name))
    return causes


def validate_access_modes(at: str, modes: list[str]) -> Causes:
    """Each is one of Kubernetes', and ReadWriteOncePod stands alone."""
    causes = [not_supported(at, mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES]
    if "ReadWriteOncePod" in modes and any(m in ACCESS_MODES and m != "ReadWriteOncePod" for m in modes):
        causes.append(forbidden(at, "may not use ReadWriteOncePod with other access modes"))
    return causes


def _validate_beginning(at: str, source: Object | None, reference: Object | None) -> Causes:
    """What a claim's volume begins with: said once, or twice the same."""
    causes: Causes = []
    if source is not None:
        causes += _validate_data_source(f"{at}.dataSource", source)
    if reference is None:
        return causes
    causes += _validate_data_source(f"{at}.dataSourceRef", reference)
    namespace = reference.get("namespace")
    if namespace:
        causes += problems(f"{at}.dataSourceRef.namespace", namespace, dns_label(namespace))
    if source is None:
        return causes
    if namespace:
        text = "may not be specified when dataSourceRef.namespace is specified"
        return [*causes, invalid(at, f"{at}.dataSource", text)]
    if any(source.get(field) != reference.get(field) for field in ("apiGroup", "kind", "name")):
        causes.append(invalid(at, f"{at}.dataSource", "must match dataSourceRef"))
    return causes


def _validate_data_source(at: str, source: Object) -> Causes:
    causes = [required(f"{at}.{field}") for field in ("name", "kind") if not source.get(field)]
    group, kind = source.get("apiGroup") or "", source.get("kind", "")
    if not group and kind != "PersistentVolumeClaim":
        text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        causes.append(invalid(at, kind, text))
    return causes + (problems(f"{at}.apiGroup", group, dns_subdomain(group)) if group else [])


def _image(at: str, source: Object) -> Causes:
    policy = source.get("pullPolicy", "")
    if not policy:
        return [required(f"{at}.pullPolicy")]
    return [] if policy in PULL_POLICIES else [not_supported(f"{at}.pullPolicy", policy, PULL_POLICIES)]


def _projected(at: str, source: Object) -> Causes:
    causes = validate_mode(f"{at}.defaultMode", source.get("defaultMode"))
    return causes + validate_projected(at, source.get("sources") or [], validate_key_to_path, validate_downward_file)


VOLUMES: dict[str, Callable[[str, Object], Causes]] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "secret": _named_files("secretName"),
    "persistentVolumeClaim": _claim,
    "downwardAPI": _downward,
    "configMap": _named_files("name"),
    "projected": _projected,
    "csi": _csi,
    "ephemeral": _ephemeral,
    "image": _image,
    **STORAGE_VOLUMES,
}

_ORDER = {name: index for index, name in enumerate((
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi",
    "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc",
    "flexVolume", "configMap", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk",
    "storageos", "projected", "scaleIO", "csi", "ephemeral", "image",
))}  # fmt: skip
"""The order in which Kubernetes looks for a volume's type: the first is checked, the others are too many."""

MISSPELT = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
"""Paths as Kubernetes spells them when it reports a second type."""
