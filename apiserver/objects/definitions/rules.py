"""The conditions in CEL of a schema (x-kubernetes-validations): what is wrong with them, before they judge anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from apiserver.objects.definitions import Node, printed
from apiserver.objects.expressions import loading
from apiserver.objects.expressions.typing import ANYTHING, RuleScope
from apiserver.objects.structural import fieldpaths, is_embedded
from apiserver.objects.validation import Causes, forbidden, invalid, not_supported, required

REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_NEWLINES = re.compile(r"[\n\r]")
_RULES = "x-kubernetes-validations"


class Place(NamedTuple):
    """A part of a schema; `loose`: the path of what it stands in that does not tell old from new, if anything."""

    schema: Node
    path: str
    loose: str
    whole: bool


def validate(schema: Node, path: str) -> Causes:
    """What is wrong with the conditions of a schema and of all places in it."""
    return [cause for place in _places(Place(schema, path, "", True)) for cause in _at(place)]


def _places(place: Place) -> Iterator[Place]:
    schema, path, loose, _ = place
    within = loose or (path if schema.get("x-kubernetes-map-type") == "atomic" else "")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _places(_inner(schema["additionalProperties"], f"{path}.additionalProperties", within))
    for name, child in (schema.get("properties") or {}).items():
        yield from _places(_inner(child, f"{path}.properties[{name}]", within))
    if isinstance(schema.get("items"), dict):
        is_map = schema.get("x-kubernetes-list-type") == "map"
        yield from _places(_inner(schema["items"], f"{path}.items", loose if is_map else loose or path))
    if schema.get(_RULES):
        yield place


def _inner(schema: Node, path: str, loose: str) -> Place:
    return Place(schema, path, loose, is_embedded(schema))


def _at(place: Place) -> Causes:
    causes: Causes = []
    path = f"{place.path}.{_RULES}"
    if not loading.is_available():
        detail = "conditions in CEL need the Python package cel-expr-python, which is not installed here"
        return [forbidden(path, detail)]
    scope = RuleScope(place.schema, whole=place.whole)
    for index, rule in enumerate(place.schema[_RULES]):
        causes += _wording(rule, place.schema, f"{path}[{index}]")
        causes += _compiling(rule, scope, place.loose, f"{path}[{index}]")
    return causes


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
