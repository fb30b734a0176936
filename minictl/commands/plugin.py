"""plugin list: programs on the path that extend the command line (kubectl-NAME)."""

from __future__ import annotations

import os

from minictl.errors import PROGRAM, CommandError
from minictl.grammar.flags import Command, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session

PREFIX = "kubectl-"


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the plugins that would be found, in the order of the path."""
    found = []
    for folder in dict.fromkeys(session.environ.get("PATH", "").split(os.pathsep)):
        try:
            names = sorted(os.listdir(folder or "."))
        except OSError:
            continue
        paths = [os.path.join(folder, name) for name in names if name.startswith(PREFIX)]
        found += [path for path in paths if os.access(path, os.X_OK) and os.path.isfile(path)]
    if not found:
        raise CommandError(f"unable to find any {PROGRAM} plugins in your PATH")
    session.say("The following compatible plugins are available:\n")
    for path in found:
        session.say(os.path.basename(path) if flags.on("name-only") else path)


LIST = Command("plugin list", run, usage="plugin list", flags=(Flag("name-only", "bool", help="only their names"),))
command = Command("plugin", usage="plugin list", children={"list": ("minictl.commands.plugin", "List the plugins")})
commands = {"list": LIST}
