"""What is served beside objects: health, measures, and documents that clients keep until they change."""

from __future__ import annotations

import gzip
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from apiserver.http.authentication import ADMIN
from apiserver.http.health import Health
from apiserver.http.requests import Request
from apiserver.settings import LOGS_REQUESTS
from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import Client

MAPS = "/api/v1/namespaces/default/configmaps"


@asynccontextmanager
async def serving() -> AsyncIterator[Client]:
    async with Harness() as harness:
        yield Client(harness)


async def no_body() -> bytes:
    return b""


def health(path: str, *, stores: bool = True, serves: bool = True, **query: str) -> tuple[int, str]:
    request = Request("GET", path.split("/"), query, {}, ADMIN, no_body)
    answer = Health(lambda: stores, lambda: serves).answer(request)
    return answer.status, answer.body.decode()


@pytest.mark.parametrize("page", ["healthz", "livez", "readyz"])
def test_all_is_well(page: str) -> None:
    assert health(page) == (200, "ok")
    assert health(f"{page}/ping") == (200, "ok")
    assert health(page, verbose="")[1].startswith("[+]ping ok\n[+]log ok\n[+]etcd ok\n")
    assert health(page, verbose="")[1].endswith(f"{page} check passed\n")
    assert health(f"{page}/nosuch")[0] == 404
    assert health(f"{page}/ping/more")[0] == 404


def test_a_disk_that_refuses_writes_is_neither_alive_nor_ready() -> None:
    status, text = health("livez", stores=False)
    assert status == 500
    assert text == "[+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\nlivez check failed\n"
    assert health("livez/etcd", stores=False)[0] == 500
    assert health("livez/ping", stores=False) == (200, "ok")
    assert health("livez", stores=False, exclude="etcd") == (200, "ok")
    assert "[+]etcd excluded: ok" in health("livez", stores=False, exclude="etcd", verbose="")[1]


def test_who_stops_lives_and_is_not_ready() -> None:
    assert health("livez", serves=False) == (200, "ok")
    assert health("readyz", serves=False)[0] == 500
    assert "[-]shutdown failed: reason withheld\n" in health("readyz", serves=False)[1]


def test_a_check_that_does_not_exist_cannot_be_excluded() -> None:
    text = health("livez", verbose="", exclude="moon")[1]
    assert 'warn: some health checks cannot be excluded: no matches for "moon"\n' in text


async def test_requests_are_counted_by_what_they_ask_for() -> None:
    async with serving() as client:
        await client("POST", MAPS, {"metadata": {"name": "a"}})
        await client("POST", MAPS, {"metadata": {"name": "a"}})
        apply = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}}
        await client("PATCH", f"{MAPS}/a?fieldManager=t", apply, content_type="application/apply-patch+yaml")
        async with client.watch(f"{MAPS}?watch=1") as events:
            await events.get()
            during = (await client("GET", "/metrics")).body.decode()
        text = (await client("GET", "/metrics")).body.decode()
    labels = 'component="apiserver",dry_run="",group="",resource="configmaps",scope="%s",subresource="",verb="%s",'
    creates, applies = labels % ("namespace", "POST"), labels % ("resource", "APPLY")
    watches = labels % ("namespace", "WATCH") + 'version="v1"'
    lines = text.splitlines()
    assert f'apiserver_request_total{{code="201",{creates}version="v1"}} 1' in lines
    assert f'apiserver_request_total{{code="409",{creates}version="v1"}} 1' in lines
    assert f'apiserver_request_total{{code="200",{applies}version="v1"}} 1' in lines
    assert f'apiserver_request_duration_seconds_bucket{{{creates}version="v1",le="+Inf"}} 2' in lines
    assert f'apiserver_request_duration_seconds_count{{{creates}version="v1"}} 2' in lines
    assert 'apiserver_registered_watchers{group="",kind="ConfigMap",version="v1"} 1' in during.splitlines()
    assert f"apiserver_longrunning_requests{{{watches}}} 0" in lines
    assert 'apiserver_storage_objects{resource="configmaps"} 5' in lines  # with kube-root-ca.crt of four namespaces
    series = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
    assert len(series) == len(set(series))


async def test_strangers_see_no_measures() -> None:
    async with Harness() as harness:
        client = Client(harness)
        _, client.app = harness.cluster.apps("secret", "127.0.0.1:6443")
        assert (await client("GET", "/metrics")).status == 403
        assert (await client("GET", "/metrics", authorization="Bearer secret")).status == 200
        assert (await client("GET", "/livez")).status == 200


@pytest.mark.parametrize("verbosity", [2, 3])
async def test_a_request_is_a_line_in_the_log_where_that_is_wanted(
    verbosity: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "apiserver.requests")
    async with Harness(verbosity=verbosity) as harness:
        await Client(harness)("GET", f"{MAPS}?limit=1", user_agent='a "b"\nc', audit_id="mine")
    if verbosity < LOGS_REQUESTS:
        assert not caplog.messages
        return
    (line,) = caplog.messages
    assert line.startswith(f'HTTP verb=GET URI="{MAPS}?limit=1" latency="')
    assert line.endswith("""ms" userAgent="a 'b'\\nc" audit-ID="mine" resp=200""")


async def test_every_answer_says_under_which_name_it_is_logged() -> None:
    async with serving() as client:
        assert (await client("GET", MAPS, audit_id="mine")).headers["audit-id"] == "mine"
        first, second = [(await client("GET", MAPS)).headers["audit-id"] for _ in range(2)]
        assert first != second


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/openapi/v2", ""), ("/openapi/v3", ""), ("/openapi/v3/apis/apps/v1", ""),
        ("/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"),
    ],
)  # fmt: skip
async def test_what_a_client_has_is_not_sent_again(path: str, accept: str) -> None:
    async with serving() as client:
        first = await client("GET", path, accept=accept)
        again = await client("GET", path, accept=accept, if_none_match=first.headers["etag"])
        assert (again.status, again.body) == (304, b"")
        other = await client("GET", path, accept=accept, if_none_match='"0"')
        assert (other.status, other.body) == (200, first.body)


async def test_openapi_under_its_hash_never_changes() -> None:
    async with serving() as client:
        index = (await client("GET", "/openapi/v3")).json["paths"]
        url = index["apis/apps/v1"]["serverRelativeURL"]
        assert "immutable" in (await client("GET", url)).headers["cache-control"]
        moved = await client("GET", "/openapi/v3/apis/apps/v1?hash=OLD")
        assert (moved.status, moved.headers["location"]) == (301, url)


async def test_large_answers_are_compressed_for_who_can_read_them() -> None:
    async with serving() as client:
        await client("POST", MAPS, {"metadata": {"name": "large"}, "data": {"k": "v" * 200_000}})
        plain = await client("GET", f"{MAPS}/large")
        packed = await client("GET", f"{MAPS}/large", accept_encoding="gzip, br")
        assert packed.headers["content-encoding"] == "gzip"
        assert len(packed.body) < len(plain.body) / 10
        assert gzip.decompress(packed.body) == plain.body
        assert "content-encoding" not in (await client("GET", MAPS.rpartition("/")[0], accept_encoding="gzip")).headers


async def test_discovery_is_only_read() -> None:
    async with serving() as client:
        for path in ("/api", "/apis", "/apis/apps", "/apis/apps/v1", "/version"):
            assert (await client("POST", path, {})).status == 405
