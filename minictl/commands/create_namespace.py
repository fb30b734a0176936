"""create namespace."""

from __future__ import annotations

from minictl.grammar import options
from minictl.grammar.flags import Command
from minictl.steps import generating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    namespace = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}, "spec": {}, "status": {}}
    where = generating.resource("v1", "Namespace", "namespaces", namespaced=False)
    generating.make(session, flags, namespace, where)


command = Command(
    "create namespace",
    run,
    usage="create namespace NAME [--dry-run=server|client|none]",
    flags=(*options.OUTPUT, options.DRY_RUN, *generating.FLAGS),
)
