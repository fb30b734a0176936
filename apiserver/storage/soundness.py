"""A log's SQLite file before it is opened: is it whole, and does it hold all that was ever acknowledged?

SQLite notices pages that do not fit together. What it cannot notice are flipped bits inside a value (hence a checksum
in every row), and a write-ahead log that ends too early: to SQLite that is a crash in the middle of a commit, and it
drops the end without a word. So a second, tiny file beside the log remembers the last acknowledged revision. It is
written after the log is on disk and never synced: after a loss of power it may be behind, but it never promises too
much.

Nothing here changes the file: what is refused stays as it is, its write-ahead log included.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from zlib import crc32

from apiserver.storage import LogError

FORMAT = 2
"""Raised when the tables change shape (schema.py). An older log is brought up to it."""
DIGITS = 20


def row_checksum(revision: int, key: str, previous: int, created: int, deleted: bool, encoded: bytes) -> int:
    return crc32(encoded, crc32(f"{revision} {key} {previous} {created} {deleted:d}".encode()))


def fact_checksum(name: str, value: int) -> int:
    return crc32(f"{name} {value}".encode())


class Witness:
    """The last acknowledged revision, in a file of its own."""

    def __init__(self, log: Path) -> None:
        self.file = Path(f"{log}-acknowledged")
        self._descriptor = -1

    def remembers(self) -> int:
        """The revision, 0 where nothing is known."""
        with contextlib.suppress(OSError, ValueError):
            return int(self.file.read_bytes())
        return 0

    def open(self, revision: int) -> None:
        """Begin to note, with `revision`. Raises OSError."""
        self._descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.note(revision)

    def note(self, revision: int) -> None:
        """Whatever is acknowledged by now is `revision`. A disk that refuses costs the witness, no more."""
        with contextlib.suppress(OSError):
            os.pwrite(self._descriptor, b"%0*d\n" % (DIGITS, revision), 0)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def check(path: Path, witness: Witness) -> int:
    """The format of a log; FORMAT for a file that is empty yet. Raises LogError for a file that is no log, is damaged,
    ends too early, or is of a newer format than is known."""
    if not path.stat().st_size:
        if witness.remembers():
            raise _cut_short(path, 0, witness)
        return FORMAT
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return _check(connection, path, witness)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise damaged(path, str(error)) from error


def _check(connection: sqlite3.Connection, path: Path, witness: Witness) -> int:
    problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if problem != "ok":
        raise damaged(path, f"its pages do not fit together ({problem.splitlines()[-1]})")
    facts = {str(name): value for name, value, *_ in connection.execute("SELECT * FROM facts")}
    format = facts.get("format")
    if format is None:
        raise damaged(path, "it does not say of which format it is")
    if format > FORMAT:
        raise LogError(
            f"{path} is a log of format {format}, and this program knows formats up to {FORMAT}: a newer minictl "
            "wrote it, and can read it"
        )
    if format > 1:
        for name, value, checksum in connection.execute("SELECT name, value, checksum FROM facts"):
            if checksum != fact_checksum(name, value):
                raise damaged(path, f"what it says of itself ({name}) has changed")
    compacted = facts.get("compacted", 0)
    newest, number = connection.execute(
        "SELECT max(revision), count(*) FROM log WHERE revision > ?", (compacted,)
    ).fetchone()
    latest = newest or compacted
    if latest - compacted != number:
        raise damaged(path, f"of the revisions {compacted + 1} to {latest} only {number} are there")
    if latest < witness.remembers():
        raise _cut_short(path, latest, witness)
    return int(format)


def damaged(path: Path | str, why: str) -> LogError:
    return LogError(f"cannot read {path}: {why}; move the file away to start afresh (`minictl reset` does that)")


def _cut_short(path: Path, latest: int, witness: Witness) -> LogError:
    return LogError(
        f"cannot trust {path}: it ends at revision {latest}, and writes up to {witness.remembers()} were acknowledged; "
        f"put back what is missing ({path.name}-wal?), or remove {witness.file} to go on with what is left"
    )
