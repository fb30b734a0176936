"""Arguments with a grammar of their own: `key=value`, `key-`, `app=web,tier=back`, `80:http`; and the names in them."""

from __future__ import annotations

import re

from minictl.errors import CommandError, go_quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_ENV_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PORT_NAME = re.compile(r"[-a-z0-9]+")
MAX_LABEL_BYTES = 63
MAX_KEY_BYTES = 253
MAX_PORT = 65535

LABEL_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start"
    " and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_NAME_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    " (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"
    " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_CONFIG_KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',"
    "  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_ENV_NAME_RULE = (
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not"
    " start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is"
    " '[-._a-zA-Z][-._a-zA-Z0-9]*')"
)


# --- what names may look like; each gives the rules broken


def label_value_faults(value: str) -> list[str]:
    faults = []
    if len(value.encode()) > MAX_LABEL_BYTES:
        faults.append(f"must be no more than {MAX_LABEL_BYTES} bytes")
    if not _LABEL_VALUE.fullmatch(value):
        faults.append(LABEL_VALUE_RULE)
    return faults


def config_key_faults(key: str) -> list[str]:
    faults = []
    if len(key) > MAX_KEY_BYTES:
        faults.append(f"must be no more than {MAX_KEY_BYTES} characters")
    if not _CONFIG_KEY.fullmatch(key):
        faults.append(_CONFIG_KEY_RULE)
    if key in (".", ".."):
        faults.append(f"must not be '{key}'")
    elif key.startswith(".."):
        faults.append("must not start with '..'")
    return faults


def env_name_faults(name: str) -> list[str]:
    faults = [] if _ENV_NAME.fullmatch(name) else [_ENV_NAME_RULE]
    if name in (".", ".."):
        faults.append(f"must not be '{name}'")
    elif name.startswith(".."):
        faults.append("must not start with '..'")
    return faults


def port_name_faults(name: str) -> list[str]:
    faults = []
    if len(name) > 15:
        faults.append("must be no more than 15 characters")
    if not _PORT_NAME.fullmatch(name):
        faults.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", name):
        faults.append("must contain at least one letter (a-z)")
    if "--" in name:
        faults.append("must not contain consecutive hyphens")
    if name[:1] == "-" or name[-1:] == "-":
        faults.append("must not begin or end with a hyphen")
    return faults


def qualified_name_faults(key: str) -> list[str]:
    """A key of a label or a taint: a name, with a domain and a slash in front if there is more than the name."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        return [
            f"a qualified name {_NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ]
    faults = []
    if slash and not prefix:
        faults.append("prefix part must be non-empty")
    elif slash and not _SUBDOMAIN.fullmatch(prefix):
        faults.append(f"prefix part {_SUBDOMAIN_RULE}")
    if not name:
        faults.append("name part must be non-empty")
    elif len(name) > MAX_LABEL_BYTES:
        faults.append(f"name part must be no more than {MAX_LABEL_BYTES} bytes")
    if not name or not _LABEL_VALUE.fullmatch(name):
        faults.append(f"name part {_NAME_RULE}")
    return faults


# --- pairs


def labels(text: str) -> dict[str, str]:
    """`app=web,tier=back` as a map.

    Raises:
        CommandError: a part is no pair.
    """
    if not text:
        raise CommandError("no label spec passed")
    found = {}
    for part in text.split(","):
        pieces = part.split("=")
        if len(pieces) != 2:
            raise CommandError(f"unexpected label spec: {part}")
        if not pieces[0]:
            raise CommandError("unexpected empty label key")
        found[pieces[0]] = pieces[1]
    return found


def selector_text(labels: Mapping[str, str]) -> str:
    """A map as `a=b,c=d`, sorted."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def pairs(words: Sequence[str], what: str, removable: bool = False) -> tuple[dict[str, str], list[str]]:
    """`key=value` words, and with `removable` the keys of `key-` words.

    Raises:
        CommandError: words that are neither, all of them in one sentence.
    """
    found: dict[str, str] = {}
    removed: list[str] = []
    wrong = []
    for word in words:
        at = word.find("=")
        if at > 0:
            found[word[:at]] = word[at + 1 :]
        elif removable and at < 0 and word.endswith("-") and len(word) > 1:
            removed.append(word[:-1])
        else:
            wrong.append(word)
    if wrong:
        raise CommandError(f"invalid {what} format: {', '.join(wrong)}")
    return found, removed


def resources_and_pairs(words: Sequence[str], what: str) -> tuple[list[str], list[str]]:
    """Arguments cut where the first `key=value` or `key-` stands.

    Raises:
        CommandError: a resource follows after that.
    """
    for at, word in enumerate(words):
        if _changes(word):
            late = next((each for each in words[at:] if not _changes(each)), None)
            if late is not None:
                raise CommandError(f"all resources must be specified before {what} changes: {late}")
            return list(words[:at]), list(words[at:])
    return list(words), []


def _changes(word: str) -> bool:
    return word.find("=") > 0 or (word.endswith("-") and word != "-")


def environment(words: Sequence[str]) -> list[dict[str, str]]:
    """`NAME=value` words as variables of a container, in order; a second value for a name stands beside the first.

    Raises:
        CommandError: a word is no such pair.
    """
    variables = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or env_name_faults(name):
            raise CommandError(f"invalid env: {word}")
        variables.append({"name": name, "value": value} if value else {"name": name})
    return variables


# --- ports


def unsigned_port(text: str) -> int:
    """A port number as Go's ParseUint reads it.

    Raises:
        CommandError: with Go's sentence.
    """
    if not text.isascii() or not text.isdigit():
        raise CommandError(f"strconv.ParseUint: parsing {go_quote(text)}: invalid syntax")
    if int(text) > MAX_PORT:
        raise CommandError(f"strconv.ParseUint: parsing {go_quote(text)}: value out of range")
    return int(text)


def decimal(text: str) -> int:
    """A number as Go's Atoi reads it.

    Raises:
        CommandError: with Go's sentence.
    """
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise CommandError(f"strconv.Atoi: parsing {go_quote(text)}: invalid syntax")
    return int(text)


def number_or_name(text: str) -> int | str:
    """A port by number where it is one, else by name."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else text
