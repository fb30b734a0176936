"""The cluster's keys are made once, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from apiserver import certificates
from apiserver.certificates import Credentials

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def made(folder: Path, domain: str = "cluster.local") -> Credentials:
    credentials = Credentials(folder)
    certificates.ensure_beside(credentials, NOW, "10.96.0.1", domain)()
    return credentials


def names_in(credentials: Credentials) -> list[str]:
    certificate = x509.load_pem_x509_certificate(credentials.certificate.read_bytes())
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in found]


def test_they_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    credentials = made(tmp_path)
    private = (credentials.ca_key, credentials.key, credentials.certificate, credentials.ca_certificate)
    assert [file.stat().st_mode & 0o777 for file in private] == [0o600] * 4
    before = {file: file.read_bytes() for file in private}
    made(tmp_path)
    assert {file: file.read_bytes() for file in private} == before


def test_another_name_of_the_server_means_another_certificate_of_the_same_authority(tmp_path: Path) -> None:
    authority = made(tmp_path).ca_certificate.read_bytes()
    credentials = made(tmp_path, "sea.example.com")
    assert {"kubernetes.default.svc.sea.example.com", "10.96.0.1", "localhost"} <= set(names_in(credentials))
    assert credentials.ca_certificate.read_bytes() == authority


@pytest.mark.parametrize("content", [b"", b"no key at all", b"\x00\xff" * 40])
def test_a_damaged_authority_is_one_line(tmp_path: Path, content: bytes) -> None:
    made(tmp_path).ca_key.write_bytes(content)
    (tmp_path / "server.key").unlink()
    with pytest.raises(OSError, match=r"^cannot make keys in /.*: .+") as caught:
        made(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_server_that_has_keys_does_without_what_makes_them(tmp_path: Path) -> None:
    made(tmp_path)
    script = (
        "import sys, apiserver.__main__, apiserver.running, apiserver.storage.sql\n"
        "heavy = {'cryptography', 'sqlalchemy', 'yaml', 'jsonschema', 'cel_expr_python', 'google.protobuf'}\n"
        "print(*sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == []
