"""Requests that one party could read in one way and another party in another: refused, and nothing after them is read.

Also who else on the machine gets in, which TLS is spoken, and what is written down of secrets.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
from pathlib import Path

import pytest

from tests.server import Server
from tests.simulation.test_kill_under_load import Unix

HIDDEN = b"GET /api/v1/namespaces/default/secrets HTTP/1.1\r\nhost: localhost\r\nx-hidden: 1\r\n\r\n"
POST = b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nhost: localhost\r\n"
GET = b"GET /version HTTP/1.1\r\nhost: localhost\r\n"


def said(server: Server, *parts: bytes) -> bytes:
    """All that is answered until the server closes the connection, or has nothing more to say."""
    answer = b""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.connect(str(server.folder / "api.sock"))
        connection.settimeout(10)
        with contextlib.suppress(TimeoutError, ConnectionError):
            for part in parts:
                connection.sendall(part)
            while piece := connection.recv(1 << 16):
                answer += piece
    return answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        POST + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
        POST + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n" + HIDDEN,
        POST + b"content-length: 0\r\ncontent-length: 60\r\n\r\n" + HIDDEN,
        POST + b"content-length: 1, 2\r\n\r\n" + HIDDEN,
        POST + b"content-length: -1\r\n\r\n" + HIDDEN,
        POST + b"content-length: +2\r\n\r\n{}" + HIDDEN,
        POST + b"content-length: 0x2\r\n\r\n{}" + HIDDEN,
        POST + b"content-length: 99999999999999999999999\r\n\r\n{}" + HIDDEN,
        POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
        POST + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN,
        POST + b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
        POST + b"transfer-encoding: chunked\r\n\r\nzz\r\n" + HIDDEN,
        POST + b"transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + HIDDEN,
        GET + b"x-folded: a\r\n b\r\n\r\n",
        GET + b"x-odd: a\rb: c\r\n\r\n",
        GET + b"no colon\r\n\r\n",
        GET + b"x\x00y: z\r\n\r\n",
        GET + b"x: \x00\r\n\r\n",
        b"GET /version\r\n\r\n",
        b"GET /version HTTP/2.0\r\n\r\n",
        b"GET /version HTTP/1.1 x\r\nhost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ],
    ids=lambda text: repr(text[-90:] if HIDDEN not in text else text.replace(HIDDEN, b"")[len(POST) :])[:40],
)
def test_what_can_be_read_in_two_ways_is_read_in_none(server: Server, request_bytes: bytes) -> None:
    answer = said(server, request_bytes)
    assert answer.count(b"HTTP/1.1 ") <= 1, answer
    assert not answer or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 ")), answer
    assert b"SecretList" not in answer


def test_a_body_is_no_request(server: Server) -> None:
    head = POST + b"connection: close\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(HIDDEN)
    answer = said(server, head + HIDDEN)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_requests_one_after_the_other_are_answered_in_order(server: Server) -> None:
    answer = said(server, GET + b"\r\n" + GET.replace(b"/version", b"/healthz") + b"connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert answer.index(b'"major"') < answer.index(b"\r\n\r\nok")


def test_clients_of_before_http_1_1_are_answered_once(server: Server) -> None:
    answer = said(server, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\nok")


@pytest.mark.parametrize(
    "path",
    ["/../../../../etc/passwd", "/api/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/openapi/v3/../../../etc/passwd",
     "/openapi/v3/apis/%2e%2e%2f%2e%2e%2fetc/passwd", "/api/v1/namespaces/..%2f..%2fkube-system/secrets",
     "/api/v1/namespaces/default/configmaps/..%2f..%2fsecrets", "//etc/passwd", "/api/v1/namespaces/default/pods/%00"],
)  # fmt: skip
def test_no_path_leads_out_of_the_tree(server: Server, path: str) -> None:
    answer = said(server, f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ", b"HTTP/1.1 301 ")), answer
    assert b"root:" not in answer


# -- the machine -------------------------------------------------------------------------------------------------------


def test_the_socket_is_for_its_owner_alone(server: Server) -> None:
    assert (server.folder / "api.sock").stat().st_mode & 0o777 == 0o600
    assert server.folder.stat().st_mode & 0o777 == 0o700
    if os.geteuid():
        return  # only root can become somebody else, to try it
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        os.seteuid(65534)
        try:
            with pytest.raises(PermissionError):
                connection.connect(str(server.folder / "api.sock"))
        finally:
            os.seteuid(0)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
def test_tls_is_spoken_from_1_2_on(server: Server, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=str(server.folder / "ca.crt"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    address = ("127.0.0.1", int((server.folder / "port").read_text()))
    with socket.create_connection(address, timeout=10) as plain:
        if version is ssl.TLSVersion.TLSv1_2:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                assert connection.version() == "TLSv1.2"
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_nothing_listens_where_others_could_reach_it(server: Server) -> None:
    port = int((server.folder / "port").read_text())
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines() if f":{port:04X} " in line]
    assert {fields[1].split(":")[0] for fields in listening if fields[3] == "0A"} == {"0100007F"}


def test_secrets_are_written_nowhere_but_where_they_belong(tmp_path: Path) -> None:
    """With every request logged: those that are taken, those that are refused, and tokens that are shown."""
    server, marker = Server(tmp_path, "--verbosity=9"), "s3cr3t-marker"
    server.start()
    secrets, account = "/api/v1/namespaces/default/secrets", "/api/v1/namespaces/default/serviceaccounts/default"
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "stringData": {"k": marker}}
    try:
        with contextlib.closing(Unix(server.folder / "api.sock")) as client:
            made = client.ask("POST", secrets, secret)
            assert made[0] == 201
            assert client.ask("PUT", f"{secrets}/x", {**secret, "type": marker})[0] == 422
            assert client.ask("PUT", f"{secrets}/x", {**secret, "data": {"k": f"!{marker}"}})[0] == 400
            assert client.ask("POST", secrets, {**secret, "immutable": marker})[0] == 400
            assert client.ask("POST", f"{secrets}?fieldValidation=Strict", {**secret, marker: marker})[0] == 400
            token = client.ask("POST", f"{account}/token", {})[1]["status"]["token"]
            reviews = "/apis/authentication.k8s.io/v1/tokenreviews"
            for shown in (token, f"{token}x"):
                assert client.ask("POST", reviews, {"spec": {"token": shown}})[0] == 201
            client.request("GET", "/version", headers={"Authorization": f"Bearer {token}"})
            client.getresponse().read()
            client.request("GET", "/metrics")
            metrics = client.getresponse().read().decode()
            events = json.dumps(client.ask("GET", "/api/v1/events")[1])
        administrator = (server.folder / "token").read_text().strip()
        authority = (server.folder / "ca.key").read_text().splitlines()[1]
        log = (server.folder / "server.log").read_text()
        assert log.count("HTTP verb=") > 8
        for text in (log, metrics, events):
            for hidden in (marker, token.rpartition(".")[2], administrator, authority):
                assert hidden not in text
        assert {p.name for p in server.folder.rglob("*") if p.is_file() and p.stat().st_mode & 0o077} == set()
    finally:
        server.stop()
