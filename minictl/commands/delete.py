"""delete: objects by name, by label, by file."""

from __future__ import annotations

from minictl.errors import CommandError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import removal, targets
from minictl.steps.targets import Choice
from minictl.steps.writing import DELETION, dry_run, need_resources, propagation, raise_both

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Target

UNCONFIRMED = (
    "Immediate deletion does not wait for confirmation that the running resource has been terminated."
    " The resource may continue to run on the cluster indefinitely."
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    policy = propagation(session, flags)
    grace = grace_seconds(flags)
    how = dry_run(session, flags)
    if flags.text("raw"):
        session.out.write(session.client.request("DELETE", flags.text("raw")).body.decode())
        return
    need_resources(flags, args)
    selection = targets.select(session, args, _choice(flags))
    _check(flags)
    if grace == 0:
        session.warn(UNCONFIRMED)
    selective = flags.on("all") or flags.text("selector") or flags.text("field-selector")
    ignore = flags.on("ignore-not-found") if flags.given("ignore-not-found") else bool(selective)
    errors: list[CommandError] = []
    chosen: list[Target] = []
    try:
        chosen += removal.one_by_one(session, selection)
    except CommandError as error:
        errors.append(error)
    if flags.on("interactive") and not _confirmed(session, chosen):
        return
    job = removal.Removal(
        session,
        policy=policy,
        grace_seconds=grace,
        dry_run=how,
        ignore_not_found=ignore,
        only_names=flags.text("output") == "name",
        warn_cluster_scope=session.namespace_enforced and not flags.on("all-namespaces"),
    )
    deleted = []
    try:
        deleted = job.delete(chosen)
    except CommandError as error:
        errors.append(error)
    raise_both(errors, selection.errors)
    if not chosen:
        session.say("No resources found")
    if flags.on("wait") and how == "none":
        removal.wait_until_gone(session, deleted, flags.seconds("timeout"))


def grace_seconds(flags: Flags) -> int:
    """The grace period; 0 only with --force.

    Raises:
        CommandError: --now and --grace-period together.
    """
    grace = flags.number("grace-period")
    if flags.on("now"):
        if grace != -1:
            raise CommandError("--now and --grace-period cannot be specified together")
        grace = 1
    if grace == 0 and not flags.on("force"):
        grace = 1
    return 0 if flags.on("force") and grace < 0 else grace


def _choice(flags: Flags) -> Choice:
    return Choice.of(flags, all=flags.on("all"), need_names_or_selector=True)


def _check(flags: Flags) -> None:
    output = flags.text("output")
    rules = (
        (output not in ("", "name"), f"unexpected -o output mode: {output}. We only support '-o name'"),
        (flags.on("all") and flags.text("selector"), "cannot set --all and --selector at the same time"),
        (flags.on("all") and flags.text("field-selector"), "cannot set --all and --field-selector at the same time"),
        (
            flags.on("force") and grace_seconds(flags) > 0,
            "--force and --grace-period greater than 0 cannot be specified together",
        ),
    )
    for wrong, sentence in rules:
        if wrong:
            raise CommandError(sentence)


def _confirmed(session: Session, chosen: list[Target]) -> bool:
    """Asks before deleting."""
    if not chosen:
        session.say("No resources found")
        return False
    session.say(f"You are about to delete the following {len(chosen)} resource(s):")
    for target in chosen:
        session.say(target.label)
    session.out.write("Do you want to continue? (y/N): ")
    session.out.flush()
    answer = session.stdin.readline().decode().strip().lower() if session.stdin else ""
    if answer in ("y", "yes"):
        return True
    session.say("deletion is cancelled")
    return False


command = Command(
    "delete",
    run,
    usage="delete ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])",
    flags=(
        *options.FILES,
        options.SELECTOR,
        options.FIELD_SELECTOR,
        options.ALL_NAMESPACES,
        options.IGNORE_NOT_FOUND,
        options.DRY_RUN,
        *DELETION,
        Flag("all", "bool", help="all objects of the named types in the namespace"),
        Flag("now", "bool", help="ask the objects to end at once: a grace period of 1"),
        Flag("interactive", "bool", "i", help="ask before deleting"),
        Flag("output", "string", "o", help="name: print only what was deleted"),
        Flag("raw", help="path on the server to send DELETE to"),
    ),
)
