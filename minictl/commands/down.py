"""down: stop the local cluster and keep its state."""

from __future__ import annotations

from minictl import cluster
from minictl.errors import UsageError
from minictl.grammar.flags import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Stops the server; says so too when there was none."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    folder = cluster.Folder(session.cluster_name, session.environ)
    stopped = cluster.stop(folder)
    session.say(f'The local cluster "{folder.name}" {"is stopped" if stopped else "was not running"}')


command = Command("down", run, usage="down [--cluster NAME]")
