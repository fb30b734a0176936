from __future__ import annotations

from collections.abc import Callable

import pytest

from apiserver.objects.validation import names

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
NAME_PART = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
CHARSET = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"


@pytest.mark.parametrize(
    ("check", "value", "found"),
    [
        (names.dns_label, "my-name", []),
        (names.dns_label, "9", []),
        (names.dns_label, "Upper", [LABEL]),
        (names.dns_label, "trailing\n", [LABEL]),
        (names.dns_label, "a.b", ["must not contain dots"]),
        (names.dns_label, "a" * 64, ["must be no more than 63 characters"]),
        (names.dns_subdomain, "a.b-c.9", []),
        (names.dns_subdomain, "a" * 254, ["must be no more than 253 characters"]),
        (names.qualified_name, "example.com/My_Name.1", []),
        (names.qualified_name, "/x", ["prefix part must be non-empty"]),
        (names.qualified_name, "", ["name part must be non-empty", NAME_PART]),
        (names.qualified_name, "é" * 40, ["name part must be no more than 63 bytes", NAME_PART]),
        (names.qualified_name, f"{'a' * 254}/x", ["prefix part must be no more than 253 bytes"]),
        (names.label_value, "", []),
        (names.label_value, "v" * 64, ["must be no more than 63 bytes"]),
        (names.port_name, "http-2", []),
        (names.port_name, "80", ["must contain at least one letter (a-z)"]),
        (names.port_name, "-a--b", ["must not contain consecutive hyphens", "must not begin or end with a hyphen"]),
        (names.port_name, "UPPER", [CHARSET, "must contain at least one letter (a-z)"]),
        (names.config_key, "a.b-C_d", []),
        (names.config_key, "..data", ["must not start with '..'"]),
        (names.config_key, ".", ["must not be '.'"]),
        (names.environment_name, "1 odd name!", []),
        (names.environment_name, "", ["environment variable name must be non-empty"]),
        (names.path_segment, "a/b%", ["may not contain '/'", "may not contain '%'"]),
    ],
)
def test_what_is_wrong_with_a_name(check: Callable[[str], list[str]], value: str, found: list[str]) -> None:
    assert check(value) == found


def test_a_key_with_two_slashes_is_explained_as_a_whole() -> None:
    (text,) = names.qualified_name("a/b/c")
    assert text.startswith("a valid label key must consist of")
    assert text.endswith("with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")


def test_a_prefix_may_end_in_a_dash() -> None:
    assert names.subdomain_name("web-", True) == []
    assert names.subdomain_name("web-", False) != []
    assert names.label_name("-", True) != []
