"""Snapshots: taken while the server runs, and come back to."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

from tests.server import Server
from tests.simulation.test_kill_under_load import Unix, check_log


def test_going_back_to_a_snapshot(tmp_path: Path) -> None:
    own = Server(tmp_path)
    own.start()
    try:
        assert own.run("snapshot", "list").stderr == "No snapshots found\n"
        own.run("create", "configmap", "before")
        assert own.run("snapshot", "save", "one").stdout.startswith('snapshot "one" saved (')
        own.run("create", "configmap", "after")
        own.run("delete", "configmap", "before")
        for words, said in (
            (("save", "one"), 'error: there is a snapshot "one" already\n'),
            (("restore", "two"), 'error: there is no snapshot "two"\n'),
            (("save", "../x"), 'error: "../x" is no name for a snapshot: use letters, digits, "-", "_" and "."\n'),
        ):
            assert own.run("snapshot", *words, check=False).stderr == said
        assert own.run("snapshot", "restore", "one").stdout == 'snapshot "one" restored\n'
        there = own.run("get", "configmaps", "-o", "name", "--no-start").stdout.split()
        assert "configmap/before" in there
        assert "configmap/after" not in there
        assert own.run("snapshot", "list").stdout.splitlines()[1].startswith("one ")
        assert (own.folder / "snapshots" / "one.db").stat().st_mode & 0o777 == 0o600
    finally:
        own.stop()


def test_a_snapshot_taken_under_load_is_whole(tmp_path: Path) -> None:
    own, taken = Server(tmp_path), threading.Event()
    own.start()
    written = 0

    def write() -> None:
        nonlocal written
        with closing(Unix(own.folder / "api.sock")) as connection:
            while not taken.is_set():
                object = {"metadata": {"name": f"n{written}"}, "data": {"k": "x" * 20_000}}
                assert connection.ask("POST", "/api/v1/namespaces/default/configmaps", object)[0] == 201
                written += 1

    writer = threading.Thread(target=write)
    try:
        writer.start()
        own.run("snapshot", "save", "busy")
        at_least = written
        taken.set()
        writer.join(20)
        check_log(own.folder / "snapshots" / "busy.db")
        own.run("snapshot", "restore", "busy")
        kept = own.run("get", "configmaps", "-o", "name").stdout.count("configmap/n")
        assert kept <= at_least <= written
        assert own.run("get", "pods").stderr.startswith("No resources found")
    finally:
        taken.set()
        own.stop()
