"""apply view-last-applied | set-last-applied | edit-last-applied: the annotation that apply compares with."""

from __future__ import annotations

import json

from minictl.errors import CommandError, ServerError, UsageError, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.output.structured import escape_html, to_compact_json, to_yaml
from minictl.steps import applying, editing, targets
from minictl.steps.targets import Choice
from minictl.steps.writing import LAST_APPLIED, VALIDATE, Writes, manager, need_resources, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]


def _choice(flags: Flags) -> Choice:
    return Choice.of(flags, all=flags.on("all") if flags.has("all") else False)


def _applied(subject: Object) -> str | None:
    found: str | None = (subject["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    return found


# --- view


def view(session: Session, flags: Flags, args: list[str]) -> None:
    need_resources(flags, args)
    form = flags.text("output")
    texts = []
    for _, subject in targets.fetch(session, targets.select(session, args, _choice(flags))):
        text = _applied(subject)
        if text is not None:
            texts.append(text)
    for text in texts:
        if form == "json":
            session.out.write(escape_html(json.dumps(json.loads(text), indent=2, ensure_ascii=False)) + "\n")
        elif form == "yaml":
            session.out.write(to_yaml(json.loads(text)))
        else:
            raise UsageError(
                f"Unexpected -o output mode: {form}, the flag 'output' must be one of yaml|json",
                "apply view-last-applied",
            )


# --- set


def set_(session: Session, flags: Flags, args: list[str]) -> None:
    writes = Writes(session, flags)
    need_resources(flags, [])
    chosen = targets.select(session, args, Choice(filenames=flags.list("filename")))
    raise_all(chosen.errors)
    waiting: list[tuple[Target, str]] = []
    for target in chosen:
        text = to_compact_json(target.object) + "\n"
        have = _applied(_current(session, target))
        if have is None and not flags.on("create-annotation"):
            raise CommandError(
                f"no last-applied-configuration annotation found on resource: {target.name}, to create the annotation,"
                " run the command with --create-annotation"
            )
        if have == text:
            session.say(f"set-last-applied {target.name}: no changes required.")
        else:
            waiting.append((target, text))
    for target, text in waiting:
        subject: Object = target.object or {}
        if writes.sends:
            subject = session.client.patch(target.path, _annotation(text), "merge", writes.query)
        writes.report(target, subject, "configured")


def _current(session: Session, target: Target) -> Object:
    try:
        found: Object = session.client.get(target.path)
        return found
    except ServerError as error:
        if error.reason == "NotFound":
            raise
        where = f"retrieving current configuration of:\n{applying.identity(target)}\nfrom server for:"
        raise within(error, where, target.source) from None


def _annotation(text: str) -> Object:
    return {"metadata": {"annotations": {LAST_APPLIED: text}}}


# --- edit


def edit(session: Session, flags: Flags, args: list[str]) -> None:
    need_resources(flags, args)
    found = list(targets.fetch(session, targets.select(session, args, _choice(flags))))
    kept = [(target, text) for target, subject in found if (text := _applied(subject)) is not None]
    if not kept:
        raise CommandError(
            "no last-applied-configuration annotation found on resources, to create the annotation, use command"
            " `kubectl apply set-last-applied --create-annotation`"
        )
    by_name = {(target.namespace, target.name): (target, json.loads(text)) for target, text in kept}

    def save(edited: list[Object], path: str) -> editing.Outcome:
        for new in edited:
            meta = new["metadata"]
            pair = by_name.get((meta.get("namespace", ""), meta.get("name", "")))
            if pair is None:
                raise CommandError("At least one of apiVersion, kind and name was changed")
            target, old = pair
            if new == old:
                session.say(f"{target.label} skipped")
                continue
            text = to_compact_json(new) + "\n"
            session.client.patch(target.path, _annotation(text), "merge", {"fieldManager": flags.text("field-manager")})
            session.say(f"{target.label} edited")
        return editing.Outcome()

    form = "json" if flags.text("output") == "json" else "yaml"
    names = [f'{target.resource.full_name} "{target.name}"' for target, _ in kept]
    editing.Edit(session, editing.ANNOTATION_HEADER, form).run([old for _, old in by_name.values()], names, save)


_OUTPUT = Flag("output", "string", "o", default="yaml", help="yaml or json")
commands = {
    "view-last-applied": Command(
        "apply view-last-applied",
        view,
        usage="apply view-last-applied (TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
        flags=(
            *options.FILES,
            options.SELECTOR,
            _OUTPUT,
            Flag("all", "bool", help="all objects of the named types in the namespace"),
        ),
    ),
    "set-last-applied": Command(
        "apply set-last-applied",
        set_,
        usage="apply set-last-applied -f FILENAME",
        flags=(
            options.FILES[0],
            *options.OUTPUT,
            options.DRY_RUN,
            Flag("create-annotation", "bool", help="make the annotation where there is none"),
        ),
    ),
    "edit-last-applied": Command(
        "apply edit-last-applied",
        edit,
        usage="apply edit-last-applied (RESOURCE/NAME | -f FILENAME)",
        flags=(
            *options.FILES,
            *options.OUTPUT,
            VALIDATE,
            options.RECORD,
            manager("kubectl-client-side-apply"),
            Flag("windows-line-endings", "bool", help="ignored", hidden=True),
        ),
    ),
}
