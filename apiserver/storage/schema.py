"""The tables of a log, as SQLAlchemy Core declares them, and what makes of the tables of an older log these.

The only module that imports sqlalchemy, which would take a third of a server's start and 15 MB: it is loaded when there
is an older log to upgrade. A new one is made from the statements in sql.py, and a test holds those against this.
"""

from __future__ import annotations

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
    event,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from apiserver.storage import LogError
from apiserver.storage.soundness import FORMAT, fact_checksum, row_checksum

TABLES = MetaData()
Table(
    "log",
    TABLES,
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
FACTS = Table(
    "facts",
    TABLES,
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


def upgrade(file: Path) -> None:
    """Make of an older log one of FORMAT, with the tables declared here, or leave it as it is. Raises LogError."""
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool, isolation_level="AUTOCOMMIT")
    event.listen(engine, "connect", _with_functions)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            for format in range(_format(connection), FORMAT):
                for statement in MIGRATIONS[format]:
                    connection.exec_driver_sql(statement)
            changed = {"value": FORMAT, "checksum": fact_checksum("format", FORMAT)}
            connection.execute(update(FACTS).where(FACTS.c.name == "format").values(changed))
            if shape_of(connection) != declared():
                raise LogError(f"cannot upgrade {file}: it has not the tables of an older log")
    except DatabaseError as error:
        raise LogError(f"cannot upgrade {file}: {error.orig}") from error
    finally:
        engine.dispose()


def _format(connection: Connection) -> int:
    return int(connection.execute(select(FACTS.c.value).where(FACTS.c.name == "format")).scalar() or 0)


Shape = dict[str, tuple[list[tuple[str, str, bool]], list[tuple[str, list[str], bool]]]]
"""By table: its columns (name, type, whether it may be null), its indexes (name, columns, whether they are unique)."""


def shape_of(connection: Connection) -> Shape:
    """The tables that there are."""
    found, shape = inspect(connection), {}
    for table in found.get_table_names():
        columns = [(c["name"], str(c["type"]), bool(c["nullable"])) for c in found.get_columns(table)]
        indexes = [
            (str(i["name"]), list(map(str, i["column_names"])), bool(i["unique"])) for i in found.get_indexes(table)
        ]
        shape[table] = (columns, sorted(indexes))
    return shape


def declared() -> Shape:
    """The tables that there should be."""
    engine = create_engine("sqlite://", poolclass=NullPool)
    with engine.begin() as connection:
        TABLES.create_all(connection)
        return shape_of(connection)


def _with_functions(connection: Any, _: Any) -> None:
    connection.create_function("row_checksum", 6, row_checksum)
    connection.create_function("fact_checksum", 2, fact_checksum)
