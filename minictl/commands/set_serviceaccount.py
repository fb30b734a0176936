"""set serviceaccount."""

from __future__ import annotations

from minictl.errors import CommandError
from minictl.grammar import options
from minictl.grammar.flags import Command
from minictl.steps import podspecs
from minictl.steps.writing import need_resources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


def run(session: Session, flags: Flags, args: list[str]) -> None:
    if not args:
        raise CommandError("serviceaccount is required")
    *words, account = args
    if not flags.on("local"):
        need_resources(flags, words)
    chosen = podspecs.found(session, flags, words)

    def change(spec: Object, subject: Object) -> None:
        spec["serviceAccountName"] = account
        if "serviceAccount" in spec:
            spec["serviceAccount"] = account

    podspecs.change_all(
        session, flags, chosen, change, "serviceaccount updated", "failed to patch ServiceAccountName ", True
    )


_USAGE = "set serviceaccount (-f FILENAME | TYPE NAME) SERVICE_ACCOUNT"
command = Command("set serviceaccount", run, usage=_USAGE, flags=(*podspecs.NAMED, options.RECORD))
