"""Deletes Jobs, and what belongs to them, some time after they have ended (spec.ttlSecondsAfterFinished)."""

from __future__ import annotations

from datetime import datetime, timedelta

from apiserver.api import API
from apiserver.deletion import DeleteOptions
from apiserver.kinds.job import kind as JOB
from apiserver.objects.jobs import conditions
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.selecting import itself
from apiserver.reconcile.workqueue import Key

NAME = "ttl-after-finished-controller"


def controller() -> Controller:
    return Controller(NAME, reconcile, {JOB: itself})


async def reconcile(api: API, key: Key) -> Result | None:
    record = api.find(JOB, *key)
    if record is None or record.object["metadata"].get("deletionTimestamp"):
        return None
    job = record.object
    seconds, ended = job["spec"].get("ttlSecondsAfterFinished"), conditions.finished(job)
    if seconds is None or ended is None:
        return None
    due = datetime.fromisoformat(ended["lastTransitionTime"]) + timedelta(seconds=seconds)
    left_seconds = (due - api.clock.now()).total_seconds()
    if left_seconds > 0:
        return Result(after_seconds=left_seconds)
    options = DeleteOptions(propagation="Foreground", uid=job["metadata"]["uid"])
    await ownership.delete_if_there(api, JOB, job, api.named(NAME), options)
    return None
