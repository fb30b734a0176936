"""The log contract in SQL, on a SQLite file. Its tables stand in schema.py.

One table of rows that never change, and one of facts about the log itself; each row has a checksum that is looked at
whenever it is read. WAL with synchronous=FULL: a commit is on disk before `append` returns, and readers do not wait for
the writer. The file is held by one process at a time (an exclusive lock is taken by whoever starts the server, not
here).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from apiserver.storage import Compacted, LogError, Record
from apiserver.storage.soundness import FORMAT, Witness, check, damaged, fact_checksum, row_checksum

CREATE_TABLES = (
    "CREATE TABLE log (revision INTEGER NOT NULL PRIMARY KEY, key VARCHAR NOT NULL, previous INTEGER NOT NULL, "
    "created INTEGER NOT NULL, deleted BOOLEAN NOT NULL, encoded BLOB NOT NULL, checksum INTEGER DEFAULT 0 NOT NULL)",
    "CREATE UNIQUE INDEX log_key_previous ON log (key, previous) WHERE previous > 0",
    "CREATE INDEX log_key_revision ON log (key, revision)",
    "CREATE TABLE facts (name VARCHAR NOT NULL PRIMARY KEY, value INTEGER NOT NULL, "
    "checksum INTEGER DEFAULT 0 NOT NULL)",
)
"""What schema.py declares, in SQL: to make a new log takes no library that a third of the start would go into."""
ADD_FACT = "INSERT INTO facts VALUES (?, ?, ?)"
BETWEEN = "SELECT * FROM log WHERE revision > ? AND revision <= ? AND key >= ? AND key < ? ORDER BY revision"
AT = """
SELECT * FROM log
WHERE revision IN (SELECT max(revision) FROM log WHERE revision <= ? AND key >= ? AND key < ? GROUP BY key)
AND NOT deleted ORDER BY key
"""
REPLACED = "DELETE FROM log WHERE revision IN (SELECT previous FROM log WHERE revision > ? AND revision <= ?)"
TOMBSTONES = "DELETE FROM log WHERE revision > ? AND revision <= ? AND deleted"
FACT = "SELECT value FROM facts WHERE name = ?"
SET_FACT = "UPDATE facts SET value = ?, checksum = ? WHERE name = ?"

UNTIDY_BYTES = 3 * 1024 * 1024
"""What is appended to SQLite's write-ahead log before it is folded into the file, which takes some milliseconds."""
UNTIDY_PAGES = 16_384
"""How long that log may grow at most (of 4 KiB each), should nobody call `tidy`: SQLite then does it in a commit."""
ROWS_AT_ONCE = 128
"""Rows in one INSERT: seven values each, and older SQLites take 999 in a statement."""


class SQLLog:
    """A log in a file, which is made where there is none. Raises LogError when it cannot be opened."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._witness = Witness(file)
        self._untidy_bytes = 0
        self._connection: sqlite3.Connection | None = None
        self._reading: sqlite3.Connection | None = None
        try:
            if file.exists():
                if check(file, self._witness) < FORMAT:
                    from apiserver.storage.schema import upgrade

                    upgrade(file)
            else:
                self._witness.file.unlink(missing_ok=True)
                file.touch(mode=0o600)
            # For whoever writes, and for whoever reads beside that. Without a BEGIN, each statement is a transaction.
            self._connection = _connect(file, "journal_mode=WAL", f"wal_autocheckpoint={UNTIDY_PAGES}")
            self._all("BEGIN IMMEDIATE")  # also finds out whether the file may be written
            if not self._all("SELECT 1 FROM sqlite_master WHERE name = 'facts'"):
                self._make()
            self._all("COMMIT")
            self._compacted, self._swept = self._fact("compacted"), self._fact("swept")
            newest = self._all("SELECT max(revision) FROM log")[0][0]
            self._latest = max(newest or 0, self._compacted)
            self._reading = _connect(file, "query_only=ON")
            self._witness.open(self._latest)
        except sqlite3.Error as error:
            self.close()
            raise LogError(f"cannot open {self.file}: {error}") from error
        except (LogError, OSError):
            self.close()
            raise

    def _make(self) -> None:
        """Make the tables of a new log."""
        for statement in CREATE_TABLES:
            self._all(statement)
        for name, value in (("format", FORMAT), ("compacted", 0), ("swept", 0)):
            self._all(ADD_FACT, (name, value, fact_checksum(name, value)))

    def _all(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        assert self._connection is not None, "the log is closed"
        return self._connection.execute(statement, values).fetchall()

    def _fact(self, name: str) -> int:
        return int(self._all(FACT, (name,))[0][0])

    def _set_fact(self, name: str, value: int) -> None:
        self._all(SET_FACT, (value, fact_checksum(name, value), name))

    def append(self, records: Sequence[Record]) -> None:
        if not records:
            return
        if len(records) <= ROWS_AT_ONCE:
            self._add(records)
        else:
            with self._changing():
                for first in range(0, len(records), ROWS_AT_ONCE):
                    self._add(records[first : first + ROWS_AT_ONCE])
        self._untidy_bytes += sum(len(r.encoded) for r in records)
        self._latest = records[-1].revision
        self._witness.note(self._latest)

    def _add(self, records: Sequence[Record]) -> None:
        """One statement: the event loop waits for what is done here in Python, but not for SQLite."""
        values: list[Any] = []
        for r in records:
            row = (r.revision, r.key, r.previous, r.created, r.deleted, r.encoded)
            values += (*row, row_checksum(*row))
        try:
            self._all(_insert_of(len(records)), values)
        except sqlite3.Error as error:
            raise self._unwritable(error) from error

    @property
    def is_untidy(self) -> bool:
        return self._untidy_bytes > UNTIDY_BYTES

    def tidy(self) -> None:
        self._untidy_bytes = 0
        with suppress(sqlite3.Error):  # a full disk tells those who write
            self._all("PRAGMA wal_checkpoint")

    def latest(self) -> int:
        return int(self._latest)

    def compacted(self) -> int:
        return self._compacted

    def between(self, since: int, upto: int, prefix: str = "") -> list[Record]:
        return self._records(since, BETWEEN, (since, upto, *_under(prefix)))

    def at(self, prefix: str, revision: int) -> list[Record]:
        return self._records(revision, AT, (revision, *_under(prefix)))

    def compact(self, revision: int) -> None:
        revision = min(revision, self.latest())
        if revision <= self._compacted:
            return
        with self._changing():
            self._set_fact("compacted", revision)
        self._compacted = revision

    def sweep(self, revisions: int) -> bool:
        upto = min(self._swept + revisions, self._compacted)
        with self._changing():
            self._all(REPLACED, (self._swept, upto))
            self._all(TOMBSTONES, (self._swept, upto))
            self._set_fact("swept", upto)
        self._swept = upto
        return upto < self._compacted

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One transaction. Raises LogError, and then nothing has changed."""
        try:
            self._all("BEGIN IMMEDIATE")
            yield
            self._all("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):  # where there is nothing to take back
                self._all("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise self._unwritable(error) from error
            raise

    def _unwritable(self, error: sqlite3.Error) -> LogError:
        return LogError(f"cannot write {self.file}: {error}")

    def _records(self, revision: int, statement: str, values: Sequence[Any]) -> list[Record]:
        """What is found, if all that a look at `revision` needs is there, and was until the end."""
        assert self._reading is not None, "the log is closed"
        self._check_kept(revision)
        try:
            records = [self._checked(*row) for row in self._reading.execute(statement, values)]
        except sqlite3.Error as error:
            raise damaged(self.file, str(error)) from error
        self._check_kept(revision)
        return records

    def _check_kept(self, revision: int) -> None:
        if revision < self._compacted:
            raise Compacted(self._compacted)

    def _checked(
        self, revision: int, key: str, previous: int, created: int, deleted: int, encoded: bytes, checksum: int
    ) -> Record:
        """The record of a row. Raises LogError where the row is not what was once written."""
        if checksum != row_checksum(revision, key, previous, created, bool(deleted), encoded):
            raise damaged(self.file, f"what it holds at revision {revision} has changed")
        return Record(key, revision, previous, created, bool(deleted), encoded)

    def close(self) -> None:
        for connection in (self._reading, self._connection):
            if connection is not None:
                connection.close()
        self._reading = self._connection = None
        self._witness.close()


def _connect(file: Path, *pragmas: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    for pragma in (*pragmas, "synchronous=FULL", "temp_store=MEMORY", "cache_size=-8000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


@cache
def _insert_of(rows: int) -> str:
    return "INSERT INTO log VALUES " + ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * rows)  # noqa: S608 - no value in it


def _under(prefix: str) -> tuple[str, str]:
    """The bounds of `key starts with prefix`, as a range so that the index serves them."""
    return prefix, prefix + "\U0010ffff"
