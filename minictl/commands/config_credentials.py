"""config set-credentials: who asks, by token, password, certificate, or a program that knows."""

from __future__ import annotations

from minictl.errors import CommandError
from minictl.grammar import arguments
from minictl.grammar.flags import Command, Flag
from minictl.steps import kubeconfigs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

KEYS = ("client-certificate", "client-key", "token", "username", "password")
EXCLUSIVE = {"token": ("username", "password"), "username": ("token",), "password": ("token",)}
"""What setting one makes the others of."""
MODES = ("IfAvailable", "Always", "Never")


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Creates a user, or changes what is given of one."""
    if len(args) != 1:
        raise CommandError(f"unexpected args: [{' '.join(args)}]")
    provider, unset_provider = arguments.pairs(flags.list("auth-provider-arg"), "auth-provider-arg", removable=True)
    environment, unset = arguments.pairs(flags.list("exec-env"), "exec-env", removable=True)
    _check(flags, args[0])

    def also(user: Object) -> Object:
        for key in KEYS:
            if flags.given(key) and flags.text(key):
                for other in EXCLUSIVE.get(key, ()):
                    if not flags.text(other):
                        user.pop(other, None)
        user = _with_provider(user, flags, provider, unset_provider)
        return _with_plugin(user, flags, environment, unset)

    kubeconfigs.change(session.kubeconfig, "users", args[0], flags, KEYS, also)
    session.say(f'User "{args[0]}" set.')


def _check(flags: Flags, name: str) -> None:
    if not name:
        raise CommandError("you must specify a non-empty user name")
    methods = ["--token"] if flags.text("token") else []
    methods += ["--username/--password"] if flags.text("username") or flags.text("password") else []
    if len(methods) > 1:
        raise CommandError(
            f"you cannot specify more than one authentication method at the same time: {', '.join(methods)}"
        )
    files = {key: flags.text(key) for key in ("client-certificate", "client-key") if flags.text(key)}
    if flags.on("embed-certs"):
        if not files:
            raise CommandError("you must specify a --client-certificate or --client-key to embed")
        for key, path in files.items():
            kubeconfigs.need_file(key, path)
    if flags.given("exec-interactive-mode") and flags.text("exec-interactive-mode") not in MODES:
        raise CommandError("invalid interactive mode type, can be only IfAvailable, Never, Always")


def _with_provider(user: Object, flags: Flags, settings: dict[str, str], unset: list[str]) -> Object:
    found = dict(user.get("auth-provider") or {})
    if flags.given("auth-provider") and found.get("name") != flags.text("auth-provider"):
        found = {"name": flags.text("auth-provider")}
    if not found:
        return user
    kept = {key: value for key, value in (found.get("config") or {}).items() if key not in unset}
    return {**user, "auth-provider": {**found, "config": {**kept, **settings}}}


def _with_plugin(user: Object, flags: Flags, settings: dict[str, str], unset: list[str]) -> Object:
    """The program that knows the credentials; without --exec-command only one that is already there is changed."""
    if not flags.given("exec-command") and not user.get("exec"):
        return user
    plugin = {"args": None, "env": None, "provideClusterInfo": False, **(user.get("exec") or {})}
    if flags.given("exec-command"):
        plugin |= {"command": flags.text("exec-command"), "args": None}
    if flags.given("exec-api-version"):
        plugin["apiVersion"] = flags.text("exec-api-version")
    if flags.list("exec-arg"):
        plugin["args"] = flags.list("exec-arg")
    if flags.given("exec-interactive-mode"):
        plugin["interactiveMode"] = flags.text("exec-interactive-mode")
    if flags.given("exec-provide-cluster-info"):
        plugin["provideClusterInfo"] = flags.on("exec-provide-cluster-info")
    if str(plugin.get("apiVersion", "")).endswith("/v1beta1"):
        plugin.setdefault("interactiveMode", "IfAvailable")
    variables = {one["name"]: one["value"] for one in plugin["env"] or () if one["name"] not in unset}
    if settings or unset:
        plugin["env"] = [{"name": key, "value": value} for key, value in {**variables, **settings}.items()]
    return {**user, "exec": plugin}


command = Command(
    "config set-credentials",
    run,
    usage="config set-credentials NAME",
    flags=(
        Flag("client-certificate", help="file with a client certificate"),
        Flag("client-key", help="file with its key"),
        Flag("token", help="bearer token"),
        Flag("username", help="name for basic authentication"),
        Flag("password", help="password for basic authentication"),
        Flag("embed-certs", "bool", help="keep the content of the files, not their names"),
        Flag("auth-provider", help="name of an authentication provider"),
        Flag("auth-provider-arg", "strings", help="its settings, KEY=VALUE; KEY- removes one"),
        Flag("exec-command", help="program that knows the credentials"),
        Flag("exec-api-version", help="version of its answers, such as client.authentication.k8s.io/v1"),
        Flag("exec-arg", "strings", help="its arguments, all of them"),
        Flag("exec-env", "array", help="its environment variables, NAME=VALUE; NAME- removes one"),
        Flag("exec-interactive-mode", help="may it ask: Never, IfAvailable or Always"),
        Flag("exec-provide-cluster-info", "bool", help="tell it about the cluster"),
    ),
)
