"""config set-context, set-cluster, use-context, rename-context, delete-*, set, unset."""

from __future__ import annotations

from minictl.errors import PROGRAM, CommandError, UsageError
from minictl.grammar.flags import Command, Flag, parse_bool
from minictl.kubeconfig import SECTIONS
from minictl.steps import kubeconfigs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.kubeconfig import Kubeconfig
    from minictl.session import Session

    Object = dict[str, Any]

FIELDS = {
    "clusters": (
        "server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority", "certificate-authority-data",
        "proxy-url", "disable-compression",
    ),
    "users": (
        "client-certificate", "client-certificate-data", "client-key", "client-key-data", "token", "tokenFile",
        "act-as", "username", "password",
    ),
    "contexts": ("cluster", "user", "namespace"),
}  # fmt: skip


def _one(session: Session, args: list[str], count: int = 1) -> None:
    if len(args) != count:
        raise CommandError(f"Unexpected args: [{' '.join(args)}]")


# --- contexts


def use_context(session: Session, flags: Flags, args: list[str]) -> None:
    """Makes a context the current one."""
    _one(session, args)
    config = session.kubeconfig
    if args[0] not in config.entries("contexts"):
        raise CommandError(f'no context exists with the name: "{args[0]}"')
    config.set_current_context(args[0])
    config.save()
    session.say(f'Switched to context "{args[0]}".')


def set_context(session: Session, flags: Flags, args: list[str]) -> None:
    """Creates a context, or changes what is given of one."""
    config = session.kubeconfig
    if flags.on("current"):
        if args:
            raise UsageError("you cannot specify both a context name and --current", session.path)
        name = config.current_context
        if not name:
            raise CommandError("no current context is set")
    else:
        if len(args) > 1:
            raise UsageError(f"Unexpected args: {args}".replace("'", "").replace(", ", " "), session.path)
        name = args[0] if args else ""
        if not name:
            raise CommandError("you must specify a non-empty context name or --current")
    existed = kubeconfigs.change(config, "contexts", name, flags, ("cluster", "user", "namespace"))
    session.say(f'Context "{name}" {"modified" if existed else "created"}.')


def rename_context(session: Session, flags: Flags, args: list[str]) -> None:
    """Gives a context another name; stays current if it was."""
    _one(session, args, 2)
    old, new = args
    config = session.kubeconfig
    contexts = config.entries("contexts")
    path = config.owner("contexts", old)
    if old not in contexts:
        raise CommandError(f'cannot rename the context "{old}", it\'s not in {path}')
    if new in contexts:
        raise CommandError(f'cannot rename the context "{old}", the context "{new}" already exists in {path}')
    for content in config.files.values():
        for entry in content.get("contexts") or []:
            if entry.get("name") == old:
                entry["name"] = new
    if config.current_context == old:
        config.set_current_context(new)
    config.save()
    session.say(f'Context "{old}" renamed to "{new}".')


def _delete(section: str, word: str) -> Callable[[Session, Flags, list[str]], None]:
    def run(session: Session, flags: Flags, args: list[str]) -> None:
        """Removes an entry; what refers to it stays as it is."""
        if not args:
            raise UsageError(f"{word} to delete is required", session.path)
        _one(session, args)
        config = session.kubeconfig
        path = config.owner(section, args[0])
        if args[0] not in config.entries(section):
            raise CommandError(f"cannot delete {word} {args[0]}, not in {path}")
        if section == "contexts" and config.current_context == args[0]:
            session.note(
                "warning: this removed your active context, "
                f'use "{PROGRAM} config use-context" to select a different one'
            )
        config.remove_entry(section, args[0])
        config.save()
        session.say(f"deleted {word} {args[0]} from {path}")

    return run


# --- clusters and users


def set_cluster(session: Session, flags: Flags, args: list[str]) -> None:
    """Creates a cluster, or changes what is given of one."""
    _one(session, args)
    keys = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority", "proxy-url")
    if flags.on("insecure-skip-tls-verify") and flags.text("certificate-authority"):
        raise CommandError("you cannot specify a certificate authority and insecure mode at the same time")
    if flags.on("embed-certs"):
        kubeconfigs.need_file("certificate-authority", flags.text("certificate-authority"))
    kubeconfigs.change(session.kubeconfig, "clusters", args[0], flags, keys)
    session.say(f'Cluster "{args[0]}" set.')


# --- single values


def set_value(session: Session, flags: Flags, args: list[str]) -> None:
    """`set users.ada.token abc`; data fields take base64."""
    _one(session, args, 2)
    path, text = args
    config = session.kubeconfig
    section, name, field = _steps(path)
    if not section:
        config.set_current_context(text)
    else:
        entry = dict(config.entries(section).get(name, {}))
        entry[field] = _value(field, text, flags.on("set-raw-bytes"))
        config.set_entry(section, name, entry)
    config.save()
    session.say(f'Property "{path}" set.')


def _value(field: str, text: str, raw: bool) -> Any:
    import base64

    if field in kubeconfigs.BOOLEANS:
        try:
            return parse_bool(text)
        except ValueError as error:
            raise CommandError(str(error)) from None
    if not field.endswith("-data"):
        return text
    if raw:
        return base64.b64encode(text.encode()).decode()
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise CommandError("error decoding input value: illegal base64 data at input byte 0") from None
    return text


def unset_value(session: Session, flags: Flags, args: list[str]) -> None:
    """`unset users.ada` removes an entry, `unset users.ada.token` a value of it, `unset users` them all."""
    _one(session, args)
    path = args[0]
    config = session.kubeconfig
    if path == "current-context":
        for content in config.files.values():
            content["current-context"] = ""
    elif path in SECTIONS:
        for content in config.files.values():
            content[path] = None
    else:
        _unset(config, *_steps(path, whole=True))
    config.save()
    session.say(f'Property "{path}" unset.')


def _unset(config: Kubeconfig, section: str, name: str, field: str) -> None:
    entries = config.entries(section)
    if name not in entries:
        if field:
            raise CommandError(f"current map key `{name}` is invalid")
        return
    if field:
        config.set_entry(section, name, {key: value for key, value in entries[name].items() if key != field})
    else:
        config.remove_entry(section, name)


def _steps(path: str, whole: bool = False) -> tuple[str, str, str]:
    """(section, name, field) of a property; ("", "", "") for current-context. With `whole` the field may be missing.

    Raises:
        CommandError: there is no such property.
    """
    if path == "current-context":
        return "", "", ""
    section, _, rest = path.partition(".")
    if section not in SECTIONS or not rest:
        raise CommandError(f"unable to parse {path} after [] at api.Config")
    name, dot, field = rest.rpartition(".")
    if dot and field in FIELDS[section]:
        return section, name, field
    if whole:
        return section, rest, ""
    raise CommandError(f"unable to parse {path} after [{section} {rest}] at api.{SECTIONS[section].capitalize()}")


_CLUSTER_FLAGS = (
    Flag("server", help="address of the server"),
    Flag("tls-server-name", help="name to expect in the server's certificate"),
    Flag("insecure-skip-tls-verify", "bool", help="do not check the server's certificate"),
    Flag("certificate-authority", help="file with the CA certificate"),
    Flag("embed-certs", "bool", help="keep the content of the file, not its name"),
    Flag("proxy-url", help="proxy to go through"),
)
_CONTEXT_FLAGS = (
    Flag("current", "bool", help="change the current context"),
    Flag("cluster", help="its cluster"),
    Flag("user", help="its user"),
    Flag("namespace", "string", "n", help="its namespace"),
)
_USE = Command("config use-context", use_context, usage="config use-context NAME")
commands = {
    "use-context": _USE,
    "use": _USE,
    "set-context": Command(
        "config set-context", set_context, usage="config set-context (NAME | --current) [flags]", flags=_CONTEXT_FLAGS
    ),
    "set-cluster": Command("config set-cluster", set_cluster, usage="config set-cluster NAME", flags=_CLUSTER_FLAGS),
    "rename-context": Command("config rename-context", rename_context, usage="config rename-context OLD NEW"),
    "delete-context": Command(
        "config delete-context", _delete("contexts", "context"), usage="config delete-context NAME"
    ),
    "delete-cluster": Command(
        "config delete-cluster", _delete("clusters", "cluster"), usage="config delete-cluster NAME"
    ),
    "delete-user": Command("config delete-user", _delete("users", "user"), usage="config delete-user NAME"),
    "set": Command(
        "config set",
        set_value,
        usage="config set PROPERTY VALUE",
        flags=(Flag("set-raw-bytes", "bool", help="the value of a data field is not base64 yet"),),
    ),
    "unset": Command("config unset", unset_value, usage="config unset PROPERTY"),
}
