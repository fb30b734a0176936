"""Keeps as many Pods of a template as its owner asks for: creates, deletes, adopts, lets go, and counts them. The one
reconcile of ReplicaSets and ReplicationControllers, which differ in their selectors and in what their status says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apiserver.api import API
from apiserver.clock import timestamp
from apiserver.errors import APIError
from apiserver.kind import Kind, Object
from apiserver.kinds.pod import kind as POD
from apiserver.objects import replicas
from apiserver.objects.selectors import LabelSelector, from_object
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Result, is_namespace_ending
from apiserver.reconcile.dependents import Dependents
from apiserver.reconcile.podcontrol import BURST, PodControl
from apiserver.reconcile.seen import Seen
from apiserver.reconcile.selecting import Matcher, Selecting
from apiserver.reconcile.statuses import write_status
from apiserver.reconcile.workqueue import Key
from apiserver.storage import Record


def controller(kind: Kind, name: str, *, counts_terminating: bool) -> Controller:
    """The controller of one kind that wants replicas; `counts_terminating`: its status tells Pods that are going."""
    state = _Replicas(kind, name, counts_terminating)
    watches = {kind: state.selecting.changed, POD: state.pods.changed}
    return Controller(name, state.reconcile, watches, workers=5)


@dataclass(frozen=True)
class _Failure:
    reason: str
    error: APIError


class _Replicas:
    def __init__(self, kind: Kind, name: str, counts_terminating: bool) -> None:
        self.kind = kind
        self.name = name
        self.counts_terminating = counts_terminating
        self.selecting = Selecting(_exact)
        self.pods = Dependents(POD, kind, self.selecting)
        self.control = PodControl(kind, name)
        self.seen = Seen()

    async def reconcile(self, api: API, key: Key) -> Result | None:
        record = api.find(self.kind, *key)
        if record is None:
            self.seen.forget(key)
            return None
        owner, call = record.object, api.named(self.name)
        selector = _selector(owner)
        found = list(self.pods.candidates(api, owner))
        candidates = [pod.object for pod in found]
        if self.seen.is_same(key, [owner, *candidates]):
            return None
        mine = await ownership.claim(api, POD, self.kind, owner, selector, found, call)
        failure = None
        if not owner["metadata"].get("deletionTimestamp"):
            active = [pod.object for pod in mine if replicas.is_active(pod.object)]
            failure = await self._scale(api, owner, active)
        pods = [pod.object for pod in self.pods.owned(api, owner)]
        pods = [pod for pod in pods if selector.matches(pod["metadata"].get("labels"))]
        reported = await self._report(api, record, pods, failure)
        if failure is not None:
            raise failure.error
        wait = replicas.seconds_to_next_available(owner, pods, api.clock.now())
        if wait:
            return Result(after_seconds=wait)
        if reported is not None:
            self.seen.remember(key, [reported.object, *candidates])
        return None

    async def _scale(self, api: API, owner: Object, active: list[Object]) -> _Failure | None:
        """Create or delete Pods as far as needed; what went wrong, if something did."""
        missing = owner["spec"].get("replicas", 1) - len(active)
        try:
            if missing > 0:
                reference = ownership.owner_reference(self.kind, owner)
                template = owner["spec"]["template"]
                pods = [replicas.pod_from_template(template, owner, reference) for _ in range(min(missing, BURST))]
                await self.control.create(api, owner, pods)
            elif missing < 0:
                related, now = self._related(api, owner), api.clock.now()
                victims = replicas.choose_victims(active, related, min(-missing, BURST), now)
                await self.control.delete(api, owner, victims)
        except APIError as error:
            # Nothing new can be made in a namespace that is going away, and that is no failure.
            if not is_namespace_ending(error):
                return _Failure("FailedCreate" if missing > 0 else "FailedDelete", error)
        return None

    def _related(self, api: API, owner: Object) -> Iterable[Object]:
        """The Pods of all that one Deployment controls: a node that has many of them can lose one."""
        above = ownership.controller_of(owner)
        siblings = [owner]
        if above is not None:
            every = [record.object for record in api.list(self.kind, owner["metadata"]["namespace"])]
            siblings = [one for one in every if (ownership.controller_of(one) or {}).get("uid") == above["uid"]]
        return [pod.object for sibling in siblings for pod in self.pods.owned(api, sibling)]

    async def _report(self, api: API, record: Record, pods: list[Object], failure: _Failure | None) -> Record | None:
        """The owner with its status written; None when somebody else had changed it in the meantime."""
        owner, now = record.object, api.clock.now()
        condition = None
        if failure is not None:
            condition = {"type": "ReplicaFailure", "status": "True", "lastTransitionTime": timestamp(now)}
            condition |= {"reason": failure.reason, "message": failure.error.message}
        status = replicas.replicaset_status(owner, pods, condition, now)
        if not self.counts_terminating:
            del status["terminatingReplicas"]
        written = await write_status(api, self.kind, owner, status, api.named(self.name))
        is_next = written is not None and (written is record or written.previous == record.revision)
        return written if is_next else None


def _selector(owner: Object) -> LabelSelector:
    selector = owner["spec"]["selector"]
    is_plain = owner["kind"] == "ReplicationController"
    return from_object({"matchLabels": selector} if is_plain else selector)


def _exact(owner: Object) -> tuple[Matcher, Mapping[str, str]]:
    selector = _selector(owner)
    return selector, selector.exact
