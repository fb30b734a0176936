"""Validation of PersistentVolumeClaims: what about them may change, and what their status may say."""

from __future__ import annotations

from typing import Any

from apiserver.objects.quantity import parse
from apiserver.objects.storage import CLASS_ANNOTATION, requested
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
from apiserver.objects.validation.names import problems, qualified_name
from apiserver.objects.validation.podlayout import difference, print_claim_spec
from apiserver.objects.validation.volumes import validate_claim_spec

STORAGE = "spec.resources.requests.storage"
RESIZE_STATUSES = (
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
    "NodeResizePending",
)


def validate_claim(claim: Object) -> Causes:
    return validate_claim_spec("spec", claim["spec"])


def validate_claim_update(new: Object, old: Object) -> Causes:
    """A claim's spec is for ever, but for its size once it is bound, its attributes, and the volume it was given."""
    spec, before = new["spec"], old["spec"]
    causes = _validate_class_kept(new, old)
    comparable, base = _comparable(new, old)
    if comparable != base:
        text = (
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
        )
        shown = difference(print_claim_spec(base), print_claim_spec(comparable))
        causes.append(forbidden("spec", f"{text}\n{shown}"))
    held = parse(((old.get("status") or {}).get("capacity") or {}).get("storage", "0"))
    if requested(new) < requested(old) and not held < requested(new):
        causes.append(forbidden(STORAGE, "field can not be less than status.capacity"))
    if spec.get("volumeMode") != before.get("volumeMode"):
        causes.append(invalid("volumeMode", spec.get("volumeMode"), IMMUTABLE))
    if before.get("volumeAttributesClassName") is not None:
        emptied = {None: "nil", "": "an empty string"}.get(spec.get("volumeAttributesClassName"))
        if emptied and before["volumeAttributesClassName"] != spec.get("volumeAttributesClassName"):
            text = f"update from non-nil value to {emptied} is forbidden"
            causes.append(forbidden("spec.volumeAttributesClassName", text))
    return causes


def _annotated_class(claim: Object) -> str | None:
    annotation: str | None = (claim["metadata"].get("annotations") or {}).get(CLASS_ANNOTATION)
    return annotation


def _moves_class_to_field(new: Object, old: Object) -> bool:
    """Whether the class stood in the annotation and now stands in its field."""
    annotated, still = _annotated_class(old), _annotated_class(new)
    name = new["spec"].get("storageClassName")
    is_open = annotated is not None and old["spec"].get("storageClassName") is None
    return is_open and name == annotated and still in (None, annotated)


def _validate_class_kept(new: Object, old: Object) -> Causes:
    if _moves_class_to_field(new, old) or (_annotated_class(new) or "") == (_annotated_class(old) or ""):
        return []
    return [invalid(f"metadata.annotations[{CLASS_ANNOTATION}]", _annotated_class(new) or "", IMMUTABLE)]


def _comparable(new: Object, old: Object) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two specs without what may change."""
    spec, before = dict(new["spec"]), dict(old["spec"])
    if not before.get("volumeName") and spec.get("volumeName"):
        before["volumeName"] = spec["volumeName"]
    annotated = _annotated_class(old)
    gains_class = spec.get("storageClassName") is not None and before.get("storageClassName") is None
    if gains_class and annotated in (None, spec["storageClassName"]):
        before["storageClassName"] = spec["storageClassName"]
    if (new.get("status") or {}).get("phase") == "Bound" and (spec.get("resources") or {}).get("requests"):
        asked = (before.get("resources") or {}).get("requests") or {}
        requests = {**spec["resources"]["requests"], "storage": asked.get("storage", "0")}
        spec["resources"] = {**spec["resources"], "requests": requests}
    for each in (spec, before):
        each.pop("volumeAttributesClassName", None)
    return spec, before


def validate_claim_status(new: Object, old: Object) -> Causes:
    status = new.get("status") or {}
    causes = _validate_amounts("status.capacity", status.get("capacity") or {})
    at = "status.allocatedResourceStatus"
    for name, value in sorted((status.get("allocatedResourceStatuses") or {}).items()):
        causes += _validate_resource(at, name)
        if value not in RESIZE_STATUSES:
            causes.append(not_supported(at, name, sorted(RESIZE_STATUSES)))
    allocated = status.get("allocatedResources") or {}
    for name in sorted(allocated):
        causes += _validate_resource("status.allocatedResources", name)
    causes += _validate_amounts("status.allocatedResources", allocated)
    if not new["spec"].get("accessModes"):
        causes.append(required("Spec.accessModes"))
    return causes


def _validate_amounts(at: str, amounts: Object) -> Causes:
    negative = ((name, text) for name, text in sorted(amounts.items()) if parse(text).value < 0)
    return [invalid(f"{at}[{name}]", text, NOT_NEGATIVE) for name, text in negative]


def _validate_resource(at: str, name: str) -> Causes:
    causes = problems(at, name, qualified_name(name))
    is_native = "/" not in name or "kubernetes.io/" in name
    if not causes and is_native and name != "storage":
        causes.append(not_supported(at, name, ("storage",)))
    return causes
