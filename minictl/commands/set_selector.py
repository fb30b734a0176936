"""set selector: what a Service selects."""

from __future__ import annotations

from minictl import arguments, podspecs
from minictl.errors import CommandError, raise_all
from minictl.flags import Command, Flag
from minictl.writing import Writes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    words, expression = _words(args)
    podspecs.check(flags, words)
    selector = arguments.labels(expression)
    writes = Writes(session, flags)
    errors: list[CommandError] = []
    for target, subject in podspecs.found(session, flags, words):
        try:
            if subject["kind"] != "Service":
                raise CommandError("setting a selector is only supported for Services")
            after = {**subject, "spec": {**(subject.get("spec") or {}), "selector": selector}}
            if flags.text("resource-version"):
                meta = {**after["metadata"], "resourceVersion": flags.text("resource-version")}
                after["metadata"] = meta
            if writes.sends and not flags.on("local"):
                patch = {"spec": {"selector": {"$patch": "replace", **selector}}}
                after = session.client.patch(target.path, patch, "strategic", writes.query)
            writes.report(target, after, "selector updated")
        except CommandError as error:
            errors.append(error)
    raise_all(errors)


def _words(args: list[str]) -> tuple[list[str], str]:
    """The resources, and the selector after them.

    Raises:
        CommandError: there is no selector, or more than one.
    """
    expressions = [word for word in args if "=" in word]
    if len(expressions) != 1 or "=" not in args[-1]:
        raise CommandError("one selector is required")
    return args[:-1], args[-1]


command = Command(
    "set selector",
    run,
    usage="set selector (-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    flags=(*podspecs.FLAGS, Flag("resource-version", help="only when the object is of this version")),
)
