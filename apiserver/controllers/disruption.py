"""Keeps the status of PodDisruptionBudgets: how many evictions each allows now."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping

from apiserver.api import API
from apiserver.errors import NotFound
from apiserver.kind import Object
from apiserver.kinds.pod import kind as POD
from apiserver.kinds.poddisruptionbudget import kind as BUDGET
from apiserver.objects import disruptions
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.events import Recorder
from apiserver.reconcile.selecting import Matcher, Selecting, key_of
from apiserver.reconcile.statuses import write_status
from apiserver.reconcile.workqueue import Key

NAME = "controllermanager"
"""The component that Kubernetes' events of this controller name."""


class Unscalable(Exception):
    """How many Pods there should be cannot be found out; the message says why."""


def controllers() -> list[Controller]:
    """One for the budgets, and one that takes back what was said of Pods that did not go after all."""
    budgets = _Budgets()
    watches = {BUDGET: budgets.selecting.changed, POD: budgets.selecting.selecting}
    return [
        Controller("disruption-controller", budgets.reconcile, watches, workers=2),
        Controller("stale-pod-disruption", _take_back, watches={POD: _to_go}),
    ]


class _Budgets:
    def __init__(self) -> None:
        self.selecting = Selecting(_selector)
        self._recorder: Recorder | None = None

    async def reconcile(self, api: API, key: Key) -> Result | None:
        record = api.find(BUDGET, *key)
        if record is None:
            return None
        budget, now = record.object, api.clock.now()
        selector = disruptions.selector_of(budget)
        pods = [] if selector is None else [r.object for r in api.list(POD, key[0], selector)]
        if not pods:
            await self._say(api, budget, "Normal", "NoPods", "No matching pods found")
        try:
            expected = await self._expected(api, budget, pods)
        except Unscalable as error:
            text = f"Failed to calculate the number of expected pods: {error}"
            await self._say(api, budget, "Warning", "CalculateExpectedPodCountFailed", text)
            await _report(api, budget, disruptions.failed_status(budget, str(error), now))
            return None
        disrupted = disruptions.disrupted(budget, pods, now)
        for pod in disrupted.late:
            text = f"Pod was expected by PDB {key[0]}/{key[1]} to be deleted but it wasn't"
            await self._recorder_of(api).event(POD, pod, "Warning", "NotDeleted", text)
        current = disruptions.healthy(pods, disrupted.going)
        await _report(api, budget, disruptions.status_of(budget, expected, current, disrupted.going, now))
        return Result(after_seconds=disrupted.next_seconds)

    async def _expected(self, api: API, budget: Object, pods: list[Object]) -> int:
        """Raises Unscalable."""
        if not disruptions.needs_scale(budget):
            return len(pods)
        scales: dict[str, int] = {}
        unmanaged = False
        for pod in pods:
            owner = ownership.controller_of(pod)
            if owner is None:
                unmanaged = True
            elif owner["uid"] not in scales:
                uid, scale = _scale_behind(api, pod, owner)
                scales[owner["uid"]] = 0
                scales[uid] = scale
        if unmanaged:
            shown = disruptions.printed_selector(budget["spec"]["selector"])
            text = (
                f"Pods selected by this PodDisruptionBudget (selector: {shown}) were found to be unmanaged. As a "
                "result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. "
                'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
            )
            await self._say(api, budget, "Warning", "UnmanagedPods", text)
        return sum(scales.values())

    async def _say(self, api: API, budget: Object, type_: str, reason: str, message: str) -> None:
        await self._recorder_of(api).event(BUDGET, budget, type_, reason, message)

    def _recorder_of(self, api: API) -> Recorder:
        self._recorder = self._recorder or Recorder(api, NAME)
        return self._recorder


def _scale_behind(api: API, pod: Object, reference: Object) -> tuple[str, int]:
    """The uid of the workload behind a Pod, and how many replicas it is to have: a Deployment speaks for its
    ReplicaSets. Raises Unscalable."""
    namespace = pod["metadata"]["namespace"]
    kind = api.kinds.by_name(reference["apiVersion"], reference["kind"])
    record = api.find(kind, namespace, reference["name"]) if kind is not None else None
    if kind is None or record is None or record.object["metadata"]["uid"] != reference["uid"]:
        raise Unscalable(f'found no controllers for pod "{pod["metadata"]["name"]}"')
    behind = ownership.controller_of(record.object)
    if behind is not None and kind.scale is not None:
        return _scale_behind(api, pod, behind)
    if kind.scale is None:
        raise Unscalable(f"{kind.resource} does not implement the scale subresource")
    value: object = record.object
    for step in kind.scale.spec_replicas:
        value = value.get(step, 0) if isinstance(value, dict) else 0
    return reference["uid"], value if isinstance(value, int) else 0


async def _report(api: API, budget: Object, status: Object) -> None:
    """An eviction that was allowed meanwhile must not be forgotten: then the budget is looked at again."""
    await write_status(api, BUDGET, budget, status, api.named(NAME), same_version=True)


def _to_go(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    return (key_of(new),) if new is not None and disruptions.stale_in_seconds(new, api.clock.now()) is not None else ()


async def _take_back(api: API, key: Key) -> Result | None:
    record = api.find(POD, *key)
    wait = disruptions.stale_in_seconds(record.object, api.clock.now()) if record is not None else None
    if wait is None or wait > 0:
        return Result(after_seconds=wait)

    def stayed(pod: Object) -> Object:
        if disruptions.stale_in_seconds(pod, api.clock.now()) == 0:
            disruptions.take_back(pod, api.clock.now())
        return pod

    with contextlib.suppress(NotFound):
        await api.modify(POD, *key, stayed, "status", api.named("disruption-controller"))
    return None


def _selector(budget: Object) -> tuple[Matcher, Mapping[str, str]] | None:
    selector = disruptions.selector_of(budget)
    return None if selector is None else (selector, budget["spec"]["selector"].get("matchLabels") or {})
