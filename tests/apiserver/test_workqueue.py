"""The promises of the work queue: once, never twice at a time, never forgotten, later when it failed."""

from __future__ import annotations

import asyncio
import random

import pytest

from apiserver.clock import ManualClock
from apiserver.reconcile.workqueue import LONGEST_RETRY_SECONDS, WorkQueue

A, B = ("ns", "a"), ("ns", "b")


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 10))


async def tick() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_keys_come_in_order_and_each_once():
    async def story():
        queue = WorkQueue(ManualClock())
        for key in (A, B, A):
            queue.add(key)
        assert len(queue) == 2
        assert [await queue.get(), await queue.get()] == [A, B]

    run(story())


def test_a_key_added_while_it_is_processed_waits_and_comes_again():
    async def story():
        queue = WorkQueue(ManualClock())
        queue.add(A)
        assert await queue.get() == A
        queue.add(A)
        queue.add(A)
        assert len(queue) == 0
        queue.done(A)
        assert len(queue) == 1
        assert await queue.get() == A
        queue.done(A)
        assert not queue.busy

    run(story())


def test_a_waiting_worker_is_woken():
    async def story():
        queue = WorkQueue(ManualClock())
        waiting = asyncio.create_task(queue.get())
        await tick()
        assert not waiting.done()
        queue.add(A)
        assert await waiting == A

    run(story())


def test_a_cancelled_worker_passes_its_wake_up_on():
    async def story():
        queue = WorkQueue(ManualClock())
        first, second = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
        await tick()
        queue.add(A)
        first.cancel()
        assert await second == A

    run(story())


def test_later_means_later_and_the_earliest_wish_counts():
    async def story():
        clock = ManualClock()
        queue = WorkQueue(clock)
        queue.add_after(A, 10)
        queue.add_after(A, 5)
        queue.add_after(A, 30)
        await tick()
        clock.advance(4)
        await tick()
        assert len(queue) == 0
        clock.advance(1)
        await tick()
        assert len(queue) == 1
        clock.advance(60)
        await tick()
        assert len(queue) == 1
        queue.close()

    run(story())


def test_retries_back_off_and_success_forgets():
    async def story():
        queue = WorkQueue(ManualClock())
        waits = [queue.retry(A) for _ in range(20)]
        assert waits[:4] == [0.005, 0.01, 0.02, 0.04]
        assert waits == sorted(waits)
        assert waits[-1] == LONGEST_RETRY_SECONDS
        assert queue.retry(B) == 0.005
        queue.forget(A)
        assert queue.failures(A) == 0
        assert queue.retry(A) == 0.005
        queue.close()

    run(story())


def test_closing_drops_timers():
    async def story():
        clock = ManualClock()
        queue = WorkQueue(clock)
        queue.add_after(A, 5)
        await tick()
        queue.close()
        await tick()
        clock.advance(10)
        await tick()
        assert len(queue) == 0

    run(story())


@pytest.mark.parametrize("seed", range(10))
def test_no_change_is_missed_and_no_key_is_processed_twice_at_a_time(seed):
    async def story():
        chance, queue = random.Random(seed), WorkQueue(ManualClock())
        keys = [("ns", str(n)) for n in range(5)]
        wanted, seen, busy = dict.fromkeys(keys, 0), dict.fromkeys(keys, 0), set()

        async def worker():
            while True:
                key = await queue.get()
                assert key not in busy
                busy.add(key)
                now = wanted[key]
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
                seen[key] = max(seen[key], now)
                busy.discard(key)
                queue.done(key)

        workers = [asyncio.create_task(worker()) for _ in range(3)]
        for _ in range(300):
            key = chance.choice(keys)
            wanted[key] += 1
            queue.add(key)
            if chance.random() < 0.5:
                await asyncio.sleep(0)
        await queue.quiet()
        assert seen == wanted
        for one in workers:
            one.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    run(story())
