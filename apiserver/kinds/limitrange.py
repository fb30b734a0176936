"""LimitRange: bounds and defaults for the resources of each Pod, container and claim of a namespace."""

from __future__ import annotations

from apiserver.kind import NAME, Column, Kind, Object
from apiserver.objects.meta import random_uid
from apiserver.objects.validation.limitrange import validate
from apiserver.objects.validation.names import subdomain_name

CREATED = Column("Created At", lambda limits: limits["metadata"].get("creationTimestamp"), type="date")


def prepare(new: Object, old: Object | None) -> None:
    """One without a name gets one."""
    if old is None and not new["metadata"].get("name"):
        new["metadata"]["name"] = random_uid()


def default(limits: Object) -> None:
    """For containers, a limit is at most the maximum, and a request is the limit, else the minimum."""
    for item in (limits.get("spec") or {}).get("limits") or ():
        if item.get("type") != "Container":
            continue
        limit = {**(item.get("max") or {}), **(item.get("default") or {})}
        request = {**(item.get("min") or {}), **limit, **(item.get("defaultRequest") or {})}
        for field, amounts in (("default", limit), ("defaultRequest", request)):
            if amounts:
                item[field] = amounts


kind = Kind(
    "v1",
    "LimitRange",
    "limitranges",
    short=("limits",),
    columns=(NAME, CREATED),
    prepare=prepare,
    default=default,
    validate_name=subdomain_name,
    validate=validate,
)
