"""Validation of a container's environment: env and envFrom."""

from __future__ import annotations

from collections.abc import Mapping

from apiserver.objects.validation import Causes, Object, invalid, not_found, required
from apiserver.objects.validation.fieldrefs import ENVIRONMENT_FIELDS, validate_field_ref, validate_resource_ref
from apiserver.objects.validation.names import config_key, dns_subdomain, environment_name, problems, subdomain_name
from apiserver.objects.validation.paths import validate_file_path

SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")


def validate_env(at: str, variables: list[Object], volumes: Mapping[str, Object]) -> Causes:
    """`volumes`: the Pod's valid volumes by name; a variable may come from a file in one."""
    causes: Causes = []
    for index, variable in enumerate(variables):
        name = variable.get("name")
        if not name:
            causes.append(required(f"{at}[{index}].name"))
        elif found := environment_name(name):
            causes += problems(f"{at}[{index}].name", name, found)
        if (source := variable.get("valueFrom")) is not None:
            causes += _validate_source(f"{at}[{index}].valueFrom", source, variable.get("value"), volumes)
    return causes


def _validate_source(at: str, source: Object, value: str | None, volumes: Mapping[str, Object]) -> Causes:
    causes: Causes = []
    if (reference := source.get("fieldRef")) is not None:
        causes += validate_field_ref(f"{at}.fieldRef", reference, ENVIRONMENT_FIELDS)
    if (reference := source.get("resourceFieldRef")) is not None:
        causes += validate_resource_ref(f"{at}.resourceFieldRef", reference, in_volume=False)
    for name in ("configMapKeyRef", "secretKeyRef"):
        if (reference := source.get(name)) is not None:
            causes += _validate_key_ref(f"{at}.{name}", reference)
    if (reference := source.get("fileKeyRef")) is not None:
        causes += _validate_file_ref(f"{at}.fileKeyRef", reference, volumes)
    count = sum(source.get(name) is not None for name in SOURCES)
    if not count:
        text = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        causes.append(invalid(at, "", text))
    elif value:
        causes.append(invalid(at, "", "may not be specified when `value` is not empty"))
    elif count > 1:
        causes.append(invalid(at, "", "may not have more than one field specified at a time"))
    return causes


def _validate_key_ref(at: str, reference: Object) -> Causes:
    name, key = reference.get("name", ""), reference.get("key", "")
    causes = problems(f"{at}.name", name, dns_subdomain(name))
    return causes + (problems(f"{at}.key", key, config_key(key)) if key else [required(f"{at}.key")])


def _validate_file_ref(at: str, reference: Object, volumes: Mapping[str, Object]) -> Causes:
    key, volume, path = reference.get("key", ""), reference.get("volumeName", ""), reference.get("path", "")
    causes = problems(f"{at}.key", key, environment_name(key)) if key else [required(f"{at}.key")]
    if not volume:
        causes.append(required(f"{at}.volumeName"))
    elif volume not in volumes:
        causes.append(not_found(f"{at}.volumeName", volume))
    elif "emptyDir" not in volumes[volume]:
        text = "referenced volume must be of type emptyDir"
        causes.append(invalid(f"{at}.volumeName", volume, text))
    return causes + (validate_file_path(f"{at}.path", path) if path else [required(f"{at}.path")])


def validate_env_from(at: str, sources: list[Object]) -> Causes:
    """Whole ConfigMaps and Secrets. Kubernetes reports a wrong number of sources at the list itself."""
    causes: Causes = []
    for index, source in enumerate(sources):
        if prefix := source.get("prefix"):
            causes += problems(f"{at}[{index}].prefix", prefix, environment_name(prefix))
        count = 0
        for name in ("configMapRef", "secretRef"):
            if (reference := source.get(name)) is None:
                continue
            count += 1
            here, value = f"{at}[{index}].{name}.name", reference.get("name", "")
            causes += problems(here, value, subdomain_name(value, True)) if value else [required(here)]
        if not count:
            causes.append(invalid(at, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif count > 1:
            causes.append(invalid(at, "", "may not have more than one field specified at a time"))
    return causes
