"""events: what happened, oldest first."""

from __future__ import annotations

from minictl import output
from minictl.errors import CommandError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.output import table
from minictl.texts import ages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

PATH = "/api/v1"
TYPES = {"normal": "Normal", "warning": "Warning"}
FLAGS = (
    Flag("for", help="only events about this object: TYPE/NAME"),
    Flag("types", "strings", help="only events of these types: Normal, Warning"),
    options.ALL_NAMESPACES,
    Flag("watch", "bool", "w", help="go on and print new events"),
    Flag("chunk-size", "int", default=500, help="fetch long lists in pages of so many; 0 for all at once"),
    Flag("no-headers", "bool", help="leave out the header line"),
    *options.OUTPUT,
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the events of the namespace, sorted by when they were last seen."""
    types = [kind.lower() for kind in flags.list("types")]
    if any(kind not in TYPES for kind in types):
        raise CommandError("valid --types are Normal or Warning")
    everywhere = flags.on("all-namespaces")
    path = f"{PATH}/events" if everywhere else f"{PATH}/namespaces/{session.namespace}/events"
    query = {"fieldSelector": ",".join(_fields(session, flags, types))}
    printer = None if flags.text("output") in ("", "wide", "name") else output.object_printer(flags)
    listed = session.client.list(path, query, flags.number("chunk-size"))
    found = sorted((e for e in listed.get("items") or [] if _of(e, types)), key=last_seen)
    writer = table.Writer(session.out.write)
    if printer is not None:
        items = [{"apiVersion": "v1", "kind": "Event", **event} for event in found]
        session.out.write(printer({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}))
    elif flags.text("output") == "name":
        session.out.write("".join(f"event/{event['metadata']['name']}\n" for event in found))
    elif found:
        _print(session, writer, flags, found, header=not flags.on("no-headers"))
    elif not flags.on("watch"):
        session.note("No events found." if everywhere else f"No events found in {session.namespace} namespace.")
    if flags.on("watch"):
        session.out.flush()
        version = listed["metadata"].get("resourceVersion", "")
        header = not found and not flags.on("no-headers")
        for change in session.client.watch(path, {**query, "resourceVersion": version}):
            if change["type"] in ("ADDED", "MODIFIED") and _of(change["object"], types):
                _print(session, writer, flags, [change["object"]], header)
                session.out.flush()
                header = False


def _fields(session: Session, flags: Flags, types: list[str]) -> list[str]:
    fields = [f"type={TYPES[types[0]]}"] if len(types) == 1 else []
    if flags.text("for"):
        word, slash, name = flags.text("for").partition("/")
        if not slash or not word or not name:
            raise CommandError("--for must be in resource/name form")
        resource = session.resources.find(word)
        fields += [
            f"involvedObject.apiVersion={resource.api_version}",
            f"involvedObject.kind={resource.kind}",
            f"involvedObject.name={name}",
        ]
    return fields


def _of(event: Object, types: list[str]) -> bool:
    return not types or str(event.get("type", "")).lower() in types


def last_seen(event: Object) -> str:
    """When an event happened last."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return str(next((time for time in times if time), ""))


def _print(session: Session, writer: table.Writer, flags: Flags, events: Iterable[Object], header: bool) -> None:
    everywhere, now = flags.on("all-namespaces"), session.now()
    if header:
        writer.row((["NAMESPACE"] if everywhere else []) + ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"])
    for event in events:
        about = event.get("involvedObject") or {}
        writer.row(
            ([event["metadata"].get("namespace", "")] if everywhere else [])
            + [_interval(event, now), event.get("type", ""), event.get("reason", "")]
            + [f"{about.get('kind', '')}/{about.get('name', '')}", str(event.get("message", "")).strip()]
        )
    writer.flush()


def _interval(event: Object, now: float) -> str:
    """`5m (x3 over 10m)`: when last, how often, since when."""
    first = event.get("firstTimestamp") or event.get("eventTime")
    series = event.get("series")
    count = int((series or event).get("count") or 0)
    age = ages.since(first, now)
    if series:
        return f"{ages.since(series.get('lastObservedTime'), now)} (x{count} over {age})"
    if count > 1:
        return f"{ages.since(event.get('lastTimestamp'), now)} (x{count} over {age})"
    return age


command = Command("events", run, usage="events [--for TYPE/NAME] [--types Normal,Warning] [--watch]", flags=FLAGS)
