"""What the commands that write have in common: dry runs, validation, field managers, and manifests taken one by one.

writes = Writes(session, flags, "kubectl-create")
for target in writes.manifests(errors): ...        # -f, -k, -R, -l; what cannot be read goes to `errors`
made = session.client.create(target.resource.path(target.namespace), target.object, writes.query)
writes.report(target, made, "created")             # `pod/web created (server dry run)`, or what -o asks for
"""

from __future__ import annotations

import json
import os
import time

from minictl import manifests
from minictl.errors import PROGRAM, CommandError, ServerError, Unreachable, raise_all
from minictl.grammar.flags import Flag
from minictl.output.structured import escape_html
from minictl.steps import targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.manifests import Manifest
    from minictl.resources import Resource
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
CHANGE_CAUSE = "kubernetes.io/change-cause"

VALIDATE = Flag(
    "validate",
    "string",
    default="strict",
    bare="strict",
    help="what to do about unknown fields: strict (or true), warn, ignore (or false)",
)
SAVE_CONFIG = Flag("save-config", "bool", help="keep the object's configuration in its annotation, as apply does")
NOTHING_NAMED = (
    "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n"
    "   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'"
)
_DIRECTIVES = {
    "true": "Strict", "strict": "Strict", "warn": "Warn", "false": "Ignore", "ignore": "Ignore",
}  # fmt: skip


def manager(default: str) -> Flag:
    return Flag("field-manager", "string", default=default, help="name under which the server records changed fields")


class Writes:
    """How one command writes. `dry_run` is none, client or server; `query` goes with what changes something."""

    def __init__(self, session: Session, flags: Flags, tells_dry_run: bool = True, checks_output: bool = True) -> None:
        """`checks_output`: whether an -o that nobody knows is refused now, not once something is to be told."""
        self.session = session
        self.flags = flags
        self.dry_run = dry_run(session, flags)
        self.directive = directive(flags) if flags.has("validate") else ""
        self._suffix = self.dry_run if tells_dry_run else "none"
        self._report = session.reporter(flags) if flags.has("output") and checks_output else None
        self._typed_json = flags.has("output") and flags.text("output") == "json"

    @property
    def query(self) -> dict[str, str | int | bool | None]:
        return {
            "dryRun": "All" if self.dry_run == "server" else None,
            "fieldManager": self.flags.text("field-manager") if self.flags.has("field-manager") else None,
            "fieldValidation": self.directive or None,
        }

    @property
    def sends(self) -> bool:
        """Does anything go to the server?"""
        return self.dry_run != "client"

    @property
    def prints_objects(self) -> bool:
        """Does -o ask for whole objects rather than names?"""
        return self.flags.text("output") not in ("", "name")

    @property
    def cause(self) -> str:
        """This command line, where --record asks that changes say what caused them; else ""."""
        if not self.flags.has("record") or not self.flags.on("record"):
            return ""
        return " ".join([PROGRAM, self.session.path, *self.session.args, *self.flags.words])

    def recorded(self, object: Object) -> Object:
        """The object, saying what caused it where --record asks for it."""
        if not self.cause:
            return object
        meta = object["metadata"]
        annotations = {**(meta.get("annotations") or {}), CHANGE_CAUSE: self.cause}
        return {**object, "metadata": {**meta, "annotations": annotations}}

    def record_afterwards(self, path: str) -> None:
        """The same for an object that was changed without being sent as a whole."""
        if self.cause and self.sends:
            patch = {"metadata": {"annotations": {CHANGE_CAUSE: self.cause}}}
            self.session.client.patch(path, patch, "merge", self.query)

    def report(self, what: Target | Resource, object: Object, done: str, typed: bool = False) -> None:
        """Tells what was done. `typed`: the object was made here, and JSON keeps the order of its fields."""
        self._report = self._report or self.session.reporter(self.flags)
        if typed and self._typed_json:
            self.session.out.write(escape_html(json.dumps(object, indent=4, ensure_ascii=False)) + "\n")
            return
        self._report(what, object, done, dry_run=self._suffix)

    def manifests(self, errors: list[CommandError], validate: bool = True) -> Iterator[Target]:
        """The objects of -f and -k that -l chooses. One that cannot be used is added to `errors`, the others follow.

        Raises:
            CommandError: a path that is not there: then nothing is done at all.
        """
        chosen = self._chosen()
        for documents in self._files(errors):
            try:
                for document in documents:
                    if validate and self.directive != "Ignore":
                        check_kind(document)
                    for one in manifests.items(document):
                        target = self._target(one, errors)
                        if target is not None and chosen(((target.object or {})["metadata"].get("labels")) or {}):
                            yield target
            except CommandError as error:
                errors.append(error)

    def _chosen(self) -> Callable[[dict[str, str]], bool]:
        text = self.flags.text("selector") if self.flags.has("selector") else ""
        if not text:
            return lambda labels: True
        from minictl.grammar.selectors import matcher

        return matcher(text)

    def _files(self, errors: list[CommandError]) -> Iterator[list[Manifest]]:
        """The documents of one -f after the other."""
        filenames, folder = self.flags.list("filename"), self.flags.text("kustomize")
        if filenames and folder:
            raise CommandError("only one of -f or -k can be specified")
        if folder:
            yield list(manifests.read([], kustomize=folder))
            return
        recursive = self.flags.on("recursive")
        for path in [path for name in filenames for path in manifests.paths(name, recursive)]:
            yield from self._documents(path, errors)

    def _documents(self, path: str, errors: list[CommandError]) -> Iterator[list[Manifest]]:
        broken: list[CommandError] = []
        yield list(manifests.read([path], stdin=self.session.stdin, errors=broken))
        errors += broken

    def _target(self, manifest: Manifest, errors: list[CommandError]) -> Target | None:
        try:
            return targets.from_manifest(self.session, manifest)
        except Unreachable as error:
            raise self._unreachable(error, manifest) from None
        except CommandError as error:
            errors.append(error)
            return None

    def _unreachable(self, error: Unreachable, manifest: Manifest) -> CommandError:
        """Without a server there are no types to validate against, and that is what is complained about."""
        if self.directive in ("", "Ignore"):
            return error
        return CommandError(
            f'error validating "{manifest.source}": error validating data: failed to download openapi: '
            f"{error.message}; if you choose to ignore these errors, turn validation off with --validate=false"
        )


def need_files(flags: Flags) -> None:
    """Refuses a call without manifests.

    Raises:
        CommandError: neither -f nor -k is there, or both are.
    """
    if not flags.list("filename") and not flags.text("kustomize"):
        raise CommandError("must specify one of -f and -k")
    if flags.list("filename") and flags.text("kustomize"):
        raise CommandError("only one of -f or -k can be specified")


def need_resources(flags: Flags, args: list[str]) -> None:
    """Refuses a call that names nothing to work on.

    Raises:
        CommandError: there are neither arguments nor files.
    """
    if not args and not targets.has_files(flags):
        raise CommandError(NOTHING_NAMED)


def all_of(flags: Flags, args: list[str]) -> bool:
    """Does --all choose here? Beside names it is allowed and means nothing."""
    return flags.on("all") and len(args) == 1 and "/" not in args[0]


def dry_run(session: Session, flags: Flags) -> str:
    """none, client or server.

    Raises:
        CommandError: --dry-run says something else.
    """
    value = flags.text("dry-run") if flags.has("dry-run") else "none"
    if value == "unchanged":
        log_warning(session, "helpers.go:731", "--dry-run is deprecated and can be replaced with --dry-run=client.")
        return "client"
    if value not in ("none", "server", "client"):
        raise CommandError(f'Invalid dry-run value ({value}). Must be "none", "server", or "client".')
    return value


def directive(flags: Flags) -> str:
    """The server's fieldValidation: Strict, Warn or Ignore.

    Raises:
        CommandError: --validate says something else.
    """
    value = flags.text("validate")
    if value not in _DIRECTIVES:
        raise CommandError(
            f'invalid - validate option "{value}"; must be one of: strict (or true), warn, ignore (or false)'
        )
    return _DIRECTIVES[value]


def log_warning(session: Session, place: str, text: str) -> None:
    """A line as Kubernetes' programs log it: severity, date, time, process, place in the program."""
    now = time.time()
    stamp = time.strftime("%m%d %H:%M:%S", time.localtime(now)) + f".{int(now % 1 * 1e6):06d}"
    session.note(f"W{stamp} {os.getpid():7d} {place}] {text}")


def check_kind(manifest: Manifest) -> None:
    """Refuses what is no object at all, before anything is sent.

    Raises:
        CommandError: it is no map, or does not say what it is.
    """
    content = manifest.object
    faults = ["invalid object to validate"]
    if isinstance(content, dict):
        faults = [f"{key} not set" for key in ("apiVersion", "kind") if not content.get(key)]
    if faults:
        fault = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
        raise CommandError(
            f'error validating "{manifest.source}": error validating data: {fault}; '
            "if you choose to ignore these errors, turn validation off with --validate=false"
        )


def unread(errors: list[CommandError]) -> list[CommandError]:
    """Errors of reading manifests as they stand among those of the work: all of them are one entry, `[a, b]`."""
    if len(errors) < 2:
        return errors
    return [CommandError(f"[{', '.join(dict.fromkeys(error.message for error in errors))}]")]


def raise_both(work: list[CommandError], reading: list[CommandError]) -> None:
    """Raises what went wrong with objects, and after it what could not be read.

    Raises:
        CommandError: there is something to tell.
    """
    raise_all([*work, *unread(reading)] if work else reading)


# --- the annotation that apply compares with


def configuration(subject: Object) -> str:
    """The manifest as apply keeps it: JSON on one line, without that annotation itself, with a newline at its end."""
    meta = subject["metadata"]
    annotations = {key: value for key, value in (meta.get("annotations") or {}).items() if key != LAST_APPLIED}
    kept = {**subject, "metadata": {**meta, "annotations": annotations}}
    return escape_html(json.dumps(kept, separators=(",", ":"), sort_keys=True, ensure_ascii=False)) + "\n"


def typed_configuration(subject: Object) -> str:
    """The same for an object made from flags, whose fields keep their order and which needs no empty annotations."""
    return escape_html(json.dumps(subject, separators=(",", ":"), ensure_ascii=False)) + "\n"


def with_configuration(subject: Object, text: str) -> Object:
    """A copy that carries its configuration in the annotation."""
    meta = subject["metadata"]
    annotations = {**(meta.get("annotations") or {}), LAST_APPLIED: text}
    return {**subject, "metadata": {**meta, "annotations": annotations}}


def unversioned(subject: Object) -> Object:
    """A copy without resourceVersion, which the server does not take on what is new."""
    meta = {key: value for key, value in subject["metadata"].items() if key != "resourceVersion"}
    return {**subject, "metadata": meta}


def within(error: CommandError, verb: str, source: str) -> CommandError:
    """An error told with what was being done to which file: `error when VERB "FILE": ...`."""
    context = f"error when {verb}" + (f' "{source}"' if source else "")
    if not source:
        return error
    if isinstance(error, ServerError):
        return error.within(context)
    return CommandError(f"{context}: {error.message}")


# --- deleting

_DELETION = (
    Flag(
        "cascade",
        "string",
        default="background",
        bare="background",
        help="what happens to dependents: background, foreground or orphan",
    ),
    Flag("grace-period", "int", default=-1, help="seconds to end in; negative: the object's own; 0 only with --force"),
    Flag("force", "bool", help="remove at once, without waiting for anything to end"),
    Flag("timeout", "seconds", help="how long to wait; 0: as long as it takes"),
)
DELETION = (*_DELETION, Flag("wait", "bool", default=True, help="wait until the objects are gone"))
REPLACEMENT = (*_DELETION, Flag("wait", "bool", help="ignored: what is replaced has to be gone first", hidden=True))
"""Flags of commands that may have to delete before they can create."""
_PROPAGATION = {"background": "Background", "foreground": "Foreground", "orphan": "Orphan"}


def propagation(session: Session, flags: Flags) -> str:
    """The deletion's propagationPolicy.

    Raises:
        CommandError: --cascade says something else.
    """
    value = flags.text("cascade")
    if value in ("true", "false"):
        better = "background" if value == "true" else "orphan"
        text = f"--cascade={value} is deprecated (boolean value) and can be replaced with --cascade={better}."
        log_warning(session, "helpers.go:845", text)
        value = better
    if value not in _PROPAGATION:
        raise CommandError(f'invalid cascade value ({value}). Must be "background", "foreground", or "orphan"')
    return _PROPAGATION[value]


def delete_options(policy: str, grace_seconds: int) -> Object:
    """The body of a DELETE; a negative grace period leaves it to the object."""
    options: Object = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": policy}
    return {**options, "gracePeriodSeconds": grace_seconds} if grace_seconds >= 0 else options
