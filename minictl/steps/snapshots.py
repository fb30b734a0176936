"""The states of a local cluster that are kept beside its log: where they are, and what is in them.

A snapshot is a copy of the log, and the log is a table of versions: the last one of each key that is not a deletion is
what is there. They are read as they lie on the disk, so that nothing in them moves on, as it would under a server.
"""

from __future__ import annotations

import contextlib
import json
import os

from minictl.errors import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from minictl.cluster import Folder

    Object = dict[str, Any]
    Name = tuple[str, str, str, str]

DATABASE = "log.db"
SUFFIX = ".db"
RESTLESS = ("Event", "Lease")
"""Kinds that change all the time, whatever anybody does."""
_LIVE = """
    SELECT encoded FROM log AS one
    WHERE NOT deleted AND revision = (SELECT max(revision) FROM log WHERE key = one.key)
"""


def log_of(folder: Folder) -> str:
    """The database of a cluster.

    Raises:
        CommandError: it has none.
    """
    path = os.path.join(folder.path, DATABASE)
    if not os.path.exists(path):
        raise CommandError(f'the local cluster "{folder.name}" keeps nothing on disk, so there is nothing to copy')
    return path


def path_of(folder: Folder, name: str) -> str:
    return os.path.join(folder.path, "snapshots", name + SUFFIX)


def existing(folder: Folder, name: str) -> str:
    """The path of a snapshot.

    Raises:
        CommandError: there is none of that name.
    """
    path = path_of(folder, name)
    if not os.path.exists(path):
        raise CommandError(f'there is no snapshot "{name}"')
    return path


def copy(source: str, target: str) -> None:
    """Copies a database by SQLite's own backup: whole, whoever writes to it meanwhile; or nothing.

    Raises:
        CommandError: it cannot be read or written.
    """
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


def objects(path: str) -> dict[Name, Object]:
    """What is in a database, by (apiVersion, kind, namespace, name), without what changes of its own accord.

    Raises:
        CommandError: it cannot be read.
    """
    import sqlite3

    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            found = [json.loads(encoded) for (encoded,) in database.execute(_LIVE)]
    except sqlite3.Error as error:
        raise CommandError(f"cannot read {path}: {error}") from None
    return {_name(each): _still(each) for each in found if each["kind"] not in RESTLESS}


def _name(object: Object) -> Name:
    metadata = object["metadata"]
    return object["apiVersion"], object["kind"], metadata.get("namespace", ""), metadata["name"]


def _still(object: Object) -> Object:
    dropped = ("managedFields", "resourceVersion")
    object["metadata"] = {key: value for key, value in object["metadata"].items() if key not in dropped}
    for condition in (object.get("status") or {}).get("conditions") or () if object["kind"] == "Node" else ():
        condition.pop("lastHeartbeatTime", None)
    return object


def changes(before: dict[Name, Object], after: dict[Name, Object]) -> Iterator[tuple[Name, Object, Object]]:
    """What differs, in order of kind and name: ({} where it is not there) before, and after."""
    for name in sorted({*before, *after}, key=lambda name: (name[1], *name)):
        old, new = before.get(name, {}), after.get(name, {})
        if old != new:
            yield name, old, new
