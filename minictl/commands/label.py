"""label and annotate: change, remove or list the labels or annotations of objects."""

from __future__ import annotations

from minictl.errors import CommandError, go_quote, raise_all
from minictl.grammar import arguments, options
from minictl.grammar.flags import Command, Flag
from minictl.steps import targets
from minictl.steps.local import local_targets
from minictl.steps.targets import Choice
from minictl.steps.writing import CHANGE_CAUSE, Writes, all_of, manager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]


class _Kind:
    """What labels and annotations do differently."""

    def __init__(self, noun: str, field: str) -> None:
        self.noun = noun
        self.field = field

    def parse(self, words: list[str]) -> tuple[dict[str, str], list[str]]:
        """Raises CommandError for words that are no changes, or contradict each other."""
        return (_labels if self.noun == "label" else _annotations)(words)

    def refuse_overwriting(self, have: dict[str, str], new: dict[str, str]) -> None:
        """Raises CommandError where a value would be replaced by another."""
        clashes = {key: have[key] for key, value in new.items() if key in have and have[key] != value}
        if self.noun == "label":
            raise_all(
                [
                    CommandError(f"'{key}' already has a value ({value}), and --overwrite is false")
                    for key, value in clashes.items()
                ]
            )
            return
        clashes.pop(CHANGE_CAUSE, None)
        if clashes:
            found = "; ".join(f"'{key}' already has a value ({value})" for key, value in clashes.items())
            raise CommandError(f"--overwrite is false but found the following declared annotation(s): {found}")


def _labels(words: list[str]) -> tuple[dict[str, str], list[str]]:
    new: dict[str, str] = {}
    removed = []
    for word in words:
        if "=" not in word:
            removed.append(word[:-1])
            continue
        parts = word.split("=")
        if len(parts) != 2:
            raise CommandError(f"invalid label spec: {word}")
        if faults := arguments.label_value_faults(parts[1]):
            raise CommandError(f"invalid label value: {go_quote(word)}: {';'.join(faults)}")
        new[parts[0]] = parts[1]
    if any(key in new for key in removed):
        raise CommandError("can not both modify and remove a label in the same command")
    return new, removed


def _annotations(words: list[str]) -> tuple[dict[str, str], list[str]]:
    new, removed = arguments.pairs(words, "annotation", removable=True)
    both = [key for key in removed if key in new]
    if both:
        raise CommandError(
            f"can not both modify and remove the following annotation(s) in the same command: {', '.join(both)}"
        )
    return new, removed


def _runner(kind: _Kind) -> Callable[[Session, Flags, list[str]], None]:
    def run(session: Session, flags: Flags, args: list[str]) -> None:
        words, changes = arguments.resources_and_pairs(args, kind.noun)
        new, removed = kind.parse(changes)
        _check(kind, flags, words, bool(new or removed))
        _Job(session, flags, kind, new, removed).run(words)

    return run


def _check(kind: _Kind, flags: Flags, words: list[str], changes: bool) -> None:
    files = flags.list("filename") or flags.text("kustomize")
    local = flags.on("local")
    example = "pod.yaml" if kind.noun == "label" else "rsrc.yaml"
    name = example.partition(".")[0]
    rules = (
        (flags.on("list") and flags.text("output"), "--list and --output may not be specified together"),
        (flags.on("all") and flags.text("selector"), "cannot set --all and --selector at the same time"),
        (flags.on("all") and flags.text("field-selector"), "cannot set --all and --field-selector at the same time"),
        (
            local and flags.text("dry-run") == "server",
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
        ),
        (
            local and words,
            f"can only use local files by -f {example} or --filename={name}.json when --local=true is set",
        ),
        (local and not files, f"one or more files must be specified as -f {example} or --filename={name}.json"),
        (
            not local and not words and not files,
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ),
        (not changes and not flags.on("list"), f"at least one {kind.noun} update is required"),
    )
    for wrong, sentence in rules:
        if wrong:
            raise CommandError(sentence)


class _Job:
    """One run over all objects."""

    def __init__(self, session: Session, flags: Flags, kind: _Kind, new: dict[str, str], removed: list[str]) -> None:
        self.session = session
        self.flags = flags
        self.kind = kind
        self.new = new
        self.removed = removed
        self.writes = Writes(session, flags)

    def run(self, words: list[str]) -> None:
        """Raises CommandError for what failed, once the others are done."""
        selection = self._selection(words)
        single = selection.single
        if self.flags.text("resource-version") and not single:
            raise CommandError("--resource-version may only be used with a single resource")
        errors = list(selection.errors)
        for target in selection:
            try:
                for found, subject in self._found(target):
                    self._one(found, subject, single, errors)
            except CommandError as error:
                errors.append(error)
        raise_all(errors)

    def _selection(self, words: list[str]) -> targets.Selection:
        if self.flags.on("local"):
            found = local_targets(self.session, self.flags)
            return targets.Selection(found, [], single=len(found) == 1)
        return targets.select(self.session, words, _choice(self.flags, words))

    def _found(self, target: Target) -> list[tuple[Target, Object]]:
        if self.flags.on("local"):
            return [(target, target.object or {})]
        return list(targets.fetch(self.session, targets.Selection([target], [], single=False)))

    def _one(self, target: Target, subject: Object, single: bool, errors: list[CommandError]) -> None:
        try:
            self._change(target, subject, single)
        except CommandError as error:
            errors.append(error)

    def _change(self, target: Target, subject: Object, single: bool) -> None:
        have: dict[str, str] = subject["metadata"].get(self.kind.field) or {}
        local = self.flags.on("local") or self.flags.on("list") or not self.writes.sends
        if self.kind.noun == "label" and not local:
            for key in self.removed:
                if key not in have:
                    self.session.say(f"label {go_quote(key)} not found.")
        if not self.flags.on("overwrite"):
            self.kind.refuse_overwriting(have, self.new)
        want = {key: value for key, value in {**have, **self.new}.items() if key not in self.removed}
        added = any(have.get(key) != value for key, value in self.new.items())
        gone = any(key in have and key not in want for key in self.removed)
        if local or (self.kind.noun == "label" and not added and not gone):
            subject = {**subject, "metadata": {**subject["metadata"], self.kind.field: want}}
        else:
            subject = self._sent(target, have, want)
        if self.flags.on("list"):
            self._list(target, want, single)
        else:
            self.writes.report(target, subject, self._done(added, gone))

    def _sent(self, target: Target, have: dict[str, str], want: dict[str, str]) -> Object:
        changes: dict[str, str | None] = {key: value for key, value in want.items() if have.get(key) != value}
        changes |= {key: None for key in have if key not in want}
        patch: Object = {"metadata": {self.kind.field: changes}} if changes else {}
        if self.writes.cause:
            patch.setdefault("metadata", {}).setdefault("annotations", {})[CHANGE_CAUSE] = self.writes.cause
        version = self.flags.text("resource-version")
        if version:
            patch.setdefault("metadata", {})["resourceVersion"] = version
        sent: Object = self.session.client.patch(target.path, patch, "merge", self.writes.query)
        return sent

    def _done(self, added: bool, gone: bool) -> str:
        if self.kind.noun == "annotation":
            return "annotated"
        return {(True, True): "modified", (True, False): "labeled", (False, True): "unlabeled"}.get(
            (added, gone), "not labeled"
        )

    def _list(self, target: Target, have: dict[str, str], single: bool) -> None:
        if not single:
            resource = target.resource
            self.session.say(f"Listing {self.kind.field} for {resource.kind}.{resource.group}/{target.name}:")
        for key, value in sorted(have.items()):
            self.session.say(f"{'' if single else ' '}{key}={value}")


def _choice(flags: Flags, words: list[str]) -> Choice:
    return Choice.of(flags, all=all_of(flags, words), need_names_or_selector=True)


def _command(name: str, kind: _Kind) -> Command:
    return Command(
        name,
        _runner(kind),
        usage=f"{name} [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N"
        " [--resource-version=version]",
        flags=(
            *options.FILES,
            options.SELECTOR,
            options.FIELD_SELECTOR,
            options.ALL_NAMESPACES,
            *options.OUTPUT,
            options.DRY_RUN,
            manager(f"kubectl-{name}"),
            options.RECORD,
            Flag("overwrite", "bool", help=f"replace {kind.field} that have other values"),
            Flag("list", "bool", help=f"show the {kind.field}"),
            Flag("local", "bool", help="change what the files say, not the server"),
            Flag("all", "bool", help="all objects of the named types in the namespace"),
            Flag("resource-version", help="only when the object is of this version"),
        ),
    )


commands = {
    "label": _command("label", _Kind("label", "labels")),
    "annotate": _command("annotate", _Kind("annotation", "annotations")),
}
