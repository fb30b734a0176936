"""What expressions may cost at worst, and what is said of those that may cost too much."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.objects.definitions import rules
from apiserver.objects.expressions import costs

Object = dict[str, Any]
NUMBER, TEXT = {"type": "integer"}, {"type": "string"}


def array(items: Object, **more: Any) -> Object:
    return {"type": "array", "items": items, **more}


def object_(**properties: Object) -> Object:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("rule", "schema", "cost"),
    [
        ("true", NUMBER, 0),
        ("self == 1", NUMBER, 1),
        ("self.all(x, true)", array(NUMBER), 4718591),
        ("self.all(x, true)", array(NUMBER, maxItems=10), 32),
        ("self.all(x, x == 1)", array(NUMBER, maxItems=10), 10 * (2 + 1 + 1) + 2),
        ("self.n + self.n > 3", object_(n=NUMBER), 2 * 2 + 1 + 1),
        ("has(self.n)", object_(n=NUMBER), 1),
        ("has(self.n) ? self.n > 1 : true", object_(n=NUMBER), 1 + 3),
        ("self.t.startsWith('abcdefghijk')", object_(t=TEXT), 2 + 2),
        ("self.t.contains('ab')", object_(t={**TEXT, "maxLength": 25}), 2 + 10),
        ("self.t.matches('a{2,3}')", object_(t={**TEXT, "maxLength": 25}), 2 + 11 * 2),
        ("self.t == 'abc'", object_(t={**TEXT, "maxLength": 25}), 2 + 1),
        ("self.t in ['a', 'b']", object_(t={**TEXT, "enum": ["a", "bc"]}), 2 + 10 + 2),
        ("self.filter(x, x > 1).size() > 0", array(NUMBER, maxItems=3), 1 + 10 + 3 * (2 + 13) + 1 + 2),
        ("self['a'] == 'b'", {"type": "object", "additionalProperties": TEXT, "maxProperties": 2}, 1 + 1 + 1),
        ("self.isSorted()", array({**TEXT, "maxLength": 10}, maxItems=10), 1 + 10 * (1 + 4)),
    ],
)
def test_what_a_rule_may_cost(rule: str, schema: Object, cost: int) -> None:
    assert costs.of_rule(rule, schema, whole=False) == cost


def refusals(schema: Object) -> list[str]:
    return [str(cause) for cause in rules.validate(schema, "at")]


ADVICE = (
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are "
    "declared)"
)


def test_a_rule_that_may_cost_too_much_is_refused_unless_sizes_are_bounded() -> None:
    text = {**TEXT, "x-kubernetes-validations": [{"rule": "self.contains('a')"}]}
    assert refusals(object_(all=array(text))) == [
        "at.properties[all].items.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by "
        f"factor of more than 100x {ADVICE}",
        "at.properties[all].items.x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule cost "
        "total exceeding cost limit for entire OpenAPIv3 schema",
        "at: Forbidden: estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than "
        f"100x {ADVICE}",
    ]
    assert refusals(object_(all=array({**text, "maxLength": 60}, maxItems=100))) == []


@pytest.mark.parametrize(("most", "factor"), [(3_000_000, ""), (4_000_000, "1.200000x"), (7_000_000, "2.1x")])
def test_by_how_much_is_told(most: int, factor: str) -> None:
    rule = {"rule": "self.all(x, true)"}
    schema = object_(all={**array(NUMBER, maxItems=most), "x-kubernetes-validations": [rule]})
    found = refusals(schema)
    assert [one.partition(" (try")[0].rpartition("factor of ")[2] for one in found] == ([factor] if factor else [])


def test_a_message_that_may_cost_too_much_is_refused() -> None:
    inner = {"rule": "true", "messageExpression": "self.map(x, self.map(y, x).size() > 0 ? 'a' : 'b').join(',')"}
    schema = object_(all={**array(NUMBER, maxItems=2000), "x-kubernetes-validations": [inner]})
    (cause,) = rules.validate(schema, "at")
    assert cause.field.endswith("messageExpression")
    assert cause.message.startswith("Forbidden: estimated messageExpression cost exceeds budget by factor of ")
