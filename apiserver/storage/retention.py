"""How much history a store keeps: so many revisions or so much time, whichever is more.

Time is counted in turns of a clock that is slept on, not read: a wall clock that jumps forgets nothing too early.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass

from apiserver.clock import Clock
from apiserver.storage import LogError
from apiserver.storage.store import Store

TURNS = 12
"""Times within the kept while that the store is looked at; what is kept is one turn more precise than that."""
MIN_TURN_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retention:
    revisions: int = 10_000
    seconds: float = 3600.0


async def compact_regularly(store: Store, clock: Clock, kept: Retention) -> None:
    """Forget, turn by turn, what need not be kept. A disk that refuses is tried again a turn later."""
    marks: deque[int] = deque(maxlen=TURNS)
    while True:
        marks.append(store.revision)
        await clock.sleep(max(kept.seconds / TURNS, MIN_TURN_SECONDS))
        horizon = min(marks[0], store.revision - kept.revisions)
        if len(marks) < TURNS or horizon <= store.oldest():
            continue
        try:
            await store.compact(horizon)
        except LogError as error:
            log.warning("history is not compacted: %s", error)
