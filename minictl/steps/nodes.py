"""Nodes as cordon, uncordon, drain and taint take them: chosen by name or label, and marked."""

from __future__ import annotations

from minictl.errors import ServerError, UsageError, go_quote
from minictl.grammar import options
from minictl.steps import targets
from minictl.steps.targets import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

FLAGS = (options.SELECTOR, options.DRY_RUN)
SUFFIX = {"client": " (dry run)", "server": " (server dry run)", "none": ""}


def chosen(session: Session, flags: Flags, args: list[str]) -> list[tuple[Target, Object]]:
    """The nodes that names or -l choose.

    Raises:
        CommandError: nothing or both is given, or a node is not there.
    """
    if not args and not flags.given("selector"):
        raise UsageError(f"USAGE: {session.path} NODE [flags]", session.path)
    if args and flags.text("selector"):
        raise UsageError("cannot specify both a node name and a --selector option", session.path)
    node = session.resources.find("nodes")
    names = [name.partition("/")[2] or name for name in args]
    wanted = [Target(node, "", name) for name in names] or [Target(node, "", labels=flags.text("selector"))]
    return list(targets.fetch(session, targets.Selection(wanted, [], single=False)))


def mark(session: Session, found: list[tuple[Target, Object]], unschedulable: bool, dry_run: str) -> None:
    """Cordons or uncordons nodes, and tells, also of those that cannot be changed."""
    word = "cordoned" if unschedulable else "uncordoned"
    for target, node in found:
        if bool((node.get("spec") or {}).get("unschedulable")) is unschedulable:
            session.say(f"{target.label} already {word}{SUFFIX[dry_run]}")
            continue
        patch = {"spec": {"unschedulable": True if unschedulable else None}}
        try:
            if dry_run != "client":
                session.client.patch(
                    target.path, patch, "strategic", {"dryRun": "All" if dry_run == "server" else None}
                )
        except ServerError as error:
            session.note(f"error: unable to {word[:-2]} node {go_quote(target.name)}: {error.message}")
            continue
        session.say(f"{target.label} {word}{SUFFIX[dry_run]}")
