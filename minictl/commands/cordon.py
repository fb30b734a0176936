"""cordon and uncordon: whether new Pods may be placed on a node."""

from __future__ import annotations

from minictl.grammar.flags import Command
from minictl.steps import nodes
from minictl.steps.writing import dry_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    how = dry_run(session, flags)
    nodes.mark(session, nodes.chosen(session, flags, args), session.path == "cordon", how)


commands = {name: Command(name, run, usage=f"{name} NODE", flags=nodes.FLAGS) for name in ("cordon", "uncordon")}
