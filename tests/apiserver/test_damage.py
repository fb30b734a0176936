"""Bits flip, files end too early: a log that is not what was written is refused by name, or is whole all the same.

Never does it open with less. MINICTL_SEEDS=1000 damages each file at that many random places in each way.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from apiserver.storage import LogError, Record
from apiserver.storage.soundness import FORMAT
from apiserver.storage.sql import SQLLog

SEEDS = range(int(os.environ.get("MINICTL_SEEDS", "40")))
FILES = ("log.db", "log.db-wal", "log.db-acknowledged")

Row = tuple[str, int, int, int, bool, bytes]


def record(revision: int, key: str, previous: int = 0, *, deleted: bool = False) -> Record:
    encoded = f'{{"key":"{key}","at":{revision},"more":"{"x" * (revision * 37 % 900)}"}}'.encode()
    return Record(key, revision, previous, revision, deleted, encoded)


def open_log(folder: Path) -> SQLLog:
    return SQLLog(folder / "log.db")


def written(log: SQLLog) -> tuple[int, list[Row], list[Row]]:
    """All that can be read: the newest revision, the live state, the history."""

    def rows(records: list[Record]) -> list[Row]:
        return [(r.key, r.revision, r.previous, r.created, r.deleted, r.encoded) for r in records]

    latest = log.latest()
    return latest, rows(log.at("", latest)), rows(log.between(log.compacted(), latest))


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a kill leaves: a log of 220 revisions, some compacted, the newest only in the write-ahead log."""
    folder, copy = tmp_path_factory.mktemp("log"), tmp_path_factory.mktemp("killed")
    log = open_log(folder)
    live: dict[str, int] = {}
    for revision in range(1, 221):
        key = f"things/default/{revision * 7 % 40}"
        deleted = key in live and revision % 9 == 0
        log.append([record(revision, key, live.pop(key, 0), deleted=deleted)])
        if not deleted:
            live[key] = revision
        if revision == 120:
            log.compact(100)
            while log.sweep(30):
                pass
            log.close()
            log = open_log(folder)
    for name in FILES:
        shutil.copy(folder / name, copy)
    log.close()
    assert (copy / "log.db-wal").stat().st_size > 50_000
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name in FILES and file.stat().st_size}


def opened(folder: Path) -> tuple[Any, str]:
    """What is in a log, or why it was refused (as a whole, or when a row was read)."""
    try:
        with closing(open_log(folder)) as log:
            return written(log), ""
    except LogError as error:
        return None, str(error)


def flip(content: bytearray, chance: random.Random) -> None:
    """One bit, or a few bytes."""
    place = chance.randrange(len(content))
    if chance.random() < 0.5:
        content[place] ^= 1 << chance.randrange(8)
    else:
        content[place : place + 8] = chance.randbytes(len(content[place : place + 8]))


def cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


@pytest.mark.parametrize("damage", [flip, cut])
@pytest.mark.parametrize(
    ("name", "was_killed"), [("log.db", True), ("log.db-wal", True), ("log.db", False)],
    ids=["killed-log", "killed-wal", "stopped-log"],
)  # fmt: skip
def test_a_damaged_log_is_refused_as_it_is_or_whole(
    name: str,
    was_killed: bool,
    damage: Callable[[bytearray, random.Random], None],
    killed: Path,
    tmp_path: Path,
) -> None:
    stopped = shutil.copytree(killed, tmp_path / "stopped")
    with closing(open_log(stopped)) as log:
        whole = written(log)
    assert whole[0] == 220
    refused = 0
    for seed in SEEDS:
        folder = shutil.copytree(killed if was_killed else stopped, tmp_path / str(seed))
        content = bytearray((folder / name).read_bytes())
        damage(content, random.Random(seed))
        (folder / name).write_bytes(content)
        before = contents(folder)
        found, refusal = opened(folder)
        if refusal:
            refused += 1
            assert str(folder / "log.db") in refusal
            assert contents(folder) == before or "has changed" in refusal, "what is refused is left as it is"
        else:
            assert found == whole, f"seed {seed}: opened with something else"
        shutil.rmtree(folder)
    assert refused > len(SEEDS) / 10, "the damage is too small to show anything"


def test_a_lost_write_ahead_log_is_missed(killed: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(killed, tmp_path / "log")
    (folder / "log.db-wal").unlink()
    with pytest.raises(LogError, match=r"ends at revision 120, and writes up to 220 were acknowledged.*log\.db-wal"):
        open_log(folder)
    shutil.copy(killed / "log.db-wal", folder)
    with closing(open_log(folder)) as log:
        assert log.latest() == 220


def test_whoever_accepts_the_loss_can_go_on(killed: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(killed, tmp_path / "log")
    (folder / "log.db-wal").unlink()
    (folder / "log.db-acknowledged").unlink()
    with closing(open_log(folder)) as log:
        assert log.latest() == 120


def test_an_emptied_log_is_no_new_one_and_a_removed_one_is(killed: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(killed, tmp_path / "log")
    (folder / "log.db").write_bytes(b"")
    with pytest.raises(LogError, match="ends at revision 0"):
        open_log(folder)
    (folder / "log.db").unlink()
    with closing(open_log(folder)) as log:
        assert log.latest() == 0


def test_a_copy_of_the_file_of_a_stopped_server_is_a_backup(killed: Path, tmp_path: Path) -> None:
    folder, backup = shutil.copytree(killed, tmp_path / "log"), tmp_path / "backup"
    with closing(open_log(folder)) as log:
        whole = written(log)
    assert not (folder / "log.db-wal").exists(), "a log that was closed is one file"
    backup.mkdir()
    shutil.copy(folder / "log.db", backup)
    with closing(open_log(backup)) as log:
        assert written(log) == whole


# -- formats -----------------------------------------------------------------------------------------------------------

FORMAT_1 = """
CREATE TABLE log (
    revision INTEGER NOT NULL, "key" VARCHAR NOT NULL, previous INTEGER NOT NULL, created INTEGER NOT NULL,
    deleted BOOLEAN NOT NULL, encoded BLOB NOT NULL, PRIMARY KEY (revision)
);
CREATE INDEX log_key_revision ON log ("key", revision);
CREATE UNIQUE INDEX log_key_previous ON log ("key", previous) WHERE previous > 0;
CREATE TABLE facts (name VARCHAR NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (name));
INSERT INTO facts VALUES ('format', 1), ('compacted', 2);
INSERT INTO log VALUES
    (1, 'pods/a/x', 0, 1, 0, CAST('x@1' AS BLOB)),
    (3, 'pods/a/y', 0, 3, 0, CAST('y@3' AS BLOB)),
    (4, 'pods/a/y', 3, 3, 0, CAST('y@4' AS BLOB)),
    (5, 'pods/a/x', 1, 1, 1, CAST('x@5' AS BLOB));
"""


def test_a_log_of_the_first_format_becomes_one_of_the_newest(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "log.db")) as old:
        old.executescript(FORMAT_1)
    for _ in range(2):
        with closing(open_log(tmp_path)) as log:
            assert (log.latest(), log.compacted()) == (5, 2)
            assert [(r.revision, r.encoded) for r in log.between(2, 5)] == [(3, b"y@3"), (4, b"y@4"), (5, b"x@5")]
            assert [(r.revision, r.encoded, r.created) for r in log.at("", 5)] == [(4, b"y@4", 3)]
    with closing(open_log(tmp_path)) as log:
        log.append([record(6, "pods/a/z")])
        log.compact(6)
        assert not log.sweep(100)
    with closing(sqlite3.connect(tmp_path / "log.db")) as new:
        assert new.execute("SELECT value FROM facts WHERE name = 'format'").fetchone() == (FORMAT,)
        assert new.execute("SELECT revision FROM log ORDER BY revision").fetchall() == [(4,), (6,)]


def test_a_new_log_has_the_tables_that_are_declared(tmp_path: Path) -> None:
    from apiserver.storage import schema

    open_log(tmp_path).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'log.db'}", poolclass=NullPool)
    with engine.connect() as connection:
        assert schema.shape_of(connection) == schema.declared()
    with closing(sqlite3.connect(tmp_path / "log.db")) as log:
        partial = log.execute("SELECT sql FROM sqlite_master WHERE name = 'log_key_previous'").fetchone()[0]
    assert "previous > 0" in partial


def test_what_only_looks_like_an_older_log_is_not_upgraded(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "log.db")) as old:
        old.executescript(FORMAT_1)
        old.executescript("DROP INDEX log_key_revision")
    with pytest.raises(LogError, match=r"cannot upgrade .*it has not the tables of an older log"):
        open_log(tmp_path)
    with closing(sqlite3.connect(tmp_path / "log.db")) as old:
        assert old.execute("SELECT value FROM facts WHERE name = 'format'").fetchone() == (1,)


def test_an_upgrade_that_is_cut_off_has_not_happened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from apiserver.storage import schema

    with closing(sqlite3.connect(tmp_path / "log.db")) as old:
        old.executescript(FORMAT_1)
    monkeypatch.setitem(schema.MIGRATIONS, 1, (*schema.MIGRATIONS[1], "UPDATE nowhere SET x = 1"))
    with pytest.raises(LogError, match="nowhere"):
        open_log(tmp_path)
    with closing(sqlite3.connect(tmp_path / "log.db")) as old:
        assert old.execute("SELECT * FROM facts ORDER BY name").fetchall() == [("compacted", 2), ("format", 1)]
    monkeypatch.undo()
    with closing(open_log(tmp_path)) as log:
        assert log.latest() == 5


def test_a_log_of_a_newer_format_is_left_alone(tmp_path: Path) -> None:
    open_log(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "log.db")) as newer:
        newer.execute("UPDATE facts SET value = 99 WHERE name = 'format'")
        newer.commit()
    before = (tmp_path / "log.db").read_bytes()
    with pytest.raises(LogError, match=r"log\.db is a log of format 99, and this program knows formats up to \d"):
        open_log(tmp_path)
    assert (tmp_path / "log.db").read_bytes() == before
