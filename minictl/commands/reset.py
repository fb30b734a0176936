"""reset: stop the local cluster and forget everything it kept."""

from __future__ import annotations

import os
import sys

from minictl import cluster
from minictl.errors import CommandError, UsageError
from minictl.grammar.flags import Command, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session

OWN_FILES = ("log.db", "ca.crt", "server.log", "pid", "kubeconfig", "settings.json", "api.sock")
"""Files that show a folder to be a cluster's; nothing else is ever removed."""


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Asks first, unless --yes is given."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    folder = cluster.Folder(session.cluster_name, session.environ)
    if not folder.exists:
        session.say(f'There is no local cluster "{folder.name}"')
        return
    if not any(os.path.lexists(os.path.join(folder.path, name)) for name in OWN_FILES):
        raise CommandError(f"{folder.path} does not look like a cluster's folder; it is left alone")
    if not flags.on("yes") and not _agreed(session, folder):
        raise CommandError("nothing was removed; use --yes to reset without being asked")
    cluster.stop(folder, at_once=True)
    import shutil

    try:
        shutil.rmtree(folder.path)
    except OSError as error:
        raise CommandError(f"cannot remove {error.filename}: {error.strerror}") from None
    session.say(f'The local cluster "{folder.name}" is reset')


def _agreed(session: Session, folder: cluster.Folder) -> bool:
    if not sys.stdin.isatty():
        return False
    session.err.write(f'This deletes everything in the cluster "{folder.name}" ({folder.path}). Go on? [y/N] ')
    session.err.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


DETAILS = """Everything in the cluster is gone then, its snapshots too; the next command that needs a cluster starts a
new one.

Examples: `minictl reset --yes`; `minictl reset --cluster scratch` asks first."""

command = Command(
    "reset",
    run,
    usage="reset [--cluster NAME] [--yes]",
    details=DETAILS,
    flags=(Flag("yes", "bool", "y", help="do not ask"),),
)
