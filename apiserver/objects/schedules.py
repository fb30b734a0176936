"""The schedules of CronJobs: `*/5 * * * *`, `@hourly`, `@every 90s`; read as the standard parser of robfig/cron reads
them, errors included, because Kubernetes does.

Five fields make sets of numbers; a day has to be in both sets of days where one of them is a star, else in either. What
comes next is asked of cronsim, which is imported when the first CronJob is there, in wall-clock time without a zone;
then the zone decides: a time that its clocks skip does not happen, and one that they show twice happens twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

YEARS_AHEAD = 5
"""A schedule that names no time in that many years never comes."""
MOST_SHIFT = timedelta(hours=3)
"""More than clocks are ever put back by."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NO_NAMES: dict[str, int] = {}
FIELDS = (
    (0, 59, NO_NAMES),
    (0, 23, NO_NAMES),
    (1, 31, NO_NAMES),
    (1, 12, {name: number for number, name in enumerate(MONTHS, 1)}),
    (0, 6, {name: number for number, name in enumerate(DAYS)}),
)
"""Minute, hour, day of the month, month, day of the week: the least, the most, and names."""
DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
EVERY = "@every "
UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_ZONED = re.compile(r"(?:CRON_)?TZ=")
_AMOUNT = re.compile(r"(\d+\.?\d*|\.\d+)([^\d.]*)", re.ASCII)


class BadSchedule(ValueError):
    """A text that is no schedule; says why as robfig/cron does."""


@dataclass(frozen=True)
class Every:
    """From whenever on, each time so long after the last."""

    delay: timedelta

    def after(self, moment: datetime, zone: tzinfo = UTC) -> datetime:
        return moment.replace(microsecond=0) + self.delay


@dataclass(frozen=True)
class Calendar:
    """At every minute that all five fields name, written so that cronsim reads them alike."""

    expression: str

    def after(self, moment: datetime, zone: tzinfo = UTC) -> datetime | None:
        """The next time after `moment`; None: never. Both are in UTC, the schedule is in `zone`."""
        from cronsim import CronSim, CronSimError

        local = moment.astimezone(zone).replace(tzinfo=None)
        best: datetime | None = None
        try:
            for wall in CronSim(self.expression, local - MOST_SHIFT):
                if wall.year > local.year + YEARS_AHEAD:
                    return best
                instants = _instants(wall, zone)
                best = min((i for i in (*instants, *filter(None, [best])) if i > moment), default=None)
                if instants and instants[0] > moment:
                    return best
        except CronSimError:
            return None  # a day that none of its months has
        return best


Schedule = Every | Calendar


def _instants(wall: datetime, zone: tzinfo) -> list[datetime]:
    """When the clocks of a zone show a time: once, twice, or never."""
    found = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(i for i in found if i.astimezone(zone).replace(tzinfo=None) == wall)


# -- reading -----------------------------------------------------------------------------------------------------------


def parse(text: str) -> Schedule:
    """Raises BadSchedule."""
    if not text:
        raise BadSchedule("empty spec string")
    if _ZONED.match(text):
        zone, space, text = text.partition(" ")
        if not space:
            raise BadSchedule("invalid schedule format: runtime error: slice bounds out of range [:-1]")
        location(zone.partition("=")[2])
        text = text.strip()
    if text.startswith("@"):
        if text.startswith(EVERY):
            return Every(_duration(text))
        if text not in DESCRIPTORS:
            raise BadSchedule(f"unrecognized descriptor: {text}")
        text = DESCRIPTORS[text]
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise BadSchedule(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    return Calendar(" ".join(_written(field, *bounds) for field, bounds in zip(fields, FIELDS, strict=True)))


def location(name: str) -> tzinfo:
    """A time zone by its IANA name; "" is UTC. Raises BadSchedule."""
    if name in ("", "UTC"):
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise BadSchedule(f"provided bad location {name}: unknown time zone {name}") from None


def _written(field: str, least: int, most: int, names: dict[str, int]) -> str:
    """A field as a star or as a list of numbers."""
    numbers: set[int] = set()
    has_star = False
    for part in filter(None, field.split(",")):
        those, is_star = _range(part, least, most, names)
        numbers.update(those)
        has_star = has_star or is_star
    if has_star or not numbers:
        return "*"
    return ",".join(str(number) for number in sorted(numbers))


def _range(part: str, least: int, most: int, names: dict[str, int]) -> tuple[Iterable[int], bool]:
    """The numbers of `*`, `?`, `5`, `1-5`, `1-5/2`, `5/2`; and whether it is a star with no step."""
    ends, *steps = part.split("/")
    low, *high = ends.split("-")
    is_star = low in ("*", "?")
    if is_star:
        start, end = least, most
    else:
        start = _number(low, names)
        if len(high) > 1:
            raise BadSchedule(f"too many hyphens: {part}")
        end = _number(high[0], names) if high else start
    if len(steps) > 1:
        raise BadSchedule(f"too many slashes: {part}")
    step = _number(steps[0], NO_NAMES) if steps else 1
    if steps and not high:
        end = most
    if start < least:
        raise BadSchedule(f"beginning of range ({start}) below minimum ({least}): {part}")
    if end > most:
        raise BadSchedule(f"end of range ({end}) above maximum ({most}): {part}")
    if start > end:
        raise BadSchedule(f"beginning of range ({start}) beyond end of range ({end}): {part}")
    if step == 0:
        raise BadSchedule(f"step of range should be a positive number: {part}")
    return range(start, end + 1, step), is_star and step == 1


def _number(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits.isascii() or not digits.isdigit():
        raise BadSchedule(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    if int(text) < 0:
        raise BadSchedule(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)


def _duration(text: str) -> timedelta:
    """What follows `@every `, as Go writes durations; a second at least."""
    written = text.removeprefix(EVERY)
    rest = written[1:] if written[:1] in ("+", "-") else written
    seconds = 0.0
    while rest and rest != "0":
        found = _AMOUNT.match(rest)
        if found is None:
            break
        amount, unit = found.groups()
        if unit not in UNITS:
            problem = f'unknown unit "{unit}" in' if unit else "missing unit in"
            raise BadSchedule(f'failed to parse duration {text}: time: {problem} duration "{written}"')
        seconds, rest = seconds + float(amount) * UNITS[unit], rest[found.end() :]
    if rest not in ("", "0") or not written.strip("+-"):
        raise BadSchedule(f'failed to parse duration {text}: time: invalid duration "{written}"')
    return timedelta(seconds=max(1, int(-seconds if written.startswith("-") else seconds)))
