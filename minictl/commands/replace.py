"""replace: objects as a whole, by those of files."""

from __future__ import annotations

import time

from minictl.errors import CommandError, ServerError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import applying, removal
from minictl.steps.writing import (
    LAST_APPLIED,
    REPLACEMENT,
    SAVE_CONFIG,
    VALIDATE,
    Writes,
    configuration,
    manager,
    need_files,
    propagation,
    raise_both,
    unversioned,
    with_configuration,
    within,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]

FORCE_TIMEOUT_SECONDS = 300.0
POLL_SECONDS = 0.2


def run(session: Session, flags: Flags, args: list[str]) -> None:
    writes = Writes(session, flags)
    policy = propagation(session, flags)
    need_files(flags)
    _check(flags, writes.dry_run)
    if flags.text("raw"):
        _put_raw(session, flags)
        return
    reading: list[CommandError] = []
    errors: list[CommandError] = []
    found = list(writes.manifests(reading, validate=not flags.on("force")))
    if flags.on("force"):
        _remove(session, flags, found, policy, reading)
    for target in found:
        try:
            (_create if flags.on("force") else _replace)(session, flags, writes, target)
        except CommandError as error:
            errors.append(error)
    raise_both(errors, reading)
    if not found and flags.on("force"):
        raise CommandError("no objects passed to replace")


def _check(flags: Flags, dry_run: str) -> None:
    force = flags.on("force")
    rules = (
        (flags.number("grace-period") >= 0 and not force, "--grace-period must have --force specified"),
        (flags.seconds("timeout") and not force, "--timeout must have --force specified"),
        (force and dry_run != "none", "--dry-run can not be used when --force is set"),
    )
    for wrong, sentence in rules:
        if wrong:
            raise CommandError(sentence)


def _subject(flags: Flags, writes: Writes, target: Target) -> Object:
    subject = writes.recorded(target.object or {})
    if flags.on("save-config") or LAST_APPLIED in (subject["metadata"].get("annotations") or {}):
        return with_configuration(subject, configuration(subject))
    return subject


def _replace(session: Session, flags: Flags, writes: Writes, target: Target) -> None:
    subject = _subject(flags, writes, target)
    if writes.sends:
        path = target.resource.path(target.namespace, target.name, flags.text("subresource"))
        try:
            if not target.name:
                raise CommandError("resource name may not be empty")
            subject = session.client.update(path, _versioned(session, path, subject), writes.query)
        except CommandError as error:
            raise within(error, "replacing", target.source) from None
    writes.report(target, subject, "replaced")


def _versioned(session: Session, path: str, subject: Object) -> Object:
    """The object with the version of the one that is there, unless it names one itself."""
    meta = subject["metadata"]
    if meta.get("resourceVersion"):
        return subject
    try:
        there = session.client.get(path)
    except ServerError:
        return subject
    return {**subject, "metadata": {**meta, "resourceVersion": there["metadata"]["resourceVersion"]}}


def _remove(session: Session, flags: Flags, found: list[Target], policy: str, reading: list[CommandError]) -> None:
    """Deletes what is there, and waits until it is gone."""
    grace = flags.number("grace-period")
    job = removal.Removal(
        session,
        policy=policy,
        grace_seconds=1 if grace == 0 else grace,
        ignore_not_found=True,
        only_names=flags.text("output") == "name",
    )
    errors: list[CommandError] = []
    try:
        job.delete([_nameless(target) for target in found])
    except CommandError as error:
        errors.append(error)
    raise_both(errors, reading)
    if not found:
        session.say("No resources found")
    deadline = time.monotonic() + (flags.seconds("timeout") or FORCE_TIMEOUT_SECONDS)
    for target in found:
        while not applying.gone(session, target.path):
            if time.monotonic() > deadline:
                raise CommandError("timed out waiting for the condition")
            time.sleep(POLL_SECONDS)


def _nameless(target: Target) -> Target:
    """The same target without its file: errors of this deletion do not name it."""
    from minictl.steps.targets import Target as Plain

    return Plain(target.resource, target.namespace, target.name)


def _create(session: Session, flags: Flags, writes: Writes, target: Target) -> None:
    subject = unversioned(_subject(flags, writes, target))
    made = session.client.create(target.resource.path(target.namespace), subject, writes.query)
    writes.report(target, made, "replaced")


def _put_raw(session: Session, flags: Flags) -> None:
    from minictl.grammar import keyvalues

    if len(flags.list("filename")) != 1:
        raise CommandError("--raw can only use a single local file or stdin")
    name = flags.list("filename")[0]
    body = session.stdin.read() if name == "-" and session.stdin else keyvalues.read(name)
    session.out.write(session.client.request("PUT", flags.text("raw"), body=body).body.decode())


command = Command(
    "replace",
    run,
    usage="replace -f FILENAME",
    flags=(
        *options.FILES,
        *options.OUTPUT,
        options.DRY_RUN,
        manager("kubectl-replace"),
        VALIDATE,
        SAVE_CONFIG,
        *REPLACEMENT,
        options.RECORD,
        Flag("subresource", help="replace only this subresource"),
        Flag("raw", help="path on the server to PUT one file to as it is"),
    ),
)
