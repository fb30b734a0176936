"""What names, label keys and values, ports and the like must look like, in Kubernetes' words.

Each function takes a value and returns the list of what is wrong with it, empty when nothing is: sentences without the
field and the value, which the caller adds with `problems`. Lengths are counted in bytes of UTF-8, as Go does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from apiserver.errors import Cause
from apiserver.objects.validation import invalid

Problems = list[str]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_UNDERSCORE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_UNDERSCORE = rf"{_LABEL_UNDERSCORE}(\.{_LABEL_UNDERSCORE})*"
_RFC1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_QUALIFIED})?"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_PERCENT = "[0-9]+%"
_HTTP_HEADER = "[-A-Za-z0-9]+"
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"

_is_label = re.compile(_LABEL).fullmatch
_is_subdomain = re.compile(_SUBDOMAIN).fullmatch
_is_subdomain_underscore = re.compile(_SUBDOMAIN_UNDERSCORE).fullmatch
_is_wildcard = re.compile(rf"\*\.{_SUBDOMAIN}").fullmatch
_is_rfc1035 = re.compile(_RFC1035).fullmatch
_is_qualified = re.compile(_QUALIFIED).fullmatch
_is_label_value = re.compile(_LABEL_VALUE).fullmatch
_is_config_key = re.compile(_CONFIG_KEY).fullmatch
_is_percent = re.compile(_PERCENT).fullmatch
_is_http_header = re.compile(_HTTP_HEADER).fullmatch
_is_http_path = re.compile(_HTTP_PATH).fullmatch
_is_c_identifier = re.compile(_C_IDENTIFIER).fullmatch
_is_port_charset = re.compile("[-a-z0-9]+").fullmatch
_has_letter = re.compile("[a-z]").search

LABEL_MAX_BYTES = 63
SUBDOMAIN_MAX_BYTES = 253
PORT_NAME_MAX_BYTES = 15
MAX_ID = 0xFFFFFFFF

_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character"
)
_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, {}'-' or '.', "
    "and must start and end with an alphanumeric character"
)
_RFC1035_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character"
)
_WILDCARD_TEXT = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, "
    "which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
)
_QUALIFIED_TEXT = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
_LABEL_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character"
)


def problems(field: str, value: object, found: Iterable[str]) -> list[Cause]:
    """The sentences `found` about `value` as causes at `field`."""
    return [invalid(field, value, text) for text in found]


def byte_length(text: str) -> int:
    """The length of `text` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def regex_problem(text: str, pattern: str, *examples: str) -> str:
    """A sentence about a mismatch, with examples and the pattern, spaced as Kubernetes spaces it."""
    if not examples:
        return f"{text} (regex used for validation is '{pattern}')"
    quoted = " or ".join(f"'{e}', " for e in examples)
    return f"{text} (e.g. {quoted}regex used for validation is '{pattern}')"


def dns_label(value: str) -> Problems:
    """RFC 1123 label: `my-name`, `123-abc`."""
    if _is_label(value) and len(value) <= LABEL_MAX_BYTES:
        return []
    found = _too_long(value, LABEL_MAX_BYTES)
    if _is_label(value):
        return found
    if _is_subdomain(value):
        return [*found, "must not contain dots"]
    return [*found, regex_problem(_LABEL_TEXT, _LABEL, "my-name", "123-abc")]


def dns_subdomain(value: str) -> Problems:
    """RFC 1123 subdomain: `example.com`."""
    if _is_subdomain(value) and len(value) <= SUBDOMAIN_MAX_BYTES:
        return []
    found = _too_long(value, SUBDOMAIN_MAX_BYTES)
    if not _is_subdomain(value):
        found.append(regex_problem(_SUBDOMAIN_TEXT.format(""), _SUBDOMAIN, "example.com"))
    return found


def dns_subdomain_underscore(value: str) -> Problems:
    """A subdomain whose labels may hold underscores: `_sip._tcp.example.com`."""
    found = _too_long(value, SUBDOMAIN_MAX_BYTES)
    if not _is_subdomain_underscore(value):
        found.append(regex_problem(_SUBDOMAIN_TEXT.format("'_', "), _SUBDOMAIN_UNDERSCORE, "example.com"))
    return found


def wildcard_subdomain(value: str) -> Problems:
    """`*.example.com`."""
    found = _too_long(value, SUBDOMAIN_MAX_BYTES)
    if not _is_wildcard(value):
        found.append(regex_problem(_WILDCARD_TEXT, rf"\*\.{_SUBDOMAIN}", "*.example.com"))
    return found


def rfc1035_label(value: str) -> Problems:
    """RFC 1035 label: starts with a letter."""
    if _is_rfc1035(value) and len(value) <= LABEL_MAX_BYTES:
        return []
    found = _too_long(value, LABEL_MAX_BYTES)
    if not _is_rfc1035(value):
        found.append(regex_problem(_RFC1035_TEXT, _RFC1035, "my-name", "abc-123"))
    return found


def qualified_name(value: str) -> Problems:
    """A label key: a name, or a DNS subdomain, a slash and a name."""
    prefix, slash, name = value.rpartition("/")
    if not slash and _is_qualified(name) and len(name) <= LABEL_MAX_BYTES:
        return []
    if "/" in prefix:
        text = regex_problem("a valid label key " + _QUALIFIED_TEXT, _QUALIFIED, "MyName", "my.name", "123-abc")
        return [text + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    found: Problems = []
    if slash and not prefix:
        found.append("prefix part must be non-empty")
    elif slash:
        # The check of label keys says bytes where the check of DNS names says characters.
        found += ["prefix part " + text.replace("characters", "bytes", 1) if "no more than" in text
                  else "prefix part " + text for text in dns_subdomain(prefix)]  # fmt: skip
    if not name:
        found.append("name part must be non-empty")
    elif byte_length(name) > LABEL_MAX_BYTES:
        found.append(f"name part must be no more than {LABEL_MAX_BYTES} bytes")
    if not _is_qualified(name):
        found.append("name part " + regex_problem(_QUALIFIED_TEXT, _QUALIFIED, "MyName", "my.name", "123-abc"))
    return found


def label_value(value: str) -> Problems:
    """The value of a label."""
    if _is_label_value(value) and len(value) <= LABEL_MAX_BYTES:
        return []
    found: Problems = []
    if byte_length(value) > LABEL_MAX_BYTES:
        found.append(f"must be no more than {LABEL_MAX_BYTES} bytes")
    if not _is_label_value(value):
        found.append(regex_problem(_LABEL_VALUE_TEXT, _LABEL_VALUE, "MyValue", "my_value", "12345"))
    return found


def port_name(value: str) -> Problems:
    """An IANA service name: at most 15 of a-z, 0-9 and single hyphens inside, at least one letter."""
    found = _too_long(value, PORT_NAME_MAX_BYTES)
    if not _is_port_charset(value):
        found.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _has_letter(value):
        found.append("must contain at least one letter (a-z)")
    if "--" in value:
        found.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        found.append("must not begin or end with a hyphen")
    return found


def port_number(value: int) -> Problems:
    """A port from 1 to 65535."""
    return in_range(value, 1, 65535)


def in_range(value: int, low: int, high: int) -> Problems:
    return [] if low <= value <= high else [f"must be between {low} and {high}, inclusive"]


def user_or_group_id(value: int) -> Problems:
    """A Unix uid or gid."""
    return in_range(value, 0, MAX_ID)


def percent(value: str) -> Problems:
    """`25%`."""
    if _is_percent(value):
        return []
    text = "a valid percent string must be a numeric string followed by an ending '%'"
    return [regex_problem(text, _PERCENT, "1%", "93%")]


def config_key(value: str) -> Problems:
    """A key of a ConfigMap or a Secret."""
    found = _too_long(value, SUBDOMAIN_MAX_BYTES)
    if not _is_config_key(value):
        text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        found.append(regex_problem(text, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    if value in (".", ".."):
        found.append(f"must not be '{value}'")
    elif value.startswith(".."):
        found.append("must not start with '..'")
    return found


def environment_name(value: str) -> Problems:
    """The name of an environment variable: printable ASCII without `=`."""
    if not value:
        return ["environment variable name must be non-empty"]
    if value.isascii() and value.isprintable() and "=" not in value:
        return []
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def http_header_name(value: str) -> Problems:
    if _is_http_header(value):
        return []
    text = "a valid HTTP header must consist of alphanumeric characters or '-'"
    return [regex_problem(text, _HTTP_HEADER, "X-Header-Name")]


def http_path(value: str) -> Problems:
    """What may follow the domain in a domain-prefixed path."""
    return [] if _is_http_path(value) else [regex_problem("Invalid path", _HTTP_PATH)]


def c_identifier(value: str) -> Problems:
    if _is_c_identifier(value):
        return []
    text = (
        "a valid C identifier must start with alphabetic character or '_', "
        "followed by a string of alphanumeric characters or '_'"
    )
    return [regex_problem(text, _C_IDENTIFIER, "my_name", "MY_NAME", "MyName")]


def path_segment(value: str) -> Problems:
    """A name that is only required to fit in a URL path (RBAC objects)."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{c}'" for c in ("/", "%") if c in value]


def name_check(check: Callable[[str], Problems]) -> Callable[[str, bool], Problems]:
    """`check` as a Kind's validate_name. A prefix may end in a dash, because more follows it."""

    def checked(name: str, is_prefix: bool) -> Problems:
        if is_prefix and len(name) > 1 and name.endswith("-"):
            name = name[:-2] + "a"
        return check(name)

    return checked


subdomain_name = name_check(dns_subdomain)
label_name = name_check(dns_label)
rfc1035_name = name_check(rfc1035_label)


def segment_name(name: str, is_prefix: bool) -> Problems:
    """validate_name of kinds whose name is any path segment."""
    return [text for text in path_segment(name) if not (is_prefix and "not be" in text)]


def _too_long(value: str, max_bytes: int) -> Problems:
    return [f"must be no more than {max_bytes} characters"] if byte_length(value) > max_bytes else []
