"""From a place in a kubeconfig, or a socket, to a Client that can talk to it."""

from __future__ import annotations

import os

from minictl.client import Client
from minictl.errors import CommandError, PlainError
from minictl.transport import Connection, tcp, unix

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Any

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
    secure, host, port, prefix = split_address(cluster.get("server") or DEFAULT_SERVER)
    context = _tls(cluster, user) if secure else None
    link = tcp(host, port, context, str(cluster.get("tls-server-name") or host))
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    headers = {**_authorization(user), **impersonation(flags)}
    connection = Connection(shown, link, "https" if secure else "http")
    return Client(connection, prefix=prefix, headers=headers, timeout=timeout, warn=warn)


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
    if user.get("exec") or user.get("auth-provider"):
        raise PlainError("error: credential plugins (exec, auth-provider) in a kubeconfig are not supported by minictl")
    return {}


def impersonation(flags: Flags) -> dict[str, str]:
    """The headers of --as, --as-group and --as-uid."""
    headers = {}
    if flags.text("as"):
        headers["Impersonate-User"] = flags.text("as")
    if flags.text("as-uid"):
        headers["Impersonate-Uid"] = flags.text("as-uid")
    if flags.list("as-group"):
        headers["Impersonate-Group"] = "\r\nImpersonate-Group: ".join(flags.list("as-group"))
    return headers


def _tls(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
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
        _client_certificate(context, user)
    except (ssl.SSLError, OSError, ValueError) as error:
        path = getattr(error, "filename", None)
        what = f"unable to read {path}" if path else "unable to load TLS credentials"
        raise CommandError(f"{what}: {getattr(error, 'strerror', None) or error}") from None
    return context


def _client_certificate(context: ssl.SSLContext, user: dict[str, Any]) -> None:
    certificate, key = user.get("client-certificate-data"), user.get("client-key-data")
    if certificate and key:
        import tempfile

        with tempfile.NamedTemporaryFile() as file:  # the ssl module reads key pairs from files only
            file.write(_decoded(certificate) + b"\n" + _decoded(key))
            file.flush()
            os.chmod(file.name, 0o600)
            context.load_cert_chain(file.name)
    elif user.get("client-certificate") and user.get("client-key"):
        context.load_cert_chain(user["client-certificate"], user["client-key"])


def _decoded(data: str) -> bytes:
    import base64

    return base64.b64decode(data)
