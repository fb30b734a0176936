"""Events go an hour after they were last written, however old their news."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.apiserver.harness import Harness


def event(name: str) -> dict[str, Any]:
    long_ago = "2020-01-01T00:00:00Z"
    about = {"kind": "Pod", "namespace": "default", "name": "x"}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name},
        "involvedObject": about,
        "reason": "Testing",
        "type": "Normal",
        "firstTimestamp": long_ago,
        "lastTimestamp": long_ago,
    }


def names(h: Harness) -> list[str]:
    return [e["metadata"]["name"] for e in h.list("Event")]


async def after(h: Harness, minutes: int) -> None:
    for _ in range(minutes):
        h.clock.advance(60)
        await h.settle()
        await asyncio.sleep(0)


async def test_an_event_goes_an_hour_after_it_was_last_written() -> None:
    async with Harness(nodes=0) as h:
        await h.create(event("once"))
        await h.create(event("again"))
        await after(h, 30)
        await h.api.modify(h.kind("Event"), "default", "again", lambda e: {**e, "count": 2})
        await after(h, 29)
        assert names(h) == ["again", "once"]
        await after(h, 2)
        assert names(h) == ["again"]
        await after(h, 28)
        assert names(h) == ["again"]
        await after(h, 2)
        assert names(h) == []
