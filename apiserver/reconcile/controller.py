"""A controller as data, and the Runner that runs a set of them in the server's event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from apiserver.api import API
from apiserver.errors import APIError, Conflict, NotFound
from apiserver.kind import Kind, Object
from apiserver.reconcile.workqueue import Key, WorkQueue
from apiserver.storage import LogError

log = logging.getLogger(__name__)

Mapper = Callable[[API, Object | None, Object | None], Iterable[Key]]
"""(api, old, new) -> the keys that a change concerns. Both versions count: what left a selector still concerns it."""

Chooser = Callable[[Kind], Mapper | None]
"""kind -> how a controller maps its changes, None where it is not interested."""

QUICK_RETRIES = 5
"""A lost race is tried again at once this often in a row, and only then with a growing pause."""


@dataclass(frozen=True)
class Result:
    """What a reconcile asks for besides being called on changes: to come back in `after_seconds`."""

    after_seconds: float | None = None


def _no_more(kind: Kind) -> Mapper | None:
    return None


@dataclass(frozen=True)
class Controller:
    """One controller.

    name       its field manager and the component of its events
    reconcile  makes one key right; may raise: it is called again, later and later
    watches    kind -> mapper of a change to keys
    watches_all  asked for a mapper of every other kind there is, and of each that comes later
    workers    how many keys are worked on side by side
    """

    name: str
    reconcile: Callable[[API, Key], Awaitable[Result | None]]
    watches: Mapping[Kind, Mapper]
    workers: int = 1
    watches_all: Chooser = _no_more


@dataclass
class _Running:
    controller: Controller
    queue: WorkQueue
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class Runner:
    """Runs controllers: one work queue and `workers` tasks each, fed by one subscription for all."""

    def __init__(self, api: API, controllers: Iterable[Controller]) -> None:
        self._api = api
        self._running = [_Running(controller, WorkQueue(api.clock)) for controller in controllers]
        self._interested: dict[Kind, list[tuple[Mapper, _Running]]] = {}
        for running in self._running:
            for kind, mapper in running.controller.watches.items():
                self._interested.setdefault(kind, []).append((mapper, running))
        self._subscriptions: dict[Kind, Callable[[], None]] = {}
        self._stop_listening: Callable[[], None] | None = None

    def start(self) -> None:
        """Subscribe and start the workers. Must be called in a running event loop."""
        for kind in dict.fromkeys([*self._interested, *self._api.kinds]):
            self._kind_changed(kind, has_come=True)
        self._stop_listening = self._api.kinds.listen(
            lambda kind, has_come: self._kind_changed(kind, has_come=has_come)
        )
        for running in self._running:
            for number in range(running.controller.workers):
                name = f"{running.controller.name}-{number}"
                running.tasks.append(asyncio.create_task(self._work(running), name=name))

    async def stop(self) -> None:
        """Stop listening, cancel what runs, and return when all has ended."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        for unsubscribe in self._subscriptions.values():
            unsubscribe()
        self._subscriptions.clear()
        tasks = [task for running in self._running for task in running.tasks]
        for running in self._running:
            running.queue.close()
            running.tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def idle(self) -> None:
        """Return once no key waits for a worker or is being worked on (keys waiting for their time may remain)."""
        # Whoever was woken just now (a timer that a test's clock fired) gets to add its key first.
        for _ in range(3):
            await asyncio.sleep(0)
        while busy := [running.queue for running in self._running if running.queue.busy]:
            await asyncio.gather(*(queue.quiet() for queue in busy))

    def _kind_changed(self, kind: Kind, *, has_come: bool) -> None:
        """Begin or end to follow the objects of a kind."""
        if not has_come:
            unsubscribe = self._subscriptions.pop(kind, None)
            if unsubscribe is not None:
                unsubscribe()
            del self._interested[kind]
            return
        interested = self._interested.setdefault(kind, [])
        for running in self._running:
            mapper = running.controller.watches_all(kind) if kind not in running.controller.watches else None
            if mapper is not None:
                interested.append((mapper, running))
        if interested:
            self._subscriptions[kind] = self._api.observe([kind], self._changed)

    def _changed(self, kind: Kind, old: Object | None, new: Object | None) -> None:
        for mapper, running in self._interested[kind]:
            try:
                for key in mapper(self._api, old, new):
                    running.queue.add(key)
            except Exception:
                log.exception("%s cannot map a change of a %s", running.controller.name, kind.name)

    async def _work(self, running: _Running) -> None:
        while True:
            key = await running.queue.get()
            try:
                await self._reconcile(running, key)
            finally:
                running.queue.done(key)

    async def _reconcile(self, running: _Running, key: Key) -> None:
        queue, name = running.queue, running.controller.name
        try:
            result = await running.controller.reconcile(self._api, key)
        except Conflict:
            # Somebody else wrote in between: read again and decide anew. Not worth a line in the log.
            if queue.failures(key) < QUICK_RETRIES:
                queue.retry_now(key)
            else:
                queue.retry(key)
        except APIError as error:
            if is_namespace_ending(error):
                queue.forget(key)
                return
            seconds = queue.retry(key)
            log.warning("%s: %s: %s (again in %.3g s)", name, _shown(key), error.message, seconds)
        except LogError:
            queue.retry(key)  # the store has said so already
        except Exception:
            seconds = queue.retry(key)
            log.exception("%s: %s failed (again in %.3g s)", name, _shown(key), seconds)
        else:
            queue.forget(key)
            if result is not None and result.after_seconds is not None:
                queue.add_after(key, result.after_seconds)


def is_namespace_ending(error: APIError) -> bool:
    """Whether a write was refused because its namespace goes away, or has gone: nothing is left to be done there."""
    details = error.details or {}
    if isinstance(error, NotFound):
        return bool(details.get("kind") == "namespaces")
    return any(cause.get("reason") == "NamespaceTerminating" for cause in details.get("causes") or ())


def _shown(key: Key) -> str:
    return "/".join(part for part in key if part) or "(all)"
