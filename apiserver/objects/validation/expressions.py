"""Expressions in CEL in webhook configurations and policies: what is wrong with them, in Kubernetes' words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apiserver.objects.expressions import requests
from apiserver.objects.expressions.loading import BadExpression
from apiserver.objects.expressions.requests import Sight
from apiserver.objects.validation import Causes, duplicate, invalid, required, too_many
from apiserver.objects.validation.names import qualified_name

Object = dict[str, Any]

MAX_CONDITIONS = 64


def match_conditions(conditions: Sequence[Object] | None, at: str, sight: Sight) -> Causes:
    """What is wrong with conditions that a request must meet before anything else is asked."""
    conditions = conditions or ()
    causes: Causes = []
    if len(conditions) > MAX_CONDITIONS:
        causes.append(too_many(at, len(conditions), MAX_CONDITIONS))
    names: set[str] = set()
    for index, condition in enumerate(conditions):
        causes += _match_condition(condition, f"{at}[{index}]", sight)
        name = condition.get("name", "")
        if name and name in names:
            causes.append(duplicate(f"{at}[{index}].name", name))
        names.add(name)
    return causes


def _match_condition(condition: Object, at: str, sight: Sight) -> Causes:
    text, name = condition.get("expression", "").strip(), condition.get("name", "")
    causes = [required(f"{at}.expression")] if not text else expression(text, f"{at}.expression", sight, "bool")
    if not name:
        return [*causes, required(f"{at}.name")]
    return causes + [invalid(f"{at}.name", name, said) for said in qualified_name(name)]


def expression(text: str, at: str, sight: Sight, *wanted: str) -> Causes:
    """What is wrong with an expression that must be of one of the types wanted."""
    try:
        requests.type_of(text, sight, *wanted)
    except BadExpression as error:
        return [invalid(at, text, str(error))]
    return []
