"""/minictl.dev/clock: what time it is in the cluster, and, where its clock is moved by hand, moving it.

GET                        {"clock": "manual", "now": "2026-01-31T08:00:00Z"}
POST {"seconds": 3600}     the same, once everything that was due in that hour has happened
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import orjson

from apiserver import errors
from apiserver.clock import Clock, ManualClock, timestamp
from apiserver.http.requests import Request, Response

PREFIX = "minictl.dev"
MOST_SECONDS = 366 * 86400.0


class ClockDoor:
    """`advance` moves time by seconds and lets happen what is due."""

    def __init__(self, clock: Clock, advance: Callable[[float], Awaitable[None]]) -> None:
        self._clock = clock
        self._advance = advance

    async def answer(self, request: Request) -> Response:
        """Raises NotFound, MethodNotAllowed, BadRequest."""
        if request.parts != [PREFIX, "clock"]:
            raise errors.UnknownPath
        if request.method == "POST":
            if not isinstance(self._clock, ManualClock):
                raise errors.BadRequest(
                    "the clock is the machine's own: start the cluster with --clock manual to move it"
                )
            await self._advance(_seconds(await request.read()))
        elif request.method != "GET":
            raise errors.MethodNotAllowed
        kind = "manual" if isinstance(self._clock, ManualClock) else "system"
        return Response(orjson.dumps({"clock": kind, "now": timestamp(self._clock.now())}) + b"\n")


def _seconds(body: bytes) -> float:
    try:
        seconds = orjson.loads(body)["seconds"]
    except (ValueError, KeyError, TypeError):
        seconds = None
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not math.isfinite(seconds):
        raise errors.BadRequest('the body must say by how much: {"seconds": 3600}')
    if not 0 <= seconds <= MOST_SECONDS:
        raise errors.BadRequest("time goes forward only, and by a year at most")
    return float(seconds)
