"""drain: cordons a node and moves its Pods away, by eviction so that disruption budgets are kept."""

from __future__ import annotations

from minictl.errors import CommandError, go_quote, raise_all
from minictl.grammar.flags import Command, Flag
from minictl.steps import evicting, nodes
from minictl.steps.writing import dry_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    _check_pod_selector(flags)
    how = dry_run(session, flags)
    found = nodes.chosen(session, flags, args)
    nodes.mark(session, found, True, how)
    errors: list[CommandError] = []
    pending = []
    for target, _ in found:
        try:
            _drain(session, flags, target.name, how)
            session.say(f"{target.label} drained{nodes.SUFFIX[how]}")
        except CommandError as error:
            session.note(
                f"error: unable to drain node {go_quote(target.name)} due to error: {error.message},"
                " continuing command..."
            )
            errors.append(error)
            pending.append(target.name)
    if pending:
        session.note("\n".join(["There are pending nodes to be drained:", *(f" {name}" for name in pending)]))
    raise_all(errors)


def _check_pod_selector(flags: Flags) -> None:
    from minictl.grammar.selectors import matcher

    try:
        matcher(flags.text("pod-selector"))
    except CommandError:
        raise CommandError("--pod-selector=<pod_selector> must be a valid label selector") from None


def _drain(session: Session, flags: Flags, node: str, how: str) -> None:
    found = _sorted_out(session, flags, node)
    found.raise_faults()
    if found.warnings:
        session.warn(found.warning())
    session.out.flush()
    if how == "client":
        for pod in found.leaving:
            session.say(f"evicting pod {pod['metadata']['namespace']}/{pod['metadata']['name']}{nodes.SUFFIX[how]}")
        return
    try:
        evicting.Removal(session, flags, how, nodes.SUFFIX[how]).run(found.leaving)
    except CommandError as error:
        left = _sorted_out(session, flags, node).leaving
        if left:
            session.note(f"There are pending pods in node {go_quote(node)} when an error occurred: {error.message}")
        for pod in left:
            session.note(f"pod/{pod['metadata']['name']}")
        raise


def _sorted_out(session: Session, flags: Flags, node: str) -> evicting.Sorted:
    query = {"fieldSelector": f"spec.nodeName={node}", "labelSelector": flags.text("pod-selector")}
    return evicting.sorted_out(session, flags, session.client.list("/api/v1/pods", query).get("items") or [])


command = Command(
    "drain",
    run,
    usage="drain NODE",
    flags=(
        *nodes.FLAGS,
        Flag("pod-selector", help="only Pods of these labels"),
        Flag("force", "bool", help="also Pods that no controller would make again"),
        Flag("ignore-daemonsets", "bool", help="leave the Pods of DaemonSets where they are"),
        Flag("delete-emptydir-data", "bool", help="also Pods whose emptyDir volumes get lost"),
        Flag("disable-eviction", "bool", help="delete instead of evicting, past all disruption budgets"),
        Flag("grace-period", "int", default=-1, help="seconds for each Pod to end in; negative: its own"),
        Flag("timeout", "seconds", help="how long to try; 0 for ever"),
        Flag("skip-wait-for-delete-timeout", "int", help="ignored", hidden=True),
        Flag("chunk-size", "int", default=500, help="ignored", hidden=True),
    ),
)
