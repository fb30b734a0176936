"""Requests without credentials, or with bad ones, at every path there is: they read nothing and change nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import JSON, Client

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "XYZ")
OPEN_TO_ALL = {"/healthz", "/livez", "/readyz", "/version", "/version/"}
MORE = (
    "/metrics", "/minictl.dev/clock", "/openid/v1/jwks", "/.well-known/openid-configuration", "/openapi/v2", "/logs",
    "/openapi/v3/api/v1", "/debug/pprof", "/api/v1/nosuch", "/swagger.json", "/healthz/../metrics", "//metrics",
    "/healthz/%2e%2e/api/v1/secrets", "/version/../api/v1/secrets", "/version/", "/readyz/etcd", "/HEALTHZ",
    "/healthz;/api/v1/secrets", "/%61pi/v1/secrets", "/api/v1/namespaces/default/../../secrets", "/.%2fapi/v1/secrets",
)  # fmt: skip


class Public(Client):
    """Asks as somebody on the TCP port does who has no certificate."""

    def __init__(self, harness: Harness) -> None:
        super().__init__(harness)
        _, self.app = harness.cluster.apps("secret", "127.0.0.1:6443")


async def paths(admin: Client) -> list[str]:
    """Every path of discovery: documents, collections, objects and their subresources."""
    found: list[str] = list((await admin("GET", "/")).json["paths"])
    roots = [path for path in found if path == "/api/v1" or path.count("/") == 3]
    for root in roots:
        for resource in (await admin("GET", root)).json.get("resources", ()):
            found += _of_resource(root, resource)
    return [*found, *MORE]


def _of_resource(root: str, resource: dict[str, Any]) -> Iterator[str]:
    plural, _, subresource = resource["name"].partition("/")
    homes = ["/namespaces/default", ""] if resource["namespaced"] else [""]
    for home in homes:
        collection = f"{root}{home}/{plural}"
        if not subresource:
            yield collection
            yield f"{root}/watch{home}/{plural}"
        yield f"{collection}/default" + (f"/{subresource}" if subresource else "")


@pytest.mark.parametrize(
    ("credentials", "status"),
    [({}, 403), ({"authorization": "Bearer wrong"}, 401), ({"authorization": "Bearer "}, 403),
     ({"authorization": "Basic YWRtaW46c2VjcmV0"}, 403), ({"authorization": "secret"}, 403),
     ({"x_remote_user": "root", "x_remote_group": "system:masters"}, 403),
     ({"impersonate_user": "root", "impersonate_group": "system:masters"}, 403)],
    ids=["nothing", "wrong", "empty", "basic", "bare", "front-proxy", "impersonation"],
)  # fmt: skip
async def test_nobody_reads_or_changes_anything(credentials: dict[str, str], status: int) -> None:
    async with Harness(nodes=0) as harness:
        nobody, everywhere = Public(harness), await paths(Client(harness))
        assert len(everywhere) > 200
        revision, metrics = harness.api.revision, (await Client(harness)("GET", "/metrics")).status
        for path in everywhere:
            for method in METHODS if not credentials else ("GET", "POST", "DELETE"):
                body = {} if method in ("POST", "PUT", "PATCH") else None
                answer = await nobody(method, path, body, **credentials)
                if method == "GET" and path in OPEN_TO_ALL and status == 403 and "impersonate_user" not in credentials:
                    assert answer.status == 200
                    continue
                assert answer.status == status or (answer.status == 404 and path.startswith("//")), (method, path)
                assert b"namespace-controller" not in answer.body
        assert (harness.api.revision, metrics) == (revision, 200)


async def token(client: Client, **spec: Any) -> str:
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    answer = await client("POST", path, {"spec": {"expirationSeconds": 600, **spec}})
    return str(answer.json["status"]["token"])


async def test_tokens_are_worth_nothing_when_their_time_is_up_or_what_they_are_bound_to_is_gone() -> None:
    async with Harness() as harness:
        admin, public = Client(harness), Public(harness)
        await admin("POST", "/api/v1/namespaces/default/pods", {
            "metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "image": "x"}]},
        })  # fmt: skip
        await harness.settle()
        bound = {"boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": "web"}}
        brief, of_pod = await token(admin), await token(admin, expirationSeconds=86400, **bound)

        async def status(credential: str) -> int:
            return (await public("GET", "/api", authorization=f"Bearer {credential}")).status

        assert (await status(brief), await status(of_pod)) == (200, 200)
        harness.clock.advance(601)
        assert (await status(brief), await status(of_pod)) == (401, 200)
        await admin("DELETE", "/api/v1/namespaces/default/pods/web?gracePeriodSeconds=0")
        await harness.settle()
        assert await status(of_pod) == 401
        of_account = await token(admin)
        assert await status(of_account) == 200
        await admin("DELETE", "/api/v1/namespaces/default/serviceaccounts/default")
        await harness.settle()
        assert await status(of_account) == 401


@pytest.mark.parametrize(
    ("headers", "is_refused"),
    [
        ({"host": "127.0.0.1:6443"}, False),
        ({"host": "localhost"}, False),
        ({"host": "LOCALHOST:1"}, False),
        ({"host": "evil.example"}, True),
        ({"host": "evil.example:6443"}, True),
        ({"host": "127.0.0.1.evil.example"}, True),
        ({"host": "localhost.evil.example:6443"}, True),
        ({"host": "evil.example@127.0.0.1"}, True),
        ({"host": "0.0.0.0:6443"}, True),
        ({"host": "127.0.0.1", "origin": "https://evil.example"}, True),
        ({"host": "127.0.0.1", "origin": "https://evil.example:6443"}, True),
        ({"host": "127.0.0.1", "origin": "http://127.0.0.1.evil.example:80"}, True),
        ({"host": "127.0.0.1", "origin": "null"}, True),
        ({"host": "127.0.0.1", "origin": "file://"}, True),
    ],
)
async def test_pages_of_other_sites_are_not_answered(headers: dict[str, str], is_refused: bool) -> None:
    """Whatever credentials their reader's browser adds."""
    async with Harness(nodes=0) as harness:
        public = Public(harness)
        bearer = {"authorization": "Bearer secret", **headers}
        for method, body in (("GET", None), ("POST", {"metadata": {"name": "x"}}), ("OPTIONS", None)):
            answer = await public(method, "/api/v1/namespaces/default/configmaps", body, **bearer)
            assert (answer.status == 403) is (is_refused), answer.body
            assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert (len(harness.list("ConfigMap")) == 2) is not is_refused


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_what_a_form_can_send_is_no_object(media_type: str) -> None:
    async with Harness(nodes=0) as harness:
        body = json.dumps({"metadata": {"name": "x"}}).encode()
        path = "/api/v1/namespaces/default/configmaps"
        answer = await Public(harness)("POST", path, body, authorization="Bearer secret", content_type=media_type)
        assert answer.status == 415
        assert JSON in answer.message
