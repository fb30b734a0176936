"""The plain part of YAML, in which kubeconfigs and most manifests are written, read without importing YAML.

That costs a tenth. Block mappings and lists of strings, booleans, counts and empty values, and nothing whose meaning
could be in doubt: whatever is not certain (other numbers, escapes, flow style, several lines to a value) is left to the
whole parser. So the answer is either what that would give, or none.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Object = dict[str, Any]
    Lines = list[tuple[int, str]]

LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
DIGITS = frozenset("0123456789")
IN_NO_NUMBER = LETTERS - frozenset("abcdefinotxzABCDEFINOTXZ")
"""Letters that stand in no number and no time, of any version of YAML."""
SAFE = LETTERS | DIGITS | frozenset("-_./@+=:, ")
COUNT_DIGITS = 16
"""Numbers of fewer digits, and no 0 in front, are the same to every version of YAML."""
VALUES: dict[str, Any] = {"true": True, "false": False, "null": None, "{}": {}, "[]": [], '""': ""}
"""What stands for something else than its own text."""
AMBIGUOUS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


class NotPlain(Exception):
    """There is more to the text than this reader knows."""


def read(text: str) -> Object | None:
    """The mapping that a text is, None where the whole parser has to say."""
    lines: Lines = []
    for line in text.split("\n"):
        words = line.strip(" ")
        if words and not words.startswith("#"):
            lines.append((len(line) - len(line.lstrip(" ")), words))
    lines.reverse()
    try:
        found = _mapping(lines, 0) if lines else None
    except NotPlain:
        return None
    return found if not lines else None


def _mapping(lines: Lines, indent: int) -> Object:
    found: Object = {}
    while lines and lines[-1][0] == indent and not lines[-1][1].startswith("- "):
        key, colon, value = lines.pop()[1].partition(":")
        certain = colon and value[:1] in ("", " ") and key and not key.endswith(" ") and key not in found
        if not certain or _scalar(key) != key:
            raise NotPlain
        found[key] = _scalar(value.strip(" ")) if value.strip(" ") else _below(lines, indent)
    if not found or (lines and lines[-1][0] > indent):
        raise NotPlain
    return found


def _below(lines: Lines, indent: int) -> Any:
    """What a key without a value on its line holds."""
    if not lines:
        return None
    inner, words = lines[-1]
    if words.startswith("- ") and inner >= indent:
        return _list(lines, inner)
    return _mapping(lines, inner) if inner > indent else None


def _list(lines: Lines, indent: int) -> list[Any]:
    found: list[Any] = []
    while lines and lines[-1][0] == indent and lines[-1][1].startswith("- "):
        words = lines.pop()[1][2:]
        first = words.lstrip(" ")
        if ": " in first or first.endswith(":"):
            inner = indent + 2 + len(words) - len(first)
            lines.append((inner, first))
            found.append(_mapping(lines, inner))
        else:
            found.append(_scalar(first))
    if lines and lines[-1][0] > indent:
        raise NotPlain
    return found


def _scalar(text: str) -> Any:
    if text in VALUES:
        return VALUES[text]
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    inside = text[1:-1] if quoted else text
    if not SAFE.issuperset(inside):
        raise NotPlain
    if text and not quoted and DIGITS.issuperset(text) and len(text) < COUNT_DIGITS and (text[0] != "0" or text == "0"):
        return int(text)
    if not quoted and (not _is_text(text) or text.lower() in AMBIGUOUS or ": " in text or text.endswith(":")):
        raise NotPlain
    return inside


def _is_text(text: str) -> bool:
    """Is it certain that an unquoted value is neither a number nor a time nor punctuation?"""
    if text[:1] in LETTERS or text[:1] == "/":
        return True
    token = text[:1] in DIGITS or (text[:1] in ("-", "_") and text[1:2] not in ("", " ", "-"))
    return token and not IN_NO_NUMBER.isdisjoint(text)
