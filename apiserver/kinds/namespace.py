"""Namespace: the scope of names. It stays, Terminating, until its content is gone and its finalizers are empty."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation import Causes, invalid
from apiserver.objects.validation.meta import validate_finalizer_is_qualified
from apiserver.objects.validation.names import label_name, problems, qualified_name

FINALIZER = "kubernetes"
"""Held by the namespace controller until everything in the namespace is deleted."""
NAME_LABEL = "kubernetes.io/metadata.name"
ACTIVE, TERMINATING = "Active", "Terminating"


def phase(namespace: Object) -> str:
    return str((namespace.get("status") or {}).get("phase", ""))


def finalizers(namespace: Object) -> list[str]:
    return (namespace.get("spec") or {}).get("finalizers") or []


def prepare(new: Object, old: Object | None) -> None:
    """A new namespace is held by the controller's finalizer; only the finalize subresource takes finalizers away."""
    if old is not None:
        new["spec"] = dict(old.get("spec") or {})
        return
    held = finalizers(new)
    new["spec"] = {"finalizers": held if FINALIZER in held else [*held, FINALIZER]}
    new["status"] = {"phase": ACTIVE}


def default(namespace: Object) -> None:
    metadata = namespace["metadata"]
    if name := metadata.get("name"):
        metadata["labels"] = {**(metadata.get("labels") or {}), NAME_LABEL: name}
    if not phase(namespace):
        namespace["status"] = {**(namespace.get("status") or {}), "phase": ACTIVE}


def validate(namespace: Object) -> Causes:
    causes: Causes = []
    for finalizer in finalizers(namespace):
        causes += problems("spec.finalizers", finalizer, qualified_name(finalizer))
        causes += validate_finalizer_is_qualified("spec.finalizers", finalizer)
    return causes


def validate_status(new: Object, old: Object) -> Causes:
    """The phase says exactly whether the namespace is being deleted."""
    if new["metadata"].get("deletionTimestamp"):
        allowed, text = TERMINATING, "may only be 'Terminating' if `deletionTimestamp` is not empty"
    else:
        allowed, text = ACTIVE, "may only be 'Active' if `deletionTimestamp` is empty"
    return [] if phase(new) == allowed else [invalid("status.Phase", phase(new), text)]


def begin_deletion(namespace: Object) -> None:
    """A namespace ends when it is empty: it knows no grace period."""
    namespace["metadata"].pop("deletionGracePeriodSeconds", None)
    namespace["status"] = {**(namespace.get("status") or {}), "phase": TERMINATING}


def is_held(namespace: Object) -> bool:
    return bool(finalizers(namespace))


kind = Kind(
    "v1",
    "Namespace",
    "namespaces",
    short=("ns",),
    namespaced=False,
    columns=(NAME, Column("Status", phase), AGE),
    status=True,
    subresources={"finalize": "Namespace"},
    verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
    selectable={"status.phase": phase},
    validate_name=label_name,
    deletes_to_status=False,
    holds=is_held,
    begin_deletion=begin_deletion,
    prepare=prepare,
    default=default,
    validate=validate,
    validate_status=validate_status,
)
