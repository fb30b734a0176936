"""ControllerRevision: a former state of a StatefulSet or a DaemonSet, kept to go back to."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation import IMMUTABLE, Causes, invalid, not_negative, required
from apiserver.objects.validation.names import subdomain_name


def controller(revision: Object) -> str:
    """The owner as `statefulset.apps/web`."""
    for reference in revision["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            group = reference["apiVersion"].rpartition("/")[0]
            return f"{reference['kind'].lower()}{'.' if group else ''}{group}/{reference['name']}"
    return "<none>"


def validate(revision: Object) -> Causes:
    causes = [] if "data" in revision else [required("data", "data is mandatory")]
    return causes + not_negative("revision", revision.get("revision", 0))


def validate_update(new: Object, old: Object) -> Causes:
    return [] if new.get("data") == old.get("data") else [invalid("data", new.get("data"), IMMUTABLE)]


kind = Kind(
    "apps/v1",
    "ControllerRevision",
    "controllerrevisions",
    columns=(
        NAME,
        Column("Controller", controller),
        Column("Revision", lambda revision: revision.get("revision", 0)),
        AGE,
    ),
    validate_name=subdomain_name,
    validate=validate,
    validate_update=validate_update,
)
