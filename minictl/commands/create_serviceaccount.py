"""create serviceaccount."""

from __future__ import annotations

from minictl.grammar import options
from minictl.grammar.flags import Command
from minictl.steps import generating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    account = generating.begin(session, "ServiceAccount", generating.name_of(session, args))
    where = generating.resource("v1", "ServiceAccount", "serviceaccounts")
    generating.make(session, flags, account, where, "failed to create serviceaccount: ")


command = Command(
    "create serviceaccount",
    run,
    usage="create serviceaccount NAME [--dry-run=server|client|none]",
    flags=(*options.OUTPUT, options.DRY_RUN, *generating.FLAGS),
)
