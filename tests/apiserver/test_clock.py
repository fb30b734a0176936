"""Clocks that are moved by hand, and a control plane that lives through what is due on the way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apiserver.clock import ManualClock, SteppedClock, SystemClock
from apiserver.http.clockdoor import ClockDoor
from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import Client

START = datetime(2026, 1, 1, tzinfo=UTC)


async def sleeper(clock: ManualClock, seconds: float, woken: list[datetime]) -> None:
    await clock.sleep(seconds)
    woken.append(clock.now())


async def test_sleepers_wake_at_their_own_moment_when_time_is_moved_step_by_step():
    clock, woken = ManualClock(), list[datetime]()
    tasks = [asyncio.create_task(sleeper(clock, seconds, woken)) for seconds in (30, 10, 90, 0.3)]
    await asyncio.sleep(0)
    limit = START + timedelta(seconds=60)
    for is_there in (False, False, False, True):
        assert clock.advance_to_next(limit) is is_there
        await asyncio.sleep(0)
    assert woken == [START + timedelta(seconds=s) for s in (0.3, 10, 30)]
    assert clock.now() == limit
    tasks[2].cancel()


async def test_who_sleeps_until_a_moment_finds_that_it_has_come():
    clock = ManualClock(datetime(2026, 1, 1, 0, 0, 0, 123_457, tzinfo=UTC))
    due = clock.now() + timedelta(seconds=1, microseconds=1)
    task = asyncio.create_task(clock.sleep((due - clock.now()).total_seconds()))
    await asyncio.sleep(0)
    clock.advance_to_next(due)
    await task
    assert clock.now() == due


async def test_only_short_pauses_pass_by_themselves_on_a_stepped_clock():
    clock, woken = SteppedClock(START), list[datetime]()
    long = asyncio.create_task(sleeper(clock, 1.0, woken))
    await asyncio.wait_for(sleeper(clock, 0.01, woken), 5)
    assert woken == [START + timedelta(seconds=0.01)]
    clock.advance(1)
    await long
    assert woken[1] == START + timedelta(seconds=1.01)


async def test_everything_that_is_due_on_the_way_happens_in_order():
    async with Harness() as h:
        pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i", "command": ["sleep", "30"]}]}
        job = {"spec": {"template": {"spec": pod}}}
        await h.create(
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "metadata": {"name": "tick"},
                "spec": {"schedule": "*/10 * * * *", "jobTemplate": job},
            }
        )
        await h.cluster.advance(1801)
        made = h.list("Job")
        assert [j["status"].get("completionTime") for j in made] == [
            "2026-01-01T00:10:30Z",
            "2026-01-01T00:20:30Z",
            None,
        ]
        assert all(c["status"] != "Unknown" for node in h.list("Node") for c in node["status"]["conditions"])
        assert (h.cluster.settings.state_folder / "clock").read_text() == "2026-01-01T00:30:01+00:00\n"


class _Door(Client):
    """The same with a clock at /minictl.dev/clock."""

    def __init__(self, harness: Harness, door: ClockDoor) -> None:
        self.app, _ = harness.cluster.apps("secret", "127.0.0.1:6443", door)


PATH = "/minictl.dev/clock"


async def test_the_clock_is_read_and_moved_over_http():
    async with Harness() as h:
        client = _Door(h, ClockDoor(h.clock, h.cluster.advance))
        assert (await client("GET", PATH)).json == {"clock": "manual", "now": "2026-01-01T00:00:00Z"}
        assert (await client("POST", PATH, {"seconds": 90})).json["now"] == "2026-01-01T00:01:30Z"
        assert (await client("GET", "/minictl.dev/other")).status == 404
        assert (await client("DELETE", PATH)).status == 405


@pytest.mark.parametrize(
    "body", [{}, {"seconds": "1"}, {"seconds": True}, {"seconds": -1}, {"seconds": 1e9}, [1], b"x"]
)
async def test_time_is_moved_forward_and_by_a_number_only(body: Any):
    async with Harness() as h:
        client = _Door(h, ClockDoor(h.clock, h.cluster.advance))
        assert (await client("POST", PATH, body)).status == 400
        assert h.clock.now() == START


async def test_the_machines_clock_cannot_be_moved():
    async with Harness() as h:
        client = _Door(h, ClockDoor(SystemClock(), h.cluster.advance))
        assert (await client("GET", PATH)).json["clock"] == "system"
        refused = await client("POST", PATH, {"seconds": 1})
        assert (refused.status, "--clock manual" in refused.message) == (400, True)
