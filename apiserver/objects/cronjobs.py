"""When a CronJob is due, and the Job that it makes then. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apiserver.objects.replicas import copy_of
from apiserver.objects.schedules import location, parse

Object = dict[str, Any]

SCHEDULED_FOR = "batch.kubernetes.io/cronjob-scheduled-timestamp"
MANY_MISSED = 100
"""More missed starts than this are worth a warning."""
LATER = timedelta(milliseconds=100)
"""The next look is a little after a start is due, never before."""


class NeverDue(ValueError):
    """A schedule that names no time."""


@dataclass(frozen=True)
class Due:
    """The last start that was due and is not made (None: none), when to look again, and whether many were missed."""

    moment: datetime | None
    next_seconds: float
    missed_many: bool = False


def due(cronjob: Object, now: datetime) -> Due:
    """Raises NeverDue."""
    spec, status = cronjob["spec"], cronjob.get("status") or {}
    schedule, zone = parse(spec["schedule"]), location(spec.get("timeZone", ""))
    since = datetime.fromisoformat(status.get("lastScheduleTime") or cronjob["metadata"]["creationTimestamp"])

    def after(moment: datetime) -> datetime:
        found = schedule.after(moment, zone)
        if found is None:
            raise NeverDue("time difference between two schedules is less than 1 second")
        return found

    def wait(last: datetime) -> float:
        return (after(last) + LATER - now).total_seconds()

    deadline = spec.get("startingDeadlineSeconds")
    earliest = since if deadline is None else max(since, now - timedelta(seconds=deadline))
    moment, missed = _most_recent(after, earliest, now)
    last, _ = _most_recent(after, since, now)
    return Due(moment, wait(last or since), missed > MANY_MISSED)


def _most_recent(
    after: Callable[[datetime], datetime], earliest: datetime, now: datetime
) -> tuple[datetime | None, int]:
    """The last start up to now, and how many there were about; without counting through years of minutes."""
    first = after(earliest)
    if now < first:
        return None, 0
    second = after(first)
    if now < second:
        return first, 1
    pause = (second - first).total_seconds()
    missed = int((now - first).total_seconds() // pause) + 1
    moment, found = first + timedelta(seconds=(missed - 2) * pause), None
    while (moment := after(moment)) <= now:
        found = moment
    return found, missed


def is_too_late(cronjob: Object, moment: datetime, now: datetime) -> bool:
    deadline = cronjob["spec"].get("startingDeadlineSeconds")
    return deadline is not None and moment + timedelta(seconds=deadline) < now


def make_job(cronjob: Object, reference: Object, moment: datetime) -> Object:
    """The Job of one start; its name tells the minute, so that no start happens twice."""
    metadata, template = cronjob["metadata"], cronjob["spec"]["jobTemplate"]
    own = template.get("metadata") or {}
    zone = location(cronjob["spec"].get("timeZone", ""))
    stamp = moment.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")
    made: Object = {
        "name": job_name(cronjob, moment),
        "namespace": metadata["namespace"],
        "annotations": {**(own.get("annotations") or {}), SCHEDULED_FOR: stamp},
        "ownerReferences": [reference],
    }
    if own.get("labels"):
        made["labels"] = dict(own["labels"])
    return {"metadata": made, "spec": copy_of(template["spec"])}


def job_name(cronjob: Object, moment: datetime) -> str:
    return f"{cronjob['metadata']['name']}-{int(moment.timestamp()) // 60}"


def is_scheduled(status: Object, moment: datetime) -> bool:
    """Whether this start has been made already."""
    last = status.get("lastScheduleTime")
    return last is not None and datetime.fromisoformat(last) == moment.astimezone(UTC)


def surplus(jobs: list[Object], limit: int | None) -> list[Object]:
    """The oldest of finished Jobs beyond the limit (None: no limit)."""
    if limit is None or len(jobs) <= limit:
        return []

    def started(job: Object) -> tuple[str, str]:
        return (job.get("status") or {}).get("startTime") or "~", job["metadata"]["name"]

    return sorted(jobs, key=started)[: len(jobs) - limit]
