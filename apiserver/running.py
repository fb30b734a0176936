"""A Cluster that runs until SIGTERM or SIGINT: what settings and files say becomes objects, and these begin to work."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from datetime import datetime

import uvloop

from apiserver import garbage
from apiserver.certificates import Credentials
from apiserver.clock import Clock, SteppedClock, SystemClock
from apiserver.cluster import Cluster
from apiserver.http.listeners import PortTaken
from apiserver.settings import CannotStart, Settings
from apiserver.storage import Log, LogError
from apiserver.storage.memory import MemoryLog
from apiserver.storage.sql import SQLLog


def serve(settings: Settings, credentials: Credentials, await_keys: Callable[[], None]) -> None:
    """Returns when the process was told to stop. `await_keys` returns once `credentials` are whole.

    Raises CannotStart, OSError.
    """
    try:
        uvloop.run(run(settings, credentials, await_keys))
    except (LogError, PortTaken) as error:
        raise CannotStart(str(error)) from error


def open_log(settings: Settings) -> Log:
    return MemoryLog() if settings.in_memory else SQLLog(settings.log_file)


def clock_of(settings: Settings) -> Clock:
    """The machine's clock, or one that stands still, no earlier than where it was moved before. Raises CannotStart."""
    if settings.clock != "manual":
        return SystemClock()
    file, now = settings.clock_file, SystemClock().now()
    try:
        return SteppedClock(max(now, datetime.fromisoformat(file.read_text().strip())) if file.exists() else now)
    except (ValueError, TypeError) as error:
        raise CannotStart(f"cannot read {file}: {error}") from None


async def run(settings: Settings, credentials: Credentials, await_keys: Callable[[], None]) -> None:
    """Returns when it was told to stop. Raises CannotStart, LogError, PortTaken, OSError."""
    log, clock = open_log(settings), clock_of(settings)
    await_keys()
    cluster = Cluster(settings, log, clock, credentials.ca_pem())
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    port = cluster.reserve_port()
    await cluster.start(port)
    url = await cluster.listen()
    logging.getLogger("apiserver").info("serving %s from %s", url, settings.state_folder)
    garbage.settle()
    looking = asyncio.create_task(garbage.look_when_idle(SystemClock()))
    await stopping.wait()
    looking.cancel()
    await cluster.stop()
