"""scale: how many replicas there are to be."""

from __future__ import annotations

import time

from minictl.errors import CommandError, ServerError, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import targets
from minictl.steps.targets import Choice
from minictl.steps.writing import Writes, all_of, need_resources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]

ANY = -1
RETRY_SECONDS = 300.0
PAUSE_SECONDS = 0.2


def run(session: Session, flags: Flags, args: list[str]) -> None:
    writes = Writes(session, flags)
    if flags.number("replicas") < 0:
        raise CommandError("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
    if flags.number("current-replicas") < ANY:
        raise CommandError("The --current-replicas must specify an integer of -1 or greater")
    need_resources(flags, args)
    errors: list[CommandError] = []
    found: list[tuple[Target, Object]] = []
    selection = targets.select(session, args, _choice(flags, args))
    try:
        found = list(targets.fetch(session, selection))
    except CommandError as error:
        errors.append(error)
    if flags.text("resource-version") and len(found) > 1:
        raise CommandError("cannot use --resource-version with multiple resources")
    if not found:
        raise_all(errors or [CommandError("no objects passed to scale")])
    for target, subject in found:
        if writes.sends:
            _scale(session, flags, writes, target)
        replicas = {**subject.get("spec", {}), "replicas": flags.number("replicas")}
        writes.report(target, {**subject, "spec": replicas}, "scaled")
    raise_all(errors)


def _choice(flags: Flags, args: list[str]) -> Choice:
    return Choice.of(flags, all=all_of(flags, args), need_names_or_selector=True)


def _scale(session: Session, flags: Flags, writes: Writes, target: Target) -> None:
    path = target.resource.path(target.namespace, target.name, "scale")
    replicas = flags.number("replicas")
    if flags.number("current-replicas") == ANY and not flags.text("resource-version"):
        session.client.patch(path, {"spec": {"replicas": replicas}}, "merge", writes.query)
    else:
        _under_condition(session, flags, writes, path, replicas)
    writes.record_afterwards(target.path)
    if flags.seconds("timeout") and writes.dry_run == "none":
        _wait(session, path, flags.seconds("timeout"))


def _under_condition(session: Session, flags: Flags, writes: Writes, path: str, replicas: int) -> None:
    deadline = time.monotonic() + RETRY_SECONDS
    while True:
        scale = session.client.get(path)
        check(scale, flags.number("current-replicas"), flags.text("resource-version"))
        try:
            session.client.update(path, {**scale, "spec": {"replicas": replicas}}, writes.query)
            return
        except ServerError as error:
            if error.reason != "Conflict" or time.monotonic() > deadline:
                raise
        time.sleep(PAUSE_SECONDS)


def check(scale: Object, replicas: int, version: str) -> None:
    """Holds what is there against what was expected.

    Raises:
        CommandError: it is otherwise.
    """
    have, have_version = (scale.get("spec") or {}).get("replicas", 0), scale["metadata"].get("resourceVersion", "")
    if replicas not in (ANY, have):
        raise CommandError(f"Expected replicas to be {replicas}, was {have}")
    if version and version != have_version:
        raise CommandError(f"Expected resource version to be {version}, was {have_version}")


def _wait(session: Session, path: str, seconds: float) -> None:
    """Until there are as many replicas as there should be."""
    deadline = time.monotonic() + seconds
    while True:
        scale = session.client.get(path)
        if (scale.get("spec") or {}).get("replicas", 0) == (scale.get("status") or {}).get("replicas", 0):
            return
        if time.monotonic() > deadline:
            raise CommandError("timed out waiting for the condition")
        time.sleep(PAUSE_SECONDS)


command = Command(
    "scale",
    run,
    usage="scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
    flags=(
        *options.FILES,
        options.SELECTOR,
        *options.OUTPUT,
        options.DRY_RUN,
        options.RECORD,
        Flag("replicas", "int", help="how many there are to be"),
        Flag("current-replicas", "int", default=ANY, help="only when there are so many now; -1 for any number"),
        Flag("resource-version", help="only when the object is of this version"),
        Flag("timeout", "seconds", help="how long to wait until it is so; 0 for not at all"),
        Flag("all", "bool", help="all objects of the named types in the namespace"),
    ),
    required=("replicas",),
)
