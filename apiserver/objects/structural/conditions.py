"""Custom objects against the conditions in CEL of their schema (x-kubernetes-validations).

Conditions are looked for once, when the kind comes; a schema without any costs nothing. A rule that asks for oldSelf is
about a change and is asked only where something stood before. Of the others, those that hold no longer for a part that
has not changed are let pass, as with the rest of the schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from apiserver.errors import Cause
from apiserver.objects.expressions import running
from apiserver.objects.expressions.loading import Failed
from apiserver.objects.expressions.values import plain
from apiserver.objects.structural import Node, fieldpaths, is_embedded, values_of
from apiserver.objects.structural.checking import NOTHING, correlated, same
from apiserver.objects.validation import Causes, forbidden, invalid, required, shown

MAX_MESSAGE_BYTES = 5 * 1024
"""A messageExpression that says more is not heard."""

UNCHECKED = invalid(
    "<nil>",
    None,
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation",
)
BLOCKING = frozenset(("FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"))
"""Reasons for which conditions are not looked at: they rely on what is wrong."""


@dataclass(frozen=True)
class _Old:
    """What stood at a place before: NOTHING where that cannot be told; `unchanged`: this or what it stands in is the
    same as it was."""

    value: Any = NOTHING
    unchanged: bool = False


@dataclass(frozen=True)
class Conditions:
    """The conditions of a place and of those within it."""

    schema: Node
    whole: bool
    members: dict[str, Conditions] = field(default_factory=dict)
    values: Conditions | None = None
    items: Conditions | None = None
    juncts: tuple[Conditions, ...] = ()

    def check(self, value: Any, path: str = "", old: Any = NOTHING) -> Causes:
        """What does not hold of a value; `old` is the value it replaces, if any."""
        return self._check(value, path, _Old(old, old is not NOTHING and same(value, old)))

    def _check(self, value: Any, path: str, old: _Old) -> Causes:
        if value is None:
            return []
        causes = [cause for rule in self._rules for cause in rule.check(value, path, old)]
        for junct in self.juncts:
            causes += junct._check(value, path, _Old(old.value))
        if isinstance(value, list) and self.items is not None:
            for index, (item, before) in enumerate(zip(value, correlated(self.schema, value, old.value), strict=True)):
                causes += self.items._check(item, f"{path}[{index}]", _inside(item, before, old))
        if isinstance(value, dict):
            before = old.value if isinstance(old.value, dict) else {}
            is_atomic = self.schema.get("x-kubernetes-map-type") == "atomic"
            for name, item in value.items():
                within = self.members.get(name) or self.values
                if within is not None:
                    place = f"{path}[{name}]" if name not in self.members else f"{path}.{name}" if path else name
                    stood = NOTHING if is_atomic else before.get(name, NOTHING)
                    causes += within._check(item, place, _inside(item, stood, old))
        return causes

    @cached_property
    def _rules(self) -> list[_Rule]:
        return [_Rule(rule, self.schema, self.whole) for rule in self.schema.get("x-kubernetes-validations") or ()]


def of(schema: Node, *, whole: bool = True) -> Conditions | None:
    """The conditions of a schema, None where it has none."""
    return _of(schema, schema, whole=whole)


def _of(rules: Node, schema: Node, *, whole: bool) -> Conditions | None:
    """Those that `rules` states of what `schema` describes: the same, but for what stands in an allOf."""
    found = schema if rules is schema else {**schema, "x-kubernetes-validations": rules.get("x-kubernetes-validations")}
    members = {}
    for name, stated in (rules.get("properties") or {}).items():
        described = (schema.get("properties") or {}).get(name)
        inner = _of(stated, described, whole=is_embedded(described)) if described is not None else None
        if inner is not None:
            members[name] = inner
    values = _both(values_of(rules), values_of(schema))
    items = _both(rules.get("items"), schema.get("items"))
    juncts = tuple(one for junct in rules.get("allOf") or () if (one := _of(junct, schema, whole=whole)))
    if not (rules.get("x-kubernetes-validations") or members or values or items or juncts):
        return None
    return Conditions(found, whole, members, values, items, juncts)


def _both(rules: Node | None, schema: Node | None) -> Conditions | None:
    return _of(rules, schema, whole=is_embedded(schema)) if rules and schema else None


def _inside(value: Any, before: Any, old: _Old) -> _Old:
    return _Old(before, old.unchanged or (before is not NOTHING and same(value, before)))


class _Rule:
    """One condition."""

    def __init__(self, rule: Node, schema: Node, whole: bool) -> None:
        self._rule, self._schema, self._whole = rule, schema, whole
        self._optional = bool(rule.get("optionalOldSelf"))

    def check(self, value: Any, path: str, old: _Old) -> Causes:
        expression = running.compiled(self._rule["rule"], optional_old=self._optional)
        has_old = old.value is not NOTHING and old.value is not None
        if expression.uses_old and not has_old and not self._optional:
            return []
        before = plain(old.value, self._schema, whole=self._whole) if has_old else None
        now = plain(value, self._schema, whole=self._whole)
        try:
            if expression.value(now, before, has_old=has_old) is True:
                return []
        except Failed as error:
            return [_invalid(path, value, self._failure(error))]
        if old.unchanged and not expression.uses_old:
            return []
        return [self._cause(value, path, self._message(now, before, has_old=has_old))]

    def _failure(self, error: Failed) -> str:
        if str(error) == "no such overload":
            what = "call arguments did not match a supported operator, function or macro signature for rule"
            return f"'{error}': {what}: {self._named}"
        return f"{error} evaluating rule: {self._named}"

    @property
    def _named(self) -> str:
        return str(self._rule.get("message") or self._rule["rule"]).strip()

    def _message(self, now: Any, before: Any, *, has_old: bool) -> str:
        text = self._rule.get("messageExpression")
        if text:
            expression = running.compiled(text, optional_old=self._optional)
            try:
                said = expression.value(now, before, has_old=has_old)
            except Failed:
                said = None
            said = said.strip() if isinstance(said, str) else ""
            if said and "\n" not in said and len(said.encode()) <= MAX_MESSAGE_BYTES:
                return said
        return self._named if self._rule.get("message") else f"failed rule: {self._named}"

    def _cause(self, value: Any, path: str, detail: str) -> Cause:
        at = self._rule.get("fieldPath")
        if at:
            path = fieldpaths.joined(path, at, self._schema)
        return _CAUSES.get(self._rule.get("reason", ""), _invalid)(path, value, detail)


def _invalid(path: str, value: Any, detail: str) -> Cause:
    """As `invalid`, but of maps and lists nothing is shown."""
    shown_value = "" if isinstance(value, dict | list) else f"{shown(value)}: "
    return Cause(path or "<nil>", "FieldValueInvalid", f"Invalid value: {shown_value}{detail}")


def _duplicate(path: str, value: Any, detail: str) -> Cause:
    shown_value = "" if isinstance(value, dict | list) else f": {shown(value)}"
    return Cause(path or "<nil>", "FieldValueDuplicate", f"Duplicate value{shown_value}")


_CAUSES: dict[str, Callable[[str, Any, str], Cause]] = {
    "FieldValueForbidden": lambda path, value, detail: forbidden(path or "<nil>", detail),
    "FieldValueRequired": lambda path, value, detail: required(path or "<nil>", detail),
    "FieldValueDuplicate": _duplicate,
}
