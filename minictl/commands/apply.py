"""apply: make the cluster match the manifests, object by object."""

from __future__ import annotations

from minictl.errors import CommandError, ServerError, UsageError, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import applying, pruning
from minictl.steps.migration import SERVER_SIDE, keep_annotation, migrate
from minictl.steps.writing import (
    LAST_APPLIED,
    REPLACEMENT,
    VALIDATE,
    Writes,
    configuration,
    manager,
    need_files,
    propagation,
    unread,
    unversioned,
    with_configuration,
    within,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.applysets import ApplySet
    from minictl.steps.targets import Target

    Object = dict[str, Any]

CLIENT_SIDE = "kubectl-client-side-apply"
CONFLICT_ADVICE = """
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts"""

FLAGS = (
    *options.FILES,
    options.SELECTOR,
    *options.OUTPUT,
    options.DRY_RUN,
    manager(CLIENT_SIDE),
    VALIDATE,
    *REPLACEMENT,
    options.RECORD,
    Flag("server-side", "bool", help="let the server merge, which keeps track of who owns which field"),
    Flag("force-conflicts", "bool", help="with --server-side: take fields over from their other managers"),
    Flag("overwrite", "bool", default=True, help="replace fields that were changed otherwise on the server"),
    Flag("openapi-patch", "bool", default=True, help="ignored: the schemas are built in", hidden=True),
    Flag("prune", "bool", help="delete what was applied once and is in the manifests no more"),
    Flag("prune-allowlist", "array", help="group/version/Kind to prune; may be repeated"),
    Flag("all", "bool", help="with --prune: look at all objects, not only those of a selector"),
    Flag("applyset", help="TYPE/NAME of the object that remembers what to prune", hidden=True),
    Flag("subresource", help="with --server-side: the subresource to apply to"),
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    if args:
        raise UsageError(f"Unexpected args: [{' '.join(args)}]", "apply")
    writes = Writes(session, flags, checks_output=False)
    policy = propagation(session, flags)
    need_files(flags)
    applyset = _applyset(session, flags) if flags.given("applyset") else None
    prunable = pruning.allowed(session, flags.list("prune-allowlist")) if flags.on("prune") else []
    _check(flags, writes.dry_run, applyset)
    job = _Apply(session, flags, writes, policy)
    errors: list[CommandError] = []
    found = list(writes.manifests(errors))
    if not found and not errors:
        raise CommandError("no objects passed to apply")
    if applyset is not None:
        applyset.label(found)
        applyset.begin(found, writes)
    refused: list[CommandError] = []
    for target in found:
        try:
            job.apply(target)
        except CommandError as error:
            refused.append(error)
    raise_all([*unread(errors), *refused] if refused else errors)
    job.print_objects()
    deletion = pruning.Deletion(session, policy, flags.number("grace-period"), writes.dry_run)
    if applyset is not None:
        applyset.finish(job.uids, deletion, writes)
    elif flags.on("prune"):
        where = pruning.places(pruning.resources(session, prunable), job.namespaces)
        pruning.prune(session, where, flags.text("selector"), job.uids, deletion, writes.report)


def _applyset(session: Session, flags: Flags) -> ApplySet | None:
    from minictl.steps import applysets  # which few need

    return applysets.from_flags(session, flags)


# (what is wrong with these flags together, when)
def _check(flags: Flags, dry_run: str, applyset: ApplySet | None) -> None:
    server_side, force, prune = flags.on("server-side"), flags.on("force"), flags.on("prune")
    by_label = prune and applyset is None
    rules = (
        (flags.on("force-conflicts") and not server_side, "--force-conflicts only works with --server-side"),
        (
            dry_run == "client" and server_side,
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
        ),
        (server_side and force, "--force cannot be used with --server-side"),
        (dry_run == "server" and force, "--dry-run=server cannot be used with --force"),
        (flags.on("all") and flags.text("selector"), "cannot set --all and --selector at the same time"),
        (applyset is not None and not prune, "--applyset requires --prune"),
        (prune and force, "--force cannot be used with --prune"),
        (applyset is not None and flags.on("all"), "--all is incompatible with --applyset"),
        (applyset is not None and flags.text("selector"), "--selector is incompatible with --applyset"),
        (applyset is not None and flags.list("prune-allowlist"), "--prune-allowlist is incompatible with --applyset"),
        (
            by_label and not flags.on("all") and not flags.text("selector"),
            "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all"
            " flag. If you did not mean to prune all resources, specify a label selector",
        ),
        (
            by_label and server_side,
            "--prune is in alpha and doesn't currently work on objects created by server-side apply",
        ),
        (flags.text("subresource") and not server_side, "--subresource can only be specified for --server-side"),
    )
    for wrong, sentence in rules:
        if wrong:
            raise CommandError(sentence)
    if applyset is not None:
        applyset.check()


class _Apply:
    """One run: applies objects, and remembers what it needs for printing and pruning."""

    def __init__(self, session: Session, flags: Flags, writes: Writes, policy: str) -> None:
        self.session = session
        self.flags = flags
        self.writes = writes
        self.policy = policy
        self.uids: set[str] = set()
        self.namespaces: dict[str, None] = {session.namespace: None} if session.namespace_enforced else {}
        self._done: list[tuple[Target, Object]] = []

    def apply(self, target: Target) -> None:
        """Raises CommandError where the server refuses."""
        if target.namespace:
            self.namespaces[target.namespace] = None
        manifest = self.writes.recorded(target.object or {})
        if not target.name and manifest["metadata"].get("generateName"):
            raise CommandError(f"from {manifest['metadata']['generateName']}: cannot use generate name with apply")
        if self.flags.on("server-side"):
            self._server_side(target, manifest)
            return
        modified = with_configuration(manifest, configuration(manifest))
        current = self._current(target)
        if current is None:
            self._create(target, modified)
        else:
            self._change(target, current, modified)

    def print_objects(self) -> None:
        """The objects themselves where -o asks for them: one, or a List."""
        if not self.writes.prints_objects or not self._done:
            return
        target, first = self._done[0]
        several = {"apiVersion": "v1", "kind": "List", "items": [one for _, one in self._done], "metadata": {}}
        self.writes.report(target, first if len(self._done) == 1 else several, "")

    def _current(self, target: Target) -> Object | None:
        try:
            if not target.name:
                raise CommandError("resource name may not be empty")
            current: Object = self.session.client.get(target.path)
            return current
        except CommandError as error:
            if isinstance(error, ServerError) and error.reason == "NotFound":
                return None
            where = f"retrieving current configuration of:\n{applying.identity(target)}\nfrom server for:"
            raise within(error, where, target.source) from None

    def _create(self, target: Target, modified: Object) -> None:
        made = _without_nulls(modified)
        if self.writes.sends:
            try:
                path = target.resource.path(target.namespace)
                made = self.session.client.create(path, unversioned(made), self.writes.query)
            except ServerError as error:
                raise within(error, "creating", target.source) from None
        self._tell(target, made, "created")

    def _change(self, target: Target, current: Object, modified: Object) -> None:
        self._seen(current)
        if LAST_APPLIED not in (current["metadata"].get("annotations") or {}):
            self.session.warn(
                f"resource {target.resource.plural}/{target.name} is missing the {LAST_APPLIED} annotation which is"
                " required by kubectl apply. kubectl apply should only be used on resources created declaratively by"
                " either kubectl create --save-config or kubectl apply. The missing annotation will be patched"
                " automatically."
            )
        outcome = self._outcome(target, current, modified)
        self._warn_if_deleting(outcome.object)
        self._tell(target, outcome.object, "configured" if outcome.changed else "unchanged")

    def _outcome(self, target: Target, current: Object, modified: Object) -> applying.Patched:
        overwrite = self.flags.on("overwrite")
        if self.writes.sends:
            force = None
            if self.flags.on("force"):
                grace = self.flags.number("grace-period")
                force = applying.Force(self.policy, grace, self.flags.seconds("timeout"))
            return applying.apply_to(self.session, target, current, modified, self.writes.query, overwrite, force)
        from minictl.patches.strategic import patched

        field = applying.field_of(target.resource)
        patch = applying.patch_for(current, modified, field, overwrite)
        return applying.Patched(patch, patched(current, patch, field))

    def _server_side(self, target: Target, manifest: Object) -> None:
        session, flags = self.session, self.flags
        name = flags.text("field-manager") if flags.given("field-manager") else SERVER_SIDE
        query = {**self.writes.query, "fieldManager": name, "force": flags.on("force-conflicts")}
        path = target.resource.path(target.namespace, target.name, flags.text("subresource"))
        try:
            applied = session.client.patch(path, manifest, "apply", query)
        except ServerError as error:
            if error.code == 415:
                text = f"Server-side apply not available on the server: ({error.message})"
                raise CommandError(text) from None
            if error.reason == "Conflict":
                raise CommandError(error.message + CONFLICT_ADVICE) from None
            raise
        if not flags.text("subresource") and self.writes.dry_run == "none":
            applied = self._migrated(target, applied, name, manifest, query)
        self._warn_if_deleting(applied)
        self._tell(target, applied, "serverside-applied")

    def _migrated(self, target: Target, applied: Object, name: str, manifest: Object, query: Object) -> Object:
        """The object once client-side apply owns nothing of it any more; what goes wrong here is only warned about."""
        try:
            applied = keep_annotation(self.session, target, applied, name)
            if migrate(self.session, target, applied, name):
                applied = self.session.client.patch(target.path, manifest, "apply", query)
        except CommandError as error:
            self.session.warn(
                "server-side apply required extra attempt because another manager changed the object: " + error.message
            )
        return applied

    def _tell(self, target: Target, subject: Object, done: str) -> None:
        self._seen(subject)
        self._done.append((target, subject))
        if not self.writes.prints_objects:
            self.writes.report(target, subject, done)

    def _seen(self, subject: Object) -> None:
        uid = subject["metadata"].get("uid")
        if uid:
            self.uids.add(uid)

    def _warn_if_deleting(self, subject: Object) -> None:
        if subject["metadata"].get("deletionTimestamp"):
            name = subject["metadata"]["name"]
            self.session.warn(f"Detected changes to resource {name} which is currently being deleted.")


def _without_nulls(value: Any) -> Any:
    """Fields that are null are not there: so it would be when an update set them."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


_LAST_APPLIED = "minictl.commands.apply_last_applied"
command = Command(
    "apply",
    run,
    usage="apply (-f FILENAME | -k DIRECTORY)",
    flags=FLAGS,
    children={
        "view-last-applied": (_LAST_APPLIED, "Show what was applied last"),
        "set-last-applied": (_LAST_APPLIED, "Record a manifest as what was applied last"),
        "edit-last-applied": (_LAST_APPLIED, "Edit what is recorded as applied last"),
    },
)
