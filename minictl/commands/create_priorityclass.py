"""create priorityclass."""

from __future__ import annotations

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
    name = generating.name_of(session, args)
    made: Object = {"kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1", "metadata": {"name": name}}
    made["value"] = flags.number("value")
    if flags.on("global-default"):
        made["globalDefault"] = True
    if flags.text("description"):
        made["description"] = flags.text("description")
    made["preemptionPolicy"] = flags.text("preemption-policy")
    where = generating.resource("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", namespaced=False)
    generating.make(session, flags, made, where, "failed to create priorityclass: ")


command = Command(
    "create priorityclass",
    run,
    usage="create priorityclass NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]",
    flags=(
        Flag("value", "int", help="the priority of Pods of this class"),
        Flag("global-default", "bool", help="the class of Pods that name none"),
        Flag("description", help="when to use it"),
        Flag("preemption-policy", default="PreemptLowerPriority", help="PreemptLowerPriority or Never"),
        *options.OUTPUT,
        options.DRY_RUN,
        *generating.FLAGS,
    ),
)
