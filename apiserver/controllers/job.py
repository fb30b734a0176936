"""Runs Jobs: carries out what objects/jobs/plan.py says, in the order that makes each ended Pod count exactly once.

    plan -> Pods made, Pods deleted -> status: ended Pods named -> their finalizers go -> status: they are counted

A Job that names another controller in spec.managedBy is left to that.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping

from apiserver.api import API
from apiserver.call import Call
from apiserver.clock import timestamp
from apiserver.errors import APIError, NotFound
from apiserver.kind import Object
from apiserver.kinds.job import kind as JOB
from apiserver.kinds.pod import kind as POD
from apiserver.objects.jobs import conditions
from apiserver.objects.jobs.plan import Plan, Said, counted, plan
from apiserver.objects.jobs.pods import FINALIZER, Backoff, is_tracked, make
from apiserver.objects.replicas import is_active
from apiserver.objects.selectors import from_object
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Result, is_namespace_ending
from apiserver.reconcile.dependents import Dependents
from apiserver.reconcile.podcontrol import PodControl
from apiserver.reconcile.selecting import Matcher, Selecting, key_of
from apiserver.reconcile.statuses import write_status
from apiserver.reconcile.workqueue import Key

NAME = "job-controller"
MANAGER = "kubernetes.io/job-controller"
"""How spec.managedBy names this controller."""


def controller() -> Controller:
    state = _Jobs()
    return Controller(NAME, state.reconcile, {JOB: state.job_changed, POD: state.pods.changed}, workers=5)


class _Jobs:
    def __init__(self) -> None:
        self.selecting = Selecting(_selector)
        self.pods = Dependents(POD, JOB, self.selecting)
        self.control = PodControl(JOB, NAME)
        self.replaced: set[Key] = set()
        """Keys whose Job is gone: another one of its name may find Pods that were held for the former."""
        self.backoffs: dict[str, Backoff] = {}
        """By uid of Jobs with failures. Forgotten when the server stops, as in Kubernetes."""

    def job_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        if new is None and old is not None:
            self.backoffs.pop(old["metadata"]["uid"], None)
            self.replaced.add(key_of(old))
        return self.selecting.changed(api, old, new)

    async def reconcile(self, api: API, key: Key) -> Result | None:
        record = api.find(JOB, *key)
        call = api.named(NAME)
        if record is None or key in self.replaced:
            self.replaced.discard(key)
            await _let_go(api, _left_by(api, key, record.object["metadata"]["uid"] if record else ""), call)
        if record is None:
            return None
        job = record.object
        if job["spec"].get("managedBy") not in (None, MANAGER):
            return None
        if conditions.finished(job) is not None:
            self.backoffs.pop(job["metadata"]["uid"], None)
            await _let_go(api, [r.object for r in self.pods.owned(api, job)], call)
            return None
        selector = from_object(job["spec"]["selector"])
        mine = await ownership.claim(api, POD, JOB, job, selector, list(self.pods.candidates(api, job)), call)
        return await self._sync(api, job, [pod.object for pod in mine], call)

    async def _sync(self, api: API, job: Object, pods: list[Object], call: Call) -> Result | None:
        uid, now = job["metadata"]["uid"], api.clock.now()
        made = plan(job, pods, self.backoffs.get(uid, Backoff()), now, timestamp(now))
        failure = None
        try:
            await self._manage(api, job, made, call)
        except APIError as error:
            if is_namespace_ending(error):
                return None
            failure = error
        if failure is not None and made.create:
            made.set_active(sum(is_active(record.object) for record in self.pods.owned(api, job)))
        await write_status(api, JOB, job, made.status, call)
        if made.backoff.failures:
            self.backoffs[uid] = made.backoff
        await _let_go(api, made.release, call)
        await self._finish(api, job, made, call)
        if failure is not None:
            raise failure
        await self._say(api, job, made.events)
        return Result(after_seconds=min(made.wait_seconds)) if made.wait_seconds else None

    async def _manage(self, api: API, job: Object, made: Plan, call: Call) -> None:
        reference = ownership.owner_reference(JOB, job)
        new = [make(job, reference, i, made.replaced.get(i) if i is not None else None) for i in made.create]
        await self.control.create(api, job, new)
        await _let_go(api, made.forget, call)
        await self.control.delete(api, job, [*made.forget, *made.end])

    async def _finish(self, api: API, job: Object, made: Plan, call: Call) -> None:
        """Move what has been counted into the counters; and when that was the last of it, say how the Job ended."""
        owned = [record.object for record in self.pods.owned(api, job)]
        tracked = {pod["metadata"]["uid"] for pod in owned if is_tracked(pod)}
        gone = {pod["metadata"]["uid"] for pod in (*made.forget, *made.end)}
        present = {pod["metadata"]["uid"] for pod in owned}
        status = {**made.status, "terminating": max(0, made.status["terminating"] - len(gone - present))}
        wanted, stamp = job["spec"].get("completions"), timestamp(api.clock.now())
        status, events = counted(status, tracked, made.decided, stamp, wanted)
        await write_status(api, JOB, job, status, call)
        await self._say(api, job, events)

    async def _say(self, api: API, job: Object, events: Iterable[Said]) -> None:
        for event in events:
            await self.control.say(api, job, *event)


def _left_by(api: API, key: Key, uid: str) -> list[Object]:
    """Pods that a Job of this name and another uid has left behind, held for it."""

    def is_left(pod: Object) -> bool:
        owner = ownership.controller_of(pod)
        return owner is not None and owner["kind"] == JOB.name and owner["name"] == key[1] and owner["uid"] != uid

    return [r.object for r in api.list(POD, key[0]) if is_tracked(r.object) and is_left(r.object)]


async def _let_go(api: API, pods: Iterable[Object], call: Call) -> None:
    """Take the finalizer off these Pods."""

    def released(pod: Object) -> Object:
        pod["metadata"].pop("resourceVersion")
        left = [f for f in pod["metadata"].get("finalizers") or () if f != FINALIZER]
        pod["metadata"].pop("finalizers", None)
        if left:
            pod["metadata"]["finalizers"] = left
        return pod

    async def one(pod: Object) -> None:
        with contextlib.suppress(NotFound):
            await api.modify(POD, pod["metadata"]["namespace"], pod["metadata"]["name"], released, call=call)

    await ownership.together(one(pod) for pod in pods if is_tracked(pod))


def _selector(job: Object) -> tuple[Matcher, Mapping[str, str]]:
    selector = from_object(job["spec"]["selector"])
    return selector, selector.exact
