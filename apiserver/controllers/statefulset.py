"""Keeps the Pods of a StatefulSet: made in order under names of their own, with claims that outlive them.

    claim revisions and Pods -> the revision of the present template -> plan (objects/statefulsets.py) -> write
    -> forget surplus revisions -> status

One reconcile makes the writes of one plan; what the Pods become brings the next.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apiserver.api import API
from apiserver.call import Call
from apiserver.errors import AlreadyExists, APIError, NotFound
from apiserver.kind import Object
from apiserver.kinds.controllerrevision import kind as CONTROLLERREVISION
from apiserver.kinds.persistentvolumeclaim import kind as CLAIM
from apiserver.kinds.pod import kind as POD
from apiserver.kinds.statefulset import kind as STATEFULSET
from apiserver.objects import revisions, statefulsets
from apiserver.objects.selectors import from_object
from apiserver.objects.statefulsets import Plan, Revision
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Result, is_namespace_ending
from apiserver.reconcile.dependents import Dependents
from apiserver.reconcile.events import Recorder
from apiserver.reconcile.history import History
from apiserver.reconcile.selecting import Matcher, Selecting
from apiserver.reconcile.statuses import write_status
from apiserver.reconcile.workqueue import Key

NAME = "statefulset-controller"
FIRST_BATCH = 1
"""Without an order, this many Pods are made at once, and twice as many each time that all goes well."""


def controller() -> Controller:
    state = _StatefulSets()
    watches = {
        STATEFULSET: state.selecting.changed,
        POD: state.pods.changed,
        CONTROLLERREVISION: state.history.changed,
        CLAIM: state.claim_changed,
    }
    return Controller(NAME, state.reconcile, watches, workers=5)


@dataclass(frozen=True)
class _Turn:
    """One reconcile: the StatefulSet as read, its Pods, and the two revisions they are made from."""

    statefulset: Object
    reference: Object
    pods: Sequence[Object]
    current: Revision
    updated: Revision


class _StatefulSets:
    def __init__(self) -> None:
        self.selecting = Selecting(_selector)
        self.pods = Dependents(POD, STATEFULSET, self.selecting)
        self.history = History(STATEFULSET, self.selecting, statefulsets.HASH_LABEL)
        self._recorder: Recorder | None = None

    def claim_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        """A claim that is gone may be what a Pod waits for, or what the next one with its number needs."""
        return () if new is not None else self.selecting.selecting(api, old, new)

    async def reconcile(self, api: API, key: Key) -> Result | None:
        record = api.find(STATEFULSET, *key)
        if record is None:
            return None
        statefulset, call = record.object, api.named(NAME)
        await self._claim_pods(api, statefulset, call)
        known = await self.history.claimed(api, statefulset, call)
        newest, collisions = await self.history.ensure_newest(api, statefulset, known, call)
        before = (statefulset.get("status") or {}).get("currentRevision")
        present = next((one for one in known if one["metadata"]["name"] == before), newest)
        turn = _Turn(
            statefulset,
            ownership.owner_reference(STATEFULSET, statefulset),
            self._owned(api, statefulset),
            *(Revision(one["metadata"]["name"], revisions.template_of(one)) for one in (present, newest)),
        )
        failure: APIError | None = None
        if not statefulset["metadata"].get("deletionTimestamp"):
            try:
                await self._step(api, turn, call)
            except APIError as error:
                failure = error
        now, pods = api.clock.now(), self._owned(api, statefulset)
        status = statefulsets.status(statefulset, pods, turn.current, turn.updated, collisions, now)
        await write_status(api, STATEFULSET, statefulset, status, call)
        live = {status["currentRevision"], status["updateRevision"], turn.current.name}
        live.update(statefulsets.revision_name(pod) for pod in pods)
        limit = statefulset["spec"].get("revisionHistoryLimit", 10)
        await self.history.forget(api, revisions.surplus(known, live, limit), call)
        if failure is not None and not is_namespace_ending(failure):
            raise failure
        wait = statefulsets.seconds_to_next_available(statefulset, pods, now)
        return Result(after_seconds=wait) if wait else None

    async def _claim_pods(self, api: API, statefulset: Object, call: Call) -> None:
        """Adopt the orphans that are named as its own, and let go of what no longer matches."""
        found = [
            record
            for record in self.pods.candidates(api, statefulset)
            if ownership.controller_of(record.object) or statefulsets.is_member(statefulset, record.object)
        ]
        selector = from_object(statefulset["spec"]["selector"])
        await ownership.claim(api, POD, STATEFULSET, statefulset, selector, found, call)

    def _owned(self, api: API, statefulset: Object) -> list[Object]:
        owned = [record.object for record in self.pods.owned(api, statefulset)]
        return sorted((pod for pod in owned if statefulsets.is_member(statefulset, pod)), key=statefulsets.ordinal)

    # -- the next step -------------------------------------------------------------------------------------------------

    async def _step(self, api: API, turn: _Turn, call: Call) -> None:
        now = api.clock.now()
        plan = statefulsets.plan(turn.statefulset, turn.reference, turn.pods, turn.current, turn.updated, now)
        for pod in plan.claim_for:
            await self._make_claims(api, turn, pod, call)
        await self._amend(api, turn, plan, call)
        await self._create(api, turn, plan, call)
        for pod in turn.pods:
            await self._settle_claims(api, turn, pod, call)
        await ownership.together(self._delete_one(api, turn, pod, call) for pod in plan.delete)

    async def _create(self, api: API, turn: _Turn, plan: Plan, call: Call) -> None:
        pods = [pod for pod in plan.create if not self._waits_for_claim(api, turn, pod)]
        done, batch = 0, FIRST_BATCH
        while done < len(pods):
            await ownership.together(self._create_one(api, turn, pod, call) for pod in pods[done : done + batch])
            done, batch = done + batch, batch * 2

    async def _create_one(self, api: API, turn: _Turn, pod: Object, call: Call) -> None:
        name = pod["metadata"]["name"]
        try:
            await self._make_claims(api, turn, pod, call)
            created = await api.create(POD, turn.statefulset["metadata"]["namespace"], pod, call)
        except AlreadyExists:
            raise
        except APIError as error:
            await self._tell(api, turn, "create", f"Pod {name}", f"Pod {name}", error)
            raise
        await self._settle_claims(api, turn, created.object, call)
        await self._tell(api, turn, "create", f"Pod {name}", f"Pod {name}")

    async def _delete_one(self, api: API, turn: _Turn, pod: Object, call: Call) -> None:
        name = f"Pod {pod['metadata']['name']}"
        try:
            gone = await ownership.delete_if_there(api, POD, pod, call)
        except APIError as error:
            await self._tell(api, turn, "delete", name, name, error)
            raise
        if gone is not None:
            await self._tell(api, turn, "delete", name, name)

    async def _amend(self, api: API, turn: _Turn, plan: Plan, call: Call) -> None:
        for pod in plan.amend:
            metadata = pod["metadata"]
            name = f"Pod {metadata['name']}"
            try:
                place = metadata["namespace"], metadata["name"]
                await api.modify(POD, *place, statefulsets.with_identity, call=call)
            except NotFound:
                continue
            await self._tell(api, turn, "update", name, name)

    # -- claims --------------------------------------------------------------------------------------------------------

    async def _make_claims(self, api: API, turn: _Turn, pod: Object, call: Call) -> None:
        """Make the claims that a Pod uses and that are not there."""
        statefulset, name = turn.statefulset, pod["metadata"]["name"]
        for claim in statefulsets.claims_of(statefulset, statefulsets.ordinal(pod)):
            metadata = claim["metadata"]
            if api.find(CLAIM, metadata["namespace"], metadata["name"]) is not None:
                continue
            about = f"Claim {metadata['name']}"
            try:
                await api.create(CLAIM, metadata["namespace"], claim, call)
            except AlreadyExists:
                continue
            except APIError as error:
                await self._tell(api, turn, "create", "", f"{about} for Pod {name}", error)
                raise
            await self._tell(api, turn, "create", f"{about} Pod {name}", "", ending="success")

    async def _settle_claims(self, api: API, turn: _Turn, pod: Object, call: Call) -> None:
        """Have each claim of a Pod owned by whom it is to go with."""
        statefulset = turn.statefulset
        for claim in statefulsets.claims_of(statefulset, statefulsets.ordinal(pod)):
            place = claim["metadata"]["namespace"], claim["metadata"]["name"]
            record = api.find(CLAIM, *place)
            if record is None:
                continue
            wanted = statefulsets.claim_owners(statefulset, turn.reference, pod, record.object)
            if wanted == ownership.owners(record.object):
                continue

            def owned(fresh: Object, wanted: list[Object] = wanted) -> Object:
                ownership.set_owners(fresh, wanted)
                return fresh

            with contextlib.suppress(NotFound):
                await api.modify(CLAIM, *place, owned, call=call)

    def _waits_for_claim(self, api: API, turn: _Turn, pod: Object) -> bool:
        """Whether a claim of a former Pod of this name is still on its way out."""
        statefulset, name = turn.statefulset, pod["metadata"]["name"]
        for claim in statefulsets.claims_of(statefulset, statefulsets.ordinal(pod)):
            record = api.find(CLAIM, claim["metadata"]["namespace"], claim["metadata"]["name"])
            if record is not None and (
                "deletionTimestamp" in record.object["metadata"]
                or statefulsets.is_stale(statefulset, name, record.object)
            ):
                return True
        return False

    # -- events --------------------------------------------------------------------------------------------------------

    async def _tell(
        self,
        api: API,
        turn: _Turn,
        verb: str,
        done: str,
        failed: str,
        error: APIError | None = None,
        ending: str = "successful",
    ) -> None:
        """Say that something was done, or with an `error` that it failed: each has words of its own."""
        if error is not None and is_namespace_ending(error):
            return
        self._recorder = self._recorder or Recorder(api, NAME)
        statefulset, word = turn.statefulset, verb.title()
        of = f"in StatefulSet {statefulset['metadata']['name']}"
        if error is None:
            said = ("Normal", f"Successful{word}", f"{word} {done} {of} {ending}")
        else:
            said = ("Warning", f"Failed{word}", f"{word} {failed} {of} failed error: {error.message}")
        await self._recorder.event(STATEFULSET, statefulset, *said)


def _selector(statefulset: Object) -> tuple[Matcher, Mapping[str, str]]:
    selector = statefulset["spec"]["selector"]
    return from_object(selector), selector.get("matchLabels") or {}
