"""snapshot: keep the state of a local cluster under a name, and go back to it."""

from __future__ import annotations

import os
import time

from minictl import cluster
from minictl.errors import CommandError, UsageError
from minictl.grammar.flags import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session

DATABASE = "log.db"
BESIDE = ("-wal", "-shm", "-acknowledged")
"""Endings of the files that belong to one state of the database: SQLite's own, and how far it went."""
SUFFIX = ".db"


def save(session: Session, flags: Flags, args: list[str]) -> None:
    """Copies the log as it is at one moment, while the server goes on."""
    folder, name = _folder(session), _name(session, args)
    kept = _path(folder, name)
    if os.path.exists(kept):
        raise CommandError(f'there is a snapshot "{name}" already')
    os.makedirs(os.path.dirname(kept), mode=0o700, exist_ok=True)
    _copy(_log(folder), kept)
    session.say(f'snapshot "{name}" saved ({os.path.getsize(kept) / 1024:.0f} KiB)')


def restore(session: Session, flags: Flags, args: list[str]) -> None:
    """Puts a snapshot in the place of the log; a running server is stopped for it, and started again."""
    folder, name = _folder(session), _name(session, args)
    kept, log = _path(folder, name), _log(folder)
    if not os.path.exists(kept):
        raise CommandError(f'there is no snapshot "{name}"')
    ran = cluster.stop(folder)
    scratch = f"{log}.restored"
    _copy(kept, scratch)
    for ending in BESIDE:
        if os.path.exists(log + ending):
            os.unlink(log + ending)
    os.replace(scratch, log)
    if ran:
        cluster.start(folder, [])
    session.say(f'snapshot "{name}" restored' + ("" if ran else "; the cluster is stopped, as it was"))


def show(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the snapshots, the oldest first."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    from minictl.output import table
    from minictl.texts import ages

    folder = os.path.dirname(_path(_folder(session), "x"))
    found = [entry for entry in os.scandir(folder) if entry.name.endswith(SUFFIX)] if os.path.isdir(folder) else []
    if not found:
        session.note("No snapshots found")
        return
    writer = table.Writer(session.out.write)
    writer.row(["NAME", "SIZE", "AGE"])
    for entry in sorted(found, key=lambda each: each.stat().st_mtime):
        size = f"{entry.stat().st_size / 1024:.0f}Ki"
        made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(entry.stat().st_mtime))
        writer.row([entry.name.removesuffix(SUFFIX), size, ages.since(made)])
    writer.flush()


def _folder(session: Session) -> cluster.Folder:
    if not session.is_local:
        raise CommandError("only local clusters have snapshots")
    return cluster.Folder(session.cluster_name, session.environ)


def _name(session: Session, args: list[str]) -> str:
    if len(args) != 1:
        raise UsageError(f"exactly one NAME is required, got {len(args)}", session.path)
    if args[0].startswith(".") or not args[0].replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise CommandError(f'"{args[0]}" is no name for a snapshot: use letters, digits, "-", "_" and "."')
    return args[0]


def _path(folder: cluster.Folder, name: str) -> str:
    return os.path.join(folder.path, "snapshots", name + SUFFIX)


def _log(folder: cluster.Folder) -> str:
    path = os.path.join(folder.path, DATABASE)
    if not os.path.exists(path):
        raise CommandError(f'the local cluster "{folder.name}" keeps nothing on disk, so there is nothing to copy')
    return path


def _copy(source: str, target: str) -> None:
    """Copies a database by SQLite's own backup: whole, whoever writes to it meanwhile; or nothing.

    Raises:
        CommandError: it cannot be read or written.
    """
    import contextlib
    import sqlite3

    scratch = f"{target}.part"
    try:
        os.close(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(scratch)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")
        os.replace(scratch, target)
    except (OSError, sqlite3.Error) as error:
        raise CommandError(f"cannot copy {source}: {error}") from None


_M = "minictl.commands.snapshot"
command = Command(
    "snapshot",
    usage="snapshot (save | restore | list)",
    children={
        "save": (_M, "Keep the state of the local cluster under a name"),
        "restore": (_M, "Go back to a kept state, restarting the server"),
        "list": (_M, "List what has been kept"),
    },
)
commands = {
    "save": Command("snapshot save", save, usage="snapshot save NAME"),
    "restore": Command("snapshot restore", restore, usage="snapshot restore NAME"),
    "list": Command("snapshot list", show, usage="snapshot list"),
}
