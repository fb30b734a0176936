"""The log contract in SQLAlchemy Core, on a SQLite file: the only module that imports sqlalchemy.

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

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from apiserver.storage import Compacted, LogError, Record
from apiserver.storage.soundness import Witness, check, damaged, fact_checksum, row_checksum

FORMAT = 2
"""Raised when the tables change shape. An older log is brought up to it, one of MIGRATIONS after the other."""

_metadata = MetaData()
_log = Table(
    "log",
    _metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("key", String, nullable=False),
    Column("previous", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("encoded", LargeBinary, nullable=False),
    Column("checksum", Integer, nullable=False, server_default=text("0")),
    Index("log_key_previous", "key", "previous", unique=True, sqlite_where=text("previous > 0")),
    Index("log_key_revision", "key", "revision"),
)
_facts = Table(
    "facts",
    _metadata,
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("checksum", Integer, nullable=False, server_default=text("0")),
)
MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (  # checksums; and sweeping apart from compacting, which until then was one
        "ALTER TABLE log ADD COLUMN checksum INTEGER DEFAULT 0 NOT NULL",
        "UPDATE log SET checksum = row_checksum(revision, key, previous, created, deleted, encoded)",
        "ALTER TABLE facts ADD COLUMN checksum INTEGER DEFAULT 0 NOT NULL",
        "INSERT INTO facts (name, value) SELECT 'swept', value FROM facts WHERE name = 'compacted'",
        "UPDATE facts SET checksum = fact_checksum(name, value)",
    ),
}
"""What makes of each format the next."""

UNTIDY_BYTES = 3 * 1024 * 1024
"""What is appended to SQLite's write-ahead log before it is folded into the file, which takes some milliseconds."""
UNTIDY_PAGES = 16_384
"""How long that log may grow at most (of 4 KiB each), should nobody call `tidy`: SQLite then does it in a commit."""
ROWS_AT_ONCE = 128
"""Rows in one INSERT: seven values each, and older SQLites take 999 in a statement."""


class SQLLog:
    """A log at a SQLAlchemy URL, `sqlite:////path/to/log.db`. Raises LogError when it cannot be opened."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._untidy_bytes = 0
        file = Path(self.path)
        self._witness = Witness(file)
        # One connection, used by one worker thread at a time. A statement is a transaction where no BEGIN precedes it.
        self._engine = create_engine(
            url, poolclass=StaticPool, connect_args={"check_same_thread": False}, isolation_level="AUTOCOMMIT"
        )
        event.listen(self._engine, "connect", _durable)
        try:
            if file.exists():
                check(file, self._witness, FORMAT)
            else:
                self._witness.file.unlink(missing_ok=True)
                file.touch(mode=0o600)
            with self._engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # also finds out whether the file may be written
                self._upgrade(connection)
                connection.commit()
            self._compacted, self._swept = self._fact("compacted"), self._fact("swept")
            self._latest = max(self._scalar(select(func.max(_log.c.revision))) or 0, self._compacted)
            self._witness.open(self._latest)
            self._appending = self._engine.raw_connection()
        except DatabaseError as error:
            self.close()
            raise LogError(f"cannot open {self.path}: {error.orig}") from error
        except (LogError, OSError):
            self.close()
            raise

    def _upgrade(self, connection: Connection) -> None:
        """Make a new log, or of an old one a log of FORMAT."""
        if not inspect(connection).has_table("facts"):
            _metadata.create_all(connection)
            for name, value in (("format", FORMAT), ("compacted", 0), ("swept", 0)):
                connection.execute(insert(_facts).values(name=name, value=value, checksum=fact_checksum(name, value)))
            return
        found = int(connection.execute(select(_facts.c.value).where(_facts.c.name == "format")).scalar() or 0)
        for format in range(found, FORMAT):
            for statement in MIGRATIONS[format]:
                connection.exec_driver_sql(statement)
        if found < FORMAT:
            _set_fact(connection, "format", FORMAT)

    @property
    def path(self) -> str:
        return self.url.removeprefix("sqlite:///")

    def _scalar(self, query: Any) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def _fact(self, name: str) -> int:
        return int(self._scalar(select(_facts.c.value).where(_facts.c.name == name)) or 0)

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
        """One statement, past SQLAlchemy: the event loop waits for what is done here in Python, but not for SQLite."""
        values: list[Any] = []
        for r in records:
            row = (r.revision, r.key, r.previous, r.created, r.deleted, r.encoded)
            values += (*row, row_checksum(*row))
        driver = self._appending.driver_connection
        assert driver is not None
        try:
            driver.execute(_insert_of(len(records)), values)
        except sqlite3.Error as error:
            raise LogError(f"cannot write {self.path}: {error}") from error

    @property
    def is_untidy(self) -> bool:
        return self._untidy_bytes > UNTIDY_BYTES

    def tidy(self) -> None:
        self._untidy_bytes = 0
        with suppress(DatabaseError), self._engine.connect() as connection:  # a full disk tells those who write
            connection.exec_driver_sql("PRAGMA wal_checkpoint")

    def latest(self) -> int:
        return int(self._latest)

    def compacted(self) -> int:
        return self._compacted

    def between(self, since: int, upto: int, prefix: str = "") -> list[Record]:
        if since < self._compacted:
            raise Compacted(self._compacted)
        query = select(_log).where(_log.c.revision > since, _log.c.revision <= upto, *_under(prefix))
        return self._records(query.order_by(_log.c.revision))

    def at(self, prefix: str, revision: int) -> list[Record]:
        if revision < self._compacted:
            raise Compacted(self._compacted)
        newest = (
            select(_log.c.key, func.max(_log.c.revision).label("revision"))
            .where(_log.c.revision <= revision, *_under(prefix))
            .group_by(_log.c.key)
            .subquery()
        )
        query = select(_log).join(newest, _log.c.revision == newest.c.revision).where(_log.c.deleted.is_(False))
        return self._records(query.order_by(_log.c.key))

    def compact(self, revision: int) -> None:
        revision = min(revision, self.latest())
        if revision <= self._compacted:
            return
        with self._changing() as connection:
            _set_fact(connection, "compacted", revision)
        self._compacted = revision

    def sweep(self, revisions: int) -> bool:
        upto = min(self._swept + revisions, self._compacted)
        stretch = (_log.c.revision > self._swept, _log.c.revision <= upto)
        with self._changing() as connection:
            connection.execute(delete(_log).where(_log.c.revision.in_(select(_log.c.previous).where(*stretch))))
            connection.execute(delete(_log).where(*stretch, _log.c.deleted.is_(True)))
            _set_fact(connection, "swept", upto)
        self._swept = upto
        return upto < self._compacted

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """One transaction. Raises LogError, and then nothing has changed."""
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        except DatabaseError as error:
            raise LogError(f"cannot write {self.path}: {error.orig}") from error

    def _records(self, query: Any) -> list[Record]:
        try:
            with self._engine.connect() as connection:
                return [self._checked(*row) for row in connection.execute(query)]
        except DatabaseError as error:
            raise damaged(self.path, str(error.orig)) from error

    def _checked(
        self, revision: int, key: str, previous: int, created: int, deleted: bool, encoded: bytes, checksum: int
    ) -> Record:
        """The record of a row. Raises LogError where the row is not what was once written."""
        if checksum != row_checksum(revision, key, previous, created, deleted, encoded):
            raise damaged(self.path, f"what it holds at revision {revision} has changed")
        return Record(key, revision, previous, created, deleted, encoded)

    def close(self) -> None:
        self._engine.dispose()
        self._witness.close()


@cache
def _insert_of(rows: int) -> str:
    head, values, row = str(insert(_log).compile(dialect=sqlite.dialect())).partition(" VALUES ")
    return head + values + ", ".join([row] * rows)


def _set_fact(connection: Connection, name: str, value: int) -> None:
    changed = {"value": value, "checksum": fact_checksum(name, value)}
    connection.execute(update(_facts).where(_facts.c.name == name).values(changed))


def _under(prefix: str) -> list[Any]:
    """Conditions for `key starts with prefix`, as a range so that the index serves them."""
    return [_log.c.key >= prefix, _log.c.key < prefix + "\U0010ffff"] if prefix else []


def _durable(connection: Any, _: Any) -> None:
    kept = f"wal_autocheckpoint={UNTIDY_PAGES}"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY", "cache_size=-8000", kept):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("row_checksum", 6, row_checksum)
    connection.create_function("fact_checksum", 2, fact_checksum)
