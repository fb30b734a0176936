"""rollout status | history | undo | pause | resume | restart."""

from __future__ import annotations

import time

from minictl.describe import tabs
from minictl.errors import CommandError, ServerError, Unreachable, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import rollouts, targets
from minictl.steps.spinning import Spinner
from minictl.steps.targets import Choice
from minictl.steps.writing import CHANGE_CAUSE, LAST_APPLIED, Writes, manager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.rollouts import Past
    from minictl.steps.targets import Target

    Object = dict[str, Any]

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
RUNNING_PODS = (
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Pod",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
)
QUIET_SECONDS = 30.0


def _each(
    session: Session, flags: Flags, args: list[str], act: Callable[[Target, Object], None], first_only: bool = False
) -> None:
    """Does something with every object that was asked for.

    Raises:
        CommandError: for what failed, once the others are done.
    """
    if not args and not targets.has_files(flags):
        raise CommandError("required resource not specified")
    choice = Choice.of(flags)
    selection = targets.select(session, args, choice)
    errors: list[CommandError] = []
    found = []
    try:
        for pair in targets.fetch(session, selection):
            found.append(pair)  # noqa: PERF402 - what came before an error counts
    except CommandError as error:
        errors.append(error)
    if not found and not errors:
        session.note(f"No resources found in {session.namespace} namespace.")
    for target, subject in found:
        try:
            act(target, subject)
        except CommandError as error:
            errors.append(error)
    raise_all(errors)


# --- status


def status(session: Session, flags: Flags, args: list[str]) -> None:
    def act(target: Target, subject: Object) -> None:
        _follow(session, flags, target, subject)

    if flags.number("revision") < 0:
        raise CommandError(f"revision must be a positive integer: {flags.number('revision')}")
    _each(session, flags, args, act)


def _follow(session: Session, flags: Flags, target: Target, subject: Object) -> None:
    """Prints how far the rollout is whenever that changes, until it is done."""
    seconds = flags.seconds("timeout")
    deadline = time.monotonic() + seconds if seconds else float("inf")
    while True:
        state = rollouts.progress(subject, flags.number("revision"))
        session.say(state.text)
        session.out.flush()
        if state.done or not flags.on("watch"):
            return
        with Spinner(session, f"waiting for {target.label}"):
            subject = _changed(session, target, subject, deadline)


def _changed(session: Session, target: Target, subject: Object, deadline: float) -> Object:
    """The object once it is another than it was.

    Raises:
        CommandError: it was deleted, or there is no time left.
    """
    version = subject["metadata"]["resourceVersion"]
    path = target.resource.path(target.namespace)
    while (left := deadline - time.monotonic()) > 0:
        query: dict[str, str | int | bool | None] = {
            "fieldSelector": f"metadata.name={target.name}",
            "resourceVersion": version,
        }
        try:
            for event in session.client.watch(path, query, timeout=min(left, QUIET_SECONDS)):
                if event["type"] == "DELETED":
                    raise CommandError("object has been deleted")
                if event["type"] in ("ADDED", "MODIFIED"):
                    found: Object = event["object"]
                    return found
                if event["type"] == "ERROR":
                    break
        except Unreachable as error:
            if "refused" in error.detail:
                raise
        current: Object = session.client.get(target.path)
        if current["metadata"]["resourceVersion"] != version:
            return current
    raise CommandError("timed out waiting for the condition")


# --- history


def history(session: Session, flags: Flags, args: list[str]) -> None:
    wanted = flags.number("revision")
    if wanted < 0:
        raise CommandError(f"revision must be a positive integer: {wanted}")

    def act(target: Target, subject: Object) -> None:
        past = _past(session, target, subject, _cannot(subject, "history", "history viewer"))
        if flags.text("output"):
            _print_revisions(session, flags, target, past, wanted)
        else:
            title = f"with revision #{wanted}" if wanted else ""
            session.say(f"{target.label} {title}\n{_history_text(past, wanted)}")

    _each(session, flags, args, act)


def _past(session: Session, target: Target, subject: Object, otherwise: str) -> Past:
    """The revisions of an object.

    Raises:
        CommandError: saying `otherwise`, its kind has none.
    """
    from minictl.describe.text import label_selector

    kind = rollouts.PASTS.get(subject["kind"])
    if kind is None:
        raise CommandError(otherwise)
    path = f"/apis/apps/v1/namespaces/{target.namespace}/{kind.plural}"
    query = {"labelSelector": label_selector(subject["spec"]["selector"])}
    return kind(subject, session.client.list(path, query).get("items") or [])


def _history_text(past: Past, wanted: int) -> str:
    if not past.revisions and (not wanted or past.says_empty_first):
        return "No rollout history found."
    if wanted:
        if wanted not in past.revisions:
            raise CommandError("unable to find the specified revision")
        return _template_text(past.shown_template(wanted))
    causes = {
        number: (one["metadata"].get("annotations") or {}).get(CHANGE_CAUSE) or "<none>"
        for number, one in past.revisions.items()
    }
    rows = "".join(f"{number}\t{cause}\n" for number, cause in causes.items())
    return tabs.align(f"REVISION\tCHANGE-CAUSE\n{rows}")


def _template_text(template: Object) -> str:
    """A template described; its tabs stay tabs here."""
    from minictl.describe import podspec
    from minictl.describe.text import Page

    page = Page(tabbed=True)
    podspec.template(page, template)
    return page.text()


def _print_revisions(session: Session, flags: Flags, target: Target, past: Past, wanted: int) -> None:
    if wanted and wanted not in past.revisions:
        raise CommandError("unable to find the specified revision")
    report = session.reporter(flags)
    named = target.resource if past.shows_owner else session.resources.find(past.plural)
    for number in past.revisions:
        if wanted in (0, number):
            report(named, past.shown(number), "")


def _need_deployment(subject: Object, sentence: str) -> None:
    if subject["kind"] != "Deployment":
        raise CommandError(sentence)


def _cannot(subject: Object, noun: str, helper: str) -> str:
    """Why an object has none: kinds that run Pods are told another sentence than the others."""
    group, kind = subject["apiVersion"].rpartition("/")[0], subject["kind"]
    full = f"{kind}.{group}" if group else kind
    if kind in RUNNING_PODS:
        return f'no {helper} has been implemented for "{full}"'
    return f'error retrieving {noun} for "{full}", no visitor method exists for {{{group} {kind}}}'


# --- undo


def undo(session: Session, flags: Flags, args: list[str]) -> None:
    writes = Writes(session, flags)
    wanted = flags.number("to-revision")

    def act(target: Target, subject: Object) -> None:
        if subject["kind"] not in rollouts.PASTS:
            raise CommandError(_cannot(subject, "rollbacker", "rollbacker"))
        if LAST_APPLIED in (subject["metadata"].get("annotations") or {}):
            session.warn(
                f"resource {target.resource.plural}/{target.name} was previously managed with 'kubectl apply'. Rolling"
                f" back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on future"
                " 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file"
                " instead."
            )
        writes.report(target, subject, _undo(session, writes, target, subject, wanted))

    _each(session, flags, args, act)


def _undo(session: Session, writes: Writes, target: Target, subject: Object, wanted: int) -> str:
    """Rolls one object back; gives what to say about it."""
    past = _past(session, target, subject, "")
    number = past.to_go_back_to(wanted)
    if not writes.sends:
        return past.announced + _template_text(past.template(number))
    if subject["spec"].get("paused"):
        raise CommandError(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again"
        )
    if past.is_present(number):
        return f"skipped rollback (current template already matches revision {wanted})"
    kind, patch = past.patch(number)
    session.client.patch(target.path, patch, kind, writes.query)
    return "rolled back"


# --- pause, resume, restart


def _changer(done: str, change: Callable[[Object], Object]) -> Callable[[Session, Flags, list[str]], None]:
    def run(session: Session, flags: Flags, args: list[str]) -> None:
        writes = Writes(session, flags)

        def act(target: Target, subject: Object) -> None:
            try:
                patch = change(subject)
            except CommandError as error:
                raise CommandError(f'error: {target.resource.full_name} "{target.name}" {error.message}') from None
            try:
                subject = session.client.patch(target.path, patch, "strategic", writes.query)
            except ServerError as error:
                raise CommandError(f"failed to patch: {error.message}") from None
            writes.report(target, subject, done)

        _each(session, flags, args, act)

    return run


def _pause(subject: Object) -> Object:
    _need_deployment(subject, "pausing is not supported")
    if subject["spec"].get("paused"):
        raise CommandError("is already paused")
    return {"spec": {"paused": True}}


def _resume(subject: Object) -> Object:
    _need_deployment(subject, "resuming is not supported")
    if not subject["spec"].get("paused"):
        raise CommandError("is not paused")
    return {"spec": {"paused": None}}


def _restart(subject: Object) -> Object:
    if subject["kind"] not in ("Deployment", "DaemonSet", "StatefulSet"):
        raise CommandError("restarting is not supported")
    if subject["spec"].get("paused"):
        raise CommandError("can't restart paused deployment (run rollout resume first)")
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime())
    stamp = stamp.removesuffix("+0000") + "Z" if stamp.endswith("+0000") else f"{stamp[:-2]}:{stamp[-2:]}"
    return {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: stamp}}}}}


# --- the commands

_CHOICE = (*options.FILES, options.SELECTOR)
_WRITE = (*_CHOICE, *options.OUTPUT, manager("kubectl-rollout"))
_HERE = "minictl.commands.rollout"
commands = {
    "rollout": Command(
        "rollout",
        usage="rollout SUBCOMMAND",
        children={
            "history": (_HERE, "Show the revisions of a rollout"),
            "pause": (_HERE, "Let changes wait"),
            "restart": (_HERE, "Replace all Pods"),
            "resume": (_HERE, "Let changes happen again"),
            "status": (_HERE, "Follow a rollout until it is done"),
            "undo": (_HERE, "Go back to an earlier revision"),
        },
    ),
    "status": Command(
        "rollout status",
        status,
        usage="rollout status (TYPE NAME | TYPE/NAME) [flags]",
        flags=(
            *_CHOICE,
            Flag("watch", "bool", "w", default=True, help="wait until the rollout is done"),
            Flag("revision", "int", help="wait for this revision"),
            Flag("timeout", "seconds", help="how long to wait; 0 for ever"),
        ),
    ),
    "history": Command(
        "rollout history",
        history,
        usage="rollout history (TYPE NAME | TYPE/NAME) [flags]",
        flags=(*_CHOICE, *options.OUTPUT, Flag("revision", "int", help="show what this revision was")),
    ),
    "undo": Command(
        "rollout undo",
        undo,
        usage="rollout undo (TYPE NAME | TYPE/NAME) [flags]",
        flags=(
            *_CHOICE,
            *options.OUTPUT,
            options.DRY_RUN,
            Flag("to-revision", "int", help="the revision to go back to; 0 for the last"),
        ),
    ),
    "pause": Command("rollout pause", _changer("paused", _pause), usage="rollout pause RESOURCE", flags=_WRITE),
    "resume": Command("rollout resume", _changer("resumed", _resume), usage="rollout resume RESOURCE", flags=_WRITE),
    "restart": Command(
        "rollout restart", _changer("restarted", _restart), usage="rollout restart RESOURCE", flags=_WRITE
    ),
}
