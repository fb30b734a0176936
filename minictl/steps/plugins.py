"""Plugins: programs on the path that are commands, kubectl-NAME and minictl-NAME."""

from __future__ import annotations

import os
import shutil
import sys

from minictl.errors import PlainError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

PREFIXES = ("kubectl-", "minictl-")


def run(words: Sequence[str], least: int = 1) -> None:
    """Becomes the plugin that the first words name, the longest name first and never one of fewer words than `least`.

    Raises:
        PlainError: a flag comes first, so that there is no name.
    """
    named = []
    for word in words:
        if word.startswith("-"):
            break
        named.append(word.replace("-", "_"))
    if not named:
        raise PlainError(f"Error: flags cannot be placed before plugin name: {words[0]}")
    for count in range(len(named), least - 1, -1):
        for prefix in PREFIXES:
            program = shutil.which(prefix + "-".join(named[:count]))
            if program:
                sys.stdout.flush()
                os.execv(program, [program, *words[count:]])  # noqa: S606 - that is what a plugin is


def every(path: str) -> tuple[list[str], list[str]]:
    """The plugins in the folders of a search path, in their order, and what was wrong with those folders."""
    found, faults = [], []
    for folder in dict.fromkeys(path.split(os.pathsep)):
        if not folder.strip():
            continue
        try:
            names = sorted(os.listdir(folder))
        except OSError as error:
            reason = f"open {folder}: {(error.strerror or '').lower()}"
            faults.append(f'Unable to read directory "{folder}" from your PATH: {reason}. Skipping...')
            continue
        paths = [os.path.join(folder, name) for name in names if name.startswith(PREFIXES)]
        found += [one for one in paths if not os.path.isdir(one)]
    return found, faults


def warnings(plugins: Sequence[str], commands: Collection[str], program: str) -> dict[str, list[str]]:
    """What is to be said about each plugin; `commands` are the paths of those there are (`create`, `config view`)."""
    seen: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for path in plugins:
        name = os.path.basename(path)
        said = found[path] = []
        if not os.access(path, os.X_OK):
            said.append(f"warning: {path} identified as a kubectl plugin, but it is not executable")
        if name in seen:
            said.append(f"warning: {path} is overshadowed by a similarly named plugin: {seen[name]}")
        seen.setdefault(name, path)
        words = name.split("-")[1:]
        hidden = next((c for c in (" ".join(words[:n]) for n in range(len(words), 0, -1)) if c in commands), "")
        if hidden:
            said.append(f'warning: {name} overwrites existing command: "{program} {hidden}"')
    return found
