"""get: objects as tables or in any other form, once or as they change."""

from __future__ import annotations

from minictl import output
from minictl.errors import CommandError, PlainError, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.output import table
from minictl.steps import targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Selection, Target

    Object = dict[str, Any]

AS_TABLE = (
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
)
FLAGS = (
    *options.FILES,
    *options.OUTPUT,
    options.SELECTOR,
    options.FIELD_SELECTOR,
    options.ALL_NAMESPACES,
    options.IGNORE_NOT_FOUND,
    Flag("watch", "bool", "w", help="go on and print what changes"),
    Flag("watch-only", "bool", help="print only what changes"),
    Flag("output-watch-events", "bool", help="say of each change what happened: ADDED, MODIFIED, DELETED"),
    Flag("chunk-size", "int", default=500, help="fetch long lists in pages of so many; 0 for all at once"),
    Flag("raw", help="path to fetch from the server as it is"),
    Flag("subresource", help="a subresource of the objects: status, scale, resize"),
    Flag("server-print", "bool", default=True, help="let the server choose the columns"),
    Flag("no-headers", "bool", help="leave out the header line"),
    Flag("show-kind", "bool", help="put the resource type before each name"),
    Flag("show-labels", "bool", help="show the labels as a last column"),
    Flag("label-columns", "strings", "L", help="labels to show as columns"),
    Flag("sort-by", help="JSONPath of the field to sort by"),
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints what was asked for; errors about single objects come after the rest."""
    check(flags, args, session)
    if flags.text("raw"):
        session.out.write(_raw(session, flags.text("raw")))
        return
    if flags.text("subresource") and len(args) == 1 and "/" not in args[0]:
        raise CommandError("subresource cannot be used when bulk resources are specified")
    choice = targets.Choice.of(flags)
    form, argument = output.split_format(flags)
    printer = None if form in ("", "wide", "name") else _object_printer(session, flags, form, argument)
    selection = targets.select(session, args, choice)
    if flags.on("watch") or flags.on("watch-only"):
        from minictl.steps import following

        form_is_table = form in ("", "wide")
        accept = AS_TABLE if form_is_table and flags.on("server-print") else "application/json"
        following.follow(session, flags, selection, accept, _changes(session, flags, selection, printer, form_is_table))
    elif form in ("", "wide"):
        _tables(session, flags, selection)
    else:
        _objects(session, flags, selection, printer)


def check(flags: Flags, args: list[str], session: Session) -> None:
    """Refuses what does not go together.

    Raises:
        CommandError: in kubectl's words.
    """
    if flags.text("raw"):
        if args:
            raise CommandError("arguments may not be passed when --raw is specified")
        if flags.text("output"):
            raise CommandError("--raw and --output are mutually exclusive")
        if not flags.text("raw").startswith("/"):
            path = flags.text("raw")
            raise CommandError(f'--raw must be a valid URL path: parse "{path}": invalid URI for request')
        return
    if flags.on("show-labels") and flags.text("output") not in ("", "wide"):
        raise CommandError(f"--show-labels option cannot be used with {flags.text('output')} printer")
    if flags.on("output-watch-events") and not (flags.on("watch") or flags.on("watch-only")):
        raise CommandError("--output-watch-events option can only be used with --watch or --watch-only")
    if not args and not targets.has_files(flags):
        raise PlainError(
            "You must specify the type of resource to get. "
            'Use "kubectl api-resources" for a complete list of supported resources.\n\n'
            "error: Required resource not specified.\n"
            'Use "kubectl explain <resource>" for a detailed description of that resource '
            "(e.g. kubectl explain pods).\n"
            f"See 'kubectl {session.path} -h' for help and examples"
        )


def _raw(session: Session, path: str) -> str:
    path, _, query = path.partition("?")
    pairs = dict(pair.partition("=")[::2] for pair in query.split("&") if pair)
    if pairs:
        from urllib.parse import unquote_plus

        pairs = {unquote_plus(name): unquote_plus(value) for name, value in pairs.items()}
    return session.client.request("GET", path, pairs).body.decode(errors="replace")


def _object_printer(session: Session, flags: Flags, form: str, argument: str) -> Any:
    if form in ("custom-columns", "custom-columns-file"):
        from minictl.output import columns

        specification = columns.specification(form, argument)
        return columns.Printer(specification, not flags.on("no-headers"), session.out.write)
    printer = output.object_printer(flags, output.GET_FORMATS)
    return lambda object: session.out.write(printer(object))


# --- tables


def _tables(session: Session, flags: Flags, selection: Selection) -> None:
    fetched, errors = _fetch(session, flags, selection, AS_TABLE if flags.on("server-print") else "application/json")
    if flags.text("selector") and any(target.source for target in selection):
        fetched = []  # rows carry no labels that a selector could be held against, so none is chosen, as in kubectl
    errors = [*selection.errors, *errors]
    several = len({target.resource for target, _ in fetched}) > 1
    writer = table.Writer(session.out.write, colours(session))
    printer, last, namespaced = None, None, False
    for target, answer in fetched:
        namespaced = namespaced or target.resource.namespaced  # its column stays for all types that follow
        rows = as_table(answer, flags)
        if flags.text("sort-by") and not _sort_rows(rows, flags.text("sort-by")):
            continue
        if printer is None or target.resource is not last:
            writer.forget()
            if last is not None and not flags.on("no-headers") and writer.written and rows.get("rows"):
                session.say("")
            printer, last = table.Printer(writer, style(flags, target, several, namespaced)), target.resource
        printer.table(rows)
    writer.flush()
    if not writer.written and not errors and not flags.on("ignore-not-found"):
        no_resources(session, flags, [target for target, _ in fetched])
    raise_all(errors)


def no_resources(session: Session, flags: Flags, asked: list[Target]) -> None:
    """Says that there is nothing."""
    if not flags.on("all-namespaces") and all(target.resource.namespaced for target in asked):
        session.note(f"No resources found in {session.namespace} namespace.")
    else:
        session.note("No resources found")


def style(flags: Flags, target: Target, several: bool = False, namespaced: bool = True) -> table.Style:
    """How the tables of one resource type are to look."""
    return table.Style(
        headers=not flags.on("no-headers"),
        wide=flags.text("output") == "wide",
        namespace=flags.on("all-namespaces") and namespaced,
        kind=target.resource.label if several or flags.on("show-kind") else "",
        label_columns=flags.list("label-columns"),
        show_labels=flags.on("show-labels"),
    )


def as_table(answer: Object, flags: Flags) -> Object:
    """A Table, made here from name and age where the server sent objects."""
    if answer.get("kind") == "Table":
        return answer
    from minictl.texts import ages

    items = answer["items"] or [] if "items" in answer else [answer]
    made = [table.generic(item, ages.since) for item in items]
    rows = [row for one in made for row in one["rows"]]
    for row, item in zip(rows, items, strict=True):
        row["object"] = item
    return {"columnDefinitions": made[0]["columnDefinitions"] if made else [], "rows": rows}


def _sort_rows(rows: Object, path: str) -> bool:
    """False when the path is wrong: then nothing of that table is shown, and nothing said, as in kubectl."""
    from minictl.output import sorting

    try:
        rows["rows"] = sorting.sort(rows.get("rows") or [], path, lambda row: row.get("object") or {})
    except CommandError:
        return False
    return True


def colours(session: Session) -> Any:
    """How cells are painted on a terminal; None elsewhere."""
    if not session.terminal:
        return None
    from minictl.output import colour

    return colour.paint


# --- other forms


def _objects(session: Session, flags: Flags, selection: Selection, printer: Any) -> None:
    fetched, errors = _fetch(session, flags, selection, "application/json")
    if selection.single and errors:
        raise errors[0]
    errors = [*selection.errors, *errors]
    items = [item for target, answer in fetched for item in _items(target, answer)]
    if flags.text("sort-by"):
        from minictl.output import sorting

        items = sorting.sort(items, flags.text("sort-by"))
    if flags.text("output") == "name":
        for target, answer in fetched if not flags.text("sort-by") else []:
            for item in _items(target, answer):
                session.say(f"{target.resource.label}/{item['metadata']['name']}")
        for item in items if flags.text("sort-by") else []:
            session.say(f"{_label_of(session, item)}/{item['metadata']['name']}")
    elif items or not flags.on("ignore-not-found"):
        if selection.single and len(items) == 1:
            printer(items[0])
        else:
            printer({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items})
    raise_all(errors)


def _changes(session: Session, flags: Flags, selection: Selection, printer: Any, tables: bool) -> Any:
    """What prints one change: given the event's type and the object or Table."""
    target = next(iter(selection), None)
    show_event = flags.on("output-watch-events")
    if tables and target is not None and session.terminal and not show_event:
        import shutil

        from minictl.output import live

        look = style(flags, target, namespaced=target.resource.namespaced)
        screen = live.Screen(session.out.write, shutil.get_terminal_size, look, session.now)
        return lambda event, object: screen.show(event, as_table(object, flags))
    if tables and target is not None:
        writer = table.Writer(session.out.write, colours(session))
        rows = table.Printer(writer, style(flags, target, namespaced=target.resource.namespaced))

        def print_table(event: str, object: Object) -> None:
            rows.table(as_table(object, flags), event if show_event else "")
            writer.flush()

        return print_table

    def print_object(event: str, object: Object) -> None:
        if flags.text("output") == "name":
            session.say(f"{_label_of(session, object)}/{object['metadata']['name']}")
        else:
            printer({"type": event, "object": object} if show_event else object)

    return print_object


def _label_of(session: Session, item: Object) -> str:
    resource = session.resources.of_kind(item.get("apiVersion", ""), item.get("kind", ""))
    return resource.label if resource else str(item.get("kind", "")).lower()


def _items(target: Target, answer: Object) -> list[Object]:
    if "items" not in answer or target.name:
        return [answer]
    for item in answer["items"] or []:
        item.setdefault("apiVersion", target.resource.api_version)
        item.setdefault("kind", target.resource.kind)
    return answer["items"] or []


# --- fetching


def _fetch(
    session: Session, flags: Flags, selection: Selection, accept: str
) -> tuple[list[tuple[Target, Object]], list[CommandError]]:
    found: list[tuple[Target, Object]] = []
    errors: list[CommandError] = []
    query: dict[str, Any] = {}
    if accept == AS_TABLE and flags.text("sort-by"):
        query["includeObject"] = "Object"
    for target in selection:
        try:
            if target.name:
                answer = targets.get(session, target, query, accept, flags.text("subresource"))
            else:
                selectors = {"labelSelector": target.labels, "fieldSelector": target.fields}
                answer = session.client.list(target.path, {**query, **selectors}, flags.number("chunk-size"), accept)
        except CommandError as error:
            reason = getattr(error, "reason", None)
            if reason is None:
                raise
            if not (reason == "NotFound" and flags.on("ignore-not-found")):
                errors.append(targets.selector_error(target, error))
        else:
            found.append((target, answer))
    return found, errors


command = Command(
    "get",
    run,
    usage="get [TYPE[,TYPE...] [NAME...] | TYPE/NAME... | -f FILE] [flags]",
    flags=FLAGS,
)
