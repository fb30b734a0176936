"""Scales workloads within the bounds of their HorizontalPodAutoscalers. Nothing is measured here, and they say so
(objects/autoscaling.py). As in Kubernetes each is looked at every 15 seconds, first when it is that old."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from apiserver.api import API
from apiserver.errors import APIError, NotFound
from apiserver.kind import Kind, Object
from apiserver.kinds.horizontalpodautoscaler import kind as AUTOSCALER
from apiserver.objects import autoscaling
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.events import Recorder
from apiserver.reconcile.selecting import key_of
from apiserver.reconcile.statuses import write_status
from apiserver.reconcile.workqueue import Key
from apiserver.subresources import scale_of, set_scale

NAME = "horizontal-pod-autoscaler"
PERIOD_SECONDS = 15.0


class Unscalable(Exception):
    """The target cannot be scaled; the message says why."""


def controller() -> Controller:
    autoscalers = _Autoscalers()
    return Controller(NAME, autoscalers.reconcile, watches={AUTOSCALER: autoscalers.changed})


class _Autoscalers:
    def __init__(self) -> None:
        self._due: dict[Key, datetime] = {}
        self._recorder: Recorder | None = None

    def changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        key = key_of(old or new)
        if new is None:
            self._due.pop(key, None)
            return ()
        if old is not None:
            return ()  # it has its time
        self._due[key] = api.clock.now() + timedelta(seconds=PERIOD_SECONDS)
        return (key,)

    async def reconcile(self, api: API, key: Key) -> Result | None:
        record, now = api.find(AUTOSCALER, *key), api.clock.now()
        if record is None or key not in self._due:
            return None
        wait = (self._due[key] - now).total_seconds()
        if wait > 0:
            return Result(after_seconds=wait)
        self._due[key] = now + timedelta(seconds=PERIOD_SECONDS)
        autoscaler = record.object
        decision = await self._look_after(api, autoscaler, now)
        await write_status(api, AUTOSCALER, autoscaler, decision.status, api.named(NAME))
        for type_, reason, message in decision.events:
            await self._recorder_of(api).event(AUTOSCALER, autoscaler, type_, reason, message)
        return Result(after_seconds=PERIOD_SECONDS)

    async def _look_after(self, api: API, autoscaler: Object, now: datetime) -> autoscaling.Decision:
        try:
            kind, target = _target(api, autoscaler)
        except Unscalable as error:
            return autoscaling.unreachable(autoscaler, str(error), now)
        decision = autoscaling.decide(autoscaler, target, now)
        if decision.replicas is not None:
            namespace, name = autoscaler["metadata"]["namespace"], autoscaler["spec"]["scaleTargetRef"]["name"]
            scale = {"spec": {"replicas": decision.replicas}}
            try:
                await set_scale(api, kind, namespace, name, scale, api.named(NAME))
                decision.status = autoscaling.rescaled(decision, target.replicas, now)
            except APIError as error:
                decision.status = autoscaling.not_rescaled(decision, target.replicas, error.message, now)
        return decision

    def _recorder_of(self, api: API) -> Recorder:
        self._recorder = self._recorder or Recorder(api, NAME)
        return self._recorder


def _target(api: API, autoscaler: Object) -> tuple[Kind, autoscaling.Target]:
    """Raises Unscalable."""
    reference = autoscaler["spec"]["scaleTargetRef"]
    group = (reference.get("apiVersion") or "").rpartition("/")[0]
    kind = next((k for k in api.kinds if (k.group, k.name) == (group, reference["kind"])), None)
    if kind is None:
        raise Unscalable(f'no matches for kind "{reference["kind"]}" in group "{group}"')
    if kind.scale is None:
        raise Unscalable("the server could not find the requested resource")
    record = api.find(kind, autoscaler["metadata"]["namespace"], reference["name"])
    if record is None:
        raise Unscalable(NotFound(kind.resource, reference["name"]).message)
    scale = scale_of(kind, record)
    return kind, autoscaling.Target(scale["spec"].get("replicas", 0), scale["status"].get("selector", ""))
