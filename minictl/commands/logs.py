"""logs: print what containers have printed."""

from __future__ import annotations

from minictl.errors import CommandError, ServerError, UsageError, go_quote
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import podlogs, targets
from minictl.steps.podlogs import Source, Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

USAGE = "logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]"
EXPECTED = f"expected '{USAGE}'.\nPOD or TYPE/NAME is a required argument for the logs command"
SWITCHES = {
    "previous": "previous",
    "timestamps": "timestamps",
    "follow": "follow",
    "insecure-skip-tls-verify-backend": "insecureSkipTLSVerifyBackend",
}
SELECTED_TAIL = 10
"""So many lines of each, where a selector chooses and nothing else is said."""


def run(session: Session, flags: Flags, args: list[str]) -> None:
    selector = flags.text("selector")
    if len(args) > 2 or (not args and not selector):
        raise UsageError(EXPECTED, session.path)
    if len(args) == 1 and selector:
        raise UsageError("only a selector (-l) or a POD name is allowed", session.path)
    wanted = Wanted(
        args[1] if len(args) == 2 else flags.text("container"),
        flags.on("all-containers"),
        flags.on("all-pods"),
        flags.seconds("pod-running-timeout"),
    )
    subjects = _subjects(session, args, selector)
    _check(flags, wanted, len(args))
    found = [source for subject in subjects for source in podlogs.sources(session, subject, wanted)]
    most = flags.number("max-log-requests")
    if flags.on("follow") and len(found) > max(most, 1):
        raise CommandError(
            f"you are attempting to follow {len(found)} log streams, but maximum allowed concurrency is {most}, use"
            " --max-log-requests to increase the limit"
        )
    query = _query(flags)
    for source in found:
        _print(session, flags, source, query)


def _subjects(session: Session, args: list[str], selector: str) -> list[Object]:
    words = [args[0] if "/" in args[0] else f"pod/{args[0]}"] if args else ["pods"]
    choice = targets.Choice(labels="" if args else selector)
    try:
        found = [subject for _, subject in targets.fetch(session, targets.select(session, words, choice))]
    except ServerError as error:
        if error.reason != "NotFound":
            raise
        place = f"in namespace {go_quote(session.namespace)}"
        raise CommandError(f"error from server (NotFound): {error.message} {place}") from None
    if not found:
        session.note(f"No resources found in {session.namespace} namespace.")
    return found


# (what is wrong, when)
def _check(flags: Flags, wanted: Wanted, count: int) -> None:
    rules = (
        (
            flags.text("since-time") and flags.seconds("since"),
            "at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        (
            wanted.all_containers and wanted.container,
            f"--all-containers=true should not be specified with container name {wanted.container}",
        ),
        (flags.given("container") and count == 2, "only one of -c or an inline [CONTAINER] arg is allowed"),
        (flags.number("limit-bytes") < 0, "--limit-bytes must be greater than 0"),
        (flags.seconds("since") < 0, "--since must be greater than 0"),
        (flags.number("tail") < -1, "--tail must be greater than or equal to -1"),
    )
    for wrong, sentence in rules:
        if wrong:
            raise CommandError(sentence)


def _query(flags: Flags) -> dict[str, str | int | bool | None]:
    query: dict[str, str | int | bool | None] = {name: True for flag, name in SWITCHES.items() if flags.on(flag)}
    tail = flags.number("tail")
    if flags.text("selector") and not flags.given("tail"):
        tail = SELECTED_TAIL
    if tail != -1:
        query["tailLines"] = tail
    if flags.number("limit-bytes"):
        query["limitBytes"] = flags.number("limit-bytes")
    if flags.seconds("since"):
        query["sinceSeconds"] = round(flags.seconds("since"))
    query["sinceTime"] = flags.text("since-time")
    return query


def _print(session: Session, flags: Flags, source: Source, query: dict[str, str | int | bool | None]) -> None:
    prefix = source.prefix.encode() if flags.on("prefix") or flags.on("all-pods") else b""
    try:
        for line in _lines(source, session, query):
            session.out.write((prefix + line).decode("utf-8", "replace"))
            session.out.flush()
    except CommandError as error:
        if not flags.on("ignore-errors"):
            raise
        session.say(f"error: {error.message}")


def _lines(source: Source, session: Session, query: dict[str, str | int | bool | None]) -> Any:
    pending = b""
    for piece in source.read(session, query):
        *whole, pending = (pending + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if pending:
        yield pending


command = Command(
    "logs",
    run,
    usage=USAGE,
    flags=(
        options.SELECTOR,
        Flag("container", "string", "c", help="the container to read"),
        Flag("all-containers", "bool", help="every container of the Pod"),
        Flag("all-pods", "bool", help="every Pod of what is named, each line with where it is from"),
        Flag("prefix", "bool", help="begin each line with where it is from"),
        Flag("follow", "bool", "f", help="go on as more is printed"),
        Flag("previous", "bool", "p", help="of the container that ran before"),
        Flag("timestamps", "bool", help="with the time of each line"),
        Flag("tail", "int", default=-1, help="only so many lines from the end; 10 with -l, unless said"),
        Flag("limit-bytes", "int", help="at most so many bytes"),
        Flag("since", "seconds", help="only what is newer than that"),
        Flag("since-time", help="only what is newer than that time"),
        Flag("ignore-errors", "bool", help="go on with the others when one cannot be read"),
        Flag("max-log-requests", "int", default=5, help="most containers to follow at once"),
        Flag("pod-running-timeout", "seconds", default=20.0, help="how long to wait for a first Pod"),
        Flag("insecure-skip-tls-verify-backend", "bool", help="the server need not check its node", hidden=True),
    ),
)
