"""When Python looks for garbage that holds itself.

What a cluster stores is trees of dicts and lists: 200 containers for each Pod, which live for long and are in no
cycles. Python's full collection looks at all of them, again and again: half a second with 30,000 Pods, in which nobody
is answered. So nothing is looked at twice while there is work: what has lived through one look at the newest is frozen.
The little garbage that is frozen by chance is found in a thorough look when the server has nothing else to do.
"""

from __future__ import annotations

import gc
import resource
from collections.abc import Mapping

from apiserver.clock import Clock

YOUNG = 20_000
"""Containers made and not gone again that are worth a look at the newest. Requests make thousands of short-lived ones:
looking every 700, as Python does by default, costs a tenth of the throughput."""
NEVER = 1_000_000_000
REST_SECONDS = 600.0
"""How often it is seen whether a thorough look is due."""
IDLE = 0.05
"""The share of that time up to which the processor may have been busy for the server to count as idle."""


def ignore() -> None:
    """Call before everything that stays is imported and made: looking at it again and again is a tenth of the start."""
    gc.disable()


def settle() -> None:
    """Call once everything is there that stays; from then on collections take a few milliseconds each."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(YOUNG, NEVER, NEVER)
    gc.callbacks.append(_freeze_survivors)


def look_thoroughly() -> None:
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def look_when_idle(clock: Clock) -> None:
    """Never returns."""
    while True:
        before = _busy_seconds()
        await clock.sleep(REST_SECONDS)
        if _busy_seconds() - before < IDLE * REST_SECONDS:
            look_thoroughly()


def _freeze_survivors(phase: str, about: Mapping[str, int]) -> None:
    if phase == "stop" and about["generation"] == 0:
        gc.freeze()


def _busy_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
