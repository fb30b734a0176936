"""create quota."""

from __future__ import annotations

from minictl.describe import quantities
from minictl.errors import CommandError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


def run(session: Session, flags: Flags, args: list[str]) -> None:
    quota = generating.begin(session, "ResourceQuota", generating.name_of(session, args))
    spec: Object = {"hard": hard(flags.text("hard"))} if flags.text("hard") else {}
    if flags.text("scopes"):
        scopes = flags.text("scopes").split(",")
        if "" in scopes:
            raise CommandError('invalid resource quota scope ""')
        spec["scopes"] = scopes
    where = generating.resource("v1", "ResourceQuota", "resourcequotas")
    generating.make(session, flags, {**quota, "spec": spec, "status": {}}, where, "failed to create quota: ")


def hard(text: str) -> dict[str, str]:
    """`pods=3,requests.cpu=2` as amounts by resource.

    Raises:
        CommandError: a part is no pair, or no amount.
    """
    found = {}
    for part in text.split(","):
        pieces = part.split("=")
        if len(pieces) != 2:
            raise CommandError(f"Invalid argument syntax {part}, expected <resource>=<value>")
        try:
            found[pieces[0]] = str(quantities.parse(pieces[1]))
        except ValueError as error:
            raise CommandError(str(error)) from None
    return dict(sorted(found.items()))


command = Command(
    "create quota",
    run,
    usage="create quota NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none]",
    flags=(
        Flag("hard", help="limits: resource=amount,resource=amount"),
        Flag("scopes", help="scopes that objects must match to be counted"),
        *options.OUTPUT,
        options.DRY_RUN,
        *generating.FLAGS,
    ),
)
