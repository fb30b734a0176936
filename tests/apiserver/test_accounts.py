"""Tokens of ServiceAccounts: what is in them, and everything that makes them worthless."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from apiserver.accounts import Refused
from apiserver.errors import BadRequest, Conflict, Invalid, NotFound
from apiserver.kinds.pod import kind as POD
from apiserver.kinds.secret import kind as SECRET
from apiserver.kinds.serviceaccount import kind as SERVICEACCOUNT
from apiserver.signing import Signer
from tests.apiserver.harness import Harness

Object = dict[str, Any]
ISSUER = "https://kubernetes.default.svc.cluster.local"


def encoded(value: Object | bytes) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part: str) -> Object:
    found: Object = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


async def account(h: Harness, name: str = "robot") -> Object:
    return await h.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})


def grant(h: Harness, **spec: Any) -> str:
    granted = h.cluster.accounts.grant("default", "robot", {"spec": spec})
    token: str = granted["status"]["token"]
    return token


async def test_a_token_says_who_it_is_for_how_long_and_for_whom() -> None:
    async with Harness() as h:
        robot = await account(h)
        token = grant(h, audiences=["vault"], expirationSeconds=900)
        claims, now = decoded(token.split(".")[1]), int(h.clock.now().timestamp())
        jti = claims.pop("jti")
        assert claims == {
            "aud": ["vault"], "exp": now + 900, "iat": now, "nbf": now, "iss": ISSUER,
            "sub": "system:serviceaccount:default:robot",
            "kubernetes.io": {
                "namespace": "default", "serviceaccount": {"name": "robot", "uid": robot["metadata"]["uid"]},
            },
        }  # fmt: skip
        with pytest.raises(Refused, match=r'token audiences \["vault"\] is invalid for the target audiences'):
            h.cluster.accounts.read(token)
        known = h.cluster.accounts.read(token, ["vault", "x"])
        assert known is not None
        assert known.audiences == ("vault",)
        assert known.identity.user == "system:serviceaccount:default:robot"
        assert known.identity.groups == (
            "system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated",
        )  # fmt: skip
        assert known.identity.uid == robot["metadata"]["uid"]
        assert known.identity.extra == {"authentication.kubernetes.io/credential-id": (f"JTI={jti}",)}


async def test_a_token_ends_with_its_time() -> None:
    async with Harness() as h:
        await account(h)
        token = grant(h, expirationSeconds=600)
        h.clock.advance(599)
        assert h.cluster.accounts.read(token) is not None
        h.clock.advance(1)
        with pytest.raises(Refused, match="service account token has expired"):
            h.cluster.accounts.read(token)


async def test_a_token_ends_with_its_account_and_does_not_come_back_with_another_of_the_name() -> None:
    async with Harness() as h:
        await account(h)
        token = grant(h)
        await h.api.delete(SERVICEACCOUNT, "default", "robot")
        with pytest.raises(Refused, match="has been invalidated"):
            h.cluster.accounts.read(token)
        await account(h)
        with pytest.raises(Refused, match="has been invalidated"):
            h.cluster.accounts.read(token)


async def test_a_token_ends_with_the_object_it_is_bound_to() -> None:
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
        "spec": {"serviceAccountName": "robot", "containers": [{"name": "c", "image": "i"}]},
    }  # fmt: skip
    async with Harness(nodes=0) as h:
        await account(h)
        await account(h, "other")
        created = await h.create(pod)
        reference = {"apiVersion": "v1", "kind": "Pod", "name": "web"}
        token = grant(h, boundObjectRef=dict(reference))
        known = h.cluster.accounts.read(token)
        assert known is not None
        assert known.identity.extra["authentication.kubernetes.io/pod-uid"] == (created["metadata"]["uid"],)
        with pytest.raises(Conflict, match="does not match the UID in record"):
            grant(h, boundObjectRef={**reference, "uid": "another"})
        with pytest.raises(NotFound):
            grant(h, boundObjectRef={**reference, "name": "ghost"})
        with pytest.raises(BadRequest, match="cannot bind token to object of type /v1, Kind=ConfigMap"):
            grant(h, boundObjectRef={**reference, "kind": "ConfigMap"})
        with pytest.raises(BadRequest, match='"other" to pod running with different serviceaccount name'):
            h.cluster.accounts.grant("default", "other", {"spec": {"boundObjectRef": dict(reference)}})
        await h.api.delete(POD, "default", "web")
        with pytest.raises(Refused, match="has been invalidated"):
            h.cluster.accounts.read(token)


@pytest.mark.parametrize(
    ("seconds", "complaint"),
    [
        (599, "Invalid value: 599: may not specify a duration less than 10 minutes"),
        ((1 << 32) + 1, "Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds"),
    ],
)
async def test_a_token_lasts_ten_minutes_at_least(seconds: int, complaint: str) -> None:
    async with Harness() as h:
        await account(h)
        with pytest.raises(Invalid) as refused:
            grant(h, expirationSeconds=seconds)
        assert [str(cause) for cause in refused.value.causes] == [f"spec.expirationSeconds: {complaint}"]


async def test_a_secret_gets_a_token_that_is_good_for_as_long_as_it_stands_there() -> None:
    annotations = {"kubernetes.io/service-account.name": "robot"}
    secret = {
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "robot-token", "annotations": annotations},
    }  # fmt: skip
    async with Harness() as h:
        robot = await account(h)
        await h.create(secret)
        await h.settle()
        filled = h.get("Secret", "robot-token")
        data = {key: base64.b64decode(value).decode() for key, value in filled["data"].items()}
        assert (data["ca.crt"], data["namespace"]) == ("CA\n", "default")
        assert filled["metadata"]["annotations"]["kubernetes.io/service-account.uid"] == robot["metadata"]["uid"]
        known = h.cluster.accounts.read(data["token"])
        assert known is not None
        assert known.identity.user == "system:serviceaccount:default:robot"
        await h.api.delete(SERVICEACCOUNT, "default", "robot")
        await h.settle()
        assert h.api.find(SECRET, "default", "robot-token") is None
        with pytest.raises(Refused):
            h.cluster.accounts.read(data["token"])


async def test_a_token_secret_for_nobody_is_deleted() -> None:
    annotations = {"kubernetes.io/service-account.name": "ghost"}
    async with Harness() as h:
        await h.create(
            {
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
                "metadata": {"name": "t", "annotations": annotations},
            }
        )  # fmt: skip
        await h.settle()
        assert h.api.find(SECRET, "default", "t") is None


# -- signatures --------------------------------------------------------------------------------------------------------


def test_the_key_is_private_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "sa.key"
    token = Signer(file).sign({"sub": "a"})
    assert file.stat().st_mode & 0o777 == 0o600
    assert Signer(file).verify(token) == {"sub": "a"}


def forgeries(signer: Signer, token: str) -> dict[str, str]:
    head, body, tail = token.split(".")
    other = encoded({"sub": "root"})
    public = json.dumps(signer.jwks()).encode()
    header = {"alg": "HS256", "kid": signer.key_id}
    signed = f"{encoded(header)}.{other}"
    return {
        "other claims": f"{head}.{other}.{tail}",
        "no signature": f"{head}.{body}.",
        "algorithm none": f"{encoded({'alg': 'none', 'kid': signer.key_id})}.{other}.",
        "algorithm none, signed": f"{encoded({'alg': 'none', 'kid': signer.key_id})}.{other}.{tail}",
        "the public key as a secret": f"{signed}.{encoded(hmac.digest(public, signed.encode(), hashlib.sha256))}",
        "another key's name": f"{encoded({'alg': 'ES256', 'kid': 'x'})}.{body}.{tail}",
        "zero signature": f"{head}.{body}.{encoded(bytes(64))}",
        "padding": f"{head}.{body}.{tail}=",
        "two parts": f"{head}.{body}",
        "four parts": f"{token}.{tail}",
        "no JSON": f"{encoded(b'x')}.{body}.{tail}",
        "a list": f"{encoded(b'[]')}.{body}.{tail}",
        "not ASCII": f"{head}.{body}.\u00e4",
        "endless": "a" * 100_000,
        "empty": "",
    }


def test_nothing_but_the_very_token_is_accepted(tmp_path: Path) -> None:
    signer = Signer(tmp_path / "sa.key")
    token = signer.sign({"sub": "a"})
    assert {
        name: signer.verify(forged) for name, forged in forgeries(signer, token).items() if signer.verify(forged)
    } == {}
    assert signer.verify(Signer(tmp_path / "other.key").sign({"sub": "a"})) is None
    assert signer.verify(token) == {"sub": "a"}
