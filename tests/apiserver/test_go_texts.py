"""What Go's readers of JSON, times and base64 say about texts they cannot read."""

from __future__ import annotations

import pytest

from apiserver.objects import gojson, gotime
from apiserver.objects.gobase64 import canonical as canonical_base64

TIMES = [
    ("now", 'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"'),
    ("2024-05-01", 'parsing time "2024-05-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'),
    ("2024-13-01T00:00:00Z", 'parsing time "2024-13-01T00:00:00Z": month out of range'),
    ("2024-02-30T00:00:00Z", 'parsing time "2024-02-30T00:00:00Z": day out of range'),
    ("2024-02-28T00:00:00Zzz", 'parsing time "2024-02-28T00:00:00Zzz": extra text: "zz"'),
    (
        "2024-02-28T00:00:00",
        'parsing time "2024-02-28T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), TIMES)
def test_times_are_refused_in_gos_words(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"^parsing time") as caught:
        gotime.seconds(text)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("text", "position"),
    [("hello", 4), ("****", 0), ("YQ", 0), ("YWI", 0), ("YQ=", 3), ("YQ=a", 2), ("YQ==a", 4), ("a=", 1)],
)
def test_bad_base64_is_refused_at_its_byte(text: str, position: int) -> None:
    with pytest.raises(ValueError, match=f"^illegal base64 data at input byte {position}$"):
        canonical_base64(text)


SYNTAX = [
    (b"hello", "invalid character 'h' looking for beginning of value"),
    (b"{a:1}", "invalid character 'a' looking for beginning of object key string"),
    (b'{"a" 1}', "invalid character '1' after object key"),
    (b'{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
    (b"[1 2]", "invalid character '2' after array element"),
    (b"{} x", "invalid character 'x' after top-level value"),
    (b"trux", "invalid character 'x' in literal true (expecting 'e')"),
    (b'"a\nb"', "invalid character '\\n' in string literal"),
    (b'"\\q"', "invalid character 'q' in string escape code"),
    (b'"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"),
    (b"-x", "invalid character 'x' in numeric literal"),
    (b"1.x", "invalid character 'x' after decimal point in numeric literal"),
    (b"1ex", "invalid character 'x' in exponent of numeric literal"),
    (b'{"a":NaN}', "invalid character 'N' looking for beginning of value"),
    (b"{'a':1}", "invalid character '\\'' looking for beginning of object key string"),
    (b"\xef\xbb\xbf{}", "invalid character 'ï' looking for beginning of value"),
    (b'{"a":[1,{"b":"c"', "unexpected end of JSON input"),
    (b"[" * 100_000, "exceeded max depth"),
]


@pytest.mark.parametrize(("body", "problem"), SYNTAX)
def test_syntax_errors_have_gos_words(body: bytes, problem: str) -> None:
    with pytest.raises(gojson.SyntaxProblem) as caught:
        gojson.parse(body)
    assert str(caught.value) == problem
