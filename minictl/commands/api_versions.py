"""api-versions: the API versions the server serves."""

from __future__ import annotations

from minictl.errors import UsageError
from minictl.grammar.flags import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints group/version, one a line, sorted."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    for name in sorted(set(session.resources.group_versions())):
        session.say(name)


command = Command("api-versions", run, usage="api-versions")
