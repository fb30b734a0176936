"""options: the flags every command takes."""

from __future__ import annotations

from minictl.grammar.flags import Command
from minictl.grammar.options import GLOBAL_FLAGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flag, Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints one entry for each global flag."""
    session.say("The following options can be passed to any command:\n")
    for flag in sorted(GLOBAL_FLAGS, key=lambda flag: flag.name):
        if not flag.hidden:
            session.say(f"    {_form(flag)}:\n\t{flag.help}\n")


def _form(flag: Flag) -> str:
    default = {"bool": str(flag.default).lower(), "string": f"'{flag.default}'", "array": "[]"}.get(flag.type, "")
    return f"{f'-{flag.short}, ' if flag.short else ''}--{flag.name}={default}"


command = Command("options", run, usage="options")
