"""kill -9 in the middle of concurrent writes: what was acknowledged is there, and nothing else is half there."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SEEDS = range(20)

WRITER = """
import asyncio, random, sys
from pathlib import Path
from apiserver.storage.sql import SQLLog
from apiserver.storage.store import Stale, Store

async def main(path, seed):
    chance = random.Random(seed)
    store = Store(SQLLog(Path(path)))
    store.load()

    async def work(worker):
        n = 0
        while True:
            key = f"things/default/{chance.randrange(12)}"
            current = store.get(key)
            object = {"kind": "Thing", "apiVersion": "v1", "metadata": {"name": key}, "by": f"{worker}-{n}"}
            deleted = current is not None and chance.random() < 0.2
            try:
                record = await store.write(key, object, current.revision if current else 0, deleted=deleted)
            except Stale:
                continue
            n += 1
            print(record.revision, key, f"{worker}-{n - 1}", int(deleted), flush=True)

    await asyncio.gather(*(work(w) for w in range(8)))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_crash_loses_nothing_acknowledged_and_shows_nothing_else(seed: int, tmp_path: Path) -> None:
    from apiserver.storage.sql import SQLLog

    chance = random.Random(seed)
    path = str(tmp_path / "log.db")
    acknowledged: dict[int, tuple[str, str, bool]] = {}
    for life in range(2):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, path, str(seed * 7 + life)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        try:
            for _ in range(chance.randrange(5, 60)):
                _note(acknowledged, writer.stdout.readline())
        finally:
            os.kill(writer.pid, signal.SIGKILL)
            for line in writer.stdout:
                if line.endswith(b"\n"):
                    _note(acknowledged, line)
            writer.stdout.close()
            writer.wait()
        log = SQLLog(Path(path))
        records = log.between(0, log.latest())
        assert [r.revision for r in records] == list(range(1, log.latest() + 1)), "revisions without a gap"
        stored = {r.revision: (r.key, json.loads(r.encoded)["by"], r.deleted) for r in records}
        assert acknowledged.items() <= stored.items()
        for record in records:
            assert json.loads(record.encoded)["metadata"]["resourceVersion"] == str(record.revision)
        log.close()


def _note(acknowledged: dict[int, tuple[str, str, bool]], line: bytes) -> None:
    revision, key, by, deleted = line.decode().split()
    acknowledged[int(revision)] = (key, by, deleted == "1")
