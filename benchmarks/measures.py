"""The measures. Each runs one round against a server and returns its figures, by name with their unit."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import count
from statistics import median

from benchmarks import manifests
from benchmarks.server import Client, Connection, Server, seconds_to_ready

Figures = dict[str, float]

WRK_SECONDS = 4
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
_serial = count()


class Unmeasurable(Exception):
    """Something this machine lacks; the message says what."""


async def fresh(connection: Connection) -> str:
    """A namespace of this round's own."""
    name = f"bench-{next(_serial)}"
    await connection.call("POST", "/api/v1/namespaces", manifests.namespace(name))
    return name


async def fill(client: Client, namespace: str, pods: int, *, node: str = "", writers: int = 8) -> None:
    """Make Pods w0, w1, ..."""
    numbers = iter(range(pods))

    async def work() -> None:
        connection = await client.open()
        for number in numbers:
            pod = manifests.pod(f"w{number}", node=node)
            await connection.call("POST", f"/api/v1/namespaces/{namespace}/pods", pod)
        connection.close()

    await asyncio.gather(*(work() for _ in range(writers)))


async def rate(client: Client, script: str, connections: int = 16) -> float:
    """Requests answered per second. Raises Unmeasurable without wrk, RuntimeError when requests are refused."""
    if shutil.which("wrk") is None:
        raise Unmeasurable("wrk is not installed")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{WRK_SECONDS}s", "-s", file.name, client.url]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        printed = (await process.communicate())[0].decode()
    found = re.search(r"Requests/sec: +([\d.]+)", printed)
    if found is None or "Non-2xx" in printed:
        raise RuntimeError(printed)
    return float(found[1])


async def start(server: Server) -> Figures:
    """A new cluster, from the command to readiness, and what it costs to have one."""
    other = Server()
    seconds = await asyncio.to_thread(seconds_to_ready, other)
    return {"s to ready": seconds}


async def idle(server: Server) -> Figures:
    with Server() as quiet:
        await asyncio.sleep(2)
        before = quiet.cpu_seconds()
        await asyncio.sleep(5)
        return {"MB resident": quiet.resident_bytes() / 2**20, "% CPU": (quiet.cpu_seconds() - before) / 5 * 100}


async def create(server: Server) -> Figures:
    client = Client(server.kubeconfig)
    namespace = await fresh(await client.open())
    return {"Pods/s": await rate(client, manifests.creating(namespace, client.token))}


async def get(server: Server) -> Figures:
    client = Client(server.kubeconfig)
    namespace = await fresh(await client.open())
    await fill(client, namespace, 1)
    path = f"/api/v1/namespaces/{namespace}/pods/w0"
    return {"Pods/s": await rate(client, manifests.reading(path, client.token))}


async def patch(server: Server) -> Figures:
    client = Client(server.kubeconfig)
    namespace = await fresh(await client.open())
    await fill(client, namespace, 100)
    return {"patches/s": await rate(client, manifests.patching(namespace, client.token, 100))}


async def lists(server: Server) -> Figures:
    """Lists of 1,000 Pods, as objects and as a Table."""
    client = Client(server.kubeconfig)
    namespace = await fresh(await client.open())
    await fill(client, namespace, 1000)
    path = f"/api/v1/namespaces/{namespace}/pods"
    return {
        "lists/s": await rate(client, manifests.reading(path, client.token), 4),
        "Tables/s": await rate(client, manifests.reading(path, client.token, TABLE), 4),
    }


def watch(watchers: int, pods: int) -> Callable[[Server], Awaitable[Figures]]:
    """`watchers` watches of one namespace while `pods` Pods are made: events delivered, and how late."""

    async def measure(server: Server) -> Figures:
        client = Client(server.kubeconfig)
        maker = await client.open()
        namespace = await fresh(maker)
        late_ms: list[float] = []

        async def follow(connection: Connection) -> None:
            seen = 0
            while seen < pods:
                for line in await connection.lines():
                    seen += line.startswith(b'{"type":"ADDED"')
                    sent = re.search(rb'"sent":"(\d+)"', line)
                    if sent and seen % 10 == 0:
                        late_ms.append((time.perf_counter_ns() - int(sent[1])) / 1e6)
            connection.close()

        following = []
        for _ in range(watchers):
            connection = await client.open()
            await connection.watch(f"/api/v1/namespaces/{namespace}/pods?watch=1")
            following.append(asyncio.create_task(follow(connection)))
        begun = time.perf_counter()
        for number in range(pods):
            pod = manifests.pod(f"e{number}", sent=str(time.perf_counter_ns()))
            await maker.call("POST", f"/api/v1/namespaces/{namespace}/pods", pod)
        await asyncio.gather(*following)
        late_ms.sort()
        return {
            "events/s": watchers * pods / (time.perf_counter() - begun),
            "ms late (p50)": late_ms[len(late_ms) // 2],
            "ms late (p99)": late_ms[int(len(late_ms) * 0.99)],
        }

    return measure


def endpoints(pods: int, flips: int = 40) -> Callable[[Server], Awaitable[Figures]]:
    """A Service of `pods` Pods; one of them toggles Ready: how long until its EndpointSlice says so."""

    async def measure(server: Server) -> Figures:
        client = Client(server.kubeconfig)
        connection, watching = await client.open(), await client.open()
        namespace = await fresh(connection)
        base = f"/api/v1/namespaces/{namespace}"
        await connection.call("POST", f"{base}/services", manifests.service("web", "bench"))
        await fill(client, namespace, pods, node="node-1")
        await asyncio.sleep(1 + pods / 1000)
        await watching.watch(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?watch=1")
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def follow() -> None:
            while True:
                for line in await watching.lines():
                    if line.startswith(b'{"type":"MODIFIED"') and not waiting.done():
                        waiting.set_result(None)

        following = asyncio.create_task(follow())
        took_ms = []
        for flip in range(flips):
            await asyncio.sleep(0.3)
            waiting = asyncio.get_running_loop().create_future()
            change = {"metadata": {"annotations": {"minictl.dev/simulate": None if flip % 2 else "Unready"}}}
            begun = time.perf_counter()
            await connection.call("PATCH", f"{base}/pods/w0", change, "application/merge-patch+json")
            await asyncio.wait_for(waiting, 30)
            took_ms.append((time.perf_counter() - begun) * 1000)
        following.cancel()
        took_ms.sort()
        return {"ms (p50)": median(took_ms), "ms (p99)": took_ms[int(len(took_ms) * 0.99)]}

    return measure


async def scale(server: Server) -> Figures:
    """A Deployment of 1,000 and its Service, until all are available; then a rolling update of it."""
    with Server() as other:
        client = Client(other.kubeconfig)
        connection = await client.open()
        path = "/apis/apps/v1/namespaces/default/deployments"
        await connection.call("POST", "/api/v1/namespaces/default/services", manifests.service("web", "web"))
        begun = time.perf_counter()
        await connection.call("POST", path, manifests.deployment("web", 1000))
        await _rolled_out(connection, f"{path}/web", 1000)
        up = time.perf_counter() - begun
        change = {"spec": {"template": {"metadata": {"annotations": {"turn": "2"}}}}}
        begun = time.perf_counter()
        await connection.call("PATCH", f"{path}/web", change, "application/merge-patch+json")
        await _rolled_out(connection, f"{path}/web", 1000)
        return {"s to 1,000 available": up, "s for a rolling update": time.perf_counter() - begun}


async def _rolled_out(connection: Connection, path: str, replicas: int) -> None:
    while True:
        deployment = await connection.call("GET", path)
        status = deployment.get("status", {})
        seen = status.get("observedGeneration") == deployment["metadata"]["generation"]
        counts = {status.get(name) for name in ("replicas", "updatedReplicas", "availableReplicas")}
        if seen and counts == {replicas}:
            return
        await asyncio.sleep(0.05)


async def memory(server: Server) -> Figures:
    """What 10,000 Pods take."""
    with Server() as other:
        client = Client(other.kubeconfig)
        namespace = await fresh(await client.open())
        before = other.resident_bytes()
        await fill(client, namespace, 10_000)
        return {"KB per Pod": (other.resident_bytes() - before) / 10_000 / 1024}


async def growth(server: Server) -> Figures:
    """A namespace of 100 Pods listed by label, beside 1,000 and 20,000 others: the cost should not grow with them."""
    with Server() as other:
        client = Client(other.kubeconfig)
        connection = await client.open()
        namespace = await fresh(connection)
        await fill(client, namespace, 100)
        figures, others = {}, 0
        for beside in (1_000, 20_000):
            await fill(client, await fresh(connection), beside - others)
            others, connection = beside, await client.open()
            took = []
            for _ in range(50):
                begun = time.perf_counter()
                await connection.call("GET", f"/api/v1/namespaces/{namespace}/pods?labelSelector=app%3Dbench")
                took.append((time.perf_counter() - begun) * 1000)
            figures[f"ms beside {beside:,}"] = median(took)
        return figures


async def cli(server: Server) -> Figures:
    """`get endpoints`, minictl over its socket and over TLS, and kubectl, in turn."""
    minictl = [sys.executable, "-m", "minictl"]
    tls = ["--kubeconfig", str(server.kubeconfig)]
    commands = {"ms minictl": minictl, "ms minictl over TLS": [*minictl, *tls]}
    if kubectl := shutil.which("kubectl"):
        commands["ms kubectl"] = [kubectl, *tls]
    took: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(20):
        for name, command in commands.items():
            took[name].append(await asyncio.to_thread(_milliseconds, [*command, "get", "endpoints"], server))
    return {name: median(times) for name, times in took.items()}


def _milliseconds(command: list[str], server: Server) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=server.environment, capture_output=True, check=True, timeout=60)
    return (time.perf_counter() - begun) * 1000


MEASURES: dict[str, Callable[[Server], Awaitable[Figures]]] = {
    "start": start,
    "idle": idle,
    "create": create,
    "get": get,
    "patch": patch,
    "list": lists,
    "watch-50": watch(50, 300),
    "watch-1000": watch(1000, 20),
    "endpoints-10": endpoints(10),
    "endpoints-200": endpoints(200),
    "endpoints-5000": endpoints(5000, flips=10),
    "scale": scale,
    "memory": memory,
    "growth": growth,
    "cli": cli,
}
