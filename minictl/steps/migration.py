"""From client-side to server-side apply: fields that client-side apply owned pass to the server-side manager.

Without this, a field dropped from the manifest would stay, because the old manager would still own it. The annotation
of client-side apply is kept, owned by a manager of its own, so that one can go back.
"""

from __future__ import annotations

from minictl.errors import CommandError, ServerError
from minictl.steps.writing import LAST_APPLIED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]

SERVER_SIDE = "kubectl"
ANNOTATION_OWNER = "kubectl-last-applied"
MAX_TRIES = 5


def keep_annotation(session: Session, target: Target, applied: Object, manager: str) -> Object:
    """Makes sure that somebody server-side owns the annotation, if there is one; gives the object after that."""
    meta = applied["metadata"]
    annotation = (meta.get("annotations") or {}).get(LAST_APPLIED)
    if manager != SERVER_SIDE or annotation is None or owners(applied, "Apply"):
        return applied
    only = {
        "apiVersion": applied["apiVersion"],
        "kind": applied["kind"],
        "metadata": {"name": target.name, "annotations": {LAST_APPLIED: annotation}},
    }
    if target.namespace:
        only["metadata"]["namespace"] = target.namespace
    kept: Object = session.client.patch(target.path, only, "apply", {"fieldManager": ANNOTATION_OWNER})
    return kept


def migrate(session: Session, target: Target, applied: Object, manager: str) -> bool:
    """Hands the fields of client-side apply over to `manager`; False where there are none.

    Raises:
        CommandError: the server refuses.
    """
    for attempt in range(MAX_TRIES):
        moved = handed_over(applied, {entry["manager"] for entry in owners(applied, "Update")}, manager)
        if moved is None:
            return False
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": moved},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": applied["metadata"]["resourceVersion"]},
        ]
        try:
            session.client.patch(target.path, patch, "json")
            return True
        except ServerError as error:
            if error.reason != "Conflict" or attempt == MAX_TRIES - 1:
                raise
        applied = session.client.get(target.path)
    raise CommandError("the object keeps changing")


def owners(subject: Object, operation: str) -> list[Object]:
    """The entries of managedFields that own the annotation by that operation."""
    return [
        entry
        for entry in subject["metadata"].get("managedFields") or []
        if entry.get("operation") == operation and _owns_annotation(entry.get("fieldsV1") or {})
    ]


def _owns_annotation(fields: Object) -> bool:
    annotations = (fields.get("f:metadata") or {}).get("f:annotations") or {}
    return f"f:{LAST_APPLIED}" in annotations


def handed_over(subject: Object, old_managers: set[str], manager: str) -> list[Object] | None:
    """managedFields with the Update entries of `old_managers` folded into the Apply entry of `manager`, or None."""
    entries = subject["metadata"].get("managedFields") or []
    old = [
        e
        for e in entries
        if e.get("operation") == "Update" and e["manager"] in old_managers and not e.get("subresource")
    ]
    if not old:
        return None
    rest = [entry for entry in entries if entry not in old]
    mine = next(
        (e for e in rest if e["manager"] == manager and e.get("operation") == "Apply" and not e.get("subresource")),
        None,
    )
    if mine is None:
        mine = {**old[0], "manager": manager, "operation": "Apply"}
        rest.insert(0, mine)
    fields = mine.get("fieldsV1") or {}
    for entry in old:
        fields = union(fields, entry.get("fieldsV1") or {})
    return [{**entry, "fieldsV1": fields} if entry is mine else entry for entry in rest]


def union(one: Object, other: Object) -> Object:
    """Both sets of fields together."""
    both = dict(one)
    for key, inner in other.items():
        both[key] = union(both[key], inner) if key in both else inner
    return both
