"""How long ago: durations in the short form of kubectl's AGE columns (`5s`, `3m20s`, `2d4h`, `1y30d`)."""

from __future__ import annotations

import time

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400
_FORMS = (
    # up to this many seconds: the larger unit, the smaller one shown beside it (0: none)
    (2 * _MINUTE, 1, 0),
    (10 * _MINUTE, _MINUTE, 1),
    (3 * _HOUR, _MINUTE, 0),
    (8 * _HOUR, _HOUR, _MINUTE),
    (2 * _DAY, _HOUR, 0),
    (8 * _DAY, _DAY, _HOUR),
    (2 * _YEAR, _DAY, 0),
    (8 * _YEAR, _YEAR, _DAY),
)
_LETTERS = {1: "s", _MINUTE: "m", _HOUR: "h", _DAY: "d", _YEAR: "y"}


def human(seconds: float) -> str:
    """A duration in two units at most; clocks may differ by two seconds before it counts as wrong."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    whole = max(whole, 0)
    for limit, unit, beside in _FORMS:
        if whole < limit:
            rest = whole % unit // beside if beside else 0
            return f"{whole // unit}{_LETTERS[unit]}" + (f"{rest}{_LETTERS[beside]}" if rest else "")
    return f"{whole // _YEAR}y"


def go(seconds: float) -> str:
    """A duration as Go prints it: `1h0m5s`, `1m30s`, `2.5s`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{rest:g}s"


def seconds_of(timestamp: str) -> float:
    """An RFC 3339 time (`2024-05-01T10:00:00Z`, also with a fraction) as seconds since 1970.

    Raises:
        ValueError: it is none.
    """
    from calendar import timegm

    whole, _, fraction = timestamp.removesuffix("Z").partition(".")
    return timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")


def since(timestamp: str | None, now: float | None = None) -> str:
    """The age of a timestamp at `now` (seconds since 1970; unsaid: now), `<unknown>` for none."""
    if not timestamp:
        return "<unknown>"
    try:
        return human((time.time() if now is None else now) - seconds_of(timestamp))
    except ValueError:
        return "<invalid>"
