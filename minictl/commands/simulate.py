"""simulate: have Pods fail, crash or recover, and nodes fall silent, in a local cluster."""

from __future__ import annotations

from minictl.errors import CommandError, UsageError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import nodes, simulating, telling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Told = tuple[str, str, str]
    """An object, what it does now, and that in words."""

BEHAVIOURS = ("Unready", "CrashLoopBackOff", "ImagePullBackOff", "Completed", "Error")
WELL = "well"
NODES = {"node-down": True, "node-up": False}
WORDS = (*BEHAVIOURS, WELL, "crash", *NODES)
PASSING = (*BEHAVIOURS, "node-down")
"""What may be simulated for a while."""


def run(session: Session, flags: Flags, args: list[str]) -> None:
    if not args:
        raise UsageError(f"say what to simulate: {', '.join(WORDS)}", session.path)
    word, names = args[0], args[1:]
    known = {each.lower(): each for each in WORDS}.get(word.lower())
    if known is None:
        raise UsageError(f'"{word}" cannot be simulated; one of: {", ".join(WORDS)}', session.path)
    if flags.given("for") and known not in PASSING:
        raise CommandError(f"--for goes with one of: {', '.join(PASSING)}")
    if flags.given("container") and known != "crash":
        raise CommandError("--container goes with: crash")
    if known in NODES:
        told = _node(session, flags, names, known, down=NODES[known])
    elif known == "crash":
        told = _crash(session, flags, names)
    else:
        told = _behave(session, flags, names, "" if known == WELL else known)
    if flags.text("output"):
        telling.structured(session, flags, [{"object": label, "simulated": done} for label, done, _ in told])
        return
    for label, _, text in told:
        session.say(f"{label} {text}")


def _behave(session: Session, flags: Flags, names: list[str], behaviour: str) -> Iterator[Told]:
    until = _until(session, flags)
    for target, _ in simulating.pods(session, names, flags.text("selector")):
        simulating.annotate(session, target, {simulating.SIMULATE: behaviour or None, simulating.UNTIL: until})
        yield target.label, behaviour or WELL, f"simulates {behaviour}" if behaviour else "is well"


def _until(session: Session, flags: Flags) -> str | None:
    return simulating.later(session, flags.seconds("for")) if flags.given("for") else None


def _crash(session: Session, flags: Flags, names: list[str]) -> Iterator[Told]:
    for target, pod in simulating.pods(session, names, flags.text("selector")):
        containers = [container["name"] for container in pod["spec"]["containers"]]
        container = flags.text("container") or containers[0]
        if container not in containers:
            raise CommandError(f"container {container} is not valid for pod {target.name}")
        simulating.annotate(session, target, {simulating.CRASH: f"{container} {pod['metadata']['resourceVersion']}"})
        yield target.label, "crash", f"crashed ({container})"


def _node(session: Session, flags: Flags, names: list[str], word: str, *, down: bool) -> Iterator[Told]:
    behaviour, until = simulating.DOWN if down else None, _until(session, flags)
    for target, _ in nodes.chosen(session, flags, names):
        simulating.annotate(session, target, {simulating.SIMULATE: behaviour, simulating.UNTIL: until})
        yield target.label, word, f"is {'down' if down else 'up'}"


DETAILS = f"""WHAT is one of {", ".join(WORDS)}.

Examples: `minictl simulate Unready deployment/web --for 30s` has all Pods of a Deployment fail their readiness probes
for half a minute; `minictl simulate well -l app=web` ends what was simulated; `minictl simulate crash web-1 -c main`
ends a container once; `minictl simulate node-down node-2` has a node stop its heartbeats: after 50 seconds it is
NotReady, and its Pods are evicted when their tolerations are used up, unless it is back by then (`--for 2m`)."""

command = Command(
    "simulate",
    run,
    usage="simulate WHAT (POD | TYPE/NAME ... | -l SELECTOR) [--for DURATION] [-o json|yaml]",
    details=DETAILS,
    flags=(
        options.SELECTOR,
        Flag("for", "seconds", help="how long; without it, until something else is simulated"),
        Flag("container", short="c", help="the container that crashes; the first, unless said"),
        Flag("output", "string", "o", help="json or yaml"),
    ),
)
