"""patch: change fields of objects by a strategic merge patch, a merge patch or a JSON patch."""

from __future__ import annotations

import json

from minictl.errors import CommandError, ServerError, go_quote
from minictl.grammar import keyvalues, options
from minictl.grammar.flags import Command, Flag
from minictl.steps import targets
from minictl.steps.local import local_targets
from minictl.steps.targets import Choice
from minictl.steps.writing import Writes, manager, need_resources, raise_both

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.resources import Resource
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]

TYPES = ("json", "merge", "strategic")
UNSUPPORTED_MEDIA_TYPE = 415


def run(session: Session, flags: Flags, args: list[str]) -> None:
    writes = Writes(session, flags, tells_dry_run=False)
    _check(flags, args, writes.dry_run)
    patch = _patch(flags)
    need_resources(flags, args)
    choice = Choice.of(flags, need_names_or_selector=True)
    if flags.on("local"):
        selection = targets.Selection(list(local_targets(session, flags)), [], single=False)
    else:
        selection = targets.select(session, args, choice)
    errors: list[CommandError] = []
    for target in selection:
        try:
            _one(session, flags, writes, target, patch)
        except CommandError as error:
            errors.append(error)
    raise_both(errors, selection.errors)
    if not selection.targets:
        raise CommandError("no objects passed to patch")


def _check(flags: Flags, args: list[str], dry_run: str) -> None:
    inline, file, kind = flags.text("patch"), flags.text("patch-file"), flags.text("type")
    rules = (
        (inline and file, "cannot specify --patch and --patch-file together"),
        (not inline and not file, "must specify --patch or --patch-file containing the contents of the patch"),
        (flags.on("local") and args, "cannot specify --local and server resources"),
        (
            flags.on("local") and dry_run == "server",
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
        ),
        (kind.lower() not in TYPES, f"--type must be one of [{' '.join(TYPES)}], not {go_quote(kind)}"),
    )
    for wrong, sentence in rules:
        if wrong:
            raise CommandError(sentence)


def _patch(flags: Flags) -> bytes:
    """The patch as JSON; YAML is turned into it, and what is already meant to be JSON goes as it is.

    Raises:
        CommandError: it cannot be read.
    """
    if flags.text("patch-file"):
        try:
            data = keyvalues.read(flags.text("patch-file"))
        except CommandError as error:
            raise CommandError(f"unable to read patch file: {error.message}") from None
    else:
        data = flags.text("patch").encode()
    if data.lstrip()[:1] == b"{":
        return data
    from schemas import yamls

    try:
        return json.dumps(yamls.load(data), ensure_ascii=False).encode()
    except yamls.YAMLError as error:
        raise CommandError(f"unable to parse {go_quote(flags.text('patch'))}: {error}") from None


def _one(session: Session, flags: Flags, writes: Writes, target: Target, patch: bytes) -> None:
    kind = flags.text("type").lower()
    if flags.on("local"):
        before: Object = target.object or {}
        writes.report(target, patched_here(target.resource, before, patch, kind), "patched")
        return
    path = target.resource.path(target.namespace, target.name, flags.text("subresource"))
    before = session.client.get(path)
    if not writes.sends:
        after = patched_here(target.resource, before, patch, kind)
    else:
        try:
            after = session.client.patch(path, patch, kind, writes.query)
            writes.record_afterwards(path)
        except ServerError as error:
            if error.code == UNSUPPORTED_MEDIA_TYPE:
                raise CommandError(_unsupported(target.resource, kind, error)) from None
            raise
    done = "patched" if before != after else "patched (no change)"
    writes.report(_described(target, after), after, done)


def _unsupported(resource: Resource, kind: str, error: ServerError) -> str:
    from minictl.client import PATCHES

    what = f"{resource.api_version}, Kind={resource.kind}"
    return f"{PATCHES[kind]} is not supported by {what}: {error.message}"


def _described(target: Target, after: Object) -> Target | Resource:
    """What the answer is: a subresource may be of a kind of its own, such as Scale."""
    if after.get("kind", target.resource.kind) == target.resource.kind:
        return target
    from minictl.resources import Resource

    group, _, version = str(after.get("apiVersion", "")).rpartition("/")
    return Resource(group, version, {"resource": target.resource.plural, "responseKind": {"kind": after["kind"]}})


def patched_here(resource: Resource, before: Object, patch: bytes, kind: str) -> Object:
    """The object with the patch applied, without asking a server.

    Raises:
        CommandError: the patch does not fit.
    """
    from minictl.patches import jsonpatch
    from minictl.patches.strategic import patched
    from minictl.steps.applying import field_of

    try:
        wanted = json.loads(patch)
    except ValueError as error:
        raise CommandError(str(error)) from None
    if kind == "json":
        return jsonpatch.apply(before, wanted)
    field = field_of(resource) if kind == "strategic" else None
    if kind == "strategic" and field is None:
        what = f"{resource.api_version}, Kind={resource.kind}"
        raise CommandError(f"strategic merge patch is not supported for {what} locally, try --type merge")
    try:
        return patched(before, wanted, field)
    except ValueError as error:
        raise CommandError(str(error)) from None


command = Command(
    "patch",
    run,
    usage="patch (-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
    flags=(
        *options.FILES,
        *options.OUTPUT,
        options.DRY_RUN,
        manager("kubectl-patch"),
        options.RECORD,
        Flag("patch", "string", "p", help="the patch, as JSON or YAML"),
        Flag("patch-file", help="file with the patch"),
        Flag("type", default="strategic", help="json, merge or strategic"),
        Flag("local", "bool", help="patch what the file says, not the server"),
        Flag("subresource", help="patch only this subresource"),
    ),
)
