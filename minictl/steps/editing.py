"""Objects in an editor: the file that is shown, the program that shows it, and what came back.

The file opens with a header of comments; after a refusal it opens again with the reasons there. Saving it as it was
ends the edit: with nothing changed the first time, and with an error when what was refused was not touched.
"""

from __future__ import annotations

import os

from minictl.errors import CommandError, Silent, go_quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minictl.session import Session

    Object = dict[str, Any]

OBJECT_HEADER = """\
# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
"""
ANNOTATION_HEADER = """\
# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
"""
VARIABLES = ("KUBE_EDITOR", "EDITOR")
DEFAULT_EDITOR = "vi"


class Reason:
    """Why an edit was refused, for the header."""

    __slots__ = ("causes", "head")

    def __init__(self, head: str, causes: list[str] | None = None) -> None:
        self.head = head
        self.causes = causes or []

    def lines(self) -> list[str]:
        def commented(text: str) -> str:
            return text.replace("\n", "\n# ")

        head = f"# {commented(self.head)}{':' if self.causes else ''}"
        return [head, *(f"# * {commented(cause)}" for cause in self.causes), "#"]


class Outcome:
    """What became of the edited objects: reasons to open the file again, or a sentence that ends the command."""

    __slots__ = ("ended", "reasons")

    def __init__(self) -> None:
        self.reasons: list[Reason] = []
        self.ended = ""


class Edit:
    """One edit, until it is saved, cancelled or given up."""

    def __init__(self, session: Session, header: str, form: str) -> None:
        self.session = session
        self.header = header
        self.form = form

    def run(
        self, objects: list[Object], resource_names: list[str], save: Callable[[list[Object], str], Outcome]
    ) -> None:
        """Lets the objects be edited and hands what came back to `save` with the file's path.

        Raises:
            CommandError: the editor failed, or what it left was refused twice.
        """
        original = self._text(objects)
        text, path = original, ""
        reasons: list[Reason] = []
        while True:
            head = "\n".join([self.header.rstrip("\n"), *(line for reason in reasons for line in reason.lines())])
            refused, before = bool(reasons), text
            text, path = self._edited(f"{head}\n{text}", path)
            if refused and stripped(text) == stripped(before):
                raise self._kept(path, "Edit cancelled, no valid changes were saved.")
            if not stripped(text).strip():
                reasons = [self._invalid(resource_names[0], "The edited file failed validation")]
                continue
            if stripped(text) == stripped(original):
                os.remove(path)
                self.session.note("Edit cancelled, no changes made.")
                return
            try:
                edited = self._objects(text)
            except CommandError as error:
                reasons = [Reason(f"The edited file had a syntax error: {error.message}")]
                continue
            outcome = self._saved(edited, path, save)
            if outcome.ended:
                self.session.note(outcome.ended)
                raise Silent(1)
            if not outcome.reasons:
                os.remove(path)
                return
            reasons = outcome.reasons

    def _saved(self, edited: list[Object], path: str, save: Callable[[list[Object], str], Outcome]) -> Outcome:
        try:
            return save(edited, path)
        except CommandError as error:
            raise self._kept(path, error.message) from None

    def _invalid(self, resource_name: str, cause: str) -> Reason:
        self.session.note(f"error: {resource_name} is invalid")
        return Reason(f"{resource_name} was not valid", [f"<nil>: Invalid value: {cause}"])

    def _kept(self, path: str, message: str) -> CommandError:
        if os.path.exists(path):
            self.session.note(f"A copy of your changes has been stored to {go_quote(path)}")
        return CommandError(message)

    def _text(self, objects: list[Object]) -> str:
        from minictl.output import structured

        whole = objects[0]
        if len(objects) > 1:
            whole = {"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {}}
        return structured.to_json(whole) if self.form == "json" else structured.to_yaml(whole)

    def _objects(self, text: str) -> list[Object]:
        from minictl import manifests
        from minictl.steps import targets

        documents = manifests.documents(stripped(text).encode(), "edited-file")
        found = [
            one.object for document in documents for one in manifests.items(manifests.Manifest(document, "edited-file"))
        ]
        for one in found:
            if not isinstance(one, dict) or not isinstance(one.get("metadata"), dict):
                raise CommandError("the edited file holds what is no object")
            copy = {**one, "metadata": {**one["metadata"]}}
            targets.from_manifest(self.session, manifests.Manifest(copy, "edited-file"))
        return found

    def _edited(self, content: str, old_path: str) -> tuple[str, str]:
        """What the editor made of the content, without comments, and the file it is in."""
        import tempfile

        descriptor, path = tempfile.mkstemp(prefix="kubectl-edit-", suffix=f".{self.form}")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        launch(self.session, path)
        if old_path and os.path.exists(old_path):
            os.remove(old_path)
        with open(path, encoding="utf-8", errors="replace") as file:
            return stripped(file.read()), path


def stripped(text: str) -> str:
    """Without the lines that are comments."""
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))


def launch(session: Session, path: str) -> None:
    """Opens a file in the editor of $KUBE_EDITOR or $EDITOR.

    Raises:
        CommandError: it cannot be started, or fails.
    """
    import subprocess

    editor = next((session.environ[name] for name in VARIABLES if session.environ.get(name)), DEFAULT_EDITOR)
    words = editor.split(" ")
    if any(quote in editor for quote in "\"'\\"):
        words = [session.environ.get("SHELL") or "/bin/bash", "-c", f'{editor} "{path}"']
        command = words
    else:
        command = [*words, path]
    session.out.flush()
    try:
        done = subprocess.run(command, check=False)
    except OSError:
        raise CommandError(f"unable to launch the editor {go_quote(editor)}") from None
    if done.returncode:
        raise CommandError(f"there was a problem with the editor {go_quote(editor)}")
