"""wait: until objects have a condition, a value, exist, or are gone."""

from __future__ import annotations

import re
import time

from minictl import output
from minictl.errors import CommandError, ServerError, Unreachable, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import targets
from minictl.steps.spinning import Spinner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Selection, Target

    Object = dict[str, Any]
    Test = Callable[[Object], bool]

WEEK_SECONDS = 7 * 24 * 3600.0
POLL_SECONDS = 0.2
EMPTY_VALUE = "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3"
WRONG_FORMAT = (
    "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or "
    "--for=jsonpath='{.status.readyReplicas}'"
)
NOTHING_NAMED = """You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'"""
FLAGS = (
    options.FILES[0],
    Flag("recursive", "bool", "R", default=True, help="read the folders below those named with -f, too"),
    Flag("local", "bool", help="look at what the files say, not at the server"),
    options.SELECTOR,
    options.FIELD_SELECTOR,
    options.ALL_NAMESPACES,
    Flag("all", "bool", help="all objects of the given types"),
    Flag("for", "array", help="create, delete, condition=NAME[=VALUE] or jsonpath='{PATH}'[=VALUE]"),
    Flag("timeout", "seconds", default=30.0, help="give up after this long; 0: look once, negative: wait for a week"),
    *options.OUTPUT,
)


class Goal:
    """What is waited for: `created`, `deleted`, or a `test` that an object must pass."""

    __slots__ = ("created", "deleted", "test")

    def __init__(self, *, created: bool = False, deleted: bool = False, test: Test | None = None) -> None:
        self.created = created
        self.deleted = deleted
        self.test = test


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Waits for one object after the other; all share the time."""
    goals = [parse_goal(text) for text in flags.list("for")]
    if not goals:
        raise CommandError("unrecognized condition: []")
    goals.sort(key=lambda goal: not goal.created)  # what has yet to be created can have no other condition
    choice = targets.Choice.of(flags, all=flags.on("all") and not flags.text("selector"), need_names_or_selector=True)
    if not args and not choice.filenames and not choice.kustomize:
        raise CommandError(NOTHING_NAMED)
    seconds = flags.seconds("timeout")
    _Waiting(session, flags, goals, WEEK_SECONDS if seconds < 0 else seconds).run(targets.select(session, args, choice))


def parse_goal(text: str) -> Goal:
    """What --for asks for.

    Raises:
        CommandError: nothing that is known.
    """
    lower = text.lower()
    if lower == "delete":
        return Goal(deleted=True)
    if lower == "create":
        return Goal(created=True)
    if text.startswith("condition="):
        name, equals, value = text[len("condition=") :].partition("=")
        return Goal(test=_condition(name, value if equals else "true"))
    if text.startswith("jsonpath="):
        return Goal(test=_jsonpath(text[len("jsonpath=") :]))
    raise CommandError(f'unrecognized condition: "{text}"')


def _condition(name: str, value: str) -> Test:
    def holds(object: Object) -> bool:
        status = object.get("status") or {}
        for condition in status.get("conditions") or []:
            if str(condition.get("type", "")).lower() != name.lower():
                continue
            observed = condition.get("observedGeneration", status.get("observedGeneration"))
            generation = object["metadata"].get("generation")
            if observed is not None and generation is not None and observed < generation:
                return False
            return str(condition.get("status", "")).lower() == value.lower()
        return False

    return holds


def _jsonpath(text: str) -> Test:
    from minictl.output import walking
    from minictl.output.jsonpath import PathError, parse, relaxed
    from minictl.texts import gotext

    path, *values = _split(text)
    if len(values) > 1:
        raise CommandError(WRONG_FORMAT)
    wanted = values[0].strip("'\"") if values else None
    try:
        expression = relaxed(path)
        if wanted == "":
            raise CommandError(EMPTY_VALUE)
        if not expression:
            raise CommandError("jsonpath expression cannot be empty")
        chains = parse(expression)
    except PathError as error:
        raise CommandError(str(error)) from None

    def holds(object: Object) -> bool:
        try:
            groups = walking.run(chains, object, lenient=True)
        except PathError:
            return False
        found = [v for group in groups for v in group]
        if wanted is None:
            return bool(found)
        if len(found) > 1:
            raise CommandError("given jsonpath expression matches more than one value")
        if found and isinstance(found[0], dict | list):
            raise CommandError("jsonpath leads to a nested object or list which is not supported")
        return bool(found) and gotext.plain(found[0]) == wanted

    return holds


def _split(text: str) -> list[str]:
    """The parts between single `=`; a double one stays."""
    found = [""]
    for piece in re.findall("==|=|[^=]+", text):
        if piece == "=":
            found.append("")
        else:
            found[-1] += piece
    return found


class _Waiting:
    def __init__(self, session: Session, flags: Flags, goals: list[Goal], seconds: float) -> None:
        self._session = session
        self._goals = goals
        self._once = seconds == 0
        self._deadline = time.monotonic() + seconds
        self._printer = output.object_printer(flags) if flags.text("output") not in ("", "name") else None
        self._only_name = flags.text("output") == "name"
        self._errors: list[CommandError] = []

    def run(self, selection: Selection) -> None:
        self._errors += selection.errors
        waited_for = self._existing(selection)
        for target in waited_for:
            try:
                for goal in self._goals:
                    self._one(target, goal)
            except (ServerError, CommandError) as error:
                if isinstance(error, Unreachable):
                    raise
                self._errors.append(error)
        if not waited_for and not self._errors and not any(goal.deleted for goal in self._goals):
            raise CommandError("no matching resources found")
        raise_all(self._errors)

    def _existing(self, selection: Selection) -> list[Target]:
        """The single objects that are meant; lists are asked for, names are looked up first unless they need not
        exist."""
        found: list[Target] = []
        for target in selection:
            if target.name:
                found.append(target)
                continue
            query = {"labelSelector": target.labels, "fieldSelector": target.fields}
            try:
                items = self._session.client.list(target.path, query)["items"] or []
            except ServerError as error:
                self._errors.append(targets.selector_error(target, error))
                continue
            for item in items:
                metadata = item["metadata"]
                found.append(targets.Target(target.resource, metadata.get("namespace", ""), metadata["name"]))
        return found

    def _one(self, target: Target, goal: Goal) -> None:
        """Waits for one thing of one object.

        Raises:
            CommandError: it is not there, or the time is over.
        """
        uid = ""
        while True:
            object = self._get(target, goal)
            if object is None:
                if goal.deleted:
                    return self._say(target, {}) if uid else None
            elif goal.deleted:
                if uid and object["metadata"].get("uid") != uid:
                    return self._say(target, object)
                uid = object["metadata"].get("uid", "")
            elif goal.created or (goal.test is not None and goal.test(object)):
                return self._say(target, object)
            if self._once:
                raise CommandError(f"condition not met for {target.resource.plural}/{target.name}")
            with Spinner(self._session, f"waiting for {target.label}"):
                changed = self._next(target, object)
            if not changed:
                raise self._too_late(target, goal)

    def _get(self, target: Target, goal: Goal) -> Object | None:
        try:
            return targets.get(self._session, target)
        except ServerError as error:
            if error.reason == "NotFound" and (goal.deleted or goal.created):
                return None
            raise

    def _too_late(self, target: Target, goal: Goal) -> CommandError:
        about = "" if goal.created else f" on {target.resource.plural}/{target.name}"
        return CommandError(f"timed out waiting for the condition{about}")

    def _next(self, target: Target, object: Object | None) -> bool:
        """Waits for the object to change; False when the time is over first."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            return False
        query: dict[str, Any] = {"fieldSelector": f"metadata.name={target.name}"}
        query["resourceVersion"] = object["metadata"]["resourceVersion"] if object else ""
        query["timeoutSeconds"] = max(1, int(left) + 1)
        try:
            for event in self._session.client.watch(target.resource.path(target.namespace), query, timeout=left):
                if event["type"] == "ERROR":
                    break
                if event["type"] != "BOOKMARK":
                    return True
        except Unreachable:
            if time.monotonic() < self._deadline - POLL_SECONDS:
                raise
        time.sleep(max(0.0, min(POLL_SECONDS, self._deadline - time.monotonic())))
        return True

    def _say(self, target: Target, object: Object) -> None:
        if self._printer is not None:
            self._session.out.write(self._printer(object))
        else:
            self._session.say(target.label if self._only_name else f"{target.label} condition met")
        self._session.out.flush()


command = Command(
    "wait",
    run,
    usage="wait (-f FILE | TYPE/NAME | TYPE (--all | -l SELECTOR)) --for=(create|delete|condition=NAME|jsonpath=PATH)",
    flags=FLAGS,
)
