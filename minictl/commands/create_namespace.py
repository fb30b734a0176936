"""create namespace."""

from __future__ import annotations

from minictl import generating, options
from minictl.flags import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.flags import Flags
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
