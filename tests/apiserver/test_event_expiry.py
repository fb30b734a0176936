"""Events go an hour after they last occurred."""

from __future__ import annotations

import asyncio
from typing import Any

from apiserver.clock import timestamp
from tests.apiserver.harness import Harness


def event(name: str, h: Harness) -> dict[str, Any]:
    now = timestamp(h.clock.now())
    about = {"kind": "Pod", "namespace": "default", "name": "x"}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name},
        "involvedObject": about,
        "reason": "Testing",
        "type": "Normal",
        "firstTimestamp": now,
        "lastTimestamp": now,
    }


def names(h: Harness) -> list[str]:
    return [e["metadata"]["name"] for e in h.list("Event")]


async def after(h: Harness, minutes: int) -> None:
    for _ in range(minutes):
        h.clock.advance(60)
        await h.settle()
        await asyncio.sleep(0)


async def test_an_event_goes_an_hour_after_it_last_occurred() -> None:
    async with Harness(nodes=0) as h:
        await h.create(event("once", h))
        await h.create(event("again", h))
        await after(h, 30)
        later = timestamp(h.clock.now())
        await h.api.modify(h.kind("Event"), "default", "again", lambda e: {**e, "lastTimestamp": later, "count": 2})
        await after(h, 29)
        assert names(h) == ["again", "once"]
        await after(h, 2)
        assert names(h) == ["again"]
        await after(h, 28)
        assert names(h) == ["again"]
        await after(h, 2)
        assert names(h) == []
