"""snapshot: keep the state of a local cluster under a name, and go back to it."""

from __future__ import annotations

import os
import time

from minictl import cluster
from minictl.errors import CommandError, UsageError
from minictl.grammar.flags import Command, Flag
from minictl.steps import comparing, snapshots, telling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

DATABASE = "log.db"
BESIDE = ("-wal", "-shm", "-acknowledged")
"""Endings of the files that belong to one state of the database: SQLite's own, and how far it went."""
SUFFIX = ".db"


def save(session: Session, flags: Flags, args: list[str]) -> None:
    """Copies the log as it is at one moment, while the server goes on."""
    folder, name = _folder(session), _name(session, args)
    kept = snapshots.path_of(folder, name)
    if os.path.exists(kept):
        raise CommandError(f'there is a snapshot "{name}" already')
    os.makedirs(os.path.dirname(kept), mode=0o700, exist_ok=True)
    snapshots.copy(snapshots.log_of(folder), kept)
    session.say(f'snapshot "{name}" saved ({os.path.getsize(kept) / 1024:.0f} KiB)')


def restore(session: Session, flags: Flags, args: list[str]) -> None:
    """Puts a snapshot in the place of the log; a running server is stopped for it, and started again."""
    folder, name = _folder(session), _name(session, args)
    kept, log = snapshots.existing(folder, name), snapshots.log_of(folder)
    ran = cluster.stop(folder)
    scratch = f"{log}.restored"
    snapshots.copy(kept, scratch)
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

    folder = os.path.dirname(snapshots.path_of(_folder(session), "x"))
    entries = os.scandir(folder) if os.path.isdir(folder) else ()
    found = [entry for entry in entries if entry.name.endswith(snapshots.SUFFIX)]
    kept = [_described(entry) for entry in sorted(found, key=lambda each: each.stat().st_mtime)]
    if telling.structured(session, flags, kept):
        return
    if not kept:
        session.note("No snapshots found")
        return
    writer = table.Writer(session.out.write)
    writer.row(["NAME", "SIZE", "AGE"])
    for one in kept:
        writer.row([one["name"], f"{one['bytes'] / 1024:.0f}Ki", ages.since(one["made"])])
    writer.flush()


def _described(entry: os.DirEntry[str]) -> Object:
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(entry.stat().st_mtime))
    return {"name": entry.name.removesuffix(snapshots.SUFFIX), "bytes": entry.stat().st_size, "made": made}


def compare(session: Session, flags: Flags, args: list[str]) -> int:
    """Shows what differs between a snapshot and now, or another snapshot, object by object. 1 when something does."""
    if len(args) not in (1, 2):
        raise UsageError(f"one NAME or two are required, got {len(args)}", session.path)
    folder = _folder(session)
    paths = [snapshots.existing(folder, _name(session, [name])) for name in args]
    before, after = (snapshots.objects(path) for path in (*paths, snapshots.log_of(folder))[:2])
    found = list(snapshots.changes(before, after))
    if telling.structured(session, flags, [_told(*change) for change in found]):
        return comparing.DIFFERENT if found else comparing.SAME
    with comparing.folder("BEFORE") as left, comparing.folder("AFTER") as right:
        for (version, kind, namespace, name), *sides in found:
            if kind == "Secret" and version == "v1":
                sides = list(comparing.masked(*sides))
            for side, object in zip((left, right), sides, strict=True):
                if object:
                    comparing.write(side, f"{version.replace('/', '.')}.{kind}.{namespace}.{name}", object)
        return comparing.compare(session, left, right)


def _told(name: tuple[str, str, str, str], before: Object, after: Object) -> Object:
    version, kind, namespace, own = name
    change = "changed" if before and after else "created" if after else "deleted"
    sides = {side: object for side, object in (("before", before), ("after", after)) if object}
    return {"apiVersion": version, "kind": kind, "namespace": namespace, "name": own, "change": change, **sides}


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


OUTPUT = Flag("output", "string", "o", help="json or yaml")
_M = "minictl.commands.snapshot"
command = Command(
    "snapshot",
    usage="snapshot (save | restore | list | diff)",
    details="""A snapshot is the whole state of a local cluster at one moment. It is taken while the server runs; to go
back to it the server is started anew, in about half a second.

Examples: `minictl snapshot save before`; `minictl snapshot diff before`; `minictl snapshot restore before`.""",
    children={
        "save": (_M, "Keep the state of the local cluster under a name"),
        "restore": (_M, "Go back to a kept state, restarting the server"),
        "list": (_M, "List what has been kept"),
        "diff": (_M, "Show what has changed since, or between two"),
    },
)
commands = {
    "save": Command(
        "snapshot save",
        save,
        usage="snapshot save NAME",
        details="Example: `minictl snapshot save before-upgrade` while the cluster runs, or while it is down.",
    ),
    "restore": Command(
        "snapshot restore",
        restore,
        usage="snapshot restore NAME",
        details="What has happened since is forgotten. Example: `minictl snapshot restore before-upgrade`.",
    ),
    "list": Command(
        "snapshot list",
        show,
        usage="snapshot list [-o json|yaml]",
        details="Examples: `minictl snapshot list`; `minictl snapshot list -o json`.",
        flags=(OUTPUT,),
    ),
    "diff": Command(
        "snapshot diff",
        compare,
        usage="snapshot diff NAME [OTHER] [-o json|yaml]",
        details="""Compares a snapshot with now, or with another one, object by object, as `diff -u` does (or the
program that KUBECTL_EXTERNAL_DIFF names). Left out: Events, Leases, resourceVersions, managed fields, the times of
heartbeats. The exit status is 1 when something differs.

Examples: `minictl snapshot diff before-upgrade`; `minictl snapshot diff monday tuesday -o json`.""",
        flags=(OUTPUT,),
    ),
}
