"""diff: what apply would change, told by diff(1) over two temporary folders."""

from __future__ import annotations

from minictl.errors import CommandError, ServerError, UsageError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.output import without_managed_fields
from minictl.steps import applying, comparing, pruning
from minictl.steps.comparing import TROUBLE
from minictl.steps.migration import SERVER_SIDE
from minictl.steps.writing import (
    LAST_APPLIED,
    Writes,
    log_warning,
    manager,
    need_files,
    unversioned,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.resources import Resource
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]

MAX_TRIES = 4


def run(session: Session, flags: Flags, args: list[str]) -> int:
    """0: nothing differs; 1: something does; more: something went wrong."""
    try:
        return _run(session, flags, args)
    except CommandError as error:
        error.exit_code = TROUBLE
        for one in getattr(error, "errors", ()):
            one.exit_code = TROUBLE
        raise


def _wrong_flags(message: str) -> CommandError:
    error = UsageError(message, "diff")
    error.exit_code = TROUBLE
    return error


def _run(session: Session, flags: Flags, args: list[str]) -> int:
    if args:
        raise UsageError(f"Unexpected args: [{' '.join(args)}]", "diff")
    need_files(flags)
    if flags.on("force-conflicts") and not flags.on("server-side"):
        raise CommandError("--force-conflicts only works with --server-side")
    prunable = pruning.allowed(session, flags.list("prune-allowlist")) if flags.on("prune") else []
    errors: list[CommandError] = []
    with comparing.folder("LIVE") as live, comparing.folder("MERGED") as merged:
        seen = _Seen(session)
        for target in Writes(session, flags).manifests(errors):
            seen.add(target, _write(session, flags, target, live, merged))
        if flags.on("prune"):
            _write_pruned(session, flags, pruning.resources(session, prunable), seen, live)
        if errors:
            raise errors[0]
        return comparing.compare(session, live, merged)


class _Seen:
    """What the manifests are about: the uids of what is there, and the namespaces."""

    def __init__(self, session: Session) -> None:
        self.uids: set[str] = set()
        self.namespaces: dict[str, None] = {session.namespace: None} if session.namespace_enforced else {}

    def add(self, target: Target, live: Object | None) -> None:
        if target.namespace:
            self.namespaces[target.namespace] = None
        if live:
            self.uids.add(live["metadata"]["uid"])


def _write_pruned(session: Session, flags: Flags, prunable: list[Resource], seen: _Seen, live: str) -> None:
    """What apply --prune would delete is there before, and not after."""
    from minictl.steps.targets import Target as Found

    try:
        for resource, namespace in pruning.places(prunable, seen.namespaces):
            for item in pruning.leftovers(session, resource, namespace, flags.text("selector"), seen.uids):
                if pruning.was_applied(item):
                    shown = item if flags.on("show-managed-fields") else without_managed_fields(item)
                    _write_file(live, Found(resource, namespace, item["metadata"]["name"]), shown)
    except ServerError as error:
        log_warning(session, "diff.go:760", f"pruning failed and could not be evaluated err: {error.message}")


def _write(session: Session, flags: Flags, target: Target, live: str, merged: str) -> Object | None:
    """Both versions of one object, as files of the same name; gives the one that is there."""
    found, after = _versions(session, flags, target)
    before = found
    if not flags.on("show-managed-fields"):
        before, after = without_managed_fields(before or {}), without_managed_fields(after)
    if target.resource.kind == "Secret" and target.resource.group == "" and not flags.on("show-secrets"):
        before, after = comparing.masked(before or {}, after)
    for folder, content in ((live, before), (merged, after)):
        _write_file(folder, target, content or {})
    return found


def _write_file(folder: str, target: Target, content: Object) -> None:
    resource = target.resource
    group = f"{resource.group}." if resource.group else ""
    comparing.write(folder, f"{group}{resource.version}.{resource.kind}.{target.namespace}.{target.name}", content)


def _versions(session: Session, flags: Flags, target: Target) -> tuple[Object | None, Object]:
    """What is there, and what apply would make of it."""
    if not target.name:
        raise CommandError("resource name may not be empty")
    for attempt in range(1, MAX_TRIES + 1):
        live: Object | None = None
        try:
            live = session.client.get(target.path)
        except ServerError as error:
            if error.reason != "NotFound":
                raise
        try:
            return live, _merged(session, flags, target, live)
        except ServerError as error:
            if error.reason != "Conflict" or attempt == MAX_TRIES:
                raise
    raise AssertionError("the loop returns or raises")


def _merged(session: Session, flags: Flags, target: Target, live: Object | None) -> Object:
    name = flags.text("field-manager")
    if flags.on("server-side") and not flags.given("field-manager"):
        name = SERVER_SIDE
    query: applying.Query = {"dryRun": "All", "fieldManager": name}
    manifest: Object = target.object or {}
    made: Object
    if flags.on("server-side"):
        query["force"] = flags.on("force-conflicts")
        made = session.client.patch(target.path, manifest, "apply", query)
        return made
    if live is None:
        made = session.client.create(target.resource.path(target.namespace), unversioned(manifest), query)
        return made
    meta = manifest["metadata"]
    annotations = {key: value for key, value in (meta.get("annotations") or {}).items() if key != LAST_APPLIED}
    modified = {**manifest, "metadata": {**meta, "annotations": annotations}}
    return applying.patched(session, target, live, modified, query, overwrite=True).object


command = Command(
    "diff",
    run,
    usage="diff -f FILENAME",
    wrong_flags=_wrong_flags,
    flags=(
        *options.FILES,
        options.SELECTOR,
        manager("kubectl-client-side-apply"),
        Flag("server-side", "bool", help="let the server merge"),
        Flag("force-conflicts", "bool", help="with --server-side: take fields over from their other managers"),
        Flag("show-managed-fields", "bool", help="compare metadata.managedFields, too"),
        Flag("show-secrets", "bool", help="show the values of Secrets"),
        Flag("prune", "bool", help="show what apply --prune would delete, too"),
        Flag("prune-allowlist", "array", help="group/version/Kind to prune; may be repeated"),
        Flag("concurrency", "int", default=1, help="ignored: one object after the other", hidden=True),
    ),
)
