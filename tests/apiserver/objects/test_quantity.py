"""Quantities: what each text means, and the one text it is stored as."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiserver.objects.quantity import FORMAT_WRONG, SUFFIX_WRONG, Quantity, canonical, parse

CANONICAL = {
    "0": "0", "0m": "0", "0Gi": "0", "m": "0", "+2": "2", "00.50": "500m",
    "0.5": "500m", "0.25": "250m", "1000m": "1", "1500m": "1500m", "-1.5": "-1500m", "100m": "100m",
    "1000": "1k", "99999": "99999", "1000000": "1M", "1e3": "1e3", "1500E3": "1500e3", "0.001e3": "1",
    "1024Mi": "1Gi", "1.5Gi": "1536Mi", "0.5Gi": "512Mi", "0.5Ki": "512", "1000Ki": "1000Ki", "-0.5Gi": "-512Mi",
    "0.1Gi": "107374182400m", "64Mi": "64Mi", "1G": "1G", "10E": "10E",
    "0.0000000001": "1n", "5e-10": "1e-9", "1n": "1n", "100Ei": "9223372036854775807",
    "99999999999999999999": "99999999999999999999",
}  # fmt: skip

WRONG = {
    "": FORMAT_WRONG, "a": FORMAT_WRONG, "1.2.3": FORMAT_WRONG, "1x": FORMAT_WRONG, "1 Gi": FORMAT_WRONG,
    "lots": FORMAT_WRONG, "1e": SUFFIX_WRONG, "1kk": SUFFIX_WRONG, "1mi": SUFFIX_WRONG, "1Gi2": SUFFIX_WRONG,
}  # fmt: skip


@pytest.mark.parametrize(("text", "want"), CANONICAL.items())
def test_canonical_text(text: str, want: str) -> None:
    assert canonical(text) == want


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_what_is_no_quantity(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse(text)


SUFFIXES = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "e3", "E-3", "e2"]
TEXTS = st.builds(
    lambda whole, fraction, suffix: f"{whole}{fraction}{suffix}",
    st.integers(-99_999, 99_999),
    st.sampled_from(["", ".5", ".25", ".125", ".001"]),
    st.sampled_from(SUFFIXES),
)


@given(TEXTS)
def test_the_canonical_text_means_the_same_and_is_stable(text: str) -> None:
    quantity = parse(text)
    assert parse(str(quantity)) == quantity
    again = canonical(str(quantity))  # a binary amount that no suffix fits is bare, and bare ones are decimal
    assert parse(again) == quantity
    assert canonical(again) == again
    assert "." not in str(quantity)


AMOUNTS = TEXTS.filter(lambda text: text[-1] not in "nPE")
"""Amounts whose sums neither reach the cap nor lose digits to it."""


@given(AMOUNTS, AMOUNTS)
def test_arithmetic_and_order_follow_the_values(first: str, second: str) -> None:
    a, b = parse(first), parse(second)
    assert (a + b).value == a.value + b.value
    assert (a - b).value == a.value - b.value
    assert (a < b) == (a.value < b.value)
    assert (a == b) == (a.value == b.value)
    assert parse(str(a + b)) == a + b


def test_sums_keep_the_format_of_the_first_that_is_not_zero() -> None:
    assert str(parse("1Gi") + parse("1G")) == "2073741824"
    assert str(parse("1Gi") + parse("512Mi")) == "1536Mi"
    assert str(parse("0") + parse("512Mi")) == "512Mi"
    assert str(parse("500m") + parse("500m")) == "1"


def test_rounding_is_away_from_nothing() -> None:
    assert parse("100m").whole() == 1
    assert parse("1.5Gi").whole() == 1_610_612_736
    assert parse("0.1m").milli() == 1
    assert parse("250m").milli() == 250
    assert str(parse("0.1m").rounded_to_milli()) == "1m"
    assert str(parse("64Mi").rounded_to_milli()) == "64Mi"


def test_equal_values_hash_alike() -> None:
    assert {parse("1000m"), parse("1"), Quantity(Decimal("1.0"))} == {parse("1")}


def test_amounts_out_of_every_range() -> None:
    huge, page = parse("1e300"), parse("2Mi")
    assert huge.is_whole
    assert not parse("1500m").is_whole
    assert huge.is_multiple_of(page)
    assert not parse("3Mi").is_multiple_of(page)
    assert str(parse("99999999999999999999Ki")) == "9223372036854775807"
