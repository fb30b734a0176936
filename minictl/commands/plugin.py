"""plugin list: programs on the path that extend the command line (kubectl-NAME, minictl-NAME)."""

from __future__ import annotations

import os

from minictl.errors import PROGRAM, CommandError
from minictl.grammar.flags import Command, Flag
from minictl.steps import plugins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the plugins in the order of the path, each with what is wrong with it on stderr."""
    found, faults = plugins.every(session.environ.get("PATH", ""))
    for fault in faults:
        session.note(fault)
    if not found:
        raise CommandError(f"unable to find any {PROGRAM} plugins in your PATH")
    session.say("The following compatible plugins are available:\n")
    count = 0
    for path, warnings in plugins.warnings(found, session.commands, PROGRAM).items():
        session.say(os.path.basename(path) if flags.on("name-only") else path)
        for warning in warnings:
            session.note(f"  - {warning}")
        count += len(warnings)
    if count:
        raise CommandError("one plugin warning was found" if count == 1 else f"{count} plugin warnings were found")


LIST = Command("plugin list", run, usage="plugin list", flags=(Flag("name-only", "bool", help="only their names"),))
command = Command("plugin", usage="plugin list", children={"list": ("minictl.commands.plugin", "List the plugins")})
commands = {"list": LIST}
