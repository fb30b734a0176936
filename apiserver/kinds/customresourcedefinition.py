"""CustomResourceDefinition: a kind that users bring. A Kind is made of it by customkinds.py; a controller names it."""

from __future__ import annotations

from apiserver.kind import NAME, Column, Kind, Object
from apiserver.objects.definitions import naming, storage_version, validation, warnings
from apiserver.objects.validation import Causes

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"


def created_at(definition: Object) -> str | None:
    found: str | None = definition["metadata"].get("creationTimestamp")
    return found


def prepare(new: Object, old: Object | None) -> None:
    """Remember the version in which objects are stored from now on."""
    status = new["status"] = dict(new.get("status") or {}) if old is not None else {}
    storage = storage_version(new.get("spec") or {})
    stored = status.get("storedVersions") or []
    if storage and storage not in stored:
        status["storedVersions"] = [*stored, storage]


def default(definition: Object) -> None:
    spec = definition["spec"]
    names = spec["names"]
    if not names.get("singular"):
        names["singular"] = names["kind"].lower()
    if not names.get("listKind") and names["kind"]:
        names["listKind"] = f"{names['kind']}List"
    if not spec.get("conversion"):
        spec["conversion"] = {"strategy": "None"}


def validate_create(definition: Object) -> Causes:
    return validation.approval_causes(definition, None) + validation.unpruned_causes(definition, None)


def validate_update(new: Object, old: Object) -> Causes:
    changes = validation.validate_update(new, old)
    return changes + validation.approval_causes(new, old) + validation.unpruned_causes(new, old)


def validate_status(new: Object, old: Object) -> Causes:
    return validation.validate_status(new)


def begin_deletion(definition: Object) -> None:
    """Say that the objects are about to be deleted."""
    status = definition["status"]
    text = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
    status["conditions"] = naming.with_condition(
        status.get("conditions") or [],
        naming.TERMINATING,
        "True",
        "InstanceDeletionPending",
        text,
        definition["metadata"]["deletionTimestamp"],
    )


def is_new_generation(new: Object, old: Object) -> bool:
    return bool(new.get("spec") != old.get("spec"))


kind = Kind(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    short=("crd", "crds"),
    categories=("api-extensions",),
    namespaced=False,
    status=True,
    has_generation=True,
    is_new_generation=is_new_generation,
    updates_blindly=False,
    qualifies_finalizers=False,
    columns=(NAME, Column("Created At", created_at, "date")),
    deletion_finalizers=(CLEANUP,),
    begin_deletion=begin_deletion,
    validate_naming=validation.validate_naming,
    prepare=prepare,
    default=default,
    validate=validation.validate,
    validate_create=validate_create,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings.warnings,
)
