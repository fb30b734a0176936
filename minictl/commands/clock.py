"""clock: what time it is in the local cluster, and moving it where it stands still (minictl up --clock manual)."""

from __future__ import annotations

from minictl.errors import CommandError, UsageError
from minictl.grammar.flags import Command, parse_duration
from minictl.session import CLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    if not args or args == ["now"]:
        told = session.client.get(CLOCK)
    elif len(args) == 2 and args[0] == "advance":
        told = session.client.create(CLOCK, {"seconds": _seconds(args[1])})
    else:
        raise UsageError("say one of: clock now, clock advance DURATION", session.path)
    session.say(f"{told['now']} ({told['clock']})")


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise CommandError(str(error)) from None


DETAILS = """With `minictl up --clock manual` time stands still until it is moved; then everything that is due on the
way happens, in order, before the command returns: deadlines, back-offs, CronJobs, evictions, times to live.

Examples: `minictl clock advance 1h30m` lives through an hour and a half at once; `minictl clock now` tells the time."""

command = Command("clock", run, usage="clock [now | advance DURATION]", details=DETAILS)
