"""Validation of metadata, the same for every kind; and of labels, annotations and selectors wherever they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from apiserver.objects.validation import (
    IMMUTABLE,
    Causes,
    Object,
    Printed,
    forbidden,
    invalid,
    not_negative,
    required,
    struct,
    too_long,
)
from apiserver.objects.validation.names import (
    byte_length,
    dns_label,
    label_value,
    problems,
    qualified_name,
    subdomain_name,
)

ANNOTATIONS_MAX_BYTES = 256 * 1024
FIELD_MANAGER_MAX_BYTES = 128
SUBRESOURCE_MAX_BYTES = 256

STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})

IMMUTABLE_FIELDS = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


class Named(Protocol):
    """What this needs to know of a Kind."""

    @property
    def namespaced(self) -> bool: ...

    @property
    def validate_name(self) -> Callable[[str, bool], list[str]] | None: ...

    @property
    def validate_naming(self) -> Callable[[str, Object], list[str]]: ...

    @property
    def qualifies_finalizers(self) -> bool: ...


def validate_meta(kind: Named, object: Object) -> Causes:
    """What is wrong with the metadata of a new object of `kind`; its name is generated already."""
    metadata = object["metadata"]
    check = kind.validate_name or subdomain_name
    causes: Causes = []
    prefix = metadata.get("generateName")
    if prefix:
        causes += problems("metadata.generateName", prefix, check(prefix, True) + kind.validate_naming(prefix, object))
    name = metadata.get("name")
    if name:
        causes += problems("metadata.name", name, check(name, False) + kind.validate_naming(name, object))
    else:
        causes.append(required("metadata.name", "name or generateName is required"))
    causes += _validate_namespace(kind.namespaced, metadata.get("namespace"))
    causes += _validate_common(metadata)
    for index, finalizer in enumerate(metadata.get("finalizers") or () if kind.qualifies_finalizers else ()):
        causes += validate_finalizer_is_qualified(f"metadata.finalizers[{index}]", finalizer)
    return causes


def validate_meta_update(new: Object, old: Object) -> Causes:
    """What is wrong with the metadata of `new` as a successor of `old`. It includes what validate_meta checks of
    labels, annotations, owners and finalizers, so that an update of a status needs this alone."""
    return validate_meta_change(new, old) + _validate_common(new["metadata"])


def validate_meta_change(new: Object, old: Object) -> Causes:
    """What is wrong with the step from `old` to `new`, whose own metadata is validated elsewhere."""
    metadata, before = new["metadata"], old["metadata"]
    causes: Causes = []
    if before.get("deletionTimestamp"):
        added = sorted(set(metadata.get("finalizers") or ()) - set(before.get("finalizers") or ()))
        if added:
            listed = ", ".join(f'"{name}"' for name in added)
            text = "no new finalizers can be added if the object is being deleted, found new finalizers "
            causes.append(forbidden("metadata.finalizers", text + "[]string{" + listed + "}"))
    if metadata.get("generation", 0) < before.get("generation", 0):
        causes.append(invalid("metadata.generation", metadata.get("generation", 0), "must not be decremented"))
    for field in IMMUTABLE_FIELDS:
        if metadata.get(field) != before.get(field):
            causes.append(invalid(f"metadata.{field}", metadata.get(field), IMMUTABLE))
    return causes


def _validate_namespace(namespaced: bool, namespace: str | None) -> Causes:
    if not namespaced:
        return [forbidden("metadata.namespace", "not allowed on this type")] if namespace else []
    if not namespace:
        return [required("metadata.namespace")]
    return problems("metadata.namespace", namespace, dns_label(namespace))


def _validate_common(metadata: Object) -> Causes:
    causes = not_negative("metadata.generation", metadata.get("generation", 0))
    if labels := metadata.get("labels"):
        causes += validate_labels("metadata.labels", labels)
    if annotations := metadata.get("annotations"):
        causes += validate_annotations("metadata.annotations", annotations)
    if owners := metadata.get("ownerReferences"):
        causes += _validate_owners("metadata.ownerReferences", owners)
    if finalizers := metadata.get("finalizers"):
        causes += _validate_finalizers("metadata.finalizers", finalizers)
    if managed := metadata.get("managedFields"):
        causes += _validate_managed_fields("metadata.managedFields", managed)
    return causes


def validate_labels(field: str, labels: dict[str, str]) -> Causes:
    """Keys and values of labels; every problem is reported at `field` itself, as Kubernetes does."""
    causes: Causes = []
    for key, value in sorted(labels.items()):
        if found := qualified_name(key):
            causes += problems(field, key, found)
        if found := label_value(value):
            causes += problems(field, value, found)
    return causes


def validate_annotations(field: str, annotations: dict[str, str]) -> Causes:
    """Keys as those of labels, but in any case; all together at most 256 KiB."""
    causes: Causes = []
    size = 0
    for key, value in sorted(annotations.items()):
        size += byte_length(key) + byte_length(value)
        if found := qualified_name(key.lower()):
            causes += problems(field, key, found)
    if size > ANNOTATIONS_MAX_BYTES:
        causes.append(too_long(field, ANNOTATIONS_MAX_BYTES))
    return causes


def validate_finalizer_is_qualified(field: str, finalizer: str) -> Causes:
    """Beyond its form: a finalizer has a domain, or is one of Kubernetes' own."""
    if "/" in finalizer or finalizer in STANDARD_FINALIZERS:
        return []
    return [invalid(field, finalizer, "name is neither a standard finalizer name nor is it fully qualified")]


def finalizer_warnings(new: Object, old: Object | None) -> list[str]:
    """What is odd about finalizers that `new` has and `old` had not, where any are allowed."""
    known = (old or {"metadata": {}})["metadata"].get("finalizers") or ()
    warnings = []
    for finalizer in sorted(set(new["metadata"].get("finalizers") or ()) - set(known)):
        begin = f'metadata.finalizers: "{finalizer}": '
        warnings += [begin + text for text in qualified_name(finalizer)]
        if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
            including = " including a path (/)" if "." in finalizer else ""
            why = "to avoid accidental conflicts with other finalizer writers"
            warnings.append(f"{begin}prefer a domain-qualified finalizer name{including} {why}")
    return warnings


def _validate_finalizers(field: str, finalizers: list[str]) -> Causes:
    causes: Causes = []
    for finalizer in finalizers:
        causes += problems(field, finalizer, qualified_name(finalizer))
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        text = "finalizer orphan and foregroundDeletion cannot be both set"
        causes.append(invalid(field, finalizers, text))
    return causes


def _validate_owners(field: str, owners: list[Object]) -> Causes:
    causes: Causes = []
    controller = ""
    for owner in owners:
        group, _, version = owner.get("apiVersion", "").rpartition("/")
        if not version:
            causes.append(invalid(f"{field}.apiVersion", owner.get("apiVersion", ""), "version must not be empty"))
        for name in ("kind", "name", "uid"):
            if not owner.get(name):
                causes.append(invalid(f"{field}.{name}", "", "must not be empty"))
        if (group, version, owner.get("kind")) == ("", "v1", "Event"):
            causes.append(invalid(field, _printed_owner(owner), "/v1, Kind=Event is disallowed from being an owner"))
        if not owner.get("controller"):
            continue
        current = f"{owner.get('kind', '')}/{owner.get('name', '')}"
        if controller:
            text = (
                f'Only one reference can have Controller set to true. Found "true" in references for {controller} and '
            )
            shown_owners = ",".join(_printed_owner(o) for o in owners)
            causes.append(invalid(field, Printed(f"[{shown_owners}]"), text + current))
        controller = controller or current
    return causes


def _printed_owner(owner: Object) -> Printed:
    fields: list[tuple[str, Any]] = [(name, owner.get(name, "")) for name in ("apiVersion", "kind", "name", "uid")]
    fields += [(name, owner[name]) for name in ("controller", "blockOwnerDeletion") if name in owner]
    return struct(*fields)


def _validate_managed_fields(field: str, entries: list[Object]) -> Causes:
    causes: Causes = []
    for index, entry in enumerate(entries):
        at = f"{field}[{index}]"
        if entry.get("operation") not in ("Apply", "Update"):
            causes.append(invalid(f"{at}.operation", entry.get("operation", ""), "must be `Apply` or `Update`"))
        if entry.get("fieldsType") not in (None, "", "FieldsV1"):
            causes.append(invalid(f"{at}.fieldsType", entry["fieldsType"], "must be `FieldsV1`"))
        causes += validate_field_manager(f"{at}.manager", entry.get("manager", ""))
        if byte_length(entry.get("subresource", "")) > SUBRESOURCE_MAX_BYTES:
            causes.append(too_long(f"{at}.subresource", SUBRESOURCE_MAX_BYTES))
    return causes


def validate_field_manager(field: str, manager: str) -> Causes:
    """The name of a field manager: at most 128 bytes, printable."""
    causes: Causes = []
    if byte_length(manager) > FIELD_MANAGER_MAX_BYTES:
        causes.append(too_long(field, FIELD_MANAGER_MAX_BYTES))
    if not manager.isprintable():
        for position, character in enumerate(manager):
            if not character.isprintable():
                text = f"invalid character U+{ord(character):04X} (at position {position})"
                causes.append(invalid(field, manager, text))
    return causes


_SELECTOR_WITH_VALUES = ("In", "NotIn")
_SELECTOR_WITHOUT_VALUES = ("Exists", "DoesNotExist")


def validate_label_selector(field: str, selector: Object | None, check_values: bool = True) -> Causes:
    """A `{matchLabels, matchExpressions}` selector. Old objects may hold values that are no label values
    (`check_values` False): they select nothing, and are left alone."""
    if not selector:
        return []
    causes: Causes = []
    if labels := selector.get("matchLabels"):
        causes += validate_labels(f"{field}.matchLabels", labels)
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        causes += _validate_expression(f"{field}.matchExpressions[{index}]", expression, check_values)
    return causes


def _validate_expression(field: str, expression: Object, check_values: bool) -> Causes:
    operator, values = expression.get("operator", ""), expression.get("values") or []
    key = expression.get("key", "")
    causes: Causes = []
    if operator in _SELECTOR_WITH_VALUES:
        if not values:
            causes.append(required(f"{field}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in _SELECTOR_WITHOUT_VALUES:
        if values:
            text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            causes.append(forbidden(f"{field}.values", text))
    else:
        causes.append(invalid(f"{field}.operator", operator, "not a valid selector operator"))
    causes += problems(f"{field}.key", key, qualified_name(key))
    if check_values:
        for index, value in enumerate(values):
            causes += problems(f"{field}.values[{index}]", value, label_value(value))
    return causes
