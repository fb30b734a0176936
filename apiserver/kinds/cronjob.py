"""CronJob: makes Jobs at the times that a schedule names."""

from __future__ import annotations

import re

from apiserver.kind import AGE, NAME, Cell, Column, Kind, Object, Since
from apiserver.kinds._jobtemplate import default_job_template
from apiserver.objects import schedules
from apiserver.objects.podwarnings import name_warnings, template_warnings
from apiserver.objects.validation import Causes, invalid, not_negative, not_supported, required
from apiserver.objects.validation.jobspec import validate_job_spec
from apiserver.objects.validation.names import byte_length, subdomain_name
from apiserver.objects.validation.workload import print_selector
from apiserver.objects.workloadcolumns import container_names, images, selector

POLICIES = ("Allow", "Forbid", "Replace")
MAX_NAME_BYTES = 52
"""Eleven less than a Job's, whose names end with a dash and the minute."""
_zone_part = re.compile(r"[A-Za-z.\-_0-9+]{1,14}", re.ASCII).fullmatch


def job_template(cronjob: Object) -> Object:
    """The Job to be, as the columns of workloads read it."""
    template: Object = cronjob["spec"]["jobTemplate"]
    return template


def default(cronjob: Object) -> None:
    default_job_template(cronjob["spec"].setdefault("jobTemplate", {}).setdefault("spec", {}))


def validate(cronjob: Object) -> Causes:
    spec = cronjob["spec"]
    causes = _validate_schedule(spec.get("schedule", ""))
    causes += not_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds", 0))
    if "timeZone" in spec:
        causes += _validate_zone(spec["timeZone"])
    policy = spec.get("concurrencyPolicy", "")
    if policy not in POLICIES:
        causes.append(not_supported("spec.concurrencyPolicy", policy, POLICIES))
    causes += _validate_template("spec.jobTemplate.spec", spec["jobTemplate"]["spec"])
    for field in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        causes += not_negative(f"spec.{field}", spec.get(field, 0))
    return causes


def _validate_schedule(schedule: str) -> Causes:
    if not schedule:
        return [required("spec.schedule")]
    causes: Causes = []
    try:
        schedules.parse(schedule)
    except schedules.BadSchedule as error:
        causes.append(invalid("spec.schedule", schedule, str(error)))
    if "TZ" in schedule:
        text = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        causes.append(invalid("spec.schedule", schedule, text))
    return causes


def _validate_zone(zone: str) -> Causes:
    at, unknown = "spec.timeZone", f"unknown time zone {zone}"
    if not zone:
        return [invalid(at, zone, "timeZone must be nil or non-empty string")]
    if any(part in (".", "..") or part.startswith("-") or not _zone_part(part) for part in zone.split("/")):
        return [invalid(at, zone, unknown)]
    if zone.lower() == "local":
        text = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        causes = [invalid(at, zone, text)]
        return causes if zone == "Local" else [*causes, invalid(at, zone, unknown)]
    try:
        schedules.location(zone)
    except schedules.BadSchedule:
        return [invalid(at, zone, unknown)]
    return []


def _validate_template(at: str, spec: Object) -> Causes:
    causes = validate_job_spec(at, spec)
    if spec.get("selector") is not None:
        causes.append(invalid(f"{at}.selector", print_selector(spec["selector"]), "`selector` will be auto-generated"))
    if spec.get("manualSelector"):
        causes.append(not_supported(f"{at}.manualSelector", True, ("nil", "false")))
    return causes


def validate_create(cronjob: Object) -> Causes:
    name = cronjob["metadata"].get("name", "")
    if byte_length(name) <= MAX_NAME_BYTES:
        return []
    return [invalid("metadata.name", name, f"must be no more than {MAX_NAME_BYTES} characters")]


def warnings(new: Object, old: Object | None) -> list[str]:
    found = name_warnings(new["metadata"].get("name", ""), "Pod names and hostnames") if old is None else []
    if old is not None and new["spec"] == old["spec"]:
        return found
    return found + template_warnings(job_template(new)["spec"]["template"], "spec.jobTemplate.spec.template")


# -- columns -----------------------------------------------------------------------------------------------------------


def suspend_column(cronjob: Object) -> str:
    suspended = cronjob["spec"].get("suspend")
    return "<unset>" if suspended is None else str(bool(suspended))


def last_schedule_column(cronjob: Object) -> Cell | Since:
    last = (cronjob.get("status") or {}).get("lastScheduleTime")
    return Since(last) if last else "<none>"


kind = Kind(
    "batch/v1",
    "CronJob",
    "cronjobs",
    short=("cj",),
    categories=("all",),
    status=True,
    has_generation=True,
    columns=(
        NAME,
        Column("Schedule", lambda cronjob: cronjob["spec"].get("schedule", "")),
        Column("Timezone", lambda cronjob: cronjob["spec"].get("timeZone") or "<none>"),
        Column("Suspend", suspend_column, type="boolean"),
        Column("Active", lambda cronjob: len((cronjob.get("status") or {}).get("active") or ()), type="integer"),
        Column("Last Schedule", last_schedule_column),
        AGE,
        Column("Containers", lambda cronjob: container_names(job_template(cronjob)), priority=1),
        Column("Images", lambda cronjob: images(job_template(cronjob)), priority=1),
        Column("Selector", lambda cronjob: selector(job_template(cronjob)), priority=1),
    ),
    validate_name=subdomain_name,
    default=default,
    validate=validate,
    validate_create=validate_create,
    warnings=warnings,
)
