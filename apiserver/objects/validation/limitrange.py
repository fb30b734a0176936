"""Validation of a LimitRange: known types and resources, and bounds that leave room between them."""

from __future__ import annotations

from apiserver.objects.quantity import Quantity, parse
from apiserver.objects.validation import Causes, Object, duplicate, forbidden, invalid, required
from apiserver.objects.validation.names import problems, qualified_name
from apiserver.objects.validation.resources import (
    allows_overcommit,
    validate_container_resource_name,
    validate_resource_name,
)

TYPES = ("Pod", "Container", "PersistentVolumeClaim")
BOUNDS, DEFAULTS = ("max", "min"), ("default", "defaultRequest")
RATIO = "maxLimitRequestRatio"

Amounts = dict[str, Quantity]


def validate(limits: Object) -> Causes:
    causes: Causes = []
    seen: set[str] = set()
    for index, item in enumerate((limits.get("spec") or {}).get("limits") or ()):
        at, type_ = f"spec.limits[{index}]", item.get("type", "")
        causes += _validate_type(f"{at}.type", type_)
        if type_ in seen:
            causes.append(duplicate(f"{at}.type", type_))
        seen.add(type_)
        causes += _validate_item(at, type_, item)
    return causes


def _validate_type(at: str, type_: str) -> Causes:
    if found := qualified_name(type_):
        return problems(at, type_, found)
    if "/" not in type_ and type_ not in TYPES:
        return [invalid(at, type_, "must be a standard limit type or fully qualified")]
    return []


def _validate_item(at: str, type_: str, item: Object) -> Causes:
    causes: Causes = []
    amounts: dict[str, Amounts] = {}
    for field in (*BOUNDS, *DEFAULTS, RATIO):
        given = item.get(field) or {}
        if field in DEFAULTS and type_ == "Pod":
            if given:
                causes.append(forbidden(f"{at}.{field}", "may not be specified when `type` is 'Pod'"))
            given = {}
        if field == RATIO and type_ == "PersistentVolumeClaim":
            causes += _validate_storage(at, amounts)
        check_name = validate_container_resource_name if type_ in ("Pod", "Container") else validate_resource_name
        for name in sorted(given):
            causes += check_name(f"{at}.{field}[{name}]", name)
        amounts[field] = {name: parse(given[name]) for name in sorted(given)}
    for name in sorted({name for given in amounts.values() for name in given}):
        causes += _validate_amounts(at, name, {field: given.get(name) for field, given in amounts.items()})
    return causes


def _validate_storage(at: str, amounts: dict[str, Amounts]) -> Causes:
    if any("storage" in amounts[field] for field in BOUNDS):
        return []
    text = "either minimum or maximum storage value is required, but neither was provided"
    return [required(f"{at}.limits", text)]


ORDER = (
    # the smaller one, its name in messages, the greater one, its name; the field that is told of, the value shown
    ("min", "min", "max", "max", "min", "min"),
    ("min", "min", "defaultRequest", "default request", "defaultRequest", "defaultRequest"),
    ("defaultRequest", "default request", "max", "max", "defaultRequest", "defaultRequest"),
    ("defaultRequest", "default request", "default", "default limit", "defaultRequest", "defaultRequest"),
    ("min", "min", "default", "default", "default", "min"),
    ("default", "default", "max", "max", "default", "max"),
)  # fmt: skip


def _validate_amounts(at: str, name: str, amounts: dict[str, Quantity | None]) -> Causes:
    """The bounds and defaults of one resource against each other."""
    causes: Causes = []
    for small, small_name, great, great_name, field, shown in ORDER:
        less, more = amounts[small], amounts[great]
        if less is not None and more is not None and less > more:
            text = f"{small_name} value {less} is greater than {great_name} value {more}"
            causes.append(invalid(f"{at}.{field}[{name}]", str(amounts[shown]), text))
    causes += _validate_ratio(f"{at}.{RATIO}[{name}]", amounts[RATIO], amounts["min"], amounts["max"])
    limit, request = amounts["default"], amounts["defaultRequest"]
    if limit is not None and request is not None and limit != request and not allows_overcommit(name):
        text = f"default value {limit} must equal to defaultRequest value {request} in {name}"
        causes.append(invalid(f"{at}.defaultRequest[{name}]", str(request), text))
    return causes


def _int64(number: int) -> int:
    return max(-(2**63), min(2**63 - 1, number))


def _validate_ratio(at: str, ratio: Quantity | None, least: Quantity | None, most: Quantity | None) -> Causes:
    if ratio is None:
        return []
    causes: Causes = []
    if ratio.value < 1:
        causes.append(invalid(at, str(ratio), f"ratio {ratio} is less than 1"))
    if least is not None and most is not None and least.value:
        possible = _int64(most.milli()) / _int64(least.milli())
        if float(ratio.value) > possible:
            causes.append(invalid(at, str(ratio), f"ratio {ratio} is greater than max/min = {possible:f}"))
    return causes
