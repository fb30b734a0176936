"""Snapshots: taken while the server runs, and come back to."""

from __future__ import annotations

from pathlib import Path

from tests.server import Server


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
