"""describe: everything about objects, as text for people."""

from __future__ import annotations

from minictl.describe import describe
from minictl.errors import CommandError, ServerError, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import targets
from minictl.steps.targets import Choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from minictl.describe import Fields
    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Selection, Target

    Object = dict[str, Any]


class _Cluster:
    """What the pages may look up, over HTTP."""

    def __init__(self, session: Session, chunk_size: int) -> None:
        self._session = session
        self._chunk_size = chunk_size

    @property
    def now(self) -> datetime:
        from datetime import UTC, datetime

        return datetime.fromtimestamp(self._session.now(), UTC)

    def get(self, group_version: str, plural: str, namespace: str, name: str) -> Object:
        try:
            found: Object = self._session.client.get(f"{_collection(group_version, plural, namespace)}/{name}")
            return found
        except ServerError as error:
            raise LookupError(error.message) from None

    def list(
        self, group_version: str, plural: str, namespace: str, labels: str = "", fields: str = ""
    ) -> list[Fields] | None:
        query = {"labelSelector": labels, "fieldSelector": fields}
        try:
            listed = self._session.client.list(_collection(group_version, plural, namespace), query, self._chunk_size)
        except ServerError as error:
            if error.reason == "NotFound":
                return None
            raise
        found: list[Fields] = listed.get("items") or []
        return found


def _collection(group_version: str, plural: str, namespace: str) -> str:
    root = "/apis" if "/" in group_version else "/api"
    return f"{root}/{group_version}{f'/namespaces/{namespace}' if namespace else ''}/{plural}"


def run(session: Session, flags: Flags, args: list[str]) -> None:
    if not args and not targets.has_files(flags):
        raise CommandError(
            "You must specify the type of resource to describe."
            ' Use "kubectl api-resources" for a complete list of supported resources.\n'
        )
    selection = targets.select(session, args, _choice(flags))
    found, errors = _found(session, selection, flags.number("chunk-size"))
    cluster = _Cluster(session, flags.number("chunk-size"))
    show = flags.on("show-events") if flags.given("show-events") else not errors and len(found) <= 1
    if len(args) == 2 and errors and isinstance(errors[0], ServerError) and errors[0].reason == "NotFound":
        _by_prefix(session, cluster, args, show, errors[0])
        return
    pages = [describe(cluster, subject, show) for subject in found]
    session.out.write("\n\n".join(pages))
    if not pages and not errors:
        everywhere = flags.on("all-namespaces")
        session.note("No resources found" + ("" if everywhere else f" in {session.namespace} namespace."))
    raise_all(errors)


def _choice(flags: Flags) -> Choice:
    return Choice.of(flags)


def _found(session: Session, selection: Selection, chunk_size: int) -> tuple[list[Object], list[CommandError]]:
    """The objects, and what could not be had."""
    found: list[Object] = []
    errors = list(selection.errors)
    for target in selection:
        try:
            found += [subject for _, subject in targets.fetch(session, _only(selection, target), chunk_size=chunk_size)]
        except CommandError as error:
            errors.append(error)
    return found, errors


def _only(selection: Selection, target: Target) -> Selection:
    return targets.Selection([target], [], selection.single)


def _by_prefix(session: Session, cluster: _Cluster, args: list[str], show: bool, missing: CommandError) -> None:
    """Describes all whose names begin with what was no name.

    Raises:
        CommandError: `missing`, where there are none.
    """
    listed = targets.select(session, args[:1], Choice())
    matching = [subject for target, subject in targets.fetch(session, listed) if target.name.startswith(args[1])]
    for subject in matching:
        session.out.write(describe(cluster, subject, show) + "\n")
    if not matching:
        raise missing


command = Command(
    "describe",
    run,
    usage="describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
    flags=(
        *options.FILES,
        options.SELECTOR,
        options.ALL_NAMESPACES,
        Flag("show-events", "bool", default=True, help="show events; by default for a single object only"),
        Flag("chunk-size", "int", default=500, help="objects to ask for at a time; 0 for all at once"),
    ),
)
