"""get --watch: the first list, then each change, until someone stops it."""

from __future__ import annotations

from minictl.errors import CommandError, ServerError, Unreachable, raise_all
from minictl.steps import targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Selection, Target

    Object = dict[str, Any]
    Show = Callable[[str, Object], None]

ONE_ONLY = "watch is only supported on individual resources and resource collections"


def follow(session: Session, flags: Flags, selection: Selection, accept: str, show: Show) -> None:
    """Calls `show` with the type of the event and the object or Table it is about.

    Raises:
        CommandError: several types or names, or the server refuses.
    """
    raise_all(selection.errors)
    if len(selection.targets) != 1:
        count = len(selection.targets)
        raise CommandError(f"{ONE_ONLY} - {'more than 1 resource was' if count > 1 else '0 resources were'} found")
    target = selection.targets[0]
    version = _first(session, flags, target, accept, show)
    session.out.flush()
    fields = f"metadata.name={target.name}" if target.name else target.fields
    query: dict[str, Any] = {"labelSelector": target.labels, "fieldSelector": fields, "resourceVersion": version}
    if flags.text("sort-by") and "as=Table" in accept:
        query["includeObject"] = "Object"
    try:
        for event in session.client.watch(target.resource.path(target.namespace), query, accept):
            if event["type"] == "ERROR":
                raise ServerError(event["object"])
            if event["type"] != "BOOKMARK":
                show(event["type"], event["object"])
                session.out.flush()
    except Unreachable:
        if not session.timeout:
            raise  # with --request-timeout, silence is the end of it


def _first(session: Session, flags: Flags, target: Target, accept: str, show: Show) -> str:
    """Shows what there is, and gives the version from which to watch."""
    if target.name:
        answer = targets.get(session, target, None, accept)
    else:
        selectors = {"labelSelector": target.labels, "fieldSelector": target.fields}
        try:
            answer = session.client.list(target.path, selectors, flags.number("chunk-size"), accept)
        except ServerError as error:
            raise targets.selector_error(target, error) from None
    if not flags.on("watch-only"):
        for one in _pieces(answer, target):
            show("ADDED", one)
    return str(answer.get("metadata", {}).get("resourceVersion", ""))


def _pieces(answer: Object, target: Target) -> Iterator[Object]:
    if "items" not in answer or answer.get("kind") == "Table":
        yield answer
        return
    for item in answer["items"] or []:
        yield {"apiVersion": target.resource.api_version, "kind": target.resource.kind, **item}
