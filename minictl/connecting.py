"""From a place in a kubeconfig, or a socket, to a Client that can talk to it."""

from __future__ import annotations

import os

from minictl.client import Client, quote
from minictl.errors import CommandError, ConfigurationError, go_quote
from minictl.transport import Connection, tcp, unix

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Any

    from minictl.credentials import Plugin
    from minictl.grammar.flags import Flags
    from minictl.kubeconfig import Place

DEFAULT_SERVER = "http://localhost:8080"
"""Where kubectl looks when nothing says where the server is."""

_FLAG_TO_USER = {
    "client-certificate": "client-certificate",
    "client-key": "client-key",
    "token": "token",
    "username": "username",
    "password": "password",
}


def local(socket_path: str, timeout: float | None, warn: Callable[[str], None], headers: dict[str, str]) -> Client:
    """A client of the local server behind a Unix socket."""
    return Client(Connection("localhost", unix(socket_path)), headers=headers, timeout=timeout, warn=warn)


def remote(place: Place, flags: Flags, timeout: float | None, warn: Callable[[str], None]) -> Client:
    """A client of the server a kubeconfig names, with what the global flags say on top.

    Raises:
        CommandError: an address or credentials that cannot be used.
    """
    cluster, user = dict(place.cluster), dict(place.user)
    if flags.given("server"):
        cluster["server"] = flags.text("server")
    if flags.given("certificate-authority"):
        cluster["certificate-authority"] = flags.text("certificate-authority")
        cluster.pop("certificate-authority-data", None)
    if flags.given("insecure-skip-tls-verify"):
        cluster["insecure-skip-tls-verify"] = flags.on("insecure-skip-tls-verify")
    if flags.given("tls-server-name"):
        cluster["tls-server-name"] = flags.text("tls-server-name")
    for flag, key in _FLAG_TO_USER.items():
        if flags.given(flag):
            user[key] = flags.text(flag)
            user.pop(f"{key}-data", None)
    _check(place.user_name, user)
    from minictl import proxies

    secure, host, port, prefix = split_address(cluster.get("server") or DEFAULT_SERVER)
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    headers = {**_authorization(user), **impersonation(flags)}
    plugin = None if "Authorization" in headers else _plugin(place, user, cluster, shown, flags.text("kuberc"))
    proxy = proxies.chosen(str(cluster.get("proxy-url") or ""), secure, host, port, os.environ)
    context = _Context(cluster, user, plugin) if secure else None
    link = tcp(host, port, context, str(cluster.get("tls-server-name") or host), proxy)
    asked = proxy if proxy is not None and proxy.is_asked_by_url and not secure else None
    connection = Connection(shown, link, "https" if secure else "http", asked)
    return Client(connection, prefix=prefix, headers=headers, timeout=timeout, warn=warn, plugin=plugin)


def _check(user_name: str, user: dict[str, Any]) -> None:
    """Refuses a user who is known by several names at once.

    Raises:
        CommandError: there are a token and a password.
    """
    if (user.get("token") or user.get("tokenFile")) and (user.get("username") or user.get("password")):
        raise CommandError(
            f"more than one authentication method found for {user_name}; found [token basicAuth], only one is allowed"
        )


def split_address(address: str) -> tuple[bool, str, int, str]:
    """(TLS?, host, port, path prefix) of a server's address; a bare `host:port` is HTTP.

    Raises:
        CommandError: it is no address.
    """
    scheme, separator, rest = address.partition("://")
    if not separator:
        scheme, rest = "http", address
    authority, _, path = rest.partition("/")
    host, colon, port = authority.rpartition(":")
    if not colon or "]" in port:
        host, port = authority, "443" if scheme == "https" else "80"
    if scheme not in ("http", "https") or not host or not port.isdigit():
        raise CommandError(f'host must be a URL or a host:port pair: "{address}"')
    return scheme == "https", host.strip("[]"), int(port), f"/{path}" if path else ""


def _authorization(user: dict[str, Any]) -> dict[str, str]:
    token = user.get("token") or ""
    if not token and user.get("tokenFile"):
        try:
            with open(user["tokenFile"], encoding="utf-8") as file:
                token = file.read().strip()
        except OSError as error:
            raise CommandError(f'failed to read token file "{user["tokenFile"]}": {error.strerror}') from None
    if token:
        return {"Authorization": f"Bearer {token}"}
    if user.get("username"):
        import base64

        pair = f"{user['username']}:{user.get('password', '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


def _forbidden(command: str, kuberc: str) -> str:
    """Why the user's own preferences do not let a credential plugin run; "" when they do."""
    from minictl import preferences

    mine = preferences.load(kuberc, os.environ)
    if mine is None or mine.permits(command):
        return ""
    return (
        f"credential plugin {go_quote(command)} is not allowed: the policy of the kuberc file is {mine.plugin_policy}"
    )


def _plugin(place: Place, user: dict[str, Any], cluster: dict[str, Any], host: str, kuberc: str) -> Plugin | None:
    """The credential plugin of a user who has one.

    Raises:
        CommandError: it cannot be run as it is declared, or it is of the kind that lives in the client.
    """
    config, provider = user.get("exec"), user.get("auth-provider")
    if config and (reason := _forbidden(str(config.get("command") or ""), kuberc)):
        raise CommandError(reason)
    if config and provider:
        raise ConfigurationError(
            f"authProvider cannot be provided in combination with an exec plugin for {place.user_name}"
        )
    if provider:
        raise CommandError(
            f'the auth-provider "{provider.get("name", "")}" of the kubeconfig is not supported by minictl: '
            "use a credential plugin (exec) instead"
        )
    if not config:
        return None
    import time

    from minictl.credentials import Plugin

    return Plugin(place.user_name, config, cluster, host, time.time)


def impersonation(flags: Flags) -> dict[str, str]:
    """The headers of --as, --as-group, --as-uid and --as-user-extra."""
    headers = {}
    if flags.text("as"):
        headers["Impersonate-User"] = flags.text("as")
    if flags.text("as-uid"):
        headers["Impersonate-Uid"] = flags.text("as-uid")
    if flags.list("as-group"):
        headers["Impersonate-Group"] = "\r\nImpersonate-Group: ".join(flags.list("as-group"))
    extra: dict[str, list[str]] = {}
    for pair in flags.list("as-user-extra"):
        key, equals, value = pair.partition("=")
        if equals:
            extra.setdefault(f"Impersonate-Extra-{quote(key, safe='')}", []).append(value)
    return headers | {name: f"\r\n{name}: ".join(values) for name, values in extra.items()}


class _Context:
    """The TLS side of a connection: made when it is first opened, and anew when the plugin has another certificate."""

    def __init__(self, cluster: dict[str, Any], user: dict[str, Any], plugin: Plugin | None) -> None:
        self._cluster = cluster
        self._user = user
        self._plugin = plugin
        self._made: tuple[str, ssl.SSLContext] | None = None

    def __call__(self) -> ssl.SSLContext:
        pair = self._plugin.certificate() if self._plugin else ""
        if self._made is None or self._made[0] != pair:
            self._made = pair, _tls(self._cluster, self._user, pair)
        return self._made[1]


def _tls(cluster: dict[str, Any], user: dict[str, Any], pair: str) -> ssl.SSLContext:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if cluster.get("insecure-skip-tls-verify"):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif cluster.get("certificate-authority-data"):
            context.load_verify_locations(cadata=_decoded(cluster["certificate-authority-data"]).decode())
        elif cluster.get("certificate-authority"):
            context.load_verify_locations(cafile=cluster["certificate-authority"])
        else:
            context.load_default_certs()
        if pair:
            _load_pair(context, pair.encode())
        else:
            _client_certificate(context, user)
    except (ssl.SSLError, OSError, ValueError) as error:
        path = getattr(error, "filename", None)
        what = f"unable to read {path}" if path else "unable to load TLS credentials"
        raise CommandError(f"{what}: {getattr(error, 'strerror', None) or error}") from None
    return context


def _client_certificate(context: ssl.SSLContext, user: dict[str, Any]) -> None:
    certificate, key = user.get("client-certificate-data"), user.get("client-key-data")
    if certificate and key:
        _load_pair(context, _decoded(certificate) + b"\n" + _decoded(key))
    elif user.get("client-certificate") and user.get("client-key"):
        context.load_cert_chain(user["client-certificate"], user["client-key"])


def _load_pair(context: ssl.SSLContext, pair: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:  # the ssl module reads key pairs from files only
        file.write(pair)
        file.flush()
        os.chmod(file.name, 0o600)
        context.load_cert_chain(file.name)


def _decoded(data: str) -> bytes:
    import base64

    return base64.b64decode(data)
