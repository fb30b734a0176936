"""taint: adds taints to nodes and takes them away."""

from __future__ import annotations

from minictl.errors import CommandError, UsageError, go_quote, raise_all
from minictl.grammar import arguments, options
from minictl.grammar.flags import Command, Flag
from minictl.steps import targets
from minictl.steps.targets import Selection, Target
from minictl.steps.writing import VALIDATE, Writes, manager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def run(session: Session, flags: Flags, args: list[str]) -> None:
    writes = Writes(session, flags, tells_dry_run=False)
    words, specs = _words(args)
    if not words:
        raise CommandError("one or more resources must be specified as <resource> <name>")
    if not specs:
        raise CommandError("at least one taint update is required")
    try:
        added, removed = parse(specs)
    except CommandError as error:
        raise UsageError(error.message, "taint") from None
    _check(session, flags, words, added, removed)
    errors: list[CommandError] = []
    for target, node in targets.fetch(session, _selection(session, flags, words)):
        try:
            done, taints = changed(node, added, removed, flags.on("overwrite"))
            after = {**node, "spec": {**(node.get("spec") or {}), "taints": taints}}
            if writes.sends:
                patch = {"spec": {"taints": taints or None}}
                after = session.client.patch(target.path, patch, "strategic", writes.query)
            writes.report(target, after, done)
        except CommandError as error:
            errors.append(error)
    raise_all(errors)


def _words(args: list[str]) -> tuple[list[str], list[str]]:
    words: list[str] = []
    specs: list[str] = []
    for word in args:
        if "=" in word or ":" in word or word.endswith("-"):
            specs.append(word)
        elif specs:
            raise CommandError(f"all resources must be specified before taint changes: {word}")
        else:
            words.append(word)
    return words, specs


def parse(specs: list[str]) -> tuple[list[Object], list[Object]]:
    """Taints to add (`key=value:effect`, `key:effect`) and to remove (`key:effect-`, `key-`).

    Raises:
        CommandError: one is neither.
    """
    added: list[Object] = []
    removed = []
    for spec in specs:
        taint = _taint(spec.removesuffix("-"))
        if spec.endswith("-"):
            removed.append(taint)
            continue
        if not taint.get("effect"):
            raise CommandError(f"invalid taint spec: {spec}")
        if any(_same(taint, other) for other in added):
            text = f"{{{taint['key']} {taint.get('value', '')} {taint['effect']} <nil>}}"
            raise CommandError(f"duplicated taints with the same key and effect: {text}")
        added.append(taint)
    return added, removed


def _taint(text: str) -> Object:
    parts = text.split(":")
    pair = parts[0].split("=")
    if len(parts) > 2 or len(pair) > 2:
        raise CommandError(f"invalid taint spec: {text}")
    taint: Object = {"key": pair[0]}
    if len(parts) == 1:
        taint["key"] = text
    if len(parts) == 2 and len(pair) == 2 and pair[1]:
        if faults := arguments.label_value_faults(pair[1]):
            raise CommandError(f"invalid taint spec: {text}, {'; '.join(faults)}")
        taint["value"] = pair[1]
    if len(parts) == 2:
        if parts[1] not in EFFECTS:
            raise CommandError(f"invalid taint effect: {parts[1]}, unsupported taint effect")
        taint["effect"] = parts[1]
    if faults := arguments.qualified_name_faults(taint["key"]):
        raise CommandError(f"invalid taint spec: {text}, {'; '.join(faults)}")
    return taint


def _same(one: Object, other: Object) -> bool:
    return bool(one["key"] == other["key"] and one.get("effect") == other.get("effect"))


def _check(session: Session, flags: Flags, words: list[str], added: list[Object], removed: list[Object]) -> None:
    if session.resources.find(words[0]).kind != "Node":
        raise CommandError(f"invalid resource type {words[0].lower()}, only node types are supported")
    both = [
        f"{gone['key']}={gone.get('effect', '')}"
        for new in added
        for gone in removed
        if new["key"] == gone["key"] and gone.get("effect") in (None, new["effect"])
    ]
    if both:
        raise CommandError(
            f"can not both modify and remove the following taint(s) in the same command: {', '.join(both)}"
        )
    if flags.on("all") and flags.text("selector"):
        raise CommandError("setting 'all' parameter with a non empty selector is prohibited")
    if not flags.on("all") and not flags.text("selector") and len(words) < 2:
        raise CommandError("at least one resource name must be specified since 'all' parameter is not set")


def _selection(session: Session, flags: Flags, words: list[str]) -> Selection:
    node = session.resources.find("nodes")
    if flags.on("all") or flags.text("selector"):
        return Selection([Target(node, "", labels=flags.text("selector"))], [], single=False)
    return Selection([Target(node, "", name) for name in words[1:]], [], single=False)


def changed(node: Object, added: list[Object], removed: list[Object], overwrite: bool) -> tuple[str, list[Object]]:
    """What became of a node's taints (tainted, untainted, modified), and what they are to be.

    Raises:
        CommandError: a taint is there already, or one to remove is not.
    """
    have = (node.get("spec") or {}).get("taints") or []
    clashes = [new["key"] for new in added if any(_same(new, old) for old in have)]
    if clashes and not overwrite:
        raise CommandError(
            f"node {node['metadata']['name']} already has {','.join(clashes)} taint(s) with same effect(s)"
            " and --overwrite is false"
        )
    taints = [*added, *(old for old in have if not any(_same(new, old) for new in added))]
    grew = len(taints) != len(have)
    missing: list[CommandError] = []
    shrank = False
    for gone in removed:
        kept = [
            one for one in taints if one["key"] != gone["key"] or gone.get("effect") not in (None, one.get("effect"))
        ]
        shrank = len(kept) != len(taints)
        if not shrank:
            effect = f":{gone['effect']}" if gone.get("effect") else ""
            missing.append(CommandError(f"taint {go_quote(gone['key'] + effect)} not found"))
        taints = kept
    raise_all(missing)
    if (grew and shrank) or overwrite:
        return "modified", taints
    return ("tainted" if grew else "untainted"), taints


command = Command(
    "taint",
    run,
    usage="taint NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
    flags=(
        options.SELECTOR,
        *options.OUTPUT,
        options.DRY_RUN,
        manager("kubectl-taint"),
        VALIDATE,
        Flag("all", "bool", help="all nodes"),
        Flag("overwrite", "bool", help="replace taints of the same key and effect"),
    ),
)
