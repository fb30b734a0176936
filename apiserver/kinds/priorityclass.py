"""PriorityClass: a name for how important Pods are, and whether they may push others out."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.priorities import HIGHEST_FOR_USERS, SYSTEM_PREFIX, why_not_a_system_class
from apiserver.objects.validation import IMMUTABLE, Causes, forbidden, invalid, not_supported, required
from apiserver.objects.validation.names import subdomain_name
from apiserver.objects.validation.podspec import PREEMPTION_POLICIES


def validate_create(new: Object) -> Causes:
    name, value, policy = new["metadata"].get("name", ""), new.get("value", 0), new.get("preemptionPolicy", "")
    causes: Causes = []
    if name.startswith(SYSTEM_PREFIX):
        because = why_not_a_system_class(name, value, new.get("globalDefault", False))
        if because:
            text = "priority class names with 'system-' prefix are reserved for system use only. error: "
            causes.append(forbidden("metadata.name", text + because))
    elif value > HIGHEST_FOR_USERS:
        text = f"maximum allowed value of a user defined priority is {HIGHEST_FOR_USERS}"
        causes.append(forbidden("value", text))
    if policy not in PREEMPTION_POLICIES:
        at = "preemptionPolicy"
        causes.append(not_supported(at, policy, PREEMPTION_POLICIES) if policy else required(at))
    return causes


def validate_update(new: Object, old: Object) -> Causes:
    causes: Causes = []
    if new.get("value", 0) != old.get("value", 0):
        causes.append(forbidden("value", "may not be changed in an update."))
    policy = new.get("preemptionPolicy")
    if policy != old.get("preemptionPolicy"):
        causes.append(invalid("preemptionPolicy", policy, IMMUTABLE))
    return causes


kind = Kind(
    "scheduling.k8s.io/v1",
    "PriorityClass",
    "priorityclasses",
    short=("pc",),
    namespaced=False,
    has_generation=True,
    is_new_generation=lambda new, old: False,
    columns=(
        NAME,
        Column("Value", lambda pc: pc.get("value", 0), type="integer"),
        Column("Global-Default", lambda pc: bool(pc.get("globalDefault")), type="boolean"),
        AGE,
        Column("PreemptionPolicy", lambda pc: str(pc.get("preemptionPolicy", ""))),
    ),
    validate_name=subdomain_name,
    validate_create=validate_create,
    validate_update=validate_update,
)
