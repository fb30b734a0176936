"""Conditions in CEL: what holds of an object, what is said where it does not, what is refused in a definition."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from apiserver.objects.definitions import rules
from apiserver.objects.expressions import loading, values
from apiserver.objects.structural.checking import NOTHING
from apiserver.objects.structural.conditions import of
from apiserver.objects.structural.judging import Judge

Object = dict[str, Any]
INTEGER, TEXT = {"type": "integer"}, {"type": "string"}


def schema(*conditions: str | Object, **properties: Object) -> Object:
    stated = [{"rule": one} if isinstance(one, str) else one for one in conditions]
    return {"type": "object", "properties": properties, "x-kubernetes-validations": stated}


def unmet(wanted: Object, value: Any, old: Any = NOTHING) -> list[str]:
    found = of(wanted, whole=False)
    assert found is not None
    return [str(cause) for cause in found.check(value, "spec", old)]


def test_a_schema_without_conditions_has_none() -> None:
    assert of({"type": "object", "properties": {"a": {"type": "array", "items": TEXT}}}) is None


def test_what_does_not_hold_is_told_in_the_words_of_the_rule() -> None:
    wanted = schema(
        {"rule": "self.low <= self.high", "message": " low must not exceed high "},
        {"rule": "self.high < 10", "messageExpression": "'too high: ' + string(self.high)"},
        {"rule": "self.high < 11", "messageExpression": "self.label", "message": "said otherwise"},
        {"rule": "self.high < 12", "reason": "FieldValueForbidden", "fieldPath": ".high"},
        low=INTEGER, high=INTEGER, label=TEXT,
    )  # fmt: skip
    assert unmet(wanted, {"low": 1, "high": 2}) == []
    assert unmet(wanted, {"low": 30, "high": 20}) == [
        "spec: Invalid value: low must not exceed high",
        "spec: Invalid value: too high: 20",
        "spec: Invalid value: said otherwise",
        "spec.high: Forbidden: failed rule: self.high < 12",
    ]


def test_simple_values_are_shown_and_others_are_not() -> None:
    odd = {"x-kubernetes-validations": [{"rule": "self % 2 == 1"}]}
    few = {"x-kubernetes-validations": [{"rule": "self.size() < 2"}]}
    wanted = schema(
        n={**INTEGER, **odd}, list={"type": "array", "items": {**INTEGER, **odd}, **few},
        map={"type": "object", "additionalProperties": {**INTEGER, **odd}},
    )  # fmt: skip
    assert unmet(wanted, {"n": 2, "list": [1, 4], "map": {"a": 6}}) == [
        "spec.n: Invalid value: 2: failed rule: self % 2 == 1",
        "spec.list: Invalid value: failed rule: self.size() < 2",
        "spec.list[1]: Invalid value: 4: failed rule: self % 2 == 1",
        "spec.map[a]: Invalid value: 6: failed rule: self % 2 == 1",
    ]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("self.n > 1", "no such key: n evaluating rule: self.n > 1"),
        ("self.list[3] > 1", "index out of bounds: 3 evaluating rule: self.list[3] > 1"),
        ("1 / self.zero > 1", "division by zero evaluating rule: 1 / self.zero > 1"),
        (
            "self.any > 1",
            "'no such overload': call arguments did not match a supported operator, function or macro signature for "
            "rule: self.any > 1",
        ),
    ],
)
def test_a_rule_that_comes_to_nothing_does_not_hold(rule: str, said: str) -> None:
    numbers = {"type": "array", "items": INTEGER}
    wanted = schema(rule, n=INTEGER, zero=INTEGER, list=numbers, any={"x-kubernetes-int-or-string": True})
    assert unmet(wanted, {"zero": 0, "list": [1], "any": "x"}) == [f"spec: Invalid value: {said}"]


def test_a_rule_about_changes_is_asked_only_of_changes() -> None:
    wanted = schema("self.n >= oldSelf.n", n=INTEGER)
    assert unmet(wanted, {"n": 1}) == []
    assert unmet(wanted, {"n": 1}, {"n": 1}) == []
    assert unmet(wanted, {"n": 1}, {"n": 2}) == ["spec: Invalid value: failed rule: self.n >= oldSelf.n"]
    optional = schema({"rule": "!oldSelf.hasValue() && self.n > 1", "optionalOldSelf": True}, n=INTEGER)
    assert unmet(optional, {"n": 2}) == []
    assert len(unmet(optional, {"n": 2}, {"n": 1})) == 1


def test_items_of_a_map_list_are_compared_by_key_and_others_not_at_all() -> None:
    item = schema("self.v >= oldSelf.v", k=TEXT, v=INTEGER)
    keyed = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": item}
    old = {"keyed": [{"k": "a", "v": 1}, {"k": "b", "v": 5}]}
    new = {"keyed": [{"k": "b", "v": 4}, {"k": "c", "v": 0}]}
    assert unmet(schema(keyed=keyed), new, old) == ["spec.keyed[0]: Invalid value: failed rule: self.v >= oldSelf.v"]


def test_what_has_not_changed_is_let_pass() -> None:
    wanted = schema("self.n < 5", n=INTEGER, inner=schema("self.m < 5", m=INTEGER))
    assert unmet(wanted, {"n": 9, "inner": {"m": 9}}, {"n": 9, "inner": {"m": 9}}) == []
    assert unmet(wanted, {"n": 8, "inner": {"m": 9}}, {"n": 9, "inner": {"m": 9}}) == [
        "spec: Invalid value: failed rule: self.n < 5"
    ]


@pytest.mark.parametrize(
    ("described", "value", "rule"),
    [
        ({"type": "string", "format": "date-time"}, "2026-01-02T03:04:05Z", "self.v.getFullYear() == 2026"),
        ({"type": "string", "format": "duration"}, "1h30m", "self.v == duration('90m')"),
        ({"type": "string", "format": "byte"}, "YWI=", "self.v == b'ab'"),
        ({"type": "number"}, 2, "self.v == 2.0"),
        ({"type": "array", "items": INTEGER}, [1, 2, 3], "self.v.isSorted() && self.v.sum() == 6 && self.v.max() == 3"),
        (TEXT, "a1b2", "self.v.findAll('[0-9]') == ['1', '2'] && self.v.find('b.') == 'b2'"),
        ({"type": "object", "additionalProperties": schema(x=TEXT)}, {"k": {"x": "y"}}, "self.v['k'].x == 'y'"),
        ({"type": "array", "items": {"type": "array", "items": TEXT}}, [["a"]], "self.v[0][0] == 'a'"),
    ],
)  # fmt: skip
def test_values_have_the_types_of_their_schema(described: Object, value: Any, rule: str) -> None:
    wanted = schema(rule, v=described)
    assert rules.validate(wanted, "at") == []
    assert unmet(wanted, {"v": value}) == []


def test_fields_are_named_so_that_every_name_can_be_written() -> None:
    names = ("plain", "a-b", "a.b", "a/b", "a__b", "namespace", "a b")
    assert [values.in_cel(name) for name in names] == [
        "plain", "a__dash__b", "a__dot__b", "a__slash__b", "a__underscores__b", "__namespace__", None,
    ]  # fmt: skip


def test_of_a_whole_object_only_the_name_is_seen() -> None:
    found = of(schema("self.metadata.name == 'a' && self.kind == 'Boat'"))
    assert found is not None
    assert found.check({"kind": "Boat", "metadata": {"name": "a", "labels": {}}}) == []
    said = [str(cause) for cause in rules.validate(schema("size(self.metadata.labels) > 0"), "at")]
    assert "undefined field 'labels'" in said[0]


def test_an_object_that_is_wrong_otherwise_is_not_asked() -> None:
    wanted = {**schema("self.n > 1", n=INTEGER), "required": ["n"]}
    assert [str(cause) for cause in Judge(wanted, None).new({})] == [
        "n: Required value",
        "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct "
        "the existing errors to complete validation",
    ]


@pytest.mark.parametrize(
    ("rule", "field", "said"),
    [
        (
            {"rule": "self.m > 1"},
            "rule",
            "compilation failed: ERROR: <input>:1:5: undefined field 'm'\n | self.m",
        ),
        ({"rule": "self.n > 'a'"}, "rule", "no matching overload for '_>_' applied to '(int, string)'"),
        ({"rule": "self.n"}, "rule", "cel expression must evaluate to a bool"),
        ({"rule": "self.n >"}, "rule", "compilation failed: ERROR: <input>:1:9: Syntax error"),
        ({"rule": "quantity('1') == self.n"}, "rule", "applied to '(kubernetes.Quantity, int)'"),
        ({"rule": "self.n > 1", "messageExpression": "self.n"}, "messageExpression", "must evaluate to a string"),
        ({"rule": "self.n > 1", "optionalOldSelf": True}, "optionalOldSelf", "may not be set if oldSelf is not used"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_refused_with_its_definition(rule: Object, field: str, said: str) -> None:
    causes = rules.validate(schema(rule, n=INTEGER), "at")
    assert [cause.field for cause in causes] == [f"at.x-kubernetes-validations[0].{field}"]
    assert said in causes[0].message


def test_items_without_keys_cannot_be_asked_what_they_were() -> None:
    listed = {"type": "array", "items": {**INTEGER, "x-kubernetes-validations": [{"rule": "self > oldSelf"}]}}
    assert [str(cause) for cause in rules.validate(schema(list=listed), "at")] == [
        'at.properties[list].items.x-kubernetes-validations[0].rule: Invalid value: "self > oldSelf": oldSelf cannot '
        "be used on the uncorrelatable portion of the schema within at.properties[list]"
    ]


def test_the_library_is_not_loaded_before_it_is_needed() -> None:
    program = "import sys, apiserver.cluster; print([m for m in sys.modules if m.startswith(('cel_', 'google'))])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_without_the_library_conditions_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "is_available", lambda: False)
    assert [str(cause) for cause in rules.validate(schema("self.n > 1", n=INTEGER), "at")] == [
        "at.x-kubernetes-validations: Forbidden: conditions in CEL need the Python package cel-expr-python, which is "
        "not installed here"
    ]
