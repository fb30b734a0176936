"""kill -9 while clients read and write over HTTP; then their recorded histories are held against what is there.

The revisions order all writes, so being linearizable comes down to a few rules for each object, checked below:

    every acknowledged write is in the history at the revision it was told
    every write in the history was asked for, and once; a write that died unanswered may be there or not
    a write that named a version replaced exactly that version
    a read shows what the history has at its revision, and nothing older than what was acknowledged before it began
    what is there in the end is the end of the history
    what a watcher was shown before the kill is how the history begins: nobody sees what may yet be lost
    the revisions in the log have no gap

MINICTL_SEEDS=200 runs that many seeds; the suite runs a few, for each takes two starts of a server.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import signal
import socket
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apiserver.storage.sql import SQLLog
from tests.server import Server

SEEDS = range(int(os.environ.get("MINICTL_SEEDS", "3")))
CLIENTS = 6
NAMES = [f"thing-{n}" for n in range(5)]
PATH = "/api/v1/namespaces/default/configmaps"
MAX_LOAD_SECONDS = 1.5


class Unix(http.client.HTTPConnection):
    """HTTP over the server's own socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self._path)

    def ask(self, method: str, path: str, object: Any = None) -> tuple[int, Any]:
        body = json.dumps(object) if object is not None else None
        self.request(method, path, body, {"Content-Type": "application/json"})
        answer = self.getresponse()
        return answer.status, json.loads(answer.read())


@dataclass
class Deed:
    """What a client asked for, and what it heard: `revision` 0 while unanswered, -1 for refused."""

    verb: str
    name: str
    value: str
    expected: int
    begun: int
    ended: int = 0
    revision: int = 0
    read: str = ""


class Client(threading.Thread):
    """Does random deeds until its connection breaks."""

    def __init__(self, number: int, seed: int, socket_path: Path, ticks: itertools.count[int]) -> None:
        super().__init__()
        self.deeds: list[Deed] = []
        self._number = number
        self._chance = random.Random(seed * 100 + number)
        self._connection = Unix(socket_path)
        self._ticks = ticks
        self._known: dict[str, int] = {}

    def run(self) -> None:
        for turn in itertools.count():
            try:
                self._deed(f"{self._number}-{turn}")
            except (OSError, http.client.HTTPException, ValueError):
                break
        self._connection.close()

    def _deed(self, value: str) -> None:
        verb, name = self._chance.choice(["POST", "PUT", "PUT", "DELETE", "GET"]), self._chance.choice(NAMES)
        deed = Deed(verb, name, value, self._known.get(name, 0) if verb == "PUT" else 0, next(self._ticks))
        self.deeds.append(deed)
        metadata: dict[str, Any] = {"name": name}
        if deed.expected:
            metadata["resourceVersion"] = str(deed.expected)
        object = {"metadata": metadata, "data": {"by": value}} if verb in ("POST", "PUT") else None
        status, answer = self._connection.ask(verb, PATH if verb == "POST" else f"{PATH}/{name}", object)
        deed.ended = next(self._ticks)
        assert status < 500, answer
        if status >= 300:
            deed.revision = -1
            self._known.pop(name, None)
        elif verb != "DELETE":  # a DELETE is answered with a Status: it tells no revision
            deed.revision = self._known[name] = int(answer["metadata"]["resourceVersion"])
            deed.read = answer["data"]["by"]


@dataclass
class Version:
    """One write in the history of one object: its revision, its value, or that it was deleted."""

    revision: int
    value: str
    deleted: bool


class Watcher(threading.Thread):
    """Follows the things until its connection breaks; `lines` are the whole events it was shown."""

    def __init__(self, socket_path: Path, since: int) -> None:
        super().__init__()
        self.lines: list[bytes] = []
        self._connection = Unix(socket_path)
        self._since = since

    def run(self) -> None:
        self._connection.request("GET", f"{PATH}?watch=1&resourceVersion={self._since}")
        try:
            for line in self._connection.getresponse():
                if line.endswith(b"\n"):
                    self.lines.append(line.rstrip())
        except (OSError, http.client.HTTPException):
            pass
        self._connection.close()


def listed(server: Server) -> Any:
    with closing(Unix(server.folder / "api.sock")) as connection:
        return connection.ask("GET", PATH)[1]


def watched(server: Server, since: int) -> list[bytes]:
    """Everything that happened to the things after a revision, as a watch tells it."""
    with closing(Unix(server.folder / "api.sock")) as connection:
        connection.request("GET", f"{PATH}?watch=1&resourceVersion={since}&timeoutSeconds=1")
        return connection.getresponse().read().splitlines()


def histories_in(lines: list[bytes]) -> dict[str, list[Version]]:
    """The history of each thing, by name."""
    found: dict[str, list[Version]] = {name: [] for name in NAMES}
    for line in lines:
        event = json.loads(line)
        metadata = event["object"]["metadata"]
        if metadata["name"] in found:
            value = event["object"]["data"]["by"]
            version = Version(int(metadata["resourceVersion"]), value, event["type"] == "DELETED")
            found[metadata["name"]].append(version)
    return found


def check(name: str, deeds: list[Deed], versions: list[Version], final: str) -> None:
    revisions = [version.revision for version in versions]
    assert revisions == sorted(set(revisions))
    at = {version.revision: version for version in versions}
    before = dict(zip(revisions[1:], revisions, strict=False))
    asked = {deed.value: deed for deed in deeds if deed.verb in ("POST", "PUT")}
    written = [version.value for version in versions if not version.deleted]
    assert len(written) == len(set(written)), "a write is there twice"
    assert set(written) <= set(asked)
    for version in versions:
        deed = asked[version.value]
        assert version.deleted or deed.revision in (0, version.revision)
        if not version.deleted and deed.expected:
            assert before[version.revision] == deed.expected, "it replaced another version than the one it named"
    acknowledged = [(d.ended, d.revision) for d in deeds if d.revision > 0]
    for deed in deeds:
        if deed.revision <= 0:
            continue
        assert at[deed.revision].value == deed.read, "what was told is not what is there"
        assert deed.revision >= max((r for ended, r in acknowledged if ended < deed.begun), default=0), "a stale answer"
    left = versions[-1].value if versions and not versions[-1].deleted else ""
    assert final == left


def check_log(path: Path) -> None:
    """What is kept of the log has no gap, says in each row which one it is, and adds up to its end."""
    log = SQLLog(path)
    try:
        state = {record.key: record for record in log.at("", log.compacted())}
        records = log.between(log.compacted(), log.latest())
        assert [r.revision for r in records] == list(range(log.compacted() + 1, log.latest() + 1))
        for record in records:
            assert record.object["metadata"]["resourceVersion"] == str(record.revision)
            before = state.pop(record.key, None)
            assert record.previous == (before.revision if before else 0)
            if not record.deleted:
                state[record.key] = record
        assert sorted(state) == [record.key for record in log.at("", log.latest())]
    finally:
        log.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_what_clients_were_told_is_true_after_a_kill(seed: int, tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    try:
        since = int(listed(server)["metadata"]["resourceVersion"])
        ticks: itertools.count[int] = itertools.count(1)
        clients = [Client(number, seed, server.folder / "api.sock", ticks) for number in range(CLIENTS)]
        watcher = Watcher(server.folder / "api.sock", since)
        for thread in (watcher, *clients):
            thread.start()
        deadline = time.monotonic() + 10
        time.sleep(random.Random(seed).uniform(0.1, MAX_LOAD_SECONDS))
        while sum(deed.revision > 0 for client in clients for deed in client.deeds) < 10:
            assert time.monotonic() < deadline, "too little happens"
            time.sleep(0.01)
        os.kill(server.pid(), signal.SIGKILL)
        for thread in (watcher, *clients):
            thread.join(20)
            assert not thread.is_alive()
        server.start()
        deeds = [deed for client in clients for deed in client.deeds]
        events = watched(server, since)
        assert watcher.lines == events[: len(watcher.lines)], "a watcher saw what is not so"
        final = {item["metadata"]["name"]: item["data"].get("by", "") for item in listed(server)["items"]}
        for name, versions in histories_in(events).items():
            check(name, [deed for deed in deeds if deed.name == name], versions, final.get(name, ""))
    finally:
        server.stop()
    check_log(server.folder / "log.db")
