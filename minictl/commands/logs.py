"""logs: print what a container has printed."""

from __future__ import annotations

from minictl.errors import CommandError, ServerError, UsageError, go_quote
from minictl.grammar.flags import Command, Flag
from minictl.steps import targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
LISTS = (("containers", ""), ("initContainers", " (init)"), ("ephemeralContainers", " (ephem)"))
NUMBERS = {"tail": "tailLines", "limit-bytes": "limitBytes"}
SWITCHES = {"previous": "previous", "timestamps": "timestamps", "follow": "follow"}


def run(session: Session, flags: Flags, args: list[str]) -> None:
    if not args:
        raise UsageError(
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for "
            "the logs command",
            session.path,
        )
    word, *rest = args
    if len(rest) > 1 or (rest and flags.text("container")):
        raise UsageError("only one of -c or an inline [CONTAINER] arg is allowed", session.path)
    target = targets.select(session, [word if "/" in word else f"pod/{word}"], targets.Choice())
    for found, pod in _found(session, target):
        if pod["kind"] != "Pod":
            raise CommandError(f"cannot get the logs from *{pod['kind']}: name one of its Pods")
        container = _container(session, pod, rest[0] if rest else flags.text("container"))
        answer = session.client.request("GET", f"{found.path}/log", {"container": container, **_query(flags)})
        session.out.write(answer.body.decode("utf-8", "replace"))


def _found(session: Session, chosen: targets.Selection) -> list[tuple[targets.Target, Object]]:
    try:
        return list(targets.fetch(session, chosen))
    except ServerError as error:
        if error.reason != "NotFound":
            raise
        place = f"in namespace {go_quote(session.namespace)}"
        raise CommandError(f"error from server (NotFound): {error.message} {place}") from None


def _query(flags: Flags) -> dict[str, str]:
    query = {name: str(flags.number(flag)) for flag, name in NUMBERS.items() if flags.given(flag)}
    query |= {name: "true" for flag, name in SWITCHES.items() if flags.on(flag)}
    if flags.given("since"):
        query["sinceSeconds"] = str(int(flags.seconds("since")))
    if flags.text("since-time"):
        query["sinceTime"] = flags.text("since-time")
    return {name: value for name, value in query.items() if (name, value) != ("tailLines", "-1")}


def _container(session: Session, pod: Object, asked: str) -> str:
    """The container that is meant: the one asked for, that of the annotation, or the first.

    Raises:
        CommandError: there is none of that name.
    """
    spec, name = pod["spec"], pod["metadata"]["name"]
    titles: dict[str, str] = {c["name"]: c["name"] + suffix for field, suffix in LISTS for c in spec.get(field) or ()}
    every = ", ".join(titles.values())
    if asked:
        if asked not in titles:
            raise CommandError(f"container {asked} is not valid for pod {name} out of: {every}")
        return asked
    preferred = (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER)
    if preferred in titles:
        return str(preferred)
    first = next(iter(titles))
    if len(titles) > 1:
        session.note(f'Defaulted container "{first}" out of: {every}')
    return first


command = Command(
    "logs",
    run,
    usage="logs (POD | TYPE/NAME) [-c CONTAINER]",
    flags=(
        Flag("container", "string", "c", help="the container to read"),
        Flag("follow", "bool", "f", help="go on as more is printed"),
        Flag("previous", "bool", "p", help="of the container that ran before"),
        Flag("timestamps", "bool", help="with the time of each line"),
        Flag("tail", "int", default=-1, help="only so many lines from the end"),
        Flag("limit-bytes", "int", help="at most so many bytes"),
        Flag("since", "seconds", help="only what is newer than that"),
        Flag("since-time", help="only what is newer than that time"),
    ),
)
