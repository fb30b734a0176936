"""create secret generic | tls | docker-registry."""

from __future__ import annotations

import base64
import json

from minictl.errors import CommandError
from minictl.grammar import keyvalues, options
from minictl.grammar.flags import Command, Flag
from minictl.output.structured import escape_html
from minictl.steps import generating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

_HASH = Flag("append-hash", "bool", help="add a hash of the contents to the name")
_SHARED = (_HASH, *options.OUTPUT, options.DRY_RUN, *generating.FLAGS)
DOCKER_HUB = "https://index.docker.io/v1/"


def _finish(session: Session, flags: Flags, secret: Object, type_name: str) -> None:
    if type_name:
        secret["type"] = type_name
    if flags.on("append-hash"):
        keyvalues.append_hash(secret)
    generating.make(session, flags, secret, generating.resource("v1", "Secret", "secrets"), "failed to create secret ")


def generic(session: Session, flags: Flags, args: list[str]) -> None:
    secret = generating.begin(session, "Secret", generating.name_of(session, args))
    found = keyvalues.entries(
        flags.list("from-literal"), flags.list("from-file"), flags.list("from-env-file"), "secret"
    )
    keyvalues.fill_secret(secret, found)
    _finish(session, flags, secret, flags.text("type"))


def tls(session: Session, flags: Flags, args: list[str]) -> None:
    secret = generating.begin(session, "Secret", generating.name_of(session, args))
    if not flags.text("key") or not flags.text("cert"):
        raise CommandError("key and cert must be specified")
    certificate, key = _read(flags.text("cert")), _read(flags.text("key"))
    check_pair(certificate, key)
    parts = (("tls.crt", certificate), ("tls.key", key))
    secret["data"] = {name: base64.b64encode(content).decode() for name, content in parts}
    _finish(session, flags, secret, "kubernetes.io/tls")


def _read(path: str) -> bytes:
    try:
        return keyvalues.read(path)
    except CommandError as error:
        raise CommandError(f"Cannot read file {path}, {error.message}") from None


def check_pair(certificate: bytes, key: bytes) -> None:
    """Refuses a certificate and a key that do not belong together.

    Raises:
        CommandError: in the words of Go's TLS library.
    """
    for content, what, marks in ((certificate, "certificate", (b"CERTIFICATE",)), (key, "key", (b"PRIVATE KEY",))):
        if b"-----BEGIN " not in content:
            raise CommandError(f"tls: failed to find any PEM data in {what} input")
        if not any(mark in content for mark in marks):
            blocks = content.split(b"-----BEGIN ")[1].split(b"-----")[0].decode(errors="replace")
            if what == "certificate" and "PRIVATE KEY" in blocks:
                raise CommandError(
                    "tls: failed to find certificate PEM data in certificate input, but did find a private key;"
                    " PEM inputs may have been switched"
                )
            if what == "key" and blocks == "CERTIFICATE":
                raise CommandError("tls: found a certificate rather than a key in the PEM for the private key")
            raise CommandError(
                f'tls: failed to find "{marks[0].decode()}" PEM block in {what} input after skipping PEM blocks of the'
                f" following types: [{blocks}]"
            )
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        public = x509.load_pem_x509_certificate(certificate).public_key()
    except ValueError:
        raise CommandError("x509: malformed certificate") from None
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError):
        raise CommandError("tls: failed to parse private key") from None
    if private.public_key() != public:
        raise CommandError("tls: private key does not match public key")


def docker_registry(session: Session, flags: Flags, args: list[str]) -> None:
    secret = generating.begin(session, "Secret", generating.name_of(session, args))
    user, password, server = (flags.text(f"docker-{part}") for part in ("username", "password", "server"))
    files = flags.list("from-file")
    if not files and not (user and password and server):
        raise CommandError(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server"
            " is required"
        )
    if files:
        keyvalues.fill_secret(secret, keyvalues.entries((), files, (), "secret"))
    else:
        entry = {"username": user, "password": password, "email": flags.text("docker-email")}
        entry = {key: value for key, value in entry.items() if value}
        entry["auth"] = base64.b64encode(f"{user}:{password}".encode()).decode()
        text = json.dumps({"auths": {server: entry}}, separators=(",", ":"), ensure_ascii=False)
        secret["data"] = {".dockerconfigjson": base64.b64encode(escape_html(text).encode()).decode()}
    _finish(session, flags, secret, "kubernetes.io/dockerconfigjson")


_GENERIC = Command(
    "create secret generic",
    generic,
    usage="create secret generic NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1]",
    flags=(
        Flag("from-file", "strings", help="file or folder to take; key=file to call it key"),
        Flag("from-literal", "array", help="key=value to put in"),
        Flag("from-env-file", "strings", help="file with lines of key=value"),
        Flag("type", help="type of the Secret"),
        *_SHARED,
    ),
)
_TLS = Command(
    "create secret tls",
    tls,
    usage="create secret tls NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]",
    flags=(
        Flag("cert", help="file with the PEM certificate"),
        Flag("key", help="file with its PEM private key"),
        *_SHARED,
    ),
)
_DOCKER = Command(
    "create secret docker-registry",
    docker_registry,
    usage="create secret docker-registry NAME --docker-username=user --docker-password=password --docker-email=email",
    flags=(
        Flag("docker-username", help="user at the registry"),
        Flag("docker-password", help="password at the registry"),
        Flag("docker-email", help="e-mail address at the registry"),
        Flag("docker-server", default=DOCKER_HUB, help="address of the registry"),
        Flag("from-file", "strings", help="file with a Docker configuration"),
        *_SHARED,
    ),
)
_HERE = "minictl.commands.create_secret"
commands = {
    "secret": Command(
        "create secret",
        usage="create secret (docker-registry | generic | tls)",
        children={
            "docker-registry": (_HERE, "Create a Secret for a container registry"),
            "generic": (_HERE, "Create a Secret from files, folders or values"),
            "tls": (_HERE, "Create a Secret from a certificate and its key"),
        },
    ),
    "generic": _GENERIC,
    "tls": _TLS,
    "docker-registry": _DOCKER,
}
