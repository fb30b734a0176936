"""Job: Pods that run until enough of them have succeeded.

Its validation stands in objects/validation/job.py and jobspec.py, what it does in objects/jobs/.
"""

from __future__ import annotations

from datetime import datetime

from apiserver.kind import AGE, NAME, Cell, Column, Kind, Object, Since
from apiserver.kinds._jobtemplate import default_job_template
from apiserver.objects.jobs import conditions
from apiserver.objects.podwarnings import name_warnings, template_warnings
from apiserver.objects.table import age
from apiserver.objects.validation.job import validate_job, validate_job_status, validate_job_update
from apiserver.objects.validation.names import subdomain_name
from apiserver.objects.workloadcolumns import container_names, images, selector

BACKOFF_LIMIT = 6
NO_LIMIT = 2**31 - 1
ORPHANS = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them "
    "or set propagationPolicy=Orphan to suppress this warning"
)


def default(job: Object) -> None:
    spec = job["spec"]
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", BACKOFF_LIMIT if spec.get("backoffLimitPerIndex") is None else NO_LIMIT)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("manualSelector", False)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed" if spec.get("podFailurePolicy") is None else "Failed")
    default_job_template(spec)
    labels = (spec["template"].get("metadata") or {}).get("labels")
    if labels and not job["metadata"].get("labels"):
        job["metadata"]["labels"] = dict(labels)


def warnings(new: Object, old: Object | None) -> list[str]:
    spec = new["spec"]
    if old is not None:
        return [] if spec == old["spec"] else template_warnings(spec["template"])
    found = name_warnings(new["metadata"].get("name", ""), "Pod names and hostnames")
    if spec["completionMode"] == "Indexed" and spec.get("completions", 0) > 100_000 and spec["parallelism"] > 10_000:
        text = "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
        text += "Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
        found.append(text)
    return found + template_warnings(spec["template"])


# -- columns -----------------------------------------------------------------------------------------------------------

STATUS = (
    (conditions.COMPLETE, "Complete"),
    (conditions.FAILED, "Failed"),
    (conditions.SUSPENDED, "Suspended"),
    (conditions.FAILURE_TARGET, "FailureTarget"),
    (conditions.SUCCESS_CRITERIA_MET, "SuccessCriteriaMet"),
)


def status_column(job: Object) -> str:
    if job["metadata"].get("deletionTimestamp"):
        return "Terminating"
    status = job.get("status") or {}
    return next((word for type_, word in STATUS if conditions.is_true(status, type_)), "Running")


def completions_column(job: Object) -> str:
    spec, succeeded = job["spec"], (job.get("status") or {}).get("succeeded", 0)
    if spec.get("completions") is not None:
        return f"{succeeded}/{spec['completions']}"
    parallelism = spec.get("parallelism", 0)
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def duration_column(job: Object) -> Cell | Since:
    """How long the Job took, or has been running; one that failed goes on for ever."""
    status = job.get("status") or {}
    started, completed = status.get("startTime"), status.get("completionTime")
    if not started:
        return ""
    if not completed:
        return Since(started)
    return age((datetime.fromisoformat(completed) - datetime.fromisoformat(started)).total_seconds())


kind = Kind(
    "batch/v1",
    "Job",
    "jobs",
    categories=("all",),
    status=True,
    has_generation=True,
    orphans_dependents=True,
    orphan_warning=ORPHANS,
    columns=(
        NAME,
        Column("Status", status_column),
        Column("Completions", completions_column),
        Column("Duration", duration_column),
        AGE,
        Column("Containers", container_names, priority=1),
        Column("Images", images, priority=1),
        Column("Selector", selector, priority=1),
    ),
    selectable={"status.successful": lambda job: str((job.get("status") or {}).get("succeeded", 0))},
    validate_name=subdomain_name,
    default=default,
    validate=validate_job,
    validate_update=validate_job_update,
    validate_status=validate_job_status,
    warnings=warnings,
)
