"""set resources: requests and limits of containers."""

from __future__ import annotations

from minictl.describe import quantities
from minictl.errors import CommandError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import podspecs
from minictl.steps.writing import need_resources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


def run(session: Session, flags: Flags, args: list[str]) -> None:
    if not flags.on("local"):
        need_resources(flags, args)
    chosen = podspecs.found(session, flags, args)
    podspecs.check(flags, args)
    if not flags.text("limits") and not flags.text("requests"):
        raise CommandError("you must specify an update to requests or limits (in the form of --requests/--limits)")
    wanted = {kind: amounts(flags.text(kind)) for kind in ("limits", "requests")}

    def change(spec: Object, subject: Object) -> None:
        pattern = flags.text("containers")
        matching = podspecs.containers({"containers": spec.get("containers")}, pattern)
        if not matching:
            raise podspecs.Complaints([CommandError(f"error: unable to find container named {pattern}")])
        for container in matching:
            resources = dict(container.get("resources") or {})
            for kind, new in wanted.items():
                if new:
                    resources[kind] = {**(resources.get(kind) or {}), **new}
            container["resources"] = resources

    failure = "failed to patch resources update to pod template "
    podspecs.change_all(session, flags, chosen, change, "resource requirements updated", failure)


def amounts(text: str) -> dict[str, str]:
    """`cpu=1,memory=512Mi` as a resource list, each amount in its shortest form.

    Raises:
        CommandError: a part is no pair, or no amount.
    """
    found = {}
    for part in text.split(",") if text else []:
        pieces = part.split("=")
        if len(pieces) != 2:
            raise CommandError(f"Invalid argument syntax {part}, expected <resource>=<value>")
        try:
            found[pieces[0]] = str(quantities.parse(pieces[1]))
        except ValueError as error:
            raise CommandError(str(error)) from None
    return found


command = Command(
    "set resources",
    run,
    usage="set resources (-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS])",
    flags=(
        *podspecs.FLAGS,
        Flag("containers", "string", "c", default="*", help="only containers whose name matches"),
        Flag("limits", help="the most they may use: cpu=1,memory=512Mi"),
        options.RECORD,
        Flag("requests", help="what they are sure of: cpu=100m,memory=256Mi"),
    ),
)
