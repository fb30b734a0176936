"""kuberc: a person's own defaults of flags, aliases of commands, and which credential plugins may run.

    apiVersion: kubectl.config.k8s.io/v1beta1
    kind: Preference
    defaults:
    - command: get
      options: [{name: output, default: wide}]
    aliases:
    - {name: getn, command: get, prependArgs: [nodes]}

The file is --kuberc, $KUBERC, or ~/.kube/kuberc; KUBERC=off and KUBECTL_KUBERC=false turn it off. What is given on the
command line counts more than a default, and commands count more than aliases.
"""

from __future__ import annotations

import os

from minictl.errors import CommandError, PlainError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from minictl.grammar.flags import Flag

    Object = dict[str, Any]

GROUP = "kubectl.config.k8s.io/"
KIND = "Preference"
NAMES = {
    # what v1alpha1 called otherwise
    "v1alpha1": {"defaults": "overrides", "options": "flags"},
    "v1beta1": {"defaults": "defaults", "options": "options"},
}


class Where:
    """The file, "" where preferences are turned off; `explicit`: it was asked for, so it has to be there."""

    __slots__ = ("explicit", "path")

    def __init__(self, path: str, explicit: bool = False) -> None:
        self.path = path
        self.explicit = explicit


def where(flag: str, environ: Mapping[str, str]) -> Where:
    """Where the preferences are.

    Raises:
        CommandError: they are turned off and asked for.
    """
    named = environ.get("KUBERC", "")
    if named == "off":
        if flag:
            raise CommandError("disabling kuberc via KUBERC=off and passing kuberc flag are mutually exclusive")
        return Where("")
    if flag or named:
        return Where(flag or named, explicit=True)
    return Where(os.path.join(os.path.expanduser("~"), ".kube", "kuberc"))


class Alias:
    """Another name for a command, with arguments around those that are given and defaults of flags."""

    __slots__ = ("after", "before", "command", "name", "options")

    def __init__(self, name: str, command: str, before: list[str], after: list[str], options: dict[str, str]) -> None:
        self.name = name
        self.command = command.split()
        self.before = before
        self.after = after
        self.options = options


class Preferences:
    """What a file says. `defaults`: command -> flag -> value."""

    __slots__ = ("aliases", "allowed_plugins", "defaults", "plugin_policy")

    def __init__(self, content: Object, version: str) -> None:
        names = NAMES[version]
        self.defaults = {
            str(one.get("command", "")): _options(one.get(names["options"]))
            for one in content.get(names["defaults"]) or []
        }
        self.aliases: dict[str, Alias] = {}
        for one in content.get("aliases") or []:
            name = str(one.get("name", ""))
            if not (name.isascii() and name.isalpha()):
                raise CommandError("invalid alias name, can only include alphabetical characters")
            if name in self.aliases:
                raise CommandError(f"duplicate alias name {name}")
            self.aliases[name] = Alias(
                name,
                str(one.get("command", "")),
                [str(word) for word in one.get("prependArgs") or []],
                [str(word) for word in one.get("appendArgs") or []],
                _options(one.get(names["options"])),
            )
        self.plugin_policy = str(content.get("credentialPluginPolicy") or "AllowAll")
        self.allowed_plugins = [
            str(one.get("command") or one.get("name") or "") for one in content.get("credentialPluginAllowlist") or []
        ]

    def permits(self, plugin: str) -> bool:
        """May this credential plugin run?"""
        import shutil

        if self.plugin_policy != "Allowlist":
            return self.plugin_policy == "AllowAll"
        found = shutil.which(plugin)
        return found is not None and any(shutil.which(each) == found for each in self.allowed_plugins)


def _options(listed: Any) -> dict[str, str]:
    options = {str(one.get("name", "")): str(one.get("default", "")) for one in listed or []}
    for name in options:
        if name.startswith("-"):
            raise CommandError(f"flag name {name} should be in long form without dashes")
    return options


def load(flag: str, environ: Mapping[str, str]) -> Preferences | None:
    """The preferences, None where there are none.

    Raises:
        PlainError: they are asked for and cannot be read, or say what makes no sense.
    """
    try:
        place = where(flag, environ)
        content = _read(place) if place.path else None
        return None if content is None else Preferences(content, content["apiVersion"][len(GROUP) :])
    except CommandError as error:
        raise PlainError(f"error occurred while applying preferences {error.message}") from None


def _read(place: Where) -> Object | None:
    from minictl.texts import plain

    try:
        with open(place.path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not place.explicit:
            return None
        raise CommandError(f"kuberc error kuberc: open {place.path}: {(error.strerror or '').lower()}") from None
    documents: list[Any] = [plain.read(text)] if text.strip() else []
    if documents == [None]:
        documents = _documents(text)
    for document in documents:
        if isinstance(document, dict) and document.get("kind") == KIND:
            group, slash, version = str(document.get("apiVersion", "")).rpartition("/")
            if group + slash == GROUP and version in NAMES:
                return document
    if documents and place.explicit:
        raise CommandError(f"kuberc error kuberc: no valid preferences found in {place.path}, use --v=5 to see details")
    return None


def _documents(text: str) -> list[Any]:
    """The YAML documents of a text, None for those that are none."""
    from schemas import yamls

    found: list[Any] = []
    for part in f"\n{text}".split("\n---"):
        try:
            if part.strip():
                found.append(yamls.load(part))
        except yamls.YAMLError:
            found.append(None)
    return found


def explicit_file(words: Sequence[str]) -> str:
    """The value of --kuberc among words whose command is not known yet.

    Raises:
        PlainError: it has none.
    """
    for position, word in enumerate(words):
        if word == "--":
            break
        if word == "--kuberc" or word.startswith("--kuberc="):
            value = word[len("--kuberc=") :] if "=" in word else next(iter(words[position + 1 : position + 2]), "")
            if not value:
                raise PlainError("error occurred while applying preferences kuberc file is not found")
            return value
    return ""


def defaults(options: Mapping[str, str], declared: Mapping[str, Flag], words: Sequence[str], wrong: str) -> list[str]:
    """The flags to add for those that the words do not give themselves.

    Raises:
        PlainError: a flag that the command does not have; `wrong` says it, with a {} for the flag.
    """
    found = []
    for name, value in options.items():
        if name not in declared:
            raise PlainError(f"error occurred while applying preferences {wrong.format(name)}")
        if not _given(declared[name], words):
            found.append(f"--{name}={value}")
    return found


def _given(flag: Flag, words: Sequence[str]) -> bool:
    long, short = f"--{flag.name}", f"-{flag.short}"
    return any(
        word == long or word.startswith(f"{long}=") or (bool(flag.short) and word.startswith(short)) for word in words
    )
