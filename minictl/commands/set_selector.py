"""set selector: what a Service selects."""

from __future__ import annotations

from minictl.errors import CommandError, raise_all
from minictl.grammar import arguments, options
from minictl.grammar.flags import Command, Flag
from minictl.steps import podspecs
from minictl.steps.writing import CHANGE_CAUSE, Writes, need_resources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


def run(session: Session, flags: Flags, args: list[str]) -> None:
    if not args:
        raise CommandError("one selector is required")
    words, expression = args[:-1], args[-1]
    writes = Writes(session, flags)
    selector = arguments.labels(expression) if "=" in expression else {}
    if not flags.on("local"):
        need_resources(flags, words)
    errors: list[CommandError] = []
    for target, subject in podspecs.found(session, flags, words):
        try:
            if not selector:
                raise CommandError(f"match expression [{{{expression} Exists []}}] not supported on this object")
            if subject["kind"] != "Service":
                raise CommandError("setting a selector is only supported for Services")
            after = writes.recorded({**subject, "spec": {**(subject.get("spec") or {}), "selector": selector}})
            if flags.text("resource-version"):
                meta = {**after["metadata"], "resourceVersion": flags.text("resource-version")}
                after["metadata"] = meta
            if writes.sends and not flags.on("local"):
                patch: Object = {"spec": {"selector": {"$patch": "replace", **selector}}}
                if writes.cause:
                    patch["metadata"] = {"annotations": {CHANGE_CAUSE: writes.cause}}
                after = session.client.patch(target.path, patch, "strategic", writes.query)
            writes.report(target, after, "selector updated")
        except CommandError as error:
            errors.append(error)
    raise_all(errors)


command = Command(
    "set selector",
    run,
    usage="set selector (-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    flags=(
        *(flag for flag in podspecs.NAMED if flag.name not in ("kustomize", "recursive")),
        Flag("recursive", "bool", "R", default=True, help="read the folders below those named with -f, too"),
        Flag("resource-version", help="only when the object is of this version"),
        options.RECORD,
    ),
)
