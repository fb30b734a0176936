"""api-resources: the resource types the server serves."""

from __future__ import annotations

from minictl import output
from minictl.errors import CommandError, UsageError
from minictl.grammar.flags import Command, Flag
from minictl.output import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.resources import Resource
    from minictl.session import Session

COLUMNS = ("NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND")
WIDE = ("VERBS", "CATEGORIES")
FORMATS = "json,kyaml,name,wide,yaml"
FLAGS = (
    Flag("api-group", help="only types of this group"),
    Flag("namespaced", "bool", default=True, help="only types that live in a namespace (or, with =false, that do not)"),
    Flag("verbs", "strings", help="only types that know all these verbs"),
    Flag("categories", "strings", help="only types of all these categories"),
    Flag("sort-by", help="name or kind"),
    Flag("no-headers", "bool", help="leave out the header line"),
    Flag("cached", "bool", help="believe what was discovered before"),
    Flag("output", "string", "o", help="wide, name, json or yaml"),
    Flag("show-managed-fields", "bool", hidden=True),
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints one line for each resource type."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    if flags.text("sort-by") not in ("", "name", "kind"):
        raise CommandError("--sort-by accepts only name or kind")
    form = flags.text("output")
    printer = None if form in ("", "wide", "name") else output.object_printer(flags, FORMATS)
    chosen = sorted((r for r in session.resources.preferred() if _wanted(r, flags)), key=_order(flags))
    if form == "name":
        for resource in chosen:
            session.say(resource.full_name)
    elif printer is not None:
        session.out.write(printer(_list(chosen)))
    else:
        writer = table.Writer(session.out.write)
        if not flags.on("no-headers"):
            writer.row(COLUMNS + (WIDE if form else ()))
        for resource in chosen:
            writer.row(_row(resource, wide=bool(form)))
        writer.flush()


def _wanted(resource: Resource, flags: Flags) -> bool:
    if not resource.verbs:
        return False
    if flags.given("api-group") and resource.group != flags.text("api-group"):
        return False
    if flags.given("namespaced") and resource.namespaced != flags.on("namespaced"):
        return False
    return set(flags.list("verbs")) <= set(resource.verbs) and set(flags.list("categories")) <= set(resource.categories)


def _order(flags: Flags) -> Any:
    by = flags.text("sort-by")
    if by == "kind":
        return lambda r: r.kind
    if by == "name":
        return lambda r: r.plural
    return lambda r: (r.group, r.plural)


def _row(resource: Resource, wide: bool) -> list[str]:
    row = [
        resource.plural,
        ",".join(resource.short_names),
        resource.api_version,
        "true" if resource.namespaced else "false",
        resource.kind,
    ]
    return row + ([",".join(resource.verbs), ",".join(resource.categories)] if wide else [])


def _list(chosen: list[Resource]) -> dict[str, Any]:
    entries = []
    for r in chosen:
        entry: dict[str, Any] = {
            "kind": r.kind,
            "name": r.plural,
            "namespaced": r.namespaced,
            "singularName": r.singular,
            "verbs": r.verbs,
            "version": r.version,
        }
        extra = {"group": r.group, "shortNames": r.short_names, "categories": r.categories}
        entries.append({**entry, **{key: value for key, value in extra.items() if value}})
    return {"apiVersion": "v1", "groupVersion": "", "kind": "APIResourceList", "resources": entries}


command = Command("api-resources", run, usage="api-resources [flags]", flags=FLAGS)
