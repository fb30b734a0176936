"""api-versions: the API versions the server serves."""

from __future__ import annotations

from minictl.errors import CommandError, UsageError
from minictl.grammar.flags import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints group/version, one a line, sorted."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    try:
        names = session.resources.group_versions()
    except CommandError as error:
        raise CommandError(f"couldn't get available api versions from server: {error.message}") from None
    for name in sorted(set(names)):
        session.say(name)


command = Command("api-versions", run, usage="api-versions")
