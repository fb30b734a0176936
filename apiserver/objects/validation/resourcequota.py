"""Validation of a ResourceQuota: resources that can be counted, and scopes that go with them."""

from __future__ import annotations

from apiserver.objects.quantity import parse
from apiserver.objects.validation import IMMUTABLE, Causes, Object, Printed, as_json, invalid, required
from apiserver.objects.validation.resources import (
    COUNTED,
    HUGE_PAGES,
    validate_quantity,
    validate_resource_name,
)

COMPUTE = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
STORAGE = frozenset({"persistentvolumeclaims", "requests.storage"})
PODS = frozenset({"pods"})
STANDARD = COUNTED | COMPUTE | {
    "ephemeral-storage", "requests.ephemeral-storage", "limits.ephemeral-storage", "requests.storage",
}  # fmt: skip
"""Resources without a domain that a quota can limit."""

POD_SCOPES = ("Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity")
"""Scopes that a Pod is in or not, and that have no values."""
SCOPES = {
    **dict.fromkeys(POD_SCOPES, PODS | COMPUTE),
    "BestEffort": PODS,
    "PriorityClass": PODS | COMPUTE,
    "VolumeAttributesClass": STORAGE,
}
"""Each scope, with the resources that it can narrow down."""
CONFLICTS = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})

ONLY_EXISTS = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)


def validate(quota: Object) -> Causes:
    spec = quota.get("spec") or {}
    causes = _validate_amounts("spec.hard", spec.get("hard") or {})
    causes += _validate_scopes("spec.scopes", spec)
    if spec.get("scopeSelector"):
        causes += _validate_selector("spec.scopeSelector.matchExpressions", spec)
    return causes


def validate_update(new: Object, old: Object) -> Causes:
    scopes, before = (object["spec"].get("scopes") or [] for object in (new, old))
    return [] if set(scopes) == set(before) else [invalid("spec.scopes", scopes or None, IMMUTABLE)]


def validate_status(new: Object, old: Object) -> Causes:
    status = new.get("status") or {}
    return [c for part in ("hard", "used") for c in _validate_amounts(f"status.{part}", status.get(part) or {})]


def _is_standard(name: str) -> bool:
    return name in STANDARD or name.startswith((HUGE_PAGES, f"requests.{HUGE_PAGES}"))


def _validate_amounts(at: str, amounts: dict[str, str]) -> Causes:
    causes: Causes = []
    for name, text in sorted(amounts.items()):
        here = f"{at}[{name}]"
        causes += validate_resource_name(here, name)
        if "/" not in name and not _is_standard(name):
            causes.append(invalid(here, name, "must be a standard resource for quota"))
        causes += validate_quantity(here, name, parse(text))
    return causes


def _cannot_narrow(scope: str, hard: dict[str, str]) -> list[str]:
    """The limited resources that a scope says nothing about."""
    allowed = SCOPES.get(scope)
    return [] if allowed is None else [name for name in sorted(hard) if _is_standard(name) and name not in allowed]


def _validate_scopes(at: str, spec: Object) -> Causes:
    scopes, hard = spec.get("scopes") or [], spec.get("hard") or {}
    causes: Causes = []
    for scope in scopes:
        if scope not in SCOPES:
            causes.append(invalid(at, scopes, "unsupported scope"))
        causes += [invalid(at, scopes, "unsupported scope applied to resource") for _ in _cannot_narrow(scope, hard)]
    return causes + _validate_conflicts(at, set(scopes), scopes)


def _validate_conflicts(at: str, chosen: set[str], scopes: list[str]) -> Causes:
    return [invalid(at, scopes or None, "conflicting scopes") for pair in CONFLICTS if pair <= chosen]


def _validate_selector(at: str, spec: Object) -> Causes:
    selector, hard = spec["scopeSelector"], spec.get("hard") or {}
    causes: Causes = []
    chosen: set[str] = set()
    for expression in selector.get("matchExpressions") or ():
        scope, operator = expression.get("scopeName", ""), expression.get("operator", "")
        if scope not in SCOPES:
            causes.append(invalid(f"{at}.scopeName", scope, "unsupported scope"))
        unsupported = invalid(at, _printed(selector), "unsupported scope applied to resource")
        causes += [unsupported for _ in _cannot_narrow(scope, hard)]
        if scope in POD_SCOPES and operator != "Exists":
            causes.append(invalid(f"{at}.operator", operator, ONLY_EXISTS))
        causes += _validate_values(at, operator, expression.get("values") or [])
        chosen.add(scope)
    return causes + _validate_conflicts(at, chosen, spec.get("scopes") or [])


def _validate_values(at: str, operator: str, values: list[str]) -> Causes:
    if operator in ("In", "NotIn"):
        text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
        return [] if values else [required(f"{at}.values", text)]
    if operator in ("Exists", "DoesNotExist"):
        text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
        return [invalid(f"{at}.values", values, text)] if values else []
    return [invalid(f"{at}.operator", operator, "not a valid selector operator")]


def _printed(selector: Object) -> Printed:
    expressions = ",".join(
        "{"
        f'"ScopeName":{as_json(e.get("scopeName", ""))},"Operator":{as_json(e.get("operator", ""))},'
        f'"Values":{as_json(e.get("values") or None)}'
        "}"
        for e in selector.get("matchExpressions") or ()
    )
    return Printed(f'{{"MatchExpressions":[{expressions}]}}')
