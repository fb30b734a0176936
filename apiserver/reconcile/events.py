"""Events: what controllers tell people about objects, counted instead of repeated.

What is said again is counted in the Event that said it first, as long as that is remembered. Two limits keep a
talkative controller from flooding the log, with the numbers of client-go's EventCorrelator:

* Events that differ only in their message, `SIMILAR_MESSAGES` and more within ten minutes (a ReplicaSet that creates a
  hundred Pods), are said as one, "(combined from similar events): ...", and counted.
* Each object has `BURST` Events to spend, and earns a new one every five minutes.

An Event is a courtesy: one that cannot be written is dropped, and the controller never knows.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from apiserver.api import API
from apiserver.call import Call
from apiserver.clock import timestamp
from apiserver.errors import AlreadyExists, APIError
from apiserver.kind import Kind, Object
from apiserver.kinds.event import kind as EVENT

SIMILAR_MESSAGES = 10
SIMILAR_FOR = timedelta(minutes=10)
BURST = 25.0
REFILL_SECONDS = 300.0
REMEMBERED = 1024
"""Objects, groups of similar Events, and Events that are remembered, each."""
MAX_MESSAGE_BYTES = 1024
COMBINED = "(combined from similar events): "
NAME_ATTEMPTS = 5

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Budget:
    tokens: float
    filled: datetime


@dataclass(slots=True)
class _Similar:
    until: datetime
    messages: set[str] = field(default_factory=set)


class Pace:
    """How fast somebody may speak who has a lot to say: `burst` Events at once, then `per_second`."""

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst = self._tokens = burst
        self._per_second = per_second
        self._filled: datetime | None = None

    def reserve(self, count: int, now: datetime) -> float:
        """Take `count` Events out of the budget; returns the seconds to wait before writing them."""
        self._fill(now)
        self._tokens -= count
        return max(0.0, -self._tokens / self._per_second)

    def take(self, count: int, now: datetime) -> bool:
        """Whether `count` Events may be written now; else they are better left out, and cost nothing."""
        self._fill(now)
        if self._tokens < count:
            return False
        self._tokens -= count
        return True

    def _fill(self, now: datetime) -> None:
        if self._filled is not None:
            earned = (now - self._filled).total_seconds() * self._per_second
            self._tokens = min(self._burst, self._tokens + earned)
        self._filled = now


class Recorder:
    """Writes the Events of one component (`replicaset-controller`, `kubelet`). Keep one for the controller's life."""

    def __init__(self, api: API, component: str) -> None:
        self._api = api
        self._component = component
        self._call = Call(manager=component)
        self._budgets: OrderedDict[str, _Budget] = OrderedDict()
        self._similar: OrderedDict[tuple[str, ...], _Similar] = OrderedDict()
        self._names: OrderedDict[tuple[str, ...], str] = OrderedDict()
        self._last_name = 0

    async def event(
        self, kind: Kind, object: Object, type: str, reason: str, message: str, field_path: str = "", host: str = ""
    ) -> None:
        """Say something about `object`: type is Normal or Warning, reason a CamelCase word, message a sentence.

        `field_path` is the part of it that is meant (`spec.containers{web}`), `host` the node that says it.
        """
        now = self._api.clock.now()
        uid = object["metadata"]["uid"]
        group = (uid, type, reason, field_path)
        message, combined = self._correlated(group, _cut(message), now)
        if not self._may_speak(uid, now):
            return
        said = (*group, COMBINED if combined else message, host)
        namespace = object["metadata"].get("namespace") or "default"
        name = self._names.get(said)
        try:
            if name is not None and self._api.find(EVENT, namespace, name) is not None:
                await self._count(namespace, name, message, timestamp(now))
                return
            new = self._new(kind, object, type, reason, message, timestamp(now))
            if field_path:
                new["involvedObject"]["fieldPath"] = field_path
            if host:
                new["source"]["host"] = new["reportingInstance"] = host
            self._names[said] = await self._create(namespace, object["metadata"]["name"], new)
            _forget_oldest(self._names)
        except APIError as error:
            log.debug("an event about %s/%s is lost: %s", namespace, object["metadata"]["name"], error.message)

    def _new(self, kind: Kind, object: Object, type: str, reason: str, message: str, now: str) -> Object:
        metadata = object["metadata"]
        about = {
            "apiVersion": kind.group_version,
            "kind": kind.name,
            "namespace": metadata.get("namespace"),
            "name": metadata["name"],
            "uid": metadata["uid"],
            "resourceVersion": metadata.get("resourceVersion"),
        }
        return {
            "apiVersion": EVENT.group_version,
            "kind": EVENT.name,
            "involvedObject": {key: value for key, value in about.items() if value},
            "reason": reason,
            "message": message,
            "source": {"component": self._component},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": type,
            "eventTime": None,
            "reportingComponent": self._component,
            "reportingInstance": "",
        }

    async def _create(self, namespace: str, about: str, event: Object) -> str:
        """Store a new Event under a name that sorts by time, `about.16a3f...`; returns the name."""
        for _ in range(NAME_ATTEMPTS):
            moment = max(int(self._api.clock.now().timestamp() * 1_000_000), self._last_name + 1)
            self._last_name = moment
            # Several components may speak of one object in the same microsecond.
            name = f"{about}.{moment * 1000 + crc32(self._component.encode()) % 1000:x}"
            try:
                await self._api.create(EVENT, namespace, {**event, "metadata": {"name": name}}, self._call)
            except AlreadyExists:
                continue
            return name
        raise AlreadyExists(EVENT.resource, about)

    async def _count(self, namespace: str, name: str, message: str, now: str) -> None:
        def counted(event: Object) -> Object:
            return {**event, "message": message, "count": event.get("count", 0) + 1, "lastTimestamp": now}

        await self._api.modify(EVENT, namespace, name, counted, call=self._call)

    def _correlated(self, group: tuple[str, ...], message: str, now: datetime) -> tuple[str, bool]:
        """The message to use, and whether it now speaks for many that differ only in their message."""
        similar = self._similar.get(group)
        if similar is None or similar.until < now:
            similar = self._similar[group] = _Similar(now)
            _forget_oldest(self._similar)
        similar.until = now + SIMILAR_FOR
        similar.messages.add(message)
        if len(similar.messages) < SIMILAR_MESSAGES:
            return message, False
        similar.messages.pop()
        return _cut(COMBINED + message), True

    def _may_speak(self, uid: str, now: datetime) -> bool:
        budget = self._budgets.get(uid)
        if budget is None:
            budget = self._budgets[uid] = _Budget(BURST, now)
            _forget_oldest(self._budgets)
        earned = (now - budget.filled).total_seconds() / REFILL_SECONDS
        budget.tokens, budget.filled = min(BURST, budget.tokens + earned), now
        if budget.tokens < 1:
            return False
        budget.tokens -= 1
        return True


def _forget_oldest(remembered: OrderedDict[Any, Any]) -> None:
    if len(remembered) > REMEMBERED:
        remembered.popitem(last=False)


def _cut(message: str) -> str:
    """The message within the length that the API allows."""
    encoded = message.encode()
    return message if len(encoded) <= MAX_MESSAGE_BYTES else encoded[:MAX_MESSAGE_BYTES].decode(errors="ignore")
