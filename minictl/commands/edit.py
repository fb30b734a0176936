"""edit: objects of the server in an editor, saved as patches."""

from __future__ import annotations

import json

from minictl.errors import CommandError, ServerError, go_quote
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.output import without_managed_fields
from minictl.output.structured import to_compact_json
from minictl.patches.threeway import two_way_patch
from minictl.steps import editing, targets
from minictl.steps.applying import field_of
from minictl.steps.targets import Choice
from minictl.steps.writing import (
    LAST_APPLIED,
    SAVE_CONFIG,
    VALIDATE,
    configuration,
    directive,
    manager,
    need_resources,
    with_configuration,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]

FORMS = ("", "yaml", "json")


def run(session: Session, flags: Flags, args: list[str]) -> None:
    need_resources(flags, args)
    if flags.text("output") not in FORMS:
        raise CommandError(f"The flag 'output' must be one of yaml|json|name, not {flags.text('output')}")
    choice = Choice.of(flags)
    found = list(targets.fetch(session, targets.select(session, args, choice)))
    if not found:
        raise CommandError("edit cancelled, no objects found")
    shown = [one if flags.on("show-managed-fields") else without_managed_fields(one) for _, one in found]
    saving = _Saving(session, flags, [target for target, _ in found], shown)
    form = "json" if flags.text("output") == "json" else "yaml"
    editing.Edit(session, editing.OBJECT_HEADER, form).run(shown, saving.names, saving.save)


class _Saving:
    """Turns edited objects into patches and sends them."""

    def __init__(self, session: Session, flags: Flags, chosen: list[Target], shown: list[Object]) -> None:
        self.session = session
        self.flags = flags
        self.chosen = chosen
        self.shown = shown

    @property
    def names(self) -> list[str]:
        return [f"{target.resource.full_name} {go_quote(target.name)}" for target in self.chosen]

    def save(self, edited: list[Object], path: str) -> editing.Outcome:
        """Raises CommandError for an edit that is no change of what was shown."""
        outcome = editing.Outcome()
        for new in edited:
            target, old = self._original(new)
            if new == old:
                self.session.say(f"{target.label} skipped")
                continue
            for key in ("apiVersion", "kind"):
                if new.get(key) != old.get(key):
                    raise CommandError("At least one of apiVersion, kind and name was changed")
            if new["metadata"].get("name") != old["metadata"].get("name"):
                raise CommandError("At least one of apiVersion, kind and name was changed")
            self._send(target, old, new, path, outcome)
        return outcome

    def _original(self, new: Object) -> tuple[Target, Object]:
        uid = new["metadata"].get("uid")
        for target, old in zip(self.chosen, self.shown, strict=True):
            if old["metadata"].get("uid") == uid:
                return target, old
        raise CommandError(f"no original object found for {to_compact_json(new)}")

    def _send(self, target: Target, old: Object, new: Object, path: str, outcome: editing.Outcome) -> None:
        annotations = new["metadata"].get("annotations") or {}
        if self.flags.on("save-config") or LAST_APPLIED in annotations:
            new = with_configuration(new, configuration(new))
        field = field_of(target.resource)
        patch = two_way_patch(old, new, field)
        if self.flags.on("output-patch"):
            self.session.say(f"Patch: {to_compact_json(patch)}")
        query: dict[str, str | int | bool | None] = {
            "fieldManager": self.flags.text("field-manager"),
            "fieldValidation": directive(self.flags),
        }
        where = target.resource.path(target.namespace, target.name, self.flags.text("subresource"))
        body = json.dumps(patch, ensure_ascii=False, sort_keys=True).encode()
        try:
            self.session.client.patch(where, body, "merge" if field is None else "strategic", query)
        except ServerError as error:
            self._refused(target, error, path, outcome)
            return
        self.session.say(f"{target.label} edited")

    def _refused(self, target: Target, error: ServerError, path: str, outcome: editing.Outcome) -> None:
        name = f"{target.resource.full_name} {go_quote(target.name)}"
        if error.reason == "Invalid":
            self.session.note(f"error: {name} is invalid")
            causes = [
                f"{each.get('field', '')}: {each.get('message', '')}" for each in error.details.get("causes") or []
            ]
            outcome.reasons.append(editing.Reason(f"{name} was not valid", causes))
        elif error.reason == "NotFound":
            self.session.note(f"error: {name} could not be found on the server")
            outcome.ended = f"The edits you made on deleted resources have been saved to {go_quote(path)}"
        else:
            self.session.note(f"error: {name} could not be patched: {error.message}")
            outcome.ended = f"You can run `kubectl replace -f {path}` to try this update again."


command = Command(
    "edit",
    run,
    usage="edit (RESOURCE/NAME | -f FILENAME)",
    flags=(
        *options.FILES,
        *options.OUTPUT,
        manager("kubectl-edit"),
        VALIDATE,
        SAVE_CONFIG,
        options.RECORD,
        Flag("output-patch", "bool", help="show the patch that is sent"),
        Flag("subresource", help="edit only this subresource"),
        Flag("windows-line-endings", "bool", help="ignored", hidden=True),
    ),
)
