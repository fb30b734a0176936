"""Changing the Pod spec inside objects: what all of `kubectl set` but `selector` comes down to."""

from __future__ import annotations

import json

from minictl.errors import CommandError, ServerError, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Flag
from minictl.patches.threeway import two_way_patch
from minictl.steps import targets
from minictl.steps.applying import field_of
from minictl.steps.local import NO_FILES, local_targets
from minictl.steps.targets import Choice
from minictl.steps.writing import Writes, all_of, manager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]
    Change = Callable[[Object, Object], None]

_TEMPLATE = ("spec", "template", "spec")
# Where a kind keeps its Pod spec.
PLACES = {
    "Pod": ("spec",),
    "Deployment": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "Job": _TEMPLATE,
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
NAMED = (
    *options.FILES,
    *options.OUTPUT,
    options.DRY_RUN,
    manager("kubectl-set"),
    Flag("all", "bool", help="all objects of the named types in the namespace"),
    Flag("local", "bool", help="change what the files say, not the server"),
)
FLAGS = (*NAMED, options.SELECTOR)
NOT_ONE = "one or more resources must be specified as <resource> <name> or <resource>/<name>"


def pod_spec(subject: Object) -> Object:
    """The Pod spec inside an object; changing it changes the object.

    Raises:
        CommandError: the kind has none.
    """
    place: Any = subject
    for step in PLACES.get(subject["kind"], ()):
        place = place.setdefault(step, {})
    if place is subject:
        version = subject["apiVersion"].rpartition("/")[2]
        raise CommandError(f"the object is not a pod or does not have a pod template: *{version}.{subject['kind']}")
    found: Object = place
    return found


def containers(spec: Object, pattern: str = "*") -> list[Object]:
    """Containers whose name matches; init containers come last."""
    from fnmatch import fnmatchcase

    every = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    return [each for each in every if fnmatchcase(each.get("name", ""), pattern)]


def check(flags: Flags, words: Sequence[str]) -> None:
    """Refuses flags that do not go together.

    Raises:
        CommandError: naming what is wrong.
    """
    if flags.on("all") and flags.has("selector") and flags.text("selector"):
        raise CommandError("cannot set --all and --selector at the same time")
    if not words and not targets.has_files(flags):
        raise CommandError(NOT_ONE)
    if flags.on("local") and flags.text("dry-run") == "server":
        raise CommandError("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")


def found(session: Session, flags: Flags, words: Sequence[str]) -> list[tuple[Target, Object]]:
    """The objects to change.

    Raises:
        CommandError: any of them cannot be had.
    """
    choice = Choice.of(flags, all=all_of(flags, [*words]), need_names_or_selector=True)
    if flags.on("local") and words and flags.has("selector"):
        raise CommandError(NO_FILES)
    if flags.on("local"):
        return [(target, target.object or {}) for target in local_targets(session, flags)]
    return list(targets.fetch(session, targets.select(session, words, choice)))


def change_all(
    session: Session,
    flags: Flags,
    chosen: list[tuple[Target, Object]],
    change: Change,
    done: str,
    failure: str,
    always: bool = False,
) -> None:
    """Changes every object, sends what differs, and tells; an object that stays as it is is passed over in silence.

    `change(spec, subject)` changes a Pod spec in place; what it raises as Complaints counts, but stops nothing.
    `always`: even what stays as it is is sent and told.

    Raises:
        CommandError: for all that failed.
    """
    writes = Writes(session, flags)
    errors: list[CommandError] = []
    for target, subject in chosen:
        changed = json.loads(json.dumps(subject))
        try:
            change(pod_spec(changed), changed)
        except Complaints as complaints:
            errors += complaints.errors
        except CommandError as error:
            errors.append(CommandError(f"error: {target.resource.plural}/{target.name} {error.message}\n"))
            continue
        try:
            send(session, flags, writes, target, subject, changed, done, always)
        except ServerError as error:
            errors.append(CommandError(failure + error.message))
    raise_all(errors)


class Complaints(CommandError):
    """What was wrong with parts of a change; the rest of it stands."""

    def __init__(self, errors: list[CommandError]) -> None:
        super().__init__("\n".join(error.message for error in errors))
        self.errors = errors


def send(
    session: Session,
    flags: Flags,
    writes: Writes,
    target: Target,
    before: Object,
    after: Object,
    done: str,
    always: bool,
) -> None:
    """Sends the difference, if there is one, and tells.

    Raises:
        ServerError: the server refuses.
    """
    after = writes.recorded(after)
    patch = two_way_patch(before, after, field_of(target.resource))
    if not patch and not always:
        return
    if flags.on("local"):
        after = _with_zeros(after)
    elif writes.sends:
        after = session.client.patch(target.path, patch, "strategic", writes.query)
    writes.report(target, after, done)


def _with_zeros(subject: Object) -> Object:
    """Fills in the empty structs that kubectl's own types write out."""
    spec = pod_spec(subject)
    for container in (*(spec.get("containers") or []), *(spec.get("initContainers") or [])):
        container.setdefault("resources", {})
    if subject["kind"] == "Deployment":
        subject["spec"].setdefault("strategy", {})
    if subject["kind"] in ("DaemonSet", "StatefulSet"):
        subject["spec"].setdefault("updateStrategy", {})
    subject.setdefault("status", {})
    return subject
