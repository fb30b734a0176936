"""config view, get-contexts, current-context, get-clusters, get-users."""

from __future__ import annotations

import copy

from minictl import output
from minictl.errors import CommandError, Failures, UsageError, cannot_open, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.output import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

OMITTED, REDACTED = "DATA+OMITTED", "REDACTED"
SECRETS = {
    "certificate-authority-data": OMITTED,
    "client-certificate-data": OMITTED,
    "client-key-data": OMITTED,
    "token": REDACTED,
    "password": REDACTED,
}
"""What is not shown without --raw, and what is shown in its place."""
FIELD_ORDER = [
    "kind", "apiVersion", "preferences", "clusters", "name", "cluster", "users", "user", "contexts", "context",
    "current-context", "server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority",
    "certificate-authority-data", "proxy-url", "client-certificate", "client-certificate-data", "client-key",
    "client-key-data", "token", "tokenFile", "as", "username", "password", "namespace",
]  # fmt: skip
"""The order in which JSON lists the fields of a kubeconfig."""
EMBEDDED = ("certificate-authority", "client-certificate", "client-key")


def view(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the kubeconfig in play."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    document = copy.deepcopy(session.kubeconfig.merged(resolve=flags.on("flatten")))
    if flags.on("minify"):
        _minify(session, document)
    if flags.on("flatten"):
        _flatten(document)
    if not flags.on("raw") and not flags.on("flatten"):
        for section, word in (("clusters", "cluster"), ("users", "user")):
            for entry in document[section] or []:
                entry[word].update({key: SECRETS[key] for key in entry[word] if key in SECRETS})
    if flags.text("output") == "json":
        import json

        from minictl.output import structured

        session.out.write(structured.escape_html(json.dumps(_ordered(document), indent=4, ensure_ascii=False)) + "\n")
        return
    session.out.write(output.object_printer(flags)(document))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        position = {key: i for i, key in enumerate(FIELD_ORDER)}
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: position.get(key, len(position)))}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def _minify(session: Session, document: Object) -> None:
    place = session.kubeconfig.place(session.flags.text("context"))
    if not place.context:
        raise CommandError('cannot locate context ""')
    user = next((c["context"].get("user") for c in document["contexts"] or [] if c["name"] == place.context), "")
    kept = {"contexts": place.context, "clusters": place.cluster_name, "users": user}
    for section, name in kept.items():
        document[section] = [entry for entry in document[section] or [] if entry["name"] == name] or None
    document["current-context"] = place.context


def _flatten(document: Object) -> None:
    import base64

    for section, word in (("clusters", "cluster"), ("users", "user")):
        for entry in document[section] or []:
            content = entry[word]
            for key in EMBEDDED:
                if content.get(key):
                    path = content.pop(key)
                    try:
                        with open(path, "rb") as file:
                            content[f"{key}-data"] = base64.b64encode(file.read()).decode()
                    except OSError as error:
                        raise cannot_open(path, error) from None


def get_contexts(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints a line for each context, or for those named."""
    config = session.kubeconfig
    contexts = config.entries("contexts")
    form = flags.text("output")
    if form not in ("", "name"):
        raise CommandError(
            f"--output {form} is not available in kubectl config get-contexts; resetting to default output format"
        )
    missing = [CommandError(f"context {name} not found") for name in args if name not in contexts]
    names = sorted(name for name in args if name in contexts) if args else sorted(contexts)
    if form == "name":
        for name in names:
            session.say(name)
    else:
        writer = table.Writer(session.out.write)
        if not flags.on("no-headers"):
            writer.row(["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"])
        for name in names:
            context = contexts[name]
            mark = "*" if name == config.current_context else ""
            writer.row([mark, name, context.get("cluster", ""), context.get("user", ""), context.get("namespace", "")])
        writer.flush()
    if len(missing) > 1:
        raise Failures(missing)
    raise_all(missing)


def current_context(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the current context's name."""
    name = session.kubeconfig.current_context
    if not name:
        raise CommandError("current-context is not set")
    session.say(name)


def _names(section: str, title: str) -> Any:
    def run(session: Session, flags: Flags, args: list[str]) -> None:
        """Prints the names, one a line, under a header."""
        names = sorted(session.kubeconfig.entries(section))
        session.out.write("".join(f"{name}\n" for name in [title, *names]))

    return run


VIEW_FLAGS = (
    Flag("raw", "bool", help="show secrets, too"),
    Flag("minify", "bool", help="only what the current context needs"),
    Flag("flatten", "bool", help="put the content of files in, in place of their names"),
    Flag("merge", "bool", default=True, hidden=True),
    Flag("output", "string", "o", default="yaml", help="yaml, json, ..."),
    *options.OUTPUT[1:],
)
LIST_FLAGS = (Flag("no-headers", "bool", help="leave out the header line"), Flag("output", "string", "o", help="name"))
commands = {
    "view": Command("config view", view, usage="config view [flags]", flags=VIEW_FLAGS),
    "get-contexts": Command("config get-contexts", get_contexts, usage="config get-contexts [NAME]", flags=LIST_FLAGS),
    "current-context": Command("config current-context", current_context),
    "get-clusters": Command("config get-clusters", _names("clusters", "NAME")),
    "get-users": Command("config get-users", _names("users", "NAME")),
}
