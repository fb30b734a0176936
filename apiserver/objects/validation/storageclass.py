"""Validation of StorageClasses and VolumeAttributesClasses: who makes volumes, and how."""

from __future__ import annotations

from apiserver.objects.validation import (
    IMMUTABLE,
    Causes,
    Object,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from apiserver.objects.validation.names import byte_length, label_value, problems, qualified_name

PARAMETERS_MAX_BYTES = 256 * 1024
PARAMETERS_MAX = 512
RECLAIM_POLICIES = ("Delete", "Retain")
BINDING_MODES = ("Immediate", "WaitForFirstConsumer")


def validate_class(storage_class: Object) -> Causes:
    causes = _validate_provisioner("provisioner", storage_class.get("provisioner", ""))
    causes += _validate_parameters("parameters", storage_class.get("parameters") or {})
    policy, mode = storage_class.get("reclaimPolicy"), storage_class.get("volumeBindingMode")
    if policy and policy not in RECLAIM_POLICIES:
        causes.append(not_supported("reclaimPolicy", policy, RECLAIM_POLICIES))
    if mode not in BINDING_MODES:
        causes.append(not_supported("volumeBindingMode", mode, BINDING_MODES))
    return causes + _validate_topologies("allowedTopologies", storage_class.get("allowedTopologies") or [])


def validate_class_update(new: Object, old: Object) -> Causes:
    causes = [
        forbidden(field, f"updates to {field} are forbidden.")
        for field, empty in (("parameters", {}), ("provisioner", ""), ("reclaimPolicy", ""))
        if (new.get(field) or empty) != (old.get(field) or empty)
    ]
    if new.get("volumeBindingMode") != old.get("volumeBindingMode"):
        causes.append(invalid("volumeBindingMode", new.get("volumeBindingMode"), IMMUTABLE))
    return causes


def validate_attributes_class(attributes_class: Object) -> Causes:
    parameters = attributes_class.get("parameters") or {}
    causes = _validate_provisioner("driverName", attributes_class.get("driverName", ""))
    causes += _validate_parameters("parameters", parameters)
    return causes if parameters else [*causes, required("parameters", "must contain at least one key/value pair")]


def validate_attributes_class_update(new: Object, old: Object) -> Causes:
    return [
        forbidden(field, f"updates to {field} are forbidden.")
        for field in ("driverName", "parameters")
        if new.get(field) != old.get(field)
    ]


def _validate_provisioner(at: str, provisioner: str) -> Causes:
    return problems(at, provisioner, qualified_name(provisioner.lower())) if provisioner else [required(at)]


def _validate_parameters(at: str, parameters: dict[str, str]) -> Causes:
    if len(parameters) > PARAMETERS_MAX:
        return [too_long(at, PARAMETERS_MAX)]
    causes = [invalid(at, "", "field can not be empty.")] if "" in parameters else []
    if sum(byte_length(key) + byte_length(value) for key, value in parameters.items()) > PARAMETERS_MAX_BYTES:
        causes.append(too_long(at, PARAMETERS_MAX_BYTES))
    return causes


def _validate_topologies(at: str, topologies: list[Object]) -> Causes:
    causes: Causes = []
    seen: list[dict[str, set[str]]] = []
    for index, term in enumerate(topologies):
        here = f"{at}[{index}].matchLabelExpressions"
        wanted: dict[str, set[str]] = {}
        for number, expression in enumerate(term.get("matchLabelExpressions") or ()):
            causes += _validate_topology(f"{here}[{number}]", expression, wanted)
        if wanted in seen:
            causes.append(duplicate(here, ""))
        seen.append(wanted)
    return causes


def _validate_topology(at: str, expression: Object, wanted: dict[str, set[str]]) -> Causes:
    key, values = expression.get("key", ""), expression.get("values") or []
    causes: Causes = []
    if not values:
        causes.append(required(f"{at}.values"))
    for index, value in enumerate(values):
        if value in values[:index]:
            causes.append(duplicate(f"{at}.values[{index}]", value))
        causes += problems(f"{at}.values[{index}]", value, label_value(value))
    if key in wanted:
        causes.append(duplicate(f"{at}.key", key))
    wanted[key] = set(values)
    return causes + problems(f"{at}.key", key, qualified_name(key))
