"""The conditions in CEL of a schema (x-kubernetes-validations): what is wrong with them, before they judge anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from apiserver.objects.definitions import Node, printed
from apiserver.objects.expressions import costs, loading
from apiserver.objects.expressions.typing import ANYTHING, RuleScope
from apiserver.objects.structural import fieldpaths, is_embedded
from apiserver.objects.validation import Causes, forbidden, invalid, not_supported, required

REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_NEWLINES = re.compile(r"[\n\r]")
_RULES = "x-kubernetes-validations"

MOST, MOST_OF_ALL = 10_000_000, 100_000_000
"""What one expression may cost, for all places in an object together; and all of a schema."""
WORST = 4
"""How many are named of those that make a schema cost too much."""
TOTAL, OF_ALL = "estimated rule cost total", " for entire OpenAPIv3 schema"
ADVICE = (
    "try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are "
    "declared"
)


class Place(NamedTuple):
    """A part of a schema; `loose`: the path of what it stands in that does not tell old from new, if anything; `times`:
    how often there is such a part in an object at most, None where nothing bounds it."""

    schema: Node
    path: str
    loose: str
    whole: bool
    times: int | None = 1


class Spent(NamedTuple):
    """What one expression may cost."""

    path: str
    cost: int


def validate(schema: Node, path: str) -> Causes:
    """What is wrong with the conditions of a schema and of all places in it."""
    spent: list[Spent] = []
    causes = [cause for place in _places(Place(schema, path, "", True)) for cause in _at(place, spent)]
    total = min(sum(each.cost for each in spent), costs.BOUNDLESS)
    if total > MOST_OF_ALL:
        worst = sorted((each for each in spent if each.cost >= MOST_OF_ALL // 100), key=lambda each: -each.cost)
        causes += [
            forbidden(each.path, f"contributed to {TOTAL} exceeding cost limit{OF_ALL}") for each in worst[:WORST]
        ]
        causes.append(forbidden(path, _too_much(f"{TOTAL}{OF_ALL}", total, MOST_OF_ALL)))
    return causes


def _places(place: Place) -> Iterator[Place]:
    schema, path, loose = place.schema, place.path, place.loose
    within = loose or (path if schema.get("x-kubernetes-map-type") == "atomic" else "")
    if isinstance(schema.get("additionalProperties"), dict):
        times = _times(place, "maxProperties")
        yield from _places(_inner(schema["additionalProperties"], f"{path}.additionalProperties", within, times))
    for name, child in (schema.get("properties") or {}).items():
        yield from _places(_inner(child, f"{path}.properties[{name}]", within, place.times))
    if isinstance(schema.get("items"), dict):
        is_map = schema.get("x-kubernetes-list-type") == "map"
        keyless = loose if is_map else loose or path
        yield from _places(_inner(schema["items"], f"{path}.items", keyless, _times(place, "maxItems")))
    if schema.get(_RULES):
        yield place


def _inner(schema: Node, path: str, loose: str, times: int | None) -> Place:
    return Place(schema, path, loose, is_embedded(schema), times)


def _times(place: Place, bound: str) -> int | None:
    most = place.schema.get(bound)
    return None if place.times is None or most is None else min(place.times * max(int(most), 0), costs.BOUNDLESS)


def _at(place: Place, spent: list[Spent]) -> Causes:
    causes: Causes = []
    path = f"{place.path}.{_RULES}"
    if not loading.is_available():
        detail = "conditions in CEL need the Python package cel-expr-python, which is not installed here"
        return [forbidden(path, detail)]
    scope = RuleScope(place.schema, whole=place.whole)
    for index, rule in enumerate(place.schema[_RULES]):
        causes += _wording(rule, place.schema, f"{path}[{index}]")
        found = _compiling(rule, scope, place.loose, f"{path}[{index}]")
        causes += found or _costing(rule, place, f"{path}[{index}]", spent)
    return causes


def _costing(rule: Node, place: Place, path: str, spent: list[Spent]) -> Causes:
    """What is wrong with the expressions of a rule that are sound, but may be too much work."""
    causes: Causes = []
    times = costs.repeated(place.schema) if place.times is None else place.times
    for field, called, often in (("rule", "rule", times), ("messageExpression", "messageExpression", 1)):
        text = rule.get(field, "")
        if not text.strip():
            continue
        cost = min(costs.of_rule(text, place.schema, whole=place.whole) * often, costs.BOUNDLESS)
        spent.append(Spent(f"{path}.{field}", cost))
        if cost > MOST:
            causes.append(forbidden(f"{path}.{field}", _too_much(f"estimated {called} cost", cost, MOST)))
    return causes


def _too_much(what: str, cost: int, most: int) -> str:
    factor = cost / most
    said = "more than 100x" if factor > 100 else f"{factor:f}x" if factor < 1.5 else f"{factor:.1f}x"
    return f"{what} exceeds budget by factor of {said} ({ADVICE})"


def _compiling(rule: Node, scope: RuleScope, loose: str, path: str) -> Causes:
    """What the compiler has against the expressions of a rule."""
    causes: Causes = []
    text, message = rule.get("rule", ""), rule.get("messageExpression", "")
    optional = rule.get("optionalOldSelf")
    if not text.strip():
        return []
    try:
        found = scope.check(text, optional_old=bool(optional))
    except loading.BadExpression as error:
        return [invalid(f"{path}.rule", printed.rule(rule), f"compilation failed: {error}")]
    if found.type not in ("BOOL", ANYTHING):
        return [invalid(f"{path}.rule", printed.rule(rule), "cel expression must evaluate to a bool")]
    if message.strip():
        causes += _message_causes(rule, scope, message, path)
    if found.uses_old and loose:
        detail = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {loose}"
        causes.append(invalid(f"{path}.rule", text, detail))
    if optional is not None and not found.uses_old:
        detail = "may not be set if oldSelf is not used in rule"
        causes.append(invalid(f"{path}.optionalOldSelf", optional, detail))
    return causes


def _message_causes(rule: Node, scope: RuleScope, text: str, path: str) -> Causes:
    try:
        found = scope.check(text, optional_old=bool(rule.get("optionalOldSelf")))
    except loading.BadExpression as error:
        detail = f"messageExpression compilation failed: {error}"
    else:
        detail = "" if found.type in ("STRING", ANYTHING) else "messageExpression must evaluate to a string"
    return [invalid(f"{path}.messageExpression", printed.rule(rule), detail)] if detail else []


def _wording(rule: Node, schema: Node, path: str) -> Causes:
    causes: Causes = []
    text, message = rule.get("rule", "").strip(), rule.get("message", "")
    if not text:
        causes.append(required(f"{path}.rule", "rule is not specified"))
    elif message and not message.strip():
        causes.append(invalid(f"{path}.message", message, "must be non-empty if specified"))
    elif _NEWLINES.search(message.strip()):
        causes.append(invalid(f"{path}.message", message, "must not contain line breaks"))
    elif _NEWLINES.search(text) and not message.strip():
        causes.append(required(f"{path}.message", "message must be specified if rule contains line breaks"))
    if rule.get("messageExpression") and not rule["messageExpression"].strip():
        causes.append(required(f"{path}.messageExpression", "messageExpression must be non-empty if specified"))
    if rule.get("reason") is not None and rule["reason"] not in REASONS:
        causes.append(not_supported(f"{path}.reason", rule["reason"], REASONS))
    field_path = rule.get("fieldPath", "")
    if field_path:
        if not field_path.strip():
            causes.append(invalid(f"{path}.fieldPath", field_path, "must be non-empty if specified"))
        if _NEWLINES.search(field_path):
            causes.append(invalid(f"{path}.fieldPath", field_path, "must not contain line breaks"))
        try:
            fieldpaths.resolved(field_path, schema, with_brackets=True)
        except fieldpaths.BadPath:
            causes.append(invalid(f"{path}.fieldPath", field_path, "must be a valid path"))
    return causes
