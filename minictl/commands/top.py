"""top: what Pods and nodes use, where somebody measures it. Nobody does in a local cluster, and that is said."""

from __future__ import annotations

from minictl.errors import CommandError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session

GROUP = "metrics.k8s.io/"
_T = "minictl.commands.top"


def run(session: Session, flags: Flags, args: list[str]) -> None:
    _check(flags, args)
    if not any(version.startswith(GROUP) for version in session.resources.group_versions()):
        raise CommandError("Metrics API not available")
    raise CommandError(
        f"{session.path} is not supported by minictl: read the metrics with get --raw /apis/{GROUP}v1beta1"
    )


def _check(flags: Flags, args: list[str]) -> None:
    if flags.text("sort-by") not in ("", "cpu", "memory"):
        raise CommandError("--sort-by accepts only cpu or memory")
    if args and flags.text("selector"):
        raise CommandError("only one of NAME or selector can be provided")


_FLAGS = (
    options.SELECTOR,
    Flag("sort-by", "string", help="by cpu or memory"),
    Flag("no-headers", "bool", help="without the line of titles"),
    Flag("show-swap", "bool", help="memory that is swapped out, too"),
    Flag("use-protocol-buffers", "bool", default=True, help="ignored", hidden=True),
)
_CAPACITY = Flag("show-capacity", "bool", help="in per cent of what there is, not of what may be used")
commands = {
    **{
        name: Command("top node", run, usage="top node [NAME | -l label]", flags=(*_FLAGS, _CAPACITY))
        for name in ("node", "nodes", "no")
    },
    **{
        name: Command(
            "top pod",
            run,
            usage="top pod [NAME | -l label]",
            flags=(
                *_FLAGS,
                options.FIELD_SELECTOR,
                options.ALL_NAMESPACES,
                Flag("containers", "bool", help="each container by itself"),
                Flag("sum", "bool", help="with a line for all of them together"),
            ),
        )
        for name in ("pod", "pods", "po")
    },
}
command = Command(
    "top",
    usage="top (node | pod)",
    children={
        **dict.fromkeys(("node", "nodes", "no"), (_T, "Show what nodes use")),
        **dict.fromkeys(("pod", "pods", "po"), (_T, "Show what Pods use")),
    },
)
