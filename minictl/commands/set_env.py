"""set env: environment variables of containers, by value or from ConfigMaps and Secrets."""

from __future__ import annotations

import base64

from minictl.errors import CommandError, ServerError, go_quote
from minictl.grammar import arguments
from minictl.grammar.flags import Command, Flag
from minictl.steps import podspecs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

_SOURCES = {"ConfigMap": ("configMapKeyRef", "configmap"), "Secret": ("secretKeyRef", "secret")}


def run(session: Session, flags: Flags, args: list[str]) -> None:
    words, changes = _words(args)
    podspecs.check(flags, words)
    if flags.on("list") and flags.text("output"):
        raise CommandError("--list and --output may not be specified together")
    if flags.list("keys") and not flags.text("from"):
        raise CommandError("when specifying --keys, a configmap or secret must be provided with --from")
    variables, removed = _changes(session, [*flags.list("env"), *changes])
    variables += _from_source(session, flags)
    for variable in variables:
        variable["name"] = flags.text("prefix") + variable["name"]
    chosen = podspecs.found(session, flags, words)
    job = _Job(session, flags, variables, removed)
    if flags.on("list"):
        job.list([subject for _, subject in chosen])
        return
    failure = "failed to patch env update to pod template: "
    podspecs.change_all(session, flags, chosen, job.change, "env updated", failure)


def _words(args: list[str]) -> tuple[list[str], list[str]]:
    """Resources first, then NAME=value, NAME- or - for standard input.

    Raises:
        CommandError: a resource follows a change.
    """
    for at, word in enumerate(args):
        if word == "-" or "=" in word or word.endswith("-"):
            late = next((each for each in args[at:] if "=" not in each and not each.endswith("-")), None)
            if late is not None:
                raise CommandError(f"all resources must be specified before environment changes: {late}")
            return args[:at], args[at:]
    return args, []


def _changes(session: Session, words: list[str]) -> tuple[list[Object], list[str]]:
    variables: list[Object] = []
    removed = []
    for word in words:
        name, equals, value = word.partition("=")
        if word == "-":
            text = session.stdin.read().decode() if session.stdin else ""
            more, gone = _changes(session, [line for line in text.splitlines() if line.strip()])
            variables += more
            removed += gone
        elif equals:
            if faults := arguments.env_name_faults(name):
                raise CommandError(f"{go_quote(name)} is not a valid key name: {';'.join(faults)}")
            variables.append({"name": name, "value": value})
        elif word.endswith("-"):
            removed.append(word[:-1])
        else:
            raise CommandError(f"unknown argument, please use NAME=value or NAME-: {word}")
    names = {variable["name"] for variable in variables}
    for name in removed:
        if name in names:
            raise CommandError("can not both modify and remove the same environment variable in the same command")
    return variables, removed


def _from_source(session: Session, flags: Flags) -> list[Object]:
    """Variables that refer to the keys of --from."""
    if not flags.text("from"):
        return []
    from minictl.steps import targets
    from minictl.steps.targets import Choice

    variables = []
    keys = flags.list("keys")
    for _, source in targets.fetch(session, targets.select(session, [flags.text("from")], Choice())):
        if source["kind"] not in _SOURCES:
            raise CommandError("unsupported resource specified in --from")
        field, _ = _SOURCES[source["kind"]]
        for key in sorted(source.get("data") or {}):
            if not keys or key in keys:
                reference = {"name": source["metadata"]["name"], "key": key}
                variables.append({"name": _env_name(session, key), "valueFrom": {field: reference}})
    return variables


def _env_name(session: Session, key: str) -> str:
    name = "".join(char if char.isascii() and char.isalnum() else "_" for char in key).upper()
    if name != key:
        session.warn(f"key {key} transferred to {name}")
    return name


class _Job:
    """The change to make, or the list to print."""

    def __init__(self, session: Session, flags: Flags, variables: list[Object], removed: list[str]) -> None:
        self.session = session
        self.flags = flags
        self.variables = variables
        self.removed = removed

    def change(self, spec: Object, subject: Object) -> None:
        """Raises CommandError where a value would be overwritten against --overwrite=false."""
        chosen = podspecs.containers(spec, self.flags.text("containers"))
        if not chosen:
            self._warn_of_none(subject)
        for container in chosen:
            have = container.get("env") or []
            if not self.flags.on("overwrite"):
                self._refuse_overwriting(have)
            new = updated(have, self.variables, self.removed)
            if new:
                container["env"] = new
            else:
                container.pop("env", None)

    def _warn_of_none(self, subject: Object) -> None:
        name = f"{subject['kind']}/{subject['metadata']['name']}"
        self.session.warn(f"{name} does not have any containers matching {go_quote(self.flags.text('containers'))}")

    def _refuse_overwriting(self, have: list[Object]) -> None:
        known = {variable["name"]: variable.get("value", "") for variable in have}
        for variable in self.variables:
            name = variable["name"]
            if name in known:
                raise CommandError(f"'{name}' already has a value ({known[name]}), and --overwrite is false")

    def list(self, subjects: list[Object]) -> None:
        """Prints the variables of all containers that match."""
        for subject in subjects:
            spec = podspecs.pod_spec(subject)
            self.change(spec, subject)
            for container in podspecs.containers(spec, self.flags.text("containers")):
                self.session.say(f"# {subject['kind']} {subject['metadata']['name']}, container {container['name']}")
                for variable in container.get("env") or []:
                    self.session.say(self._line(variable))

    def _line(self, variable: Object) -> str:
        source = variable.get("valueFrom")
        if not source:
            return f"{variable['name']}={variable.get('value', '')}"
        if self.flags.on("resolve"):
            value = self._resolved(source)
            if value is not None:
                return f"{variable['name']}={value}"
        return f"# {variable['name']} from {_reference(source)}"

    def _resolved(self, source: Object) -> str | None:
        for field, plural in (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")):
            reference = source.get(field)
            if reference is None:
                continue
            path = f"/api/v1/namespaces/{self.session.namespace}/{plural}/{reference['name']}"
            try:
                value = (self.session.client.get(path).get("data") or {}).get(reference["key"])
            except ServerError as error:
                self.session.note(f"error retrieving reference for {reference['key']}: {error.message}")
                return None
            if value is not None and plural == "secrets":
                return base64.b64decode(value).decode(errors="replace")
            return str(value) if value is not None else None
        return None


def _reference(source: Object) -> str:
    for field, word in _SOURCES.values():
        if source.get(field) is not None:
            return f"{word} {source[field].get('name', '')}, key {source[field].get('key', '')}"
    if source.get("fieldRef") is not None:
        return f"field path {source['fieldRef'].get('fieldPath', '')}"
    if source.get("resourceFieldRef") is not None:
        amount = source["resourceFieldRef"]
        name = f"{amount['containerName']}/" if amount.get("containerName") else ""
        return f"resource field {name}{amount.get('resource', '')}"
    return "invalid valueFrom"


def updated(have: list[Object], new: list[Object], removed: list[str]) -> list[Object]:
    """Variables with others set and some removed; the order of what was there stays."""
    wanted = {variable["name"]: variable for variable in new}
    result = []
    for variable in have:
        name = variable["name"]
        if name not in removed:
            result.append(wanted.pop(name, variable))
    return [{key: value for key, value in each.items() if value != ""} for each in [*result, *wanted.values()]]


command = Command(
    "set env",
    run,
    usage="set env RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags=(
        *podspecs.FLAGS,
        Flag("env", "array", "e", help="NAME=value, NAME-, or - for standard input"),
        Flag("from", help="ConfigMap or Secret to refer to"),
        Flag("keys", "strings", help="only these keys of --from"),
        Flag("prefix", help="what to put before the names"),
        Flag("containers", "string", "c", default="*", help="only containers whose name matches"),
        Flag("list", "bool", help="show the variables"),
        Flag("resolve", "bool", help="with --list: show the values references have"),
        Flag("overwrite", "bool", default=True, help="replace variables that are there"),
    ),
)
