"""The cluster's own certificate authority, the certificate it serves with, and the kubeconfig that trusts them.

`python -m apiserver.certificates FOLDER NOW SERVICE_IP DOMAIN` makes what is missing, and needs no more of the server.
Everything secret is written 0600, by creating a new file and moving it into place: no reader ever sees half a file.
"""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

VALID = timedelta(days=3650)
TOKEN_BYTES = 24

NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
ADDRESSES = ("127.0.0.1", "::1")


@dataclass(frozen=True)
class Credentials:
    """Where the secrets of one cluster lie."""

    folder: Path

    @property
    def ca_certificate(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def ca_key(self) -> Path:
        return self.folder / "ca.key"

    @property
    def certificate(self) -> Path:
        return self.folder / "server.crt"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    @property
    def made_for(self) -> Path:
        """The names and addresses in the serving certificate."""
        return self.folder / "server.names"

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    def ca_pem(self) -> str:
        return self.ca_certificate.read_text()

    def token(self, wanted: str = "") -> str:
        """The administrator's token: the one wanted, else the one in use, else a new one."""
        file = self.folder / "token"
        token = wanted or (file.read_text().strip() if file.exists() else secrets.token_urlsafe(TOKEN_BYTES))
        write_private(file, token + "\n")
        return token


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all at once."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)


def ensure_beside(credentials: Credentials, now: datetime, service_ip: str, domain: str) -> Callable[[], None]:
    """Begin with `ensure`, in a process of its own where there is something to make; what is returned waits for it.

    The server goes on starting meanwhile, and never loads what makes keys: 10 MB that it has no other use for.
    It raises OSError.
    """
    if _are_there(credentials, *_names(service_ip, domain)):
        return lambda: None
    making = subprocess.Popen(
        [sys.executable, "-m", __name__, str(credentials.folder), now.isoformat(), service_ip, domain],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )

    def wait() -> None:
        said = making.communicate()[1].strip().splitlines()
        if making.returncode:
            raise OSError(f"cannot make keys in {credentials.folder}: {said[-1] if said else making.returncode}")

    return wait


def ensure(credentials: Credentials, now: datetime, service_ip: str, domain: str) -> None:
    """Make the authority and the serving certificate where they are missing, or were made for other names."""
    names, addresses = _names(service_ip, domain)
    if not _are_there(credentials, names, addresses):
        _make(credentials, now, names, addresses)
        credentials.made_for.write_text(_listed(names, addresses))


def _names(service_ip: str, domain: str) -> tuple[list[str], list[str]]:
    """What the server is called: its names, its addresses."""
    return [*NAMES, f"kubernetes.default.svc.{domain}"], [*ADDRESSES, service_ip]


def _listed(names: list[str], addresses: list[str]) -> str:
    return "\n".join([*names, *addresses]) + "\n"


def _are_there(credentials: Credentials, names: list[str], addresses: list[str]) -> bool:
    made_for = credentials.made_for
    everything = (credentials.ca_certificate, credentials.ca_key, credentials.certificate, credentials.key, made_for)
    return all(file.exists() for file in everything) and made_for.read_text() == _listed(names, addresses)


def _make(credentials: Credentials, now: datetime, names: list[str], addresses: list[str]) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509 import load_pem_x509_certificate

    def pem(key: EllipticCurvePrivateKey) -> str:
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    if credentials.ca_certificate.exists() and credentials.ca_key.exists():
        loaded = serialization.load_pem_private_key(credentials.ca_key.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        ca_key, ca = loaded, load_pem_x509_certificate(credentials.ca_certificate.read_bytes())
    else:
        ca_key = ec.generate_private_key(ec.SECP256R1())
        ca = _certificate("minictl-ca", ca_key, None, ca_key, now, [], [])
        write_private(credentials.ca_key, pem(ca_key))
        write_private(credentials.ca_certificate, ca.public_bytes(serialization.Encoding.PEM).decode())
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate("kube-apiserver", key, ca, ca_key, now, names, addresses)
    write_private(credentials.key, pem(key))
    write_private(credentials.certificate, certificate.public_bytes(serialization.Encoding.PEM).decode())


def _certificate(
    name: str,
    key: EllipticCurvePrivateKey,
    issuer: Certificate | None,
    issuer_key: EllipticCurvePrivateKey,
    now: datetime,
    names: list[str],
    addresses: list[str],
) -> Certificate:
    """A certificate for `key`; without an issuer, of an authority that signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    is_authority = issuer is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=False, key_encipherment=not is_authority,
                data_encipherment=False, key_agreement=False, key_cert_sign=is_authority, crl_sign=is_authority,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    if not is_authority:
        alternatives = [x509.DNSName(n) for n in names] + [x509.IPAddress(ip_address(a)) for a in addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def write_kubeconfig(credentials: Credentials, server: str, token: str, name: str) -> None:
    """A kubeconfig with one context, `name`, as its current one."""
    authority = base64.b64encode(credentials.ca_certificate.read_bytes()).decode()
    text = f"""apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {authority}
    server: {server}
  name: {name}
contexts:
- context:
    cluster: {name}
    user: {name}
  name: {name}
current-context: {name}
kind: Config
users:
- name: {name}
  user:
    token: {token}
"""
    write_private(credentials.kubeconfig, text)


if __name__ == "__main__":
    try:
        ensure(Credentials(Path(sys.argv[1])), datetime.fromisoformat(sys.argv[2]), *sys.argv[3:5])
    except (OSError, ValueError) as error:
        sys.exit(str(error))
