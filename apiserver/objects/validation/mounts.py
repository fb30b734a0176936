"""Validation of where a container mounts its Pod's volumes, and of the block devices it is given."""

from __future__ import annotations

from collections.abc import Mapping

from apiserver.objects.validation import Causes, Object, forbidden, invalid, not_found, not_supported, required
from apiserver.objects.validation.paths import validate_descending_path, validate_no_backsteps

PROPAGATION = ("Bidirectional", "HostToContainer", "None")
RECURSIVE_READ_ONLY = ("Disabled", "Enabled", "IfPossible")
BLOCK_VOLUMES = ("persistentVolumeClaim", "ephemeral")


def validate_mounts(at: str, container: Object, volumes: Mapping[str, Object]) -> Causes:
    """`volumes`: those of the Pod that are valid, by name. `at`: the container."""
    devices = {d.get("name", ""): d.get("devicePath", "") for d in container.get("volumeDevices") or ()}
    causes: Causes = []
    paths: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        name, path = mount.get("name", ""), mount.get("mountPath", "")
        if not name or not path or path in paths or name not in volumes or devices:
            causes += _validate_place(f"{at}.volumeMounts[{index}]", name, path, volumes, paths, devices)
        paths.add(path)
        if len(mount) > 2:
            causes += _validate_options(at, index, mount, container, volumes.get(name, {}))
    return causes


def _validate_place(
    at: str, name: str, path: str, volumes: Mapping[str, Object], paths: set[str], devices: Mapping[str, str]
) -> Causes:
    causes: Causes = []
    if not name:
        causes.append(required(f"{at}.name"))
    if name not in volumes:
        causes.append(not_found(f"{at}.name", name))
    if not path:
        causes.append(required(f"{at}.mountPath"))
    if path in paths:
        causes.append(invalid(f"{at}.mountPath", path, "must be unique"))
    if name in devices:
        causes.append(invalid(f"{at}.name", name, "must not already exist in volumeDevices"))
    if path in devices.values():
        causes.append(invalid(f"{at}.mountPath", path, "must not already exist as a path in volumeDevices"))
    return causes


def _validate_options(at: str, index: int, mount: Object, container: Object, volume: Object) -> Causes:
    """Kubernetes reports some of these at the list of mounts, without the index."""
    every, here = f"{at}.volumeMounts", f"{at}.volumeMounts[{index}]"
    sub_path, expression = mount.get("subPath", ""), mount.get("subPathExpr", "")
    causes: Causes = []
    if "image" in volume:
        for name, value in (("subPath", sub_path), ("subPathExpr", expression)):
            if value:
                causes.append(invalid(f"{here}.{name}", value, "not allowed in image volume sources"))
    causes += validate_descending_path(f"{every}.subPath", sub_path)
    if expression:
        if sub_path:
            text = "subPathExpr and subPath are mutually exclusive"
            causes.append(invalid(f"{here}.subPathExpr", expression, text))
        causes += validate_descending_path(f"{every}.subPathExpr", expression)
    if (mode := mount.get("mountPropagation")) is not None:
        if mode not in PROPAGATION:
            causes.append(not_supported(f"{every}.mountPropagation", mode, PROPAGATION))
        if mode == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
            text = "Bidirectional mount propagation is available only to privileged containers"
            causes.append(forbidden(f"{every}.mountPropagation", text))
    return causes + _validate_recursive(f"{every}.recursiveReadOnly", mount)


def _validate_recursive(at: str, mount: Object) -> Causes:
    recursive = mount.get("recursiveReadOnly")
    if recursive in (None, "Disabled"):
        return []
    if recursive not in RECURSIVE_READ_ONLY:
        return [not_supported(at, recursive, RECURSIVE_READ_ONLY)]
    causes: Causes = []
    if not mount.get("readOnly"):
        causes.append(forbidden(at, "may only be specified when readOnly is true"))
    if mount.get("mountPropagation") not in (None, "None"):
        text = "may only be specified when mountPropagation is None or not specified"
        causes.append(forbidden(at, text))
    return causes


def validate_devices(at: str, container: Object, volumes: Mapping[str, Object]) -> Causes:
    """Raw block devices: only of claims. `at`: the container."""
    mounts = {m.get("name", ""): m.get("mountPath", "") for m in container.get("volumeMounts") or ()}
    causes: Causes = []
    names: set[str] = set()
    paths: set[str] = set()
    for index, device in enumerate(container.get("volumeDevices") or ()):
        here, name, path = f"{at}.volumeDevices[{index}]", device.get("name", ""), device.get("devicePath", "")
        volume = volumes.get(name)
        if not name:
            causes.append(required(f"{here}.name"))
        if name in names:
            causes.append(invalid(f"{here}.name", name, "must be unique"))
        if volume is None:
            causes.append(not_found(f"{here}.name", name))
        elif not any(source in volume for source in BLOCK_VOLUMES):
            text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            causes.append(invalid(f"{here}.name", name, text))
        if not path:
            causes.append(required(f"{here}.devicePath"))
        if path in paths:
            causes.append(invalid(f"{here}.devicePath", path, "must be unique"))
        if validate_no_backsteps("", path):
            causes.append(invalid(f"{here}.devicePath", path, "can not contain backsteps ('..')"))
        else:
            paths.add(path)
        if name in mounts:
            causes.append(invalid(f"{here}.name", name, "must not already exist in volumeMounts"))
        if path in mounts.values():
            text = "must not already exist as a path in volumeMounts"
            causes.append(invalid(f"{here}.devicePath", path, text))
        if name:
            names.add(name)
    return causes
