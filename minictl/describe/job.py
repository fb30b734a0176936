"""A Job: how much is wanted and how far it is; and what CronJobs say of the Jobs they make."""

from minictl.describe import Cluster, Events, Fields, events, podspec
from minictl.describe.text import Page, controller, date, duration, label_selector, moment

LISTED_INDEXES = 50
"""Characters after which a list of indexes is cut at the next comma."""


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec, status = subject.get("metadata") or {}, subject.get("spec") or {}, subject.get("status") or {}
    page.field("Name", meta.get("name", ""))
    page.field("Namespace", meta.get("namespace", ""))
    page.field("Selector", label_selector(spec.get("selector")))
    page.labels("Labels", meta.get("labels"))
    page.annotations("Annotations", meta.get("annotations"))
    if controller(meta):
        page.field("Controlled By", controller(meta))
    if spec.get("parallelism") is not None:
        page.field("Parallelism", spec["parallelism"])
    page.field("Completions", _or_unset(spec.get("completions")))
    if spec.get("completionMode"):
        page.field("Completion Mode", spec["completionMode"])
    if spec.get("suspend") is not None:
        page.field("Suspend", str(spec["suspend"]).lower())
    if spec.get("backoffLimit") is not None:
        page.field("Backoff Limit", spec["backoffLimit"])
    _times(page, spec, status)
    page.field("Pods Statuses", _counts(status))
    if spec.get("completionMode") == "Indexed":
        page.field("Completed Indexes", _cut(status.get("completedIndexes", "")))
    podspec.template(page, spec.get("template") or {})
    events.write(page, happened, cluster.now)


def _times(page: Page, spec: Fields, status: Fields) -> None:
    if spec.get("ttlSecondsAfterFinished") is not None:
        page.field("TTL Seconds After Finished", spec["ttlSecondsAfterFinished"])
    started, completed = moment(status.get("startTime")), moment(status.get("completionTime"))
    if started:
        page.field("Start Time", date(status["startTime"]))
    if completed:
        page.field("Completed At", date(status["completionTime"]))
    if started and completed:
        page.field("Duration", duration((completed - started).total_seconds()))
    if spec.get("activeDeadlineSeconds") is not None:
        page.field("Active Deadline Seconds", f"{spec['activeDeadlineSeconds']}s")


def _counts(status: Fields) -> str:
    ready = f" ({status['ready']} Ready)" if status.get("ready") is not None else ""
    active, succeeded, failed = (status.get(key, 0) for key in ("active", "succeeded", "failed"))
    return f"{active} Active{ready} / {succeeded} Succeeded / {failed} Failed"


def _cut(indexes: str) -> str:
    if not indexes:
        return "<none>"
    comma = indexes.find(",", LISTED_INDEXES)
    return indexes if comma < 0 else indexes[: comma + 1] + "..."


def _or_unset(value: object) -> object:
    return "<unset>" if value is None else value


def template(page: Page, spec: Fields) -> None:
    """The Job that a CronJob makes."""
    chosen = spec.get("selector")
    page.field("Selector", "<unset>" if chosen is None else label_selector(chosen))
    page.field("Parallelism", _or_unset(spec.get("parallelism")))
    page.field("Completions", _or_unset(spec.get("completions")))
    if spec.get("activeDeadlineSeconds") is not None:
        page.field("Active Deadline Seconds", f"{spec['activeDeadlineSeconds']}s")
    podspec.template(page, spec.get("template") or {})
