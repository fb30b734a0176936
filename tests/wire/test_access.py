"""Who gets in, over a real TLS connection: certificates, tokens, and all that only looks like one."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.server import Server

NAMESPACE = "access"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
UNAUTHORIZED = {
    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "Unauthorized",
    "reason": "Unauthorized", "code": 401,
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def namespace(server: Server) -> None:
    server.run("create", "namespace", NAMESPACE)
    server.run("-n", NAMESPACE, "create", "serviceaccount", "robot")


def ask(
    server: Server, method: str, path: str, body: Any = None, pair: Path | None = None, **headers: str
) -> tuple[int, Any]:
    """(status, body) of one request over TLS; `pair` holds a client certificate and its key."""
    context = ssl.create_default_context(cafile=str(server.folder / "ca.crt"))
    if pair is not None:
        context.load_cert_chain(pair)
    port = int((server.folder / "port").read_text())
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
    try:
        sent = None if body is None else json.dumps(body)
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, sent, {"Content-Type": "application/json", **said})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text.startswith(b"{") else text.decode()
    finally:
        connection.close()


def who(server: Server, pair: Path | None = None, **headers: str) -> dict[str, Any]:
    status, review = ask(server, "POST", REVIEW, {}, pair, **headers)
    assert status == 201, review
    found: dict[str, Any] = review["status"]["userInfo"]
    return found


def certificate(folder: Path, names: list[tuple[x509.ObjectIdentifier, str]], authority: Path | None) -> Path:
    """A client certificate signed by the authority whose ca.crt and ca.key are in a folder, else by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    issuer, issuer_key = subject, key
    if authority is not None:
        issuer = x509.load_pem_x509_certificate((authority / "ca.crt").read_bytes()).subject
        loaded = serialization.load_pem_private_key((authority / "ca.key").read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        issuer_key = loaded
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1)).sign(issuer_key, hashes.SHA256())
    )  # fmt: skip
    pair = folder / "pair.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pair.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pem)
    return pair


def administrator(server: Server) -> str:
    return f"Bearer {(server.folder / 'token').read_text().strip()}"


def robot(server: Server) -> str:
    return server.run("-n", NAMESPACE, "create", "token", "robot").stdout.strip()


# -- nobody ------------------------------------------------------------------------------------------------------------


def test_whoever_shows_nothing_sees_health_and_version_and_no_more(server: Server) -> None:
    for path in ("/healthz", "/livez", "/readyz", "/version"):
        assert ask(server, "GET", path)[0] == 200
    assert ask(server, "GET", PODS) == (
        403,
        {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": 'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" '
            f'in the namespace "{NAMESPACE}"',
            "reason": "Forbidden", "details": {"kind": "pods"}, "code": 403,
        },
    )  # fmt: skip
    status, refused = ask(server, "GET", "/api")
    assert (status, refused["message"]) == (403, 'forbidden: User "system:anonymous" cannot get path "/api"')
    assert refused["details"] == {}
    assert ask(server, "POST", REVIEW, {})[0] == 403
    assert ask(server, "GET", "/minictl.dev/clock")[0] == 403


def test_credentials_that_are_wrong_are_worse_than_none(server: Server) -> None:
    for token in ("wrong", "a.b.c", "\u00e4".encode().decode("latin-1")):
        for path in ("/version", PODS):
            assert ask(server, "GET", path, Authorization=f"Bearer {token}") == (401, UNAUTHORIZED)


def test_a_header_that_says_who_one_is_is_not_believed(server: Server) -> None:
    status, _ = ask(server, "GET", PODS, X_Remote_User="root", X_Remote_Group="system:masters")
    assert status == 403
    status, refused = ask(server, "GET", PODS, Impersonate_User="root", Impersonate_Group="system:masters")
    assert status == 403
    assert refused["message"].startswith('users "root" is forbidden: User "system:anonymous" cannot impersonate')


# -- certificates ------------------------------------------------------------------------------------------------------


def test_a_certificate_of_the_cluster_names_user_and_groups(server: Server, tmp_path: Path) -> None:
    names = [(NameOID.ORGANIZATION_NAME, "devs"), (NameOID.ORGANIZATION_NAME, "ops"), (NameOID.COMMON_NAME, "ann")]
    pair = certificate(tmp_path, names, server.folder)
    found = who(server, pair)
    assert (found["username"], found["groups"]) == ("ann", ["devs", "ops", "system:authenticated"])
    (credential,) = found["extra"]["authentication.kubernetes.io/credential-id"]
    assert credential.startswith("X509SHA256=")
    status, refused = ask(server, "GET", PODS, pair=pair)
    assert (status, refused["reason"]) == (403, "Forbidden")
    assert 'User "ann" cannot list resource "pods"' in refused["message"]
    server.run("-n", NAMESPACE, "create", "rolebinding", "ann", "--clusterrole=view", "--group=ops")
    assert ask(server, "GET", PODS, pair=pair)[0] == 200
    assert ask(server, "GET", "/api/v1/pods", pair=pair)[0] == 403


def test_a_certificate_of_masters_may_do_anything(server: Server, tmp_path: Path) -> None:
    names = [(NameOID.ORGANIZATION_NAME, "system:masters"), (NameOID.COMMON_NAME, "root")]
    assert ask(server, "GET", "/api/v1/secrets", pair=certificate(tmp_path, names, server.folder))[0] == 200


def test_a_certificate_of_another_authority_gets_nobody_in(server: Server, tmp_path: Path) -> None:
    names = [(NameOID.ORGANIZATION_NAME, "system:masters"), (NameOID.COMMON_NAME, "minictl-ca")]
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
        ask(server, "GET", PODS, pair=certificate(tmp_path, names, None))


# -- tokens ------------------------------------------------------------------------------------------------------------


def test_a_token_of_an_account_is_that_account(server: Server) -> None:
    token = robot(server)
    found = who(server, Authorization=f"Bearer {token}")
    assert found["username"] == f"system:serviceaccount:{NAMESPACE}:robot"
    assert found["groups"] == ["system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}", "system:authenticated"]
    status, refused = ask(server, "DELETE", PODS, Authorization=f"Bearer {token}")
    assert status == 403
    assert "cannot deletecollection resource" in refused["message"]


def test_a_token_is_worth_nothing_once_its_account_is_gone(server: Server) -> None:
    server.run("-n", NAMESPACE, "create", "serviceaccount", "brief")
    token = server.run("-n", NAMESPACE, "create", "token", "brief").stdout.strip()
    assert ask(server, "GET", "/api", Authorization=f"Bearer {token}")[0] == 200
    server.run("-n", NAMESPACE, "delete", "serviceaccount", "brief")
    assert ask(server, "GET", "/api", Authorization=f"Bearer {token}") == (401, UNAUTHORIZED)


def test_a_token_that_signs_itself_gets_nobody_in(server: Server) -> None:
    head, body, tail = robot(server).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["sub"] = "system:serviceaccount:kube-system:default"
    other = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    for forged in (f"{head}.{other}.{tail}", f"{none}.{other}.", f"{none}.{body}.{tail}", f"{head}.{body}."):
        assert ask(server, "GET", "/version", Authorization=f"Bearer {forged}") == (401, UNAUTHORIZED)


def test_reviews_tell_of_tokens_and_permissions(server: Server) -> None:
    admin, token = administrator(server), robot(server)

    def review(kind: str, group: str, spec: dict[str, Any]) -> dict[str, Any]:
        path = f"/apis/{group}/v1/{kind.lower()}s"
        status, answer = ask(server, "POST", path, {"spec": spec}, Authorization=admin)
        assert status == 201, answer
        assert answer["kind"] == kind
        found: dict[str, Any] = answer["status"]
        return found

    good = review("TokenReview", "authentication.k8s.io", {"token": token})
    assert good["authenticated"] is True
    assert good["user"]["username"] == f"system:serviceaccount:{NAMESPACE}:robot"
    assert review("TokenReview", "authentication.k8s.io", {"token": "x"}) == {
        "user": {}, "error": "invalid bearer token",
    }  # fmt: skip
    wrong = review("TokenReview", "authentication.k8s.io", {"token": token, "audiences": ["vault"]})
    assert wrong["error"].startswith("[invalid bearer token, token audiences [")
    attributes = {"verb": "get", "resource": "pods", "namespace": NAMESPACE}
    asked = {"user": "zoe", "resourceAttributes": attributes}
    assert review("SubjectAccessReview", "authorization.k8s.io", asked) == {"allowed": False}
    asked["groups"] = ["system:masters"]
    assert review("SubjectAccessReview", "authorization.k8s.io", asked) == {"allowed": True}


def test_the_issuer_tells_accounts_its_keys(server: Server) -> None:
    bearer = f"Bearer {robot(server)}"
    status, document = ask(server, "GET", "/.well-known/openid-configuration", Authorization=bearer)
    assert (status, document["issuer"]) == (200, "https://kubernetes.default.svc.cluster.local")
    status, keys = ask(server, "GET", "/openid/v1/jwks", Authorization=bearer)
    assert (status, keys["keys"][0]["alg"]) == (200, "ES256")
    assert ask(server, "GET", "/openid/v1/jwks")[0] == 403


def test_whoever_makes_certificates_with_openssl_gets_in(server: Server, tmp_path: Path) -> None:
    """As every guide to users of Kubernetes has it."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=tmp_path)

    openssl(
        "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.csr", "-subj", "/CN=bea/O=devs"
    )
    authority = ["-CA", str(server.folder / "ca.crt"), "-CAkey", str(server.folder / "ca.key"), "-CAcreateserial"]
    openssl("x509", "-req", "-in", "c.csr", *authority, "-CAserial", "s", "-out", "c.pem", "-days", "1")
    pair = tmp_path / "both.pem"
    pair.write_bytes((tmp_path / "c.pem").read_bytes() + (tmp_path / "k.pem").read_bytes())
    assert who(server, pair)["username"] == "bea"
