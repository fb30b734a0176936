"""The log contract in SQLAlchemy Core, on a SQLite file: the only module that imports sqlalchemy.

One table of rows that never change, and one of facts about the log itself. WAL with synchronous=FULL: a commit is on
disk before `append` returns, and readers do not wait for the writer. The file is held by one process at a time (an
exclusive lock is taken by whoever starts the server, not here).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
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
    select,
    text,
    update,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from apiserver.storage import Compacted, LogError, Record

FORMAT = 1
"""Raised when the tables change shape; a log of another format is refused, never guessed at."""

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
    Index("log_key_previous", "key", "previous", unique=True, sqlite_where=text("previous > 0")),
    Index("log_key_revision", "key", "revision"),
)
_facts = Table("facts", _metadata, Column("name", String, primary_key=True), Column("value", Integer, nullable=False))


class SQLLog:
    """A log at a SQLAlchemy URL, `sqlite:////path/to/log.db`. Raises LogError when it cannot be opened."""

    def __init__(self, url: str) -> None:
        self.url = url
        # One connection, used by one worker thread at a time.
        self._engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        event.listen(self._engine, "connect", _durable)
        # Compiled once: most of what an INSERT costs is otherwise spent on binding values that need no change.
        self._insert = str(insert(_log).compile(self._engine))
        try:
            _metadata.create_all(self._engine)
            with self._engine.begin() as connection:
                if connection.execute(text("PRAGMA quick_check(1)")).scalar() != "ok":
                    raise self._damaged("its pages do not fit together")
                found = self._fact("format")
                if found is None:
                    connection.execute(
                        insert(_facts), [{"name": "format", "value": FORMAT}, {"name": "compacted", "value": 0}]
                    )
                elif found != FORMAT:
                    raise LogError(f"{self.path} is a log of format {found}, this program reads format {FORMAT}")
            self._compacted = self._fact("compacted") or 0
            self._latest = max(self._scalar(select(func.max(_log.c.revision))) or 0, self._compacted)
        except DatabaseError as error:
            self._engine.dispose()
            raise self._damaged(str(error.orig)) from error

    @property
    def path(self) -> str:
        return self.url.removeprefix("sqlite:///")

    def _damaged(self, why: str) -> LogError:
        return LogError(
            f"cannot read {self.path}: {why}; move the file away to start afresh (`minictl reset` does that)"
        )

    def _scalar(self, query: Any) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def _fact(self, name: str) -> int | None:
        value = self._scalar(select(_facts.c.value).where(_facts.c.name == name))
        return None if value is None else int(value)

    def append(self, records: Sequence[Record]) -> None:
        if not records:
            return
        rows = [(r.revision, r.key, r.previous, r.created, r.deleted, r.encoded) for r in records]
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql(self._insert, rows)
        except DatabaseError as error:
            raise LogError(f"cannot write {self.path}: {error.orig}") from error
        self._latest = records[-1].revision

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
        later = _log.alias()
        replaced = (
            select(later.c.revision)
            .where(later.c.key == _log.c.key, later.c.previous == _log.c.revision, later.c.revision <= revision)
            .exists()
        )
        with self._engine.begin() as connection:
            connection.execute(delete(_log).where(_log.c.revision <= revision, replaced))
            connection.execute(delete(_log).where(_log.c.revision <= revision, _log.c.deleted.is_(True)))
            connection.execute(update(_facts).where(_facts.c.name == "compacted").values(value=revision))
        self._compacted = revision

    def _records(self, query: Any) -> list[Record]:
        with self._engine.connect() as connection:
            return [
                Record(row.key, row.revision, row.previous, row.created, row.deleted, row.encoded)
                for row in connection.execute(query)
            ]

    def close(self) -> None:
        self._engine.dispose()


def _under(prefix: str) -> list[Any]:
    """Conditions for `key starts with prefix`, as a range so that the index serves them."""
    return [_log.c.key >= prefix, _log.c.key < prefix + "\U0010ffff"] if prefix else []


def _durable(connection: Any, _: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY", "cache_size=-8000"):
        connection.execute(f"PRAGMA {pragma}")
