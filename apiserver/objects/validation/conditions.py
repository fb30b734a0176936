"""Validation of conditions in the common form (meta/v1 Condition)."""

from __future__ import annotations

import re

from apiserver.objects.validation import Causes, Object, duplicate, invalid, not_supported, required, too_long
from apiserver.objects.validation.names import byte_length, problems, qualified_name, regex_problem

STATUSES = ("False", "True", "Unknown")
REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
REASON_MAX_BYTES, MESSAGE_MAX_BYTES = 1024, 32 * 1024

_is_reason = re.compile(REASON, re.ASCII).fullmatch


def validate_conditions(at: str, conditions: list[Object]) -> Causes:
    """Each of a type of its own, with a status, a time, a reason."""
    causes: Causes = []
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        here, type_ = f"{at}[{index}]", condition.get("type", "")
        if type_ in seen:
            causes.append(duplicate(f"{here}.type", type_))
        seen.add(type_)
        causes += _validate_condition(here, condition)
    return causes


def _validate_condition(at: str, condition: Object) -> Causes:
    type_, reason, message = (condition.get(field, "") for field in ("type", "reason", "message"))
    causes = problems(f"{at}.type", type_, qualified_name(type_))
    if condition.get("status", "") not in STATUSES:
        causes.append(not_supported(f"{at}.status", condition.get("status", ""), STATUSES))
    generation = condition.get("observedGeneration", 0)
    if generation < 0:
        text = "must be greater than or equal to zero"
        causes.append(invalid(f"{at}.observedGeneration", generation, text))
    if not condition.get("lastTransitionTime"):
        causes.append(required(f"{at}.lastTransitionTime", "must be set"))
    if not reason:
        causes.append(required(f"{at}.reason", "must be set"))
    else:
        if not _is_reason(reason):
            text = (
                "a condition reason must start with alphabetic character, optionally followed by a string of "
                "alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'"
            )
            found = regex_problem(text, REASON, "my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB")
            causes += problems(f"{at}.reason", reason, [found])
        if byte_length(reason) > REASON_MAX_BYTES:
            causes.append(too_long(f"{at}.reason", REASON_MAX_BYTES))
    if byte_length(message) > MESSAGE_MAX_BYTES:
        causes.append(too_long(f"{at}.message", MESSAGE_MAX_BYTES))
    return causes
