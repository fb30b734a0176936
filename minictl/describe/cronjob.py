"""A CronJob: when it makes which Job, and which of them run."""

from minictl.describe import Cluster, Events, Fields, events, job
from minictl.describe.text import Page, date, joined

UNSET = "<unset>"


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec, status = subject.get("metadata") or {}, subject.get("spec") or {}, subject.get("status") or {}
    page.head(meta)
    page.field("Schedule", spec.get("schedule", ""))
    page.field("Concurrency Policy", spec.get("concurrencyPolicy", ""))
    suspended = spec.get("suspend")
    page.field("Suspend", UNSET if suspended is None else str(suspended).title())
    if spec.get("timeZone") is not None:
        page.field("Time Zone", spec["timeZone"])
    page.field("Successful Job History Limit", spec.get("successfulJobsHistoryLimit", UNSET))
    page.field("Failed Job History Limit", spec.get("failedJobsHistoryLimit", UNSET))
    deadline = spec.get("startingDeadlineSeconds")
    page.field("Starting Deadline Seconds", UNSET if deadline is None else f"{deadline}s")
    job.template(page, (spec.get("jobTemplate") or {}).get("spec") or {})
    last = status.get("lastScheduleTime")
    page.field("Last Schedule Time", date(last) if last else UNSET)
    page.field("Active Jobs", joined((each.get("name", "") for each in status.get("active") or ()), ", "))
    events.write(page, happened, cluster.now)
