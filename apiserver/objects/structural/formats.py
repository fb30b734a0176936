"""What texts of a given `format` look like, as far as Kubernetes checks it in custom objects.

A format is known by its name without dashes; a format that is not known is not checked.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import date, datetime
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network
from urllib.parse import urlsplit

_DURATION = re.compile(
    r"[-+]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*|[-+]?0"
)
_SCALA_DURATION = re.compile(
    r"-?\d+(\.\d+)?\s*(ns|nano|nanos|nanosecond|nanoseconds|us|micro|micros|microsecond|microseconds|ms|milli|millis|"
    r"millisecond|milliseconds|s|sec|secs|second|seconds|m|min|mins|minute|minutes|h|hr|hrs|hour|hours|d|day|days|"
    r"w|wk|wks|week|weeks)"
)
_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?")
_HOSTNAME = re.compile(
    r"(?=.{1,253}$)([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?)(\.[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?)*\.?"
)
_EMAIL = re.compile(r"([^<>]*<)?[^@\s<>()\[\]\\,;:\"]+@[^@\s<>()\[\]\\,;:\"]+>?")
_RGB = re.compile(r"rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*(,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*){2}\)")
_CARD = re.compile(
    r"(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|"
    r"(?:2131|1800|35\d{3})\d{11})"
)
_UUID = r"[0-9a-f]{8}-?[0-9a-f]{4}-?%s[0-9a-f]{3}-?%s[0-9a-f]{3}-?[0-9a-f]{12}"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"


def known(type_: str, format: str) -> bool:
    """Whether values of a type are held to a format of this name."""
    if type_ in ("", "string"):
        return format.replace("-", "") in _CHECKS
    return format in _NUMBERS.get(type_, ())


def is_of(format: str, text: str) -> bool:
    """Whether a text is of the format; anything is of a format that is not known."""
    check = _CHECKS.get(format.replace("-", ""))
    return check is None or check(text)


_NUMBERS = {"integer": ("int32", "int64"), "number": ("float", "double")}


def _whole(pattern: str | re.Pattern[str], flags: int = 0) -> Callable[[str], bool]:
    fullmatch = re.compile(pattern, flags).fullmatch
    return lambda text: fullmatch(text) is not None


def _reads(read: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            read(text)
        except (ValueError, AddressValueError, binascii.Error):
            return False
        return True

    return check


def _date(text: str) -> object:
    if len(text) != len("2006-01-02"):
        raise ValueError(text)
    return date.fromisoformat(text)


def _date_time(text: str) -> object:
    found = _DATE_TIME.fullmatch(text)
    if not found:
        raise ValueError(text)
    return datetime.fromisoformat(f"{found.group(1)}T{found.group(2)}")


def _cidr(text: str) -> object:
    if "/" not in text:
        raise ValueError(text)
    return ip_network(text, strict=False)


def _is_uri(text: str) -> bool:
    if not text or any(c.isspace() or ord(c) < 0x20 for c in text):
        return False
    try:
        return text.startswith("/") or bool(urlsplit(text).scheme)
    except ValueError:
        return False


def _is_isbn(text: str, lengths: tuple[int, ...] = (10, 13)) -> bool:
    digits = re.sub(r"[\s-]", "", text)
    if len(digits) not in lengths or not re.fullmatch(r"\d{9}[\dXx]|\d{13}", digits):
        return False
    if len(digits) == 10:
        return sum((i + 1) * (10 if c in "Xx" else int(c)) for i, c in enumerate(digits)) % 11 == 0
    return sum(int(c) * (1, 3)[i % 2] for i, c in enumerate(digits)) % 10 == 0


_CHECKS: dict[str, Callable[[str], bool]] = {
    "bsonobjectid": _whole("[0-9a-fA-F]{24}"),
    "uri": _is_uri,
    "email": _whole(_EMAIL),
    "hostname": _whole(_HOSTNAME),
    "ipv4": _reads(IPv4Address),
    "ipv6": _reads(IPv6Address),
    "cidr": _reads(_cidr),
    "mac": _whole(
        r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}(([:-][0-9A-Fa-f]{2}){2})?|([0-9A-Fa-f]{4}\.){2,3}[0-9A-Fa-f]{4}"
    ),
    "uuid": _whole(_UUID % ("[0-9a-f]", "[0-9a-f]"), re.IGNORECASE),
    "uuid3": _whole(_UUID % ("3", "[0-9a-f]"), re.IGNORECASE),
    "uuid4": _whole(_UUID % ("4", "[89ab]"), re.IGNORECASE),
    "uuid5": _whole(_UUID % ("5", "[89ab]"), re.IGNORECASE),
    "isbn": _is_isbn,
    "isbn10": lambda text: _is_isbn(text, (10,)),
    "isbn13": lambda text: _is_isbn(text, (13,)),
    "creditcard": lambda text: _CARD.fullmatch(re.sub(r"\D", "", text)) is not None,
    "ssn": _whole(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "hexcolor": _whole("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": _whole(_RGB),
    "byte": _reads(lambda text: base64.b64decode(text, validate=True)),
    "password": lambda text: True,
    "date": _reads(_date),
    "duration": lambda text: bool(_DURATION.fullmatch(text) or _SCALA_DURATION.fullmatch(text)),
    "datetime": _reads(_date_time),
    "k8sshortname": lambda text: len(text) <= 63 and re.fullmatch(_LABEL, text) is not None,
    "k8slongname": lambda text: len(text) <= 253 and re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", text) is not None,
}
