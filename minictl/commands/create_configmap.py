"""create configmap: from values, files, folders and env files."""

from __future__ import annotations

from minictl.grammar import keyvalues, options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    found = keyvalues.entries(
        flags.list("from-literal"), flags.list("from-file"), flags.list("from-env-file"), "config"
    )
    config_map = generating.begin(session, "ConfigMap", name)
    keyvalues.fill_config_map(config_map, name, found)
    if flags.on("append-hash"):
        keyvalues.append_hash(config_map)
    where = generating.resource("v1", "ConfigMap", "configmaps")
    generating.make(session, flags, config_map, where, "failed to create configmap: ")


command = Command(
    "create configmap",
    run,
    usage="create configmap NAME [--from-file=[key=]source] [--from-literal=key1=value1]"
    " [--dry-run=server|client|none]",
    flags=(
        Flag("from-file", "strings", help="file or folder to take; key=file to call it key"),
        Flag("from-literal", "array", help="key=value to put in"),
        Flag("from-env-file", "strings", help="file with lines of key=value"),
        Flag("append-hash", "bool", help="add a hash of the contents to the name"),
        *options.OUTPUT,
        options.DRY_RUN,
        *generating.FLAGS,
    ),
)
