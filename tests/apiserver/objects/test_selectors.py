"""Label and field selectors: given a text, what it means, how it is printed, or what is said about it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiserver.objects.selectors import (
    LabelSelector,
    Requirement,
    from_labels,
    from_object,
    parse_fields,
    parse_labels,
)

LABELS = {
    "c1": {"t": "x", "env": "prod", "n": "1"},
    "c2": {"t": "x", "env": "dev"},
    "c3": {"t": "x", "n": "7"},
    "bare": {},
}

MATCHES = {
    "": "c1 c2 c3 bare",
    "t=x,env=prod": "c1",
    "t==x,env!=prod": "c2 c3",
    "env in (dev,prod)": "c1 c2",
    "t,env notin (prod)": "c2 c3",
    "!env,t": "c3",
    " env ": "c1 c2",
    "t=x,n>3": "c3",
    "n<3": "c1",
    "env<3": "",
    "env=": "",
    "t=x,t=y": "",
    "n in (1,7),n!=1": "c3",
}

PRINTED = {
    "b=2,a=1": "a=1,b=2",
    "a==1": "a==1",
    "e in (z,y,y)": "e in (y,z)",
    "f notin (a,,b)": "f notin (,a,b)",
    "x in (,)": "x in ()",
    "!g, h": "!g,h",
    "i>3,j<4": "i>3,j<4",
    "in in (in, notin)": "in in (in,notin)",
    "a=": "a=",
    "example.com/a=b": "example.com/a=b",
}

NAME_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
INTEGER_TEXT = "for 'Gt', 'Lt' operators, the value must be an integer"
EMPTY_TEXT = "for 'in', 'notin' operators, values set can't be empty"

REFUSED = {
    "app in c": "unable to parse requirement: found 'c' expected: '('",
    "app in (c": "unable to parse requirement: found '', expected: ',' or ')'",
    "app in (c d)": "unable to parse requirement: found 'd', expected: ',' or ')'",
    "app in (=)": "unable to parse requirement: found '=', expected: ',', ')' or identifier",
    "app in (c,=)": "unable to parse requirement: found '=', expected: ',', or identifier",
    "app in ()": f"unable to parse requirement: values: Invalid value: []: {EMPTY_TEXT}",
    "=c": "found '=', expected: !, identifier, or 'end of string'",
    "app=c d": "found 'd', expected: ',' or 'end of string'",
    "!a=b": "found '=', expected: ',' or 'end of string'",
    "!": "unable to parse requirement: found '', expected: identifier",
    "bad key=c": "unable to parse requirement: found 'key', expected: in, notin, =, ==, !=, gt, lt",
    "a=(b)": "unable to parse requirement: found '(', expected: identifier",
    "app=c,": "found '', expected: identifier after ','",
    "app=-c": f'unable to parse requirement: values[0][app]: Invalid value: "-c": {VALUE_TEXT}',
    "app>x": f'unable to parse requirement: values[0]: Invalid value: "x": {INTEGER_TEXT}',
    "n>9223372036854775808": (
        f'unable to parse requirement: values[0]: Invalid value: "9223372036854775808": {INTEGER_TEXT}'
    ),
    "-bad=x": f'unable to parse requirement: <nil>: Invalid value: "-bad": {NAME_TEXT}',
}


@pytest.mark.parametrize(("text", "want"), MATCHES.items())
def test_matches(text: str, want: str) -> None:
    selector = parse_labels(text)
    assert [name for name, labels in LABELS.items() if selector.matches(labels)] == want.split()


@pytest.mark.parametrize(("text", "want"), PRINTED.items())
def test_printed(text: str, want: str) -> None:
    assert str(parse_labels(text)) == want


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_labels(text)


def test_objects() -> None:
    selector = from_object(
        {
            "matchLabels": {"t": "x"},
            "matchExpressions": [
                {"key": "env", "operator": "NotIn", "values": ["prod"]},
                {"key": "n", "operator": "Exists"},
            ],
        }
    )
    assert str(selector) == "env notin (prod),n,t=x"
    assert [name for name, labels in LABELS.items() if selector.matches(labels)] == ["c3"]
    assert not from_object(None).matches({})
    assert from_object({}).matches(None)
    assert from_object({}).is_everything
    assert not from_object(None).is_everything
    assert from_labels({"t": "x"}).exact == {"t": "x"}


def test_objects_refused() -> None:
    with pytest.raises(ValueError, match='"Like" is not a valid label selector operator'):
        from_object({"matchExpressions": [{"key": "a", "operator": "Like"}]})
    with pytest.raises(ValueError, match="values set must be empty for exists"):
        from_object({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["x"]}]})


KEYS = st.sampled_from(["a", "b", "example.com/c", "in", "notin"])
VALUES = st.sampled_from(["x", "y", "1", "22", "in", ""])
REQUIREMENTS = st.one_of(
    st.builds(lambda k, o, v: Requirement(k, o, (v,)), KEYS, st.sampled_from(["=", "==", "!="]), VALUES),
    st.builds(
        lambda k, o, v: Requirement(k, o, tuple(sorted(v))),
        KEYS,
        st.sampled_from(["in", "notin"]),
        st.sets(VALUES, min_size=1).filter(lambda values: values != {""}),
    ),
    st.builds(lambda k, o: Requirement(k, o), KEYS, st.sampled_from(["exists", "!"])),
    st.builds(lambda k, o, v: Requirement(k, o, (str(v),)), KEYS, st.sampled_from(["<", ">"]), st.integers(0, 50)),
)
SELECTORS = st.builds(LabelSelector, st.lists(REQUIREMENTS, max_size=4))


@given(SELECTORS, st.dictionaries(KEYS, VALUES))
def test_what_is_printed_reads_back_and_matches_the_same(selector: LabelSelector, labels: dict[str, str]) -> None:
    again = parse_labels(str(selector))
    assert again == selector
    assert hash(again) == hash(selector)
    assert again.matches(labels) == selector.matches(labels) == all(r.matches(labels) for r in selector.requirements)


@given(st.text(alphabet="ab=!(),><in \t1-", max_size=12))
def test_any_text_is_refused_or_means_what_it_prints(text: str) -> None:
    try:
        selector = parse_labels(text)
    except ValueError:
        return
    if "()" not in str(selector):  # only the empty value, which prints as no value
        assert parse_labels(str(selector)) == selector


FIELDS = {
    "a=b": (("a", "=", "b"),),
    "a==b": (("a", "=", "b"),),
    "c!=d,a=b,": (("a", "=", "b"), ("c", "!=", "d")),
    r"a=b\,c\=d\\": (("a", "=", "b,c=d\\"),),
    "a=": (("a", "=", ""),),
    "": (),
}

FIELDS_REFUSED = {
    "metadata.name": "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
    "a=b,c in (d)": "invalid selector: 'a=b,c in (d)'; can't understand 'c in (d)'",
    "a=b=c": "invalid field selector: unescaped character in value: 61",
    r"a=\x": r"invalid field selector: invalid escape sequence: \x",
    "a=x\\": "invalid field selector: invalid escape sequence: \\",
}


@pytest.mark.parametrize(("text", "want"), FIELDS.items())
def test_fields(text: str, want: tuple[tuple[str, str, str], ...]) -> None:
    assert parse_fields(text).requirements == want


@pytest.mark.parametrize(("text", "message"), FIELDS_REFUSED.items())
def test_fields_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_fields(text)


def test_fields_match_through_a_reader() -> None:
    pod = {"status.phase": "Running", "spec.nodeName": ""}
    assert parse_fields("status.phase=Running,spec.nodeName=").matches(pod.__getitem__)
    assert not parse_fields("status.phase!=Running").matches(pod.__getitem__)


@given(st.lists(st.tuples(st.just("a.b"), st.sampled_from(["=", "!="]), st.text(max_size=6)), max_size=3))
def test_printed_fields_read_back(requirements: list[tuple[str, str, str]]) -> None:
    text = ",".join(
        path + op + value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
        for path, op, value in requirements
    )
    selector = parse_fields(text)
    assert sorted(selector.requirements) == sorted(requirements)
    assert sorted(parse_fields(str(selector)).requirements) == sorted(requirements)
