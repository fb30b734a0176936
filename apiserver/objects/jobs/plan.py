"""One look at a Job and its Pods: what to do now. Pure.

    which Pods succeeded, failed, are active -> is it decided? (FailureTarget, SuccessCriteriaMet)
        decided:    the active Pods go
        undecided:  Pods are made or deleted, so that as many run as there are completions missing
    -> the status that says so; it lists the ended Pods as uncounted
    -> the Pods whose finalizer may go once that is stored; `counted` then moves them into the counters

So each ended Pod is counted exactly once, whatever stops in between: it is in the status before it may vanish.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from apiserver.objects import indexes
from apiserver.objects.jobs import conditions
from apiserver.objects.jobs.pods import (
    Backoff,
    backoff_of_index,
    counts_after,
    failure_counts,
    finished_at,
    has_failed,
    has_valid_index,
    index_of,
    is_indexed,
    is_per_index,
    is_tracked,
    phase,
    replaces_only_failed,
)
from apiserver.objects.jobs.policies import judge, success
from apiserver.objects.replicas import choose_victims, is_active, is_terminating, ready_since

Object = dict[str, Any]

MAX_UNCOUNTED = 500
"""Ended Pods that one status names; the others follow."""
MAX_AT_ONCE = 500
"""Pods that one plan makes or deletes."""

REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")
EXCEEDED = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
LATE = ("DeadlineExceeded", "Job was active longer than specified deadline")
TOO_MANY_INDEXES = ("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes")
FAILED_INDEXES = ("FailedIndexes", "Job has failed indexes")

Said = tuple[str, str, str]
"""The type, reason and message of an Event."""
TOO_MANY = ("Warning", "TooManySucceededPods", "Too many succeeded pods running after completion count reached")


@dataclass
class Plan:
    """`create` holds completion indexes (None for Jobs without); `forget` are active Pods that are deleted without
    being counted, `end` those of a Job that is decided."""

    status: Object
    create: list[int | None] = field(default_factory=list)
    replaced: dict[int, Object] = field(default_factory=dict)
    forget: list[Object] = field(default_factory=list)
    end: list[Object] = field(default_factory=list)
    release: list[Object] = field(default_factory=list)
    events: list[Said] = field(default_factory=list)
    decided: Object | None = None
    backoff: Backoff = field(default_factory=Backoff)
    wait_seconds: list[float] = field(default_factory=list)

    def set_active(self, count: int) -> None:
        """Say how many Pods there are, where not all could be made."""
        _set_count(self.status, "active", count)


@dataclass
class _Look:
    """What one look finds."""

    job: Object
    pods: Sequence[Object]
    now: datetime
    stamp: str
    backoff: Backoff
    active: list[Object] = field(default_factory=list)
    succeeded: int = 0
    failed: int = 0
    done: set[int] = field(default_factory=set)
    """Completed indexes."""
    lost: set[int] = field(default_factory=set)
    """Indexes that have failed for good."""
    kept: dict[int, Object] = field(default_factory=dict)
    """The failed Pod of an index whose failures its replacement has to know of."""

    @property
    def spec(self) -> Object:
        spec: Object = self.job["spec"]
        return spec


def plan(job: Object, pods: Sequence[Object], backoff: Backoff, now: datetime, stamp: str) -> Plan:
    """What to do about a Job that is not finished; `stamp` is `now` as it is stored."""
    status = {**(job.get("status") or {})}
    status["uncountedTerminatedPods"] = {**(status.get("uncountedTerminatedPods") or {})}
    look = _Look(job, pods, now, stamp, backoff)
    _count(look, status)
    if not status.get("startTime") and not job["spec"].get("suspend"):
        status["startTime"] = stamp
    made = Plan(status, replaced=look.kept, backoff=look.backoff)
    made.decided = _decision(look, made)
    terminating = sum(is_terminating(pod) for pod in pods)
    if made.decided is not None:
        made.end = look.active
        gone = made.end
    else:
        if not job["metadata"].get("deletionTimestamp"):
            _manage(look, made, terminating)
        gone = made.forget
    active = len(look.active) + len(made.create) - len(gone)
    if made.decided is None:
        made.decided = _completion(look, active)
        if made.decided is None and not job["metadata"].get("deletionTimestamp"):
            _note_suspension(look, made)
    left = [pod for pod in look.active if all(pod is not one for one in gone)]
    _set_count(status, "active", active)
    status["ready"] = sum(ready_since(pod) is not None for pod in left)
    status["terminating"] = terminating + len(gone)
    _track(look, made)
    return made


def _set_count(status: Object, name: str, count: int) -> None:
    status.pop(name, None)
    if count:
        status[name] = count


# -- what has happened -------------------------------------------------------------------------------------------------


def _count(look: _Look, status: Object) -> None:
    job, uncounted = look.job, status["uncountedTerminatedPods"]
    known = {*(uncounted.get("succeeded") or ()), *(uncounted.get("failed") or ())}
    look.active = [pod for pod in look.pods if is_active(pod)]
    fresh = [
        pod
        for pod in look.pods
        if is_tracked(pod) and pod["metadata"]["uid"] not in known and has_valid_index(pod, job)
    ]
    succeeded = [pod for pod in fresh if phase(pod) == "Succeeded"]
    failed = [pod for pod in fresh if has_failed(pod, job)]
    policy = look.spec.get("podFailurePolicy")
    counted = [pod for pod in failed if judge(policy, pod).counts]
    look.backoff = look.backoff.after(succeeded, failed)
    look.succeeded = status.get("succeeded", 0) + len(succeeded) + len(uncounted.get("succeeded") or ())
    look.failed = status.get("failed", 0) + len(counted) + len(uncounted.get("failed") or ())
    if is_indexed(job):
        completions = look.spec["completions"]
        look.done = indexes.read(status.get("completedIndexes", ""), completions)
        look.done |= {i for pod in succeeded if (i := index_of(pod)) is not None}
        look.succeeded = len(look.done)
    if is_per_index(job):
        _count_indexes(look, status, failed)


def _count_indexes(look: _Look, status: Object, failed: list[Object]) -> None:
    look.lost = indexes.read(status.get("failedIndexes") or "", look.spec["completions"])
    policy, limit = look.spec.get("podFailurePolicy"), look.spec["backoffLimitPerIndex"]
    for pod in failed:
        index = index_of(pod)
        if index is not None and (judge(policy, pod).fails_index or counts_after(pod, look.job)[0] > limit):
            look.lost.add(index)
    busy = {index_of(pod) for pod in look.active}
    for pod in failed:
        index = index_of(pod)
        if index is None or index in look.lost or index in look.done or index in busy:
            continue
        known = look.kept.get(index)
        if known is None or _later(pod) >= _later(known):
            look.kept[index] = pod


def _later(pod: Object) -> tuple[int, float]:
    return sum(failure_counts(pod)), finished_at(pod).timestamp()


# -- what follows ------------------------------------------------------------------------------------------------------


def _decision(look: _Look, made: Plan) -> Object | None:
    """The condition FailureTarget or SuccessCriteriaMet, if the Job is decided already or by these Pods."""
    status = made.status
    for type_ in (conditions.SUCCESS_CRITERIA_MET, conditions.FAILURE_TARGET):
        if conditions.is_true(status, type_):
            return conditions.find(status, type_)
    policy = look.spec.get("podFailurePolicy")
    for pod in look.pods if policy is not None else ():
        if has_failed(pod, look.job) and (why := judge(policy, pod).fails_job):
            return _failure(look, "PodFailurePolicy", why)
    if look.failed > look.spec["backoffLimit"] or _restarts_exceed(look):
        return _failure(look, *EXCEEDED)
    left = _seconds_to_deadline(look, status)
    if left is not None and left <= 0:
        return _failure(look, *LATE)
    if left is not None:
        made.wait_seconds.append(left)
    if is_per_index(look.job):
        limit = look.spec.get("maxFailedIndexes")
        if limit is not None and len(look.lost) > limit:
            return _failure(look, *TOO_MANY_INDEXES)
        if look.lost and len(look.lost) + len(look.done) >= look.spec["completions"]:
            return _failure(look, *FAILED_INDEXES)
    if is_indexed(look.job):
        met = success(look.spec.get("successPolicy"), look.spec["completions"], look.done)
        if met:
            return conditions.new(conditions.SUCCESS_CRITERIA_MET, "SuccessPolicy", met, look.stamp)
    return None


def _failure(look: _Look, reason: str, message: str) -> Object:
    return conditions.new(conditions.FAILURE_TARGET, reason, message, look.stamp)


def _restarts_exceed(look: _Look) -> bool:
    """Containers that are started again in their Pods count against the limit as well."""
    if look.spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    restarts = sum(
        container.get("restartCount", 0)
        for pod in look.pods
        if phase(pod) in ("Running", "Pending")
        for kind in ("initContainerStatuses", "containerStatuses")
        for container in (pod.get("status") or {}).get(kind) or ()
    )
    limit = look.spec["backoffLimit"]
    return bool(restarts >= limit if limit else restarts > 0)


def _seconds_to_deadline(look: _Look, status: Object) -> float | None:
    seconds, started = look.spec.get("activeDeadlineSeconds"), status.get("startTime")
    if seconds is None or not started or look.spec.get("suspend"):
        return None
    return (datetime.fromisoformat(started) + timedelta(seconds=seconds) - look.now).total_seconds()


def _completion(look: _Look, active: int) -> Object | None:
    """The condition of a Job that has all its completions. Without a number one is enough, once all have ended."""
    wanted = look.spec.get("completions")
    if active or look.succeeded < (1 if wanted is None else wanted):
        return None
    return conditions.new(conditions.SUCCESS_CRITERIA_MET, *REACHED, look.stamp)


def _note_suspension(look: _Look, made: Plan) -> None:
    status, now = made.status, look.stamp
    suspended = bool(look.spec.get("suspend"))
    reason, message = ("JobSuspended", "Job suspended") if suspended else ("JobResumed", "Job resumed")
    condition = conditions.new(conditions.SUSPENDED, reason, message, now, "True" if suspended else "False")
    found, changed = conditions.ensure(status.get("conditions") or [], condition)
    if not changed:
        return
    status["conditions"] = found
    made.events.append(("Normal", "Suspended" if suspended else "Resumed", message))
    status.pop("startTime", None)
    if not suspended:
        status["startTime"] = now


# -- Pods to make and to delete ----------------------------------------------------------------------------------------


def _manage(look: _Look, made: Plan, terminating: int) -> None:
    spec, active = look.spec, len(look.active)
    if spec.get("suspend"):
        made.forget = look.active[:MAX_AT_ONCE]
        return
    wanted = spec["parallelism"]
    if spec.get("completions") is not None:
        wanted = max(0, min(wanted, spec["completions"] - look.succeeded))
    elif look.succeeded:
        wanted = active
    made.forget = _surplus(look, active - wanted)[:MAX_AT_ONCE]
    if made.forget:
        return
    missing = min(wanted - active - (terminating if replaces_only_failed(look.job) else 0), MAX_AT_ONCE)
    if missing <= 0:
        return
    left = 0.0 if is_per_index(look.job) else look.backoff.seconds_left(look.now)
    if left > 0:
        made.wait_seconds.append(left)
    elif is_indexed(look.job):
        made.create = _indexes_to_start(look, made, missing)
    else:
        made.create = [None] * missing


def _surplus(look: _Look, count: int) -> list[Object]:
    """Active Pods that have to go: those whose index is none or another one's, and `count` of them at least."""
    twice: list[Object] = []
    if is_indexed(look.job):
        seen: set[int | None] = set()
        for pod in sorted(look.active, key=lambda pod: ready_since(pod) is None):
            index = index_of(pod)
            if index in seen or not has_valid_index(pod, look.job):
                twice.append(pod)
            seen.add(index)
    others = [pod for pod in look.active if all(pod is not one for one in twice)]
    return twice + choose_victims(others, (), max(0, count - len(twice)), look.now)


def _indexes_to_start(look: _Look, made: Plan, missing: int) -> list[int | None]:
    taken = {index_of(pod) for pod in look.active} | look.done | look.lost
    if replaces_only_failed(look.job):
        taken |= {index_of(pod) for pod in look.pods if is_terminating(pod)}
    free = list(islice((index for index in range(look.spec["completions"]) if index not in taken), missing))
    waits = {index: backoff_of_index(look.kept.get(index), look.now) for index in free}
    made.wait_seconds += [seconds for seconds in waits.values() if seconds > 0]
    return [index for index in free if not waits[index]]


# -- counting ----------------------------------------------------------------------------------------------------------


def _track(look: _Look, made: Plan) -> None:
    """Name the ended Pods in the status, and say which of them may lose their finalizer then."""
    job, status, policy = look.job, made.status, look.spec.get("podFailurePolicy")
    uncounted = status["uncountedTerminatedPods"]
    lists: dict[str, list[str]] = {key: list(uncounted.get(key) or ()) for key in ("succeeded", "failed")}
    fails_all = made.decided is not None and made.decided["type"] == conditions.FAILURE_TARGET
    completed = indexes.read(status.get("completedIndexes", ""), look.spec.get("completions", 0))
    for pod in sorted(look.pods, key=lambda pod: index_of(pod) or 0):
        uid, failed = pod["metadata"]["uid"], has_failed(pod, job)
        if not is_tracked(pod) or not _may_go(look, made, pod, failed):
            continue
        made.release.append(pod)
        if phase(pod) == "Succeeded" and uid not in lists["failed"]:
            if not is_indexed(job):
                lists["succeeded"] += [uid] if uid not in lists["succeeded"] else []
            elif has_valid_index(pod, job):
                completed.add(index_of(pod) or 0)
        elif failed or fails_all:
            counts = judge(policy, pod).counts and has_valid_index(pod, job)
            lists["failed"] += [uid] if counts and uid not in lists["failed"] else []
        if len(lists["succeeded"]) + len(lists["failed"]) >= MAX_UNCOUNTED:
            break
    status["uncountedTerminatedPods"] = {key: uids for key, uids in lists.items() if uids}
    if is_indexed(job):
        status.pop("completedIndexes", None)
        if completed:
            status["completedIndexes"] = indexes.write(completed)
        _set_count(status, "succeeded", len(completed))
    if is_per_index(job):
        status["failedIndexes"] = indexes.write(look.lost)
    if made.decided is not None and not conditions.is_true(status, made.decided["type"]):
        status["conditions"] = [*(status.get("conditions") or ()), made.decided]


def _may_go(look: _Look, made: Plan, pod: Object, failed: bool) -> bool:
    """Whether nobody needs a Pod any more once it is in the status."""
    if any(pod is one for one in made.forget):
        return False  # loses its finalizer when it is deleted, and is not counted
    if look.job["metadata"].get("deletionTimestamp") or made.decided is not None or phase(pod) == "Succeeded":
        return True
    index = index_of(pod)
    return failed and (index is None or look.kept.get(index) is not pod)


def counted(
    status: Object, tracked: set[str], decided: Object | None, stamp: str, wanted: int | None = None
) -> tuple[Object, list[Said]]:
    """The status once Pods have lost their finalizers: those not in `tracked` (uids) any more are in the counters; and
    when nothing is left to wait for, the Job has ended. With what is to be said then; `wanted`: its completions."""
    status = {**status}
    uncounted = status.get("uncountedTerminatedPods") or {}
    rest: Object = {}
    for key in ("succeeded", "failed"):
        uids = uncounted.get(key) or []
        left = [uid for uid in uids if uid in tracked]
        _set_count(status, key, status.get(key, 0) + len(uids) - len(left))
        rest |= {key: left} if left else {}
    status["uncountedTerminatedPods"] = rest
    if decided is None or rest or status.get("terminating") or status.get("active"):
        return status, []
    type_ = conditions.FINAL[decided["type"]]
    final = conditions.new(type_, decided["reason"], decided["message"], stamp)
    status["conditions"], changed = conditions.ensure(status.get("conditions") or [], final)
    if not changed:
        return status, []
    if type_ == conditions.FAILED:
        return status, [("Warning", decided["reason"], decided["message"])]
    status["completionTime"] = stamp
    too_many = wanted is not None and status.get("succeeded", 0) > wanted
    return status, [*([TOO_MANY] if too_many else []), ("Normal", "Completed", "Job completed")]
