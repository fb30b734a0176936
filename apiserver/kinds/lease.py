"""Lease: who leads, and since when; also the heartbeat of nodes."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation import Causes, forbidden, invalid

COORDINATED = ("strategy", "preferredHolder")
"""Fields of coordinated leader election, which a cluster leaves out unless it is switched on."""


def holder(lease: Object) -> str:
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def prepare(new: Object, old: Object | None) -> None:
    before = (old or {}).get("spec") or {}
    spec = new.get("spec") or {}
    if any(before.get(field) for field in COORDINATED):
        return
    for field in COORDINATED:
        spec.pop(field, None)


def validate(lease: Object) -> Causes:
    spec = lease.get("spec") or {}
    causes: Causes = []
    seconds, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    if seconds is not None and seconds <= 0:
        causes.append(invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"))
    if transitions is not None and transitions < 0:
        causes.append(invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0"))
    if spec.get("preferredHolder") and not spec.get("strategy"):
        causes.append(forbidden("spec.preferredHolder", "may only be specified when `strategy` is defined"))
    return causes


kind = Kind(
    "coordination.k8s.io/v1",
    "Lease",
    "leases",
    columns=(NAME, Column("Holder", holder), AGE),
    prepare=prepare,
    validate=validate,
    creates_on_update=True,
)
