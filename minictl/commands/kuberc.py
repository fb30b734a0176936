"""kuberc view and set: your own defaults and aliases, see preferences.py."""

from __future__ import annotations

import os

from minictl import output, preferences
from minictl.errors import CommandError, go_quote
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

DEFAULTS, ALIASES, CREDENTIALS = "defaults", "aliases", "credentialplugin"
POLICIES = ("AllowAll", "DenyAll", "Allowlist")
RECOMMENDED = {
    "aliases": None,
    "apiVersion": f"{preferences.GROUP}v1beta1",
    "defaults": [
        {"command": "apply", "options": [{"default": "true", "name": "server-side"}]},
        {"command": "delete", "options": [{"default": "true", "name": "interactive"}]},
    ],
    "kind": preferences.KIND,
}
"""What `view` offers to write where there is no file."""


def _where(session: Session, flags: Flags) -> preferences.Where:
    place = preferences.where(flags.text("kuberc"), session.environ)
    if not place.path:
        raise CommandError("KUBERC is disabled via KUBERC=off environment variable")
    return place


def view(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the file; offers to make one where there is none."""
    place = _where(session, flags)
    content = _content(place.path)
    if content is None:
        if place.explicit:
            raise CommandError(f"kuberc file not found at {place.path}")
        session.say(f"kuberc file not found at {place.path}")
        session.out.write("Would you like to generate a default kuberc file with recommended options? (y/N): ")
        session.out.flush()
        if session.stdin is not None and session.stdin.readline().decode().strip().lower() == "y":
            _save(session, place.path, RECOMMENDED)
        return
    content = {**content, "aliases": content.get("aliases") or [], "defaults": content.get("defaults") or []}
    session.out.write(output.object_printer(flags)(content))


def set_(session: Session, flags: Flags, args: list[str]) -> None:
    """Changes one entry of the file."""
    place = _where(session, flags)
    _check(flags)
    content = _content(place.path) or {"apiVersion": RECOMMENDED["apiVersion"], "kind": preferences.KIND}
    content = {"aliases": None, "defaults": None, **content}
    section, given = flags.text("section"), _options(flags)
    if section == CREDENTIALS:
        content["credentialPluginPolicy"] = flags.text("policy")
        if flags.text("policy") == "Allowlist":
            content["credentialPluginAllowlist"] = _allowed(flags)
    elif section == DEFAULTS:
        entry = {"command": flags.text("command"), "options": given}
        fault = f"defaults for command {go_quote(flags.text('command'))} already exist, use --overwrite to replace"
        content[section] = _with(content[section] or [], "command", entry, flags, fault)
    else:
        entry = {"name": flags.text("name"), "command": flags.text("command"), "options": given}
        entry |= {"prependArgs": flags.list("prependarg"), "appendArgs": flags.list("appendarg")}
        fault = f"alias {go_quote(flags.text('name'))} already exists, use --overwrite to replace"
        content[section] = _with(content[section] or [], "name", entry, flags, fault)
    _save(session, place.path, content)


# (what is wrong, when)
def _check(flags: Flags) -> None:
    section, policy, entries = flags.text("section"), flags.text("policy"), flags.list("allowlist-entry")
    arguments = flags.list("prependarg") or flags.list("appendarg")
    credentials = section == CREDENTIALS
    rules = (
        (
            section not in (DEFAULTS, ALIASES, CREDENTIALS),
            f'--section must be "{DEFAULTS}", "{ALIASES}", or "{CREDENTIALS}", got: {section}',
        ),
        (section == ALIASES and not flags.text("name"), f"--name is required when --section={ALIASES}"),
        (section == DEFAULTS and flags.text("name"), f"--name should not be specified when --section={DEFAULTS}"),
        (
            section == DEFAULTS and arguments,
            f"--prependarg and --appendarg are only valid for --section={ALIASES}",
        ),
        (
            not credentials and not flags.text("command"),
            f"--command is required when --section={ALIASES} or --section={DEFAULTS}",
        ),
        (credentials and not policy, f"--policy is required when --section={CREDENTIALS}"),
        (
            credentials and policy not in POLICIES,
            f' --policy must be  "AllowAll", "DenyAll", or "Allowlist", got: {policy}',
        ),
        (
            credentials and policy != "Allowlist" and entries,
            f"--allowlist-entry may only be used when --section={CREDENTIALS} and --policy=Allowlist",
        ),
        (
            credentials and policy == "Allowlist" and not entries,
            f"--allowlist-entry is required when --section={CREDENTIALS} and --policy=Allowlist",
        ),
    )
    for wrong, sentence in rules:
        if wrong:
            raise CommandError(sentence)


def _options(flags: Flags) -> list[Object]:
    found = []
    for word in flags.list("option"):
        name, equals, value = word.partition("=")
        if not equals:
            raise CommandError(f"invalid option format {go_quote(word)}, expected flag=value")
        found.append({"default": value, "name": name.lstrip("-")})
    return found


def _allowed(flags: Flags) -> list[Object]:
    found, faults = [], []
    for word in ",".join(flags.list("allowlist-entry")).split(","):
        field, equals, value = word.partition("=")
        if not equals:
            faults.append(f"improperly formatted allowlist entry: {go_quote(word)}")
        elif field == "name":
            faults.append('allowlist entry field "name" is deprecated, use "command" instead')
        elif field != "command":
            faults.append(f"unrecognized allowlist entry field: {go_quote(field)}")
        elif not value.strip():
            faults.append(f"empty value in allowlist entry for field {go_quote(field)}")
        else:
            found.append({"command": value})
    if faults:
        raise CommandError(faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]")
    return found


def _with(listed: list[Object], key: str, entry: Object, flags: Flags, fault: str) -> list[Object]:
    """The list with an entry more, or with one replaced; what is not given of it then stays."""
    old = next((one for one in listed if one.get(key) == entry[key]), None)
    given = {name: value for name, value in entry.items() if value}
    if old is None:
        return [*listed, given if key == "name" else entry]
    if not flags.on("overwrite"):
        raise CommandError(fault)
    return [{**old, **given} if one is old else one for one in listed]


def _content(path: str) -> Object | None:
    from schemas import yamls

    try:
        with open(path, "rb") as file:
            content = yamls.load(file.read())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CommandError(f"error reading kuberc file: open {path}: {(error.strerror or '').lower()}") from None
    except yamls.YAMLError as error:
        raise CommandError(f"error parsing kuberc file: {error}") from None
    return content if isinstance(content, dict) else None


def _save(session: Session, path: str, content: Object) -> None:
    from schemas import yamls

    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(yamls.dump(content))
    except OSError as error:
        raise CommandError(f"failed to write kuberc file: open {path}: {(error.strerror or '').lower()}") from None
    session.say(f"Updated {path}")


_HERE = "minictl.commands.kuberc"
commands = {
    "kuberc": Command(
        "kuberc",
        usage="kuberc SUBCOMMAND",
        children={"view": (_HERE, "Show your defaults and aliases"), "set": (_HERE, "Change one of them")},
    ),
    "view": Command(
        "kuberc view",
        view,
        usage="kuberc view",
        flags=(Flag("output", "string", "o", default="yaml", help="yaml, json, ..."), *options.OUTPUT[1:]),
    ),
    "set": Command(
        "kuberc set",
        set_,
        usage="kuberc set --section (defaults|aliases|credentialplugin) --command COMMAND",
        flags=(
            Flag("section", help="what to change: defaults, aliases or credentialplugin"),
            Flag("command", help="the command it is about: get, set env"),
            Flag("name", help="name of the alias"),
            Flag("option", "array", help="a flag and its value, FLAG=VALUE; may be repeated"),
            Flag("prependarg", "array", help="argument to put before those that are given; for aliases"),
            Flag("appendarg", "array", help="argument to put after those that are given; for aliases"),
            Flag("policy", help="which credential plugins may run: AllowAll, DenyAll or Allowlist"),
            Flag("allowlist-entry", "array", help="one that may, command=NAME; may be repeated"),
            Flag("overwrite", "bool", help="replace an entry that is there"),
        ),
        required=("section",),
    ),
}
