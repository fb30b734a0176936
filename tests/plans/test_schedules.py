"""Schedules of CronJobs: what robfig/cron's standard parser takes and refuses, and what comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apiserver.objects.schedules import BadSchedule, location, parse


def following(text: str, since: str, count: int = 1, zone: str = "") -> list[str]:
    moment, found = datetime.fromisoformat(since).astimezone(UTC), []
    for _ in range(count):
        after = parse(text).after(moment, location(zone))
        assert after is not None
        found.append(after.strftime("%Y-%m-%d %H:%M:%S"))
        moment = after
    return found


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("* * * * *", "2026-01-01 00:01:00"),
        ("*/5 * * * *", "2026-01-01 00:05:00"),
        ("7/20 * * * *", "2026-01-01 00:07:00"),
        ("@hourly", "2026-01-01 01:00:00"),
        ("@daily", "2026-01-02 00:00:00"),
        ("@midnight", "2026-01-02 00:00:00"),
        ("@weekly", "2026-01-04 00:00:00"),
        ("@monthly", "2026-02-01 00:00:00"),
        ("@yearly", "2027-01-01 00:00:00"),
        ("@annually", "2027-01-01 00:00:00"),
        ("@every 1h30m", "2026-01-01 01:30:10"),
        ("@every 1.5s", "2026-01-01 00:00:11"),
        ("0 3 ? * MON-FRI", "2026-01-01 03:00:00"),
        ("30 6-16/4 * * 1-5", "2026-01-01 06:30:00"),
        ("0 0 29 feb *", "2028-02-29 00:00:00"),
        ("0 0 13 * 5", "2026-01-02 00:00:00"),  # the 13th or a Friday
        ("0 0 */2 * 5", "2026-01-02 00:00:00"),  # a star with a step is none
        ("0 0 13 * *", "2026-01-13 00:00:00"),
        ("0 0 * * sun,sat", "2026-01-03 00:00:00"),
    ],
)
def test_what_comes_next(text: str, want: str) -> None:
    assert following(text, "2026-01-01T00:00:10Z") == [want]


@pytest.mark.parametrize("text", ["0 0 31 2 *", "0 0 30 feb ?"])
def test_a_day_that_does_not_exist_never_comes(text: str) -> None:
    assert parse(text).after(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty spec string"),
        ("every day", "expected exactly 5 fields, found 2: [every day]"),
        ("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("@never", "unrecognized descriptor: @never"),
        ("@every x", 'failed to parse duration @every x: time: invalid duration "x"'),
        ("@every 5", 'failed to parse duration @every 5: time: missing unit in duration "5"'),
        ("@every 5y", 'failed to parse duration @every 5y: time: unknown unit "y" in duration "5y"'),
        ("TZ=Moon/Base 0 0 * * *", "provided bad location Moon/Base: unknown time zone Moon/Base"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadSchedule) as caught:
        parse(text)
    assert str(caught.value) == why


def test_a_zone_has_its_own_midnight() -> None:
    assert following("0 0 * * *", "2026-01-01T00:00:00Z", zone="Asia/Tokyo") == ["2026-01-01 15:00:00"]


def test_a_time_that_clocks_skip_does_not_happen_that_day() -> None:
    days = following("30 2 * * *", "2026-03-27T12:00:00Z", 2, "Europe/Berlin")
    assert days == ["2026-03-28 01:30:00", "2026-03-30 00:30:00"]


def test_a_time_that_clocks_show_twice_happens_twice() -> None:
    times = following("30 2 * * *", "2026-10-24T12:00:00Z", 3, "Europe/Berlin")
    assert times == ["2026-10-25 00:30:00", "2026-10-25 01:30:00", "2026-10-26 01:30:00"]


def test_every_starts_are_whole_seconds_apart() -> None:
    since = datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    after = parse("@every 10s").after(since)
    assert after is not None
    assert after - since == timedelta(seconds=9.5)
