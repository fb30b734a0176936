"""Keeps as many Pods of a template as its ReplicaSet asks for: creates, deletes, adopts, lets go, and counts them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apiserver.api import API
from apiserver.clock import timestamp
from apiserver.errors import APIError, NotFound
from apiserver.kind import Object
from apiserver.kinds.pod import kind as POD
from apiserver.kinds.replicaset import kind as REPLICASET
from apiserver.objects import replicas
from apiserver.objects.selectors import from_object
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Result, is_namespace_ending
from apiserver.reconcile.dependents import Dependents
from apiserver.reconcile.events import Recorder
from apiserver.reconcile.selecting import Matcher, Selecting
from apiserver.reconcile.workqueue import Key

NAME = "replicaset-controller"
BURST = 500
"""Pods created or deleted in one go; the rest follow in the next."""
FIRST_BATCH = 1
"""Creations start with this many and double while all succeed, so that a template that is refused is refused once."""


def controller() -> Controller:
    state = _ReplicaSets()
    watches = {REPLICASET: state.selecting.changed, POD: state.pods.changed}
    return Controller(NAME, state.reconcile, watches, workers=5)


class _ReplicaSets:
    def __init__(self) -> None:
        self.selecting = Selecting(_selector)
        self.pods = Dependents(POD, REPLICASET, self.selecting)
        self._recorder: Recorder | None = None

    async def reconcile(self, api: API, key: Key) -> Result | None:
        record = api.find(REPLICASET, *key)
        if record is None:
            return None
        replicaset, call = record.object, api.named(NAME)
        selector = from_object(replicaset["spec"]["selector"])
        found = list(self.pods.candidates(api, replicaset))
        mine = await ownership.claim(api, POD, REPLICASET, replicaset, selector, found, call)
        failure = None
        if not replicaset["metadata"].get("deletionTimestamp"):
            active = [pod.object for pod in mine if replicas.is_active(pod.object)]
            failure = await self._scale(api, replicaset, active)
        pods = [pod.object for pod in self.pods.owned(api, replicaset)]
        pods = [pod for pod in pods if selector.matches(pod["metadata"].get("labels"))]
        await _report(api, replicaset, pods, failure)
        if failure is not None:
            raise failure.error
        wait = replicas.seconds_to_next_available(replicaset, pods, api.clock.now())
        return Result(after_seconds=wait) if wait else None

    async def _scale(self, api: API, replicaset: Object, active: list[Object]) -> _Failure | None:
        """Create or delete Pods as far as needed; what went wrong, if something did."""
        missing = replicaset["spec"].get("replicas", 1) - len(active)
        try:
            if missing > 0:
                await self._create(api, replicaset, min(missing, BURST))
            elif missing < 0:
                await self._delete(api, replicaset, active, min(-missing, BURST))
        except APIError as error:
            # Nothing new can be made in a namespace that is going away, and that is no failure.
            if not is_namespace_ending(error):
                return _Failure("FailedCreate" if missing > 0 else "FailedDelete", error)
        return None

    async def _create(self, api: API, replicaset: Object, count: int) -> None:
        batch = FIRST_BATCH
        while count > 0:
            batch = min(batch, count)
            await ownership.together(self._create_one(api, replicaset) for _ in range(batch))
            count -= batch
            batch *= 2

    async def _create_one(self, api: API, replicaset: Object) -> None:
        reference = ownership.owner_reference(REPLICASET, replicaset)
        pod = replicas.pod_from_template(replicaset["spec"]["template"], replicaset, reference)
        try:
            created = await api.create(POD, replicaset["metadata"]["namespace"], pod, api.named(NAME))
        except APIError as error:
            if not is_namespace_ending(error):
                await self._say(api, replicaset, "Warning", "FailedCreate", f"Error creating: {error.message}")
            raise
        name = created.object["metadata"]["name"]
        await self._say(api, replicaset, "Normal", "SuccessfulCreate", f"Created pod: {name}")

    async def _delete(self, api: API, replicaset: Object, active: list[Object], count: int) -> None:
        related = self._related(api, replicaset)
        victims = replicas.choose_victims(active, related, count, api.clock.now())
        await ownership.together(self._delete_one(api, replicaset, pod) for pod in victims)

    async def _delete_one(self, api: API, replicaset: Object, pod: Object) -> None:
        name = pod["metadata"]["name"]
        try:
            gone = await ownership.delete_if_there(api, POD, pod, api.named(NAME))
        except APIError as error:
            await self._say(api, replicaset, "Warning", "FailedDelete", f"Error deleting: {error.message}")
            raise
        if gone is not None:
            await self._say(api, replicaset, "Normal", "SuccessfulDelete", f"Deleted pod: {name}")

    def _related(self, api: API, replicaset: Object) -> Iterable[Object]:
        """The Pods of all ReplicaSets that one Deployment controls: a node that has many of them can lose one."""
        owner = ownership.controller_of(replicaset)
        siblings = [replicaset]
        if owner is not None:
            every = [record.object for record in api.list(REPLICASET, replicaset["metadata"]["namespace"])]
            siblings = [one for one in every if (ownership.controller_of(one) or {}).get("uid") == owner["uid"]]
        return [pod.object for sibling in siblings for pod in self.pods.owned(api, sibling)]

    async def _say(self, api: API, replicaset: Object, type_: str, reason: str, message: str) -> None:
        self._recorder = self._recorder or Recorder(api, NAME)
        await self._recorder.event(REPLICASET, replicaset, type_, reason, message)


@dataclass(frozen=True)
class _Failure:
    reason: str
    error: APIError


async def _report(api: API, replicaset: Object, pods: list[Object], failure: _Failure | None) -> None:
    now = api.clock.now()
    condition = None
    if failure is not None:
        condition = {"type": "ReplicaFailure", "status": "True", "lastTransitionTime": timestamp(now)}
        condition |= {"reason": failure.reason, "message": failure.error.message}
    status = replicas.replicaset_status(replicaset, pods, condition, now)
    if status == replicaset.get("status"):
        return
    metadata = replicaset["metadata"]

    def reported(current: Object) -> Object:
        current["metadata"].pop("resourceVersion")
        if current["metadata"]["uid"] == metadata["uid"]:
            current["status"] = status
        return current

    with contextlib.suppress(NotFound):
        place = metadata["namespace"], metadata["name"]
        await api.modify(REPLICASET, *place, reported, "status", api.named(NAME))


def _selector(replicaset: Object) -> tuple[Matcher, Mapping[str, str]]:
    selector = replicaset["spec"]["selector"]
    return from_object(selector), selector.get("matchLabels") or {}
