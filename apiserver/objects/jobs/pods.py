"""The Pods of a Job: how they are made, and what they say about the Job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apiserver.objects.jobs.policies import judge
from apiserver.objects.numerals import natural
from apiserver.objects.replicas import pod_from_template

Object = dict[str, Any]

FINALIZER = "batch.kubernetes.io/job-tracking"
"""Holds every Pod of a Job until the Job has counted it."""
INDEX = "batch.kubernetes.io/job-completion-index"
FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
MAX_PREFIX = 63 - 5

FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 10.0, 600.0


def is_indexed(job: Object) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def is_per_index(job: Object) -> bool:
    """Whether failures are counted for each index by itself."""
    return is_indexed(job) and job["spec"].get("backoffLimitPerIndex") is not None


def replaces_only_failed(job: Object) -> bool:
    return bool(job["spec"].get("podReplacementPolicy") == "Failed")


def is_tracked(pod: Object) -> bool:
    return FINALIZER in (pod["metadata"].get("finalizers") or ())


def phase(pod: Object) -> str:
    return str((pod.get("status") or {}).get("phase", ""))


def has_failed(pod: Object, job: Object) -> bool:
    """A Pod that is being deleted counts as failed too, for it may never get to say so; unless the Job waits for it."""
    if phase(pod) == "Failed" or replaces_only_failed(job):
        return phase(pod) == "Failed"
    return bool(pod["metadata"].get("deletionTimestamp")) and phase(pod) != "Succeeded"


def index_of(pod: Object) -> int | None:
    """The completion index; None for a Pod without one."""
    return natural((pod["metadata"].get("annotations") or {}).get(INDEX, ""))


def has_valid_index(pod: Object, job: Object) -> bool:
    """Whether the Pod can count for the Job: always, where there are no indexes."""
    index = index_of(pod)
    return not is_indexed(job) or (index is not None and index < job["spec"]["completions"])


def finished_at(pod: Object) -> datetime:
    """When the last container ended; else when the Pod was no longer ready, or was deleted, or was made."""
    status, metadata = pod.get("status") or {}, pod["metadata"]
    ends: list[str] = [
        ((container.get("state") or {}).get("terminated") or {}).get("finishedAt", "")
        for container in status.get("containerStatuses") or ()
    ]
    if ends and all(ends):
        return datetime.fromisoformat(max(ends))
    for condition in status.get("conditions") or ():
        if condition["type"] == "Ready" and condition["status"] == "False" and condition.get("lastTransitionTime"):
            return datetime.fromisoformat(condition["lastTransitionTime"])
    if metadata.get("deletionTimestamp"):
        grace = timedelta(seconds=metadata.get("deletionGracePeriodSeconds") or 0)
        return datetime.fromisoformat(metadata["deletionTimestamp"]) - grace
    return datetime.fromisoformat(metadata["creationTimestamp"])


# -- back-off ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Backoff:
    """Failures in a row of a Job, and when the last one was."""

    failures: int = 0
    last: datetime | None = None

    def seconds_left(self, now: datetime) -> float:
        """How long to wait before a failed Pod is replaced."""
        if not self.failures or self.last is None:
            return 0.0
        seconds = min(FIRST_BACKOFF_SECONDS * 2.0 ** min(self.failures - 1, 30), LONGEST_BACKOFF_SECONDS)
        return max(0.0, (self.last + timedelta(seconds=seconds) - now).total_seconds())

    def after(self, succeeded: Sequence[Object], failed: Sequence[Object]) -> Backoff:
        """With these Pods ended as well: a success starts the count anew."""
        successes = [finished_at(pod) for pod in succeeded]
        failures = sorted(finished_at(pod) for pod in failed)
        if successes:
            since = [moment for moment in failures if moment > max(successes)]
            return Backoff(len(since), since[-1] if since else None)
        return Backoff(self.failures + len(failures), failures[-1]) if failures else self


def backoff_of_index(pod: Object | None, now: datetime) -> float:
    """How long the index of a failed Pod has to wait."""
    if pod is None:
        return 0.0
    failures, ignored = failure_counts(pod)
    return Backoff(failures + ignored + 1, finished_at(pod)).seconds_left(now)


def failure_counts(pod: Object) -> tuple[int, int]:
    """How many Pods of its index had failed before this one: counted, and ignored."""
    annotations = pod["metadata"].get("annotations") or {}
    failures, ignored = (natural(annotations.get(key, "")) or 0 for key in (FAILURES, IGNORED))
    return failures, ignored


def counts_after(pod: Object, job: Object) -> tuple[int, int]:
    """The same with this one."""
    failures, ignored = failure_counts(pod)
    counts = judge(job["spec"].get("podFailurePolicy"), pod).counts
    return failures + counts, ignored + (not counts)


# -- making them -------------------------------------------------------------------------------------------------------


def make(job: Object, reference: Object, index: int | None, replaced: Object | None) -> Object:
    """A new Pod of the Job: for the completion index, if it has one, in the place of a Pod that failed."""
    pod = pod_from_template(job["spec"]["template"], job, reference)
    metadata, spec = pod["metadata"], pod["spec"]
    finalizers = metadata.setdefault("finalizers", [])
    if FINALIZER not in finalizers:
        finalizers.append(FINALIZER)
    if index is None:
        return pod
    name = job["metadata"]["name"]
    metadata["generateName"] = _prefix(name, index)
    annotations = metadata.setdefault("annotations", {})
    annotations[INDEX] = metadata.setdefault("labels", {})[INDEX] = str(index)
    spec["hostname"] = f"{name}-{index}"
    if is_per_index(job):
        failures, ignored = counts_after(replaced, job) if replaced is not None else (0, 0)
        annotations[FAILURES] = str(failures)
        if ignored:
            annotations[IGNORED] = str(ignored)
    for container in (*spec.get("containers", ()), *spec.get("initContainers", ())):
        variables = container.setdefault("env", [])
        if all(variable["name"] != INDEX_VARIABLE for variable in variables):
            source = {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}
            variables.append({"name": INDEX_VARIABLE, "valueFrom": source})
    return pod


def _prefix(name: str, index: int) -> str:
    """The start of a generated name, cut so that the index stays in it."""
    ending = f"-{index}-"
    return name[: MAX_PREFIX - len(ending)] + ending
