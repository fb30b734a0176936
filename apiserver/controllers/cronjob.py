"""Makes the Jobs of CronJobs when they are due, and forgets those that ended long ago.

Jobs that ended leave status.active -> is a start due, and may it be made? -> the Job, named for its minute -> status
-> the oldest finished Jobs beyond the history limits go
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apiserver.api import API
from apiserver.clock import timestamp
from apiserver.deletion import DeleteOptions
from apiserver.errors import AlreadyExists, APIError
from apiserver.kind import Object
from apiserver.kinds.cronjob import kind as CRONJOB
from apiserver.kinds.job import kind as JOB
from apiserver.objects import cronjobs
from apiserver.objects.jobs import conditions
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Result, is_namespace_ending
from apiserver.reconcile.dependents import Dependents
from apiserver.reconcile.events import Recorder
from apiserver.reconcile.selecting import Selecting, itself
from apiserver.reconcile.statuses import write_status
from apiserver.reconcile.workqueue import Key

NAME = "cronjob-controller"
RFC1123 = "%a, %d %b %Y %H:%M:%S +0000"
BUSY = "Not starting job because prior execution is running and concurrency policy is Forbid"
MISSED = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"


def controller() -> Controller:
    state = _CronJobs()
    return Controller(NAME, state.reconcile, {CRONJOB: itself, JOB: state.jobs.changed}, workers=2)


@dataclass
class _Turn:
    """One reconcile: the CronJob as read, its Jobs, and its status to be."""

    api: API
    cronjob: Object
    jobs: list[Object]
    status: Object
    recorder: Recorder
    now: datetime

    async def say(self, type_: str, reason: str, message: str) -> None:
        await self.recorder.event(CRONJOB, self.cronjob, type_, reason, message)

    @property
    def active(self) -> list[Object]:
        return self.status.get("active") or []

    def forget(self, uid: str) -> None:
        """Take a Job out of the active ones."""
        left = [reference for reference in self.active if reference["uid"] != uid]
        self.status.pop("active", None)
        if left:
            self.status["active"] = left

    async def delete(self, job: Object) -> None:
        options = DeleteOptions(propagation="Background", uid=job["metadata"]["uid"])
        await ownership.delete_if_there(self.api, JOB, job, self.api.named(NAME), options)
        self.forget(job["metadata"]["uid"])
        await self.say("Normal", "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")


class _CronJobs:
    def __init__(self) -> None:
        self.jobs = Dependents(JOB, CRONJOB, Selecting(lambda _: None))
        self.recorder: Recorder | None = None

    async def reconcile(self, api: API, key: Key) -> Result | None:
        record = api.find(CRONJOB, *key)
        if record is None:
            return None
        self.recorder = self.recorder or Recorder(api, NAME)
        cronjob = record.object
        jobs = [job.object for job in self.jobs.owned(api, cronjob)]
        status: Object = {**(cronjob.get("status") or {})}
        turn = _Turn(api, cronjob, jobs, status, self.recorder, api.clock.now())
        await _look_after(turn)
        wait = None
        try:
            if not cronjob["metadata"].get("deletionTimestamp") and not cronjob["spec"].get("suspend"):
                wait = await _start(turn)
        except APIError as error:
            if not is_namespace_ending(error):
                await turn.say("Warning", "FailedCreate", f"Error creating job: {error.message}")
                raise
        await _forget_old(turn)
        await write_status(turn.api, CRONJOB, turn.cronjob, turn.status, turn.api.named(NAME))
        return Result(after_seconds=wait) if wait is not None else None


async def _look_after(turn: _Turn) -> None:
    """Take out of status.active what has ended or gone, and note the last success."""
    known = {reference["uid"] for reference in turn.active}
    for job in turn.jobs:
        metadata, ended = job["metadata"], conditions.finished(job)
        if ended is None:
            if metadata["uid"] not in known:
                text = f"Saw a job that the controller did not create or forgot: {metadata['name']}"
                await turn.say("Warning", "UnexpectedJob", text)
            continue
        if metadata["uid"] in known:
            turn.forget(metadata["uid"])
            text = f"Saw completed job: {metadata['name']}, condition: {ended['type']}"
            await turn.say("Normal", "SawCompletedJob", text)
        completed = (job.get("status") or {}).get("completionTime")
        if ended["type"] == conditions.COMPLETE and completed:
            turn.status["lastSuccessfulTime"] = max(completed, turn.status.get("lastSuccessfulTime", ""))
    present = {job["metadata"]["uid"] for job in turn.jobs}
    for reference in turn.active:
        if reference["uid"] not in present:
            turn.forget(reference["uid"])
            await turn.say("Normal", "MissingJob", f"Active job went missing: {reference['name']}")


async def _start(turn: _Turn) -> float | None:
    """Make the Job that is due, if one is; in how many seconds the next one is."""
    cronjob, policy = turn.cronjob, turn.cronjob["spec"]["concurrencyPolicy"]
    try:
        due = cronjobs.due(cronjob, turn.now)
    except cronjobs.NeverDue as error:
        await turn.say("Warning", "InvalidSchedule", f"invalid schedule: {cronjob['spec']['schedule']} : {error}")
        return None
    if due.missed_many:
        await turn.say("Warning", "TooManyMissedTimes", MISSED)
    moment = due.moment
    if moment is None:
        return due.next_seconds
    if cronjobs.is_too_late(cronjob, moment, turn.now):
        when = moment.strftime(RFC1123)
        await turn.say("Warning", "MissSchedule", f"Missed scheduled time to start a job: {when}")
        return due.next_seconds
    name = cronjobs.job_name(cronjob, moment)
    if cronjobs.is_scheduled(turn.status, moment) or any(reference["name"] == name for reference in turn.active):
        return due.next_seconds
    if policy == "Forbid" and turn.active:
        await turn.say("Normal", "JobAlreadyActive", BUSY)
        return due.next_seconds
    if policy == "Replace":
        running = {reference["uid"] for reference in turn.active}
        for job in turn.jobs:
            if job["metadata"]["uid"] in running:
                await turn.delete(job)
    await _make(turn, moment)
    return due.next_seconds


async def _make(turn: _Turn, moment: datetime) -> None:
    cronjob, api = turn.cronjob, turn.api
    job = cronjobs.make_job(cronjob, ownership.owner_reference(CRONJOB, cronjob), moment)
    metadata: dict[str, Any] = job["metadata"]
    try:
        made = (await api.create(JOB, metadata["namespace"], job, api.named(NAME))).object
        await turn.say("Normal", "SuccessfulCreate", f"Created job {metadata['name']}")
    except AlreadyExists:
        made = api.get(JOB, metadata["namespace"], metadata["name"]).object
        if not ownership.is_controlled_by(made, cronjob):
            return  # somebody else's, under the same name
    fields = ("namespace", "name", "uid", "resourceVersion")
    reference = {"kind": JOB.name, "apiVersion": JOB.group_version, **{f: made["metadata"][f] for f in fields}}
    turn.status["active"] = [*turn.active, reference]
    turn.status["lastScheduleTime"] = timestamp(moment)


async def _forget_old(turn: _Turn) -> None:
    spec = turn.cronjob["spec"]
    for ending, limit in (
        (conditions.COMPLETE, spec.get("successfulJobsHistoryLimit")),
        (conditions.FAILED, spec.get("failedJobsHistoryLimit")),
    ):
        ended = [job for job in turn.jobs if (conditions.finished(job) or {}).get("type") == ending]
        for job in cronjobs.surplus(ended, limit):
            if not job["metadata"].get("deletionTimestamp"):
                await turn.delete(job)
