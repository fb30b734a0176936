"""Custom values against their schema: the sentences that clients see."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.objects.structural import checking, lists, patterns
from apiserver.objects.structural.formats import is_of

Node = dict[str, Any]


def said(value: Any, schema: Node, **more: Any) -> list[str]:
    return [str(cause) for cause in checking.check(value, schema, "spec.x", **more)]


@pytest.mark.parametrize(
    ("schema", "value", "complaint"),
    [
        ({"type": "string"}, 7, 'Invalid value: "integer": spec.x in body must be of type string: "integer"'),
        ({"type": "integer"}, 1.5, 'Invalid value: "number": spec.x in body must be of type integer: "number"'),
        ({"type": "object"}, None, 'Invalid value: "null": spec.x in body must be of type object: "null"'),
        (
            {"x-kubernetes-int-or-string": True},
            True,
            'Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"',
        ),
        ({"type": "string", "enum": ["a", "b"]}, "c", 'Unsupported value: "c": supported values: "a", "b"'),
        ({"type": "string", "maxLength": 2}, "abc", "Too long: may not be more than 2 bytes"),
        ({"type": "string", "minLength": 2}, "a", 'Invalid value: "a": spec.x in body should be at least 2 chars long'),
        ({"type": "string", "pattern": "^a+$"}, "b", "Invalid value: \"b\": spec.x in body should match '^a+$'"),
        ({"type": "integer", "maximum": 9}, 11, "Invalid value: 11: spec.x in body should be less than or equal to 9"),
        (
            {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
            1,
            "Invalid value: 1: spec.x in body should be greater than 1",
        ),
        ({"type": "integer", "multipleOf": 3}, 4, "Invalid value: 4: spec.x in body should be a multiple of 3"),
        ({"type": "array", "maxItems": 1}, [1, 2], "Too many: 2: must have at most 1 items"),
        ({"type": "array", "minItems": 1}, [], "Invalid value: 0: spec.x in body should have at least 1 items"),
        (
            {"type": "object", "minProperties": 1},
            {},
            "Invalid value: 0: spec.x in body should have at least 1 properties",
        ),
        (
            {"type": "string", "format": "date-time"},
            "noon",
            'Invalid value: "noon": spec.x in body must be of type date-time: "noon"',
        ),
    ],
)  # fmt: skip
def test_one_thing_wrong(schema: Node, value: Any, complaint: str) -> None:
    assert said(value, schema) == [f"spec.x: {complaint}"]


def test_good_values_are_not_complained_about() -> None:
    assert said(3.0, {"type": "integer"}) == []
    assert said(3, {"type": "number"}) == []
    assert said(None, {"type": "string", "nullable": True}) == []
    assert said("5", {"x-kubernetes-int-or-string": True}) == []


def test_fields_that_are_missing_and_places_within() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"b": {"type": "array", "items": {"type": "string"}}}}
    assert said({"b": ["x", 1]}, schema) == [
        'spec.x.b[1]: Invalid value: "integer": spec.x.b[1] in body must be of type string: "integer"',
        "spec.x.a: Required value",
    ]


def test_alternatives() -> None:
    either = [{"required": ["a"]}, {"required": ["b"]}]
    assert said({"a": 1, "b": 2}, {"oneOf": either}) == [
        '<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives'
    ]
    assert said({}, {"anyOf": either}) == [
        '<nil>: Invalid value: "": "spec.x" must validate at least one schema (anyOf)',
        "spec.x.a: Required value",
    ]
    assert said({"a": 1}, {"allOf": either}) == [
        "spec.x.b: Required value",
        '<nil>: Invalid value: "": "spec.x" must validate all the schemas (allOf)',
    ]
    assert said({"a": 1}, {"not": either[0]}) == [
        '<nil>: Invalid value: "": "spec.x" must not validate the schema (not)'
    ]


def test_an_item_that_has_not_changed_is_let_pass_and_its_neighbour_is_not() -> None:
    items = {"type": "object", "properties": {"name": {"type": "string"}, "size": {"type": "integer", "maximum": 5}}}
    keyed = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": items}
    old = [{"name": "a", "size": 9}]
    new = [{"name": "b", "size": 7}, {"name": "a", "size": 9}]
    assert said(new, keyed, old=old) == [
        "spec.x[0].size: Invalid value: 7: spec.x[0].size in body should be less than or equal to 5"
    ]
    assert len(said(new, {"type": "array", "items": items}, old=old)) == 2


def test_nothing_stands_twice_in_a_set_or_under_one_key() -> None:
    both = {
        "properties": {
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "map": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["k", "l"],
                "items": {"type": "object"},
            },
        }
    }
    value = {"set": ["a", "b", "a", "a"], "map": [{"k": 1}, {"k": 1, "l": 2}, {"k": 1, "v": 3}]}
    assert [str(cause) for cause in lists.check(value, both)] == [
        'set[2]: Duplicate value: "a"',
        'map[2]: Duplicate value: {"k":1}',
    ]


@pytest.mark.parametrize(
    ("format", "good", "bad"),
    [
        ("ipv4", "10.0.0.1", "10.0.0.256"),
        ("cidr", "10.0.0.0/8", "10.0.0.0"),
        ("uuid4", "6f9619ff-8b86-4011-b42d-00c04fc964ff", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("date", "2024-02-29", "2023-02-29"),
        ("date-time", "2024-01-02T03:04:05.6Z", "2024-01-02"),
        ("duration", "1h30m", "soon"),
        ("email", "a@example.com", "example.com"),
        ("uri", "https://example.com/x", "example com"),
        ("hostname", "web.example.com", "-web"),
        ("byte", "aGVsbG8=", "hello!"),
        ("isbn10", "0321751043", "0321751044"),
        ("k8s-short-name", "web-1", "Web"),
    ],
)
def test_formats(format: str, good: str, bad: str) -> None:
    assert is_of(format, good)
    assert not is_of(format, bad)
    assert is_of("colour", bad)


def test_patterns_are_go_s() -> None:
    assert patterns.matches("^[[:alpha:]]+$", "abc")
    assert not patterns.matches("^a$", "a\n")
    assert patterns.matches(r"\Qa.b\E", "xa.by")
    with pytest.raises(patterns.BadPattern, match=r"invalid or unsupported Perl syntax: `\(\?!`"):
        patterns.compiled("a(?!b)")
    with pytest.raises(patterns.BadPattern, match="missing closing"):
        patterns.compiled("a(b")


@pytest.mark.parametrize(
    ("pattern", "found", "not_found"),
    [
        ("^(?i)[a-z]+$", ["Abc"], ["1"]),
        ("a(?i)b|c", ["aB", "C"], ["A", "Ab"]),
        ("(a(?i)b)c", ["aBc"], ["aBC", "ABc"]),
        ("x(?s).y", ["x\ny"], ["xy"]),
        (r"\(?i\)", ["i)"], ["i"]),
        ("[(|)]", ["("], ["a"]),
    ],
)
def test_flags_count_from_where_they_stand(pattern: str, found: list[str], not_found: list[str]) -> None:
    assert [text for text in found + not_found if patterns.matches(pattern, text)] == found
