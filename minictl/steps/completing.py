"""What could come next on a command line: commands, flags, resource types, names. Never starts a cluster."""

from __future__ import annotations

from minictl.errors import CommandError
from minictl.grammar.flags import Flags
from minictl.grammar.options import GLOBAL_FLAGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from minictl.grammar.flags import Command, Flag
    from minictl.session import Session

FILES = ":files"
"""Stands for: the shell shall complete file names."""
ON_TYPES = frozenset((
    "get", "describe", "delete", "label", "annotate", "patch", "edit", "scale", "wait", "expose", "autoscale",
    "explain", "events", "rollout", "set", "taint", "why", "tree",
))  # fmt: skip
"""Commands whose first argument is a resource type."""
VALUES = {
    "output": ("json", "yaml", "name", "wide", "jsonpath=", "go-template=", "custom-columns="),
    "dry-run": ("none", "client", "server"),
    "validate": ("strict", "warn", "ignore"),
}
ON_OBJECTS = {
    **dict.fromkeys(("attach", "exec", "logs", "port-forward"), "pods"),
    **dict.fromkeys(("cordon", "drain", "uncordon"), "nodes"),
}
"""Commands whose first argument is the name of one type's object, or another TYPE/NAME."""
ON_ENTRIES = {
    **dict.fromkeys(
        ("use-context", "use", "set-context", "delete-context", "rename-context", "get-contexts"), "contexts"
    ),
    **dict.fromkeys(("set-cluster", "delete-cluster"), "clusters"),
    **dict.fromkeys(("set-credentials", "delete-user"), "users"),
}
"""Commands below `config` whose argument is an entry of the kubeconfig, and the section it is in."""
SECTION_FLAGS = {"context": "contexts", "cluster": "clusters", "user": "users"}
IN_NAMESPACES = ("namespace",)
FILE_FLAGS = ("filename", "kustomize", "kubeconfig", "patch-file", "from-file", "from-env-file")


def candidates(session: Session, command: Command, before: Sequence[str], word: str) -> list[str]:
    """The words that could stand where `word` stands, `before` being the command's words up to there."""
    declared = {flag.name: flag for flag in (*GLOBAL_FLAGS, *command.flags)}
    last = before[-1] if before else ""
    waiting = _waiting(last, declared)
    if waiting is not None:
        return _values(session, waiting)
    if word.startswith("--") and "=" in word:
        name, _, _ = word[2:].partition("=")
        return [f"--{name}={value}" for value in _values(session, declared[name])] if name in declared else []
    if word.startswith("-"):
        return [f"--{flag.name}" for flag in declared.values() if not flag.hidden]
    words = [w for i, w in enumerate(before) if not w.startswith("-") and not _waits(before, i, declared)]
    if command.children and not words:
        return [name for name in command.children if not name.startswith("_")]
    first, _, second = command.path.partition(" ")
    if first == "config" and second in ON_ENTRIES and not words:
        return sorted(session.kubeconfig.entries(ON_ENTRIES[second]))
    if first in ON_OBJECTS and not words and "/" not in word:
        return _names(session, ON_OBJECTS[first])
    if first in ON_TYPES or first in ON_OBJECTS:
        return _objects(session, words, word)
    return [FILES]


def _waiting(last: str, declared: dict[str, Flag]) -> Flag | None:
    """The flag whose value comes next."""
    for flag in declared.values():
        if last in (f"--{flag.name}", f"-{flag.short}") and flag.bare is None:
            return flag
    return None


def _waits(words: Sequence[str], position: int, declared: dict[str, Flag]) -> bool:
    return position > 0 and _waiting(words[position - 1], declared) is not None


def _values(session: Session, flag: Flag) -> list[str]:
    if flag.name in FILE_FLAGS:
        return [FILES]
    if flag.name in IN_NAMESPACES:
        return _names(session, "namespaces")
    if flag.name in SECTION_FLAGS:
        return sorted(session.kubeconfig.entries(SECTION_FLAGS[flag.name]))
    return list(VALUES.get(flag.name, ()))


def _objects(session: Session, words: list[str], word: str) -> list[str]:
    try:
        if "/" in word:
            kind = word.partition("/")[0]
            return [f"{kind}/{name}" for name in _names(session, kind)]
        if words:
            return _names(session, words[0])
        resources = session.resources.preferred()
    except CommandError:
        return []
    return sorted({name for r in resources if "list" in r.verbs for name in (r.plural, *r.short_names)})


def _names(session: Session, kind: str) -> list[str]:
    try:
        resource = session.resources.find(kind)
        listed = session.client.list(resource.path(session.namespace))
    except CommandError:
        return []
    return [item["metadata"]["name"] for item in listed.get("items") or []]


def quiet_flags(words: Sequence[str]) -> Flags:
    """Global flags for a completion: those already typed that say where to look, and never a start."""
    flags = Flags(GLOBAL_FLAGS)
    by_name = {flag.name: flag for flag in GLOBAL_FLAGS}
    for i, word in enumerate(words):
        name, equals, value = word.removeprefix("--").partition("=")
        name = {"-n": "namespace", "-s": "server"}.get(word, name)
        if name in by_name and by_name[name].type == "string":
            flags.store(by_name[name], value if equals else next(iter(words[i + 1 : i + 2]), ""))
    flags.store(by_name["no-start"], True)
    return flags
