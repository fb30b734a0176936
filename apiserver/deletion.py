"""What a DELETE makes of an object: preconditions, grace periods, and who may hold it. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from apiserver import errors
from apiserver.clock import timestamp
from apiserver.kind import Kind, Object
from apiserver.objects import meta
from apiserver.storage import Record

Propagation = Literal["", "Background", "Foreground", "Orphan"]

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
"""Finalizers that ask the garbage collector to see to an object's dependents first."""


@dataclass(frozen=True)
class DeleteOptions:
    """The body of a DELETE; None and "" mean unsaid."""

    grace_seconds: int | None = None
    propagation: Propagation = ""
    uid: str = ""
    resource_version: str = ""


def check_preconditions(kind: Kind, record: Record, options: DeleteOptions) -> None:
    metadata = record.object["metadata"]
    about = errors.Resource(kind.name, kind.group)
    if options.uid and options.uid != metadata["uid"]:
        because = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({metadata['uid']}). "
            "The object might have been deleted and then recreated"
        )
        raise errors.Conflict(about, metadata["name"], because)
    if options.resource_version and options.resource_version != metadata["resourceVersion"]:
        because = (
            f"the ResourceVersion in the precondition ({options.resource_version}) does not match the ResourceVersion "
            f"in record ({metadata['resourceVersion']}). The object might have been modified"
        )
        raise errors.Conflict(about, metadata["name"], because)


def marked(kind: Kind, old: Record, options: DeleteOptions, now: datetime) -> Object:
    """A copy of the object as a DELETE leaves it: marked with a time and a grace period where something holds it."""
    new = old.copy()
    metadata = new["metadata"]
    _set_propagation(metadata, options.propagation or _usual(kind, metadata))
    if not meta.is_terminating(new):
        missing = [f for f in kind.deletion_finalizers if f not in (metadata.get("finalizers") or ())]
        if missing:
            metadata["finalizers"] = [*(metadata.get("finalizers") or ()), *missing]
    if kind.grace_seconds is None and not metadata.get("finalizers") and not kind.holds(new):
        return new
    grace_seconds = kind.grace_seconds(new, options.grace_seconds) if kind.grace_seconds else 0
    if not meta.is_terminating(new):
        if metadata.get("generation"):
            metadata["generation"] += 1
    elif grace_seconds >= metadata.get("deletionGracePeriodSeconds", 0):
        return new
    moment = now + timedelta(seconds=grace_seconds)
    metadata["deletionTimestamp"] = timestamp(moment)
    metadata["deletionGracePeriodSeconds"] = grace_seconds
    kind.begin_deletion(new)
    return new


def is_free_to_go(kind: Kind, object: Object) -> bool:
    """Whether a deleted object is held by nothing: no grace period, no finalizer."""
    metadata: dict[str, Any] = object["metadata"]
    if not metadata.get("deletionTimestamp") or metadata.get("finalizers") or kind.holds(object):
        return False
    return not metadata.get("deletionGracePeriodSeconds")


def _usual(kind: Kind, metadata: dict[str, Any]) -> Propagation:
    """What becomes of dependents where nobody says so: what its finalizers ask for, else what is usual for the kind."""
    finalizers = metadata.get("finalizers") or ()
    return "Orphan" if kind.orphans_dependents and not {FOREGROUND, ORPHAN} & {*finalizers} else ""


def _set_propagation(metadata: dict[str, Any], propagation: Propagation) -> None:
    """Say by finalizers what the garbage collector must do before the object goes."""
    if not propagation:
        return
    wanted = {"Foreground": [FOREGROUND], "Orphan": [ORPHAN]}.get(propagation, [])
    kept = [f for f in metadata.get("finalizers") or [] if f not in (FOREGROUND, ORPHAN)]
    metadata["finalizers"] = kept + wanted
    if not metadata["finalizers"]:
        del metadata["finalizers"]
