"""Times as Go reads them (RFC 3339) and as Kubernetes writes them: in UTC, to the second, or for MicroTime to the
microsecond. What cannot be read is refused in the words of Go's time package."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

SECONDS = "2006-01-02T15:04:05Z07:00"
MICROSECONDS = "2006-01-02T15:04:05.000000Z07:00"
ZERO = "0001-01-01T00:00:00Z"

_WRITTEN_BY_US = re.compile(r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_ZONE = re.compile(r"Z|([+-])(\d\d):(\d\d)", re.ASCII)
_FRACTION = re.compile(r"[.,]\d+", re.ASCII)

# What to read one after another: the layout's name of it, its shape, and what it must not exceed.
_PIECES: tuple[tuple[str, str, tuple[int, int] | None, str], ...] = (
    ("2006", r"\d{4}", None, ""),
    ("-", "-", None, ""),
    ("01", r"\d\d", (1, 12), "month"),
    ("-", "-", None, ""),
    ("02", r"\d\d", None, "day"),
    ("T", "T", None, ""),
    ("15", r"\d\d?", (0, 23), "hour"),
    (":", ":", None, ""),
    ("04", r"\d\d", (0, 59), "minute"),
    (":", ":", None, ""),
    ("05", r"\d\d", (0, 59), "second"),
)


def seconds(text: str) -> str:
    """A time to the second, in UTC. Raises ValueError."""
    if _WRITTEN_BY_US.fullmatch(text):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            return text
    return _read(text, SECONDS).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def microseconds(text: str) -> str:
    """A time to the microsecond, in UTC; it must have exactly six digits after the point. Raises ValueError."""
    return _read(text, MICROSECONDS).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _read(text: str, layout: str) -> datetime:
    rest = text

    def fail(element: str) -> ValueError:
        return ValueError(
            f"parsing time {_quoted(text)} as {_quoted(layout)}: cannot parse {_quoted(rest)} as {_quoted(element)}"
        )

    numbers: list[int] = []
    for element, shape, bounds, name in _PIECES:
        found = re.compile(shape, re.ASCII).match(rest)
        if not found:
            raise fail(element)
        if found.group().isdigit():
            numbers.append(int(found.group()))
            if bounds and not bounds[0] <= numbers[-1] <= bounds[1]:
                raise ValueError(f"parsing time {_quoted(text)}: {name} out of range")
        rest = rest[found.end() :]
    micros, rest = _fraction(rest, layout, fail)
    zone = _ZONE.match(rest)
    if not zone:
        raise fail("Z07:00")
    rest = rest[zone.end() :]
    if rest:
        raise ValueError(f"parsing time {_quoted(text)}: extra text: {_quoted(rest)}")
    wrong = _zone_problem(zone)
    if wrong:
        raise ValueError(f"parsing time {_quoted(text)}: {wrong} out of range")
    offset = timedelta(hours=int(zone[2] or 0), minutes=int(zone[3] or 0)) * (-1 if zone[1] == "-" else 1)
    year, month, day, hour, minute, second = numbers
    try:
        moment = datetime(max(year, 1), month, day, hour, minute, second, micros, tzinfo=timezone(offset))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"parsing time {_quoted(text)}: day out of range") from None


def _fraction(rest: str, layout: str, fail: Callable[[str], ValueError]) -> tuple[int, str]:
    """The microseconds, and what follows them."""
    found = _FRACTION.match(rest)
    if layout == MICROSECONDS:
        if not found or len(found.group()) < 7:
            raise fail(".000000")
        return int(rest[1:7]), rest[7:]
    if not found:
        return 0, rest
    return int(found.group()[1:7].ljust(6, "0")), rest[found.end() :]


def _zone_problem(zone: re.Match[str]) -> str:
    if int(zone[2] or 0) > 24:
        return "time zone offset hour"
    if int(zone[3] or 0) > 60:
        return "time zone offset minute"
    return ""


def _quoted(text: str) -> str:
    """Text as the time package quotes it: everything beyond ASCII by its bytes."""
    shown = []
    for character in text:
        if character in '"\\':
            shown.append("\\" + character)
        elif " " <= character <= "~":
            shown.append(character)
        else:
            shown += [f"\\x{byte:02x}" for byte in character.encode()]
    return '"' + "".join(shown) + '"'
