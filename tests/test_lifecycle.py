"""A cluster's life on one machine: started, killed, restarted, shared, damaged; nothing acknowledged is ever lost."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server

PODS = """
apiVersion: v1
kind: Pod
metadata: {name: web-%d, labels: {app: web}}
spec: {containers: [{name: c, image: "web:1"}]}
---
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, stopped afterwards."""
    server = Server(tmp_path)
    yield server
    server.stop()


HOLD_LOCK = """
import fcntl, os, sys, time
file = open(sys.argv[1], "a+")
fcntl.flock(file, fcntl.LOCK_EX)
print(os.getpid(), file=file, flush=True)
print("held", flush=True)
time.sleep(0.3)
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def addresses(server: Server) -> dict[str, str]:
    """Every Pod's IP, every Service's ClusterIP and node port."""
    listed = json.loads(server.run("get", "pods,services", "-o", "json").stdout)["items"]
    found = {}
    for item in listed:
        spec, status = item["spec"], item["status"]
        ports = [p.get("nodePort") for p in spec.get("ports", [])]
        found[item["kind"] + "/" + item["metadata"]["name"]] = f"{status.get('podIP') or spec.get('clusterIP')} {ports}"
    return found


def test_a_killed_server_comes_back_as_it_was_and_goes_on_working(own: Server) -> None:
    own.start()
    own.run("apply", "-f", "-", stdin="".join(PODS % n for n in range(4)) + SERVICE)
    own.run("wait", "--for=condition=Ready", "pod", "--all", "--timeout=20s")
    before = addresses(own)
    killed = own.pid()
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while is_alive(killed):  # its socket still takes connections, and then resets them
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert addresses(own) == before, "started again by the first command that needed it"
    own.run("delete", "pod", "web-0")
    own.run("apply", "-f", "-", stdin=PODS % 0)
    own.run("wait", "--for=condition=Ready", "pod/web-0", "--timeout=20s")
    after = addresses(own)
    assert after["Service/web"] == before["Service/web"]
    assert after["Pod/web-0"] not in before.values()


def test_up_does_not_take_a_server_that_is_about_to_end_for_one_that_serves(own: Server) -> None:
    own.folder.mkdir(parents=True, mode=0o700)
    ending = subprocess.Popen([sys.executable, "-c", HOLD_LOCK, own.folder / "pid"], stdout=subprocess.PIPE)
    assert ending.stdout is not None
    with ending, ending.stdout:
        assert ending.stdout.readline()
        own.start()
        assert ending.wait(5) == 0, "its lock was waited for"
    assert own.run("get", "namespace", "default", "-o", "name").stdout == "namespace/default\n"


def test_state_outlives_a_stop_and_settings_are_kept(own: Server) -> None:
    own.run("up", "--nodes", "1", "--service-cidr", "10.99.0.0/16", "--token", "secret-for-a-test")
    own.run("create", "configmap", "kept", "--from-literal=a=b")
    own.run("down")
    own.run("up")
    assert own.run("get", "configmap", "kept", "-o", "jsonpath={.data}").stdout == '{"a":"b"}'
    assert own.run("get", "nodes", "-o", "name").stdout == "node/node-1\n"
    assert own.run("get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}").stdout == "10.99.0.1"
    assert "token: secret-for-a-test" in own.kubeconfig.read_text()


def test_secrets_are_for_their_owner_only(own: Server) -> None:
    own.start()
    assert own.folder.stat().st_mode & 0o777 == 0o700
    open_to_others = [p.name for p in own.folder.iterdir() if p.stat().st_mode & 0o077]
    assert open_to_others == []


def test_nodes_0_leaves_pods_pending(own: Server) -> None:
    own.run("up", "--nodes", "0", "--in-memory")
    own.run("apply", "-f", "-", stdin=PODS % 0)
    own.run("wait", "--for=condition=PodScheduled=false", "pod/web-0", "--timeout=10s")
    message = own.run("get", "pod", "web-0", "-o", "jsonpath={.status.conditions[0].message}").stdout
    assert message == "no nodes available to schedule pods"


def test_up_twice_says_so_and_down_twice_too(own: Server) -> None:
    own.start()
    assert "is already running" in own.run("up").stdout
    own.run("down")
    assert "was not running" in own.run("down").stdout


def test_no_start_forbids_starting(own: Server) -> None:
    refused = own.run("--no-start", "get", "pods", check=False)
    assert refused.returncode == 1
    assert "is not running; start it with: minictl up" in refused.stderr
    assert not own.folder.exists() or not (own.folder / "log.db").exists()


def test_a_second_server_on_one_log_is_refused(own: Server) -> None:
    own.start()
    second = subprocess.run(
        [sys.executable, "-m", "apiserver", "--state-dir", str(own.folder)],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert second.stderr == f"error: another server (pid {own.pid()}) already serves {own.folder}\n"
    assert own.run("get", "namespaces", "-o", "name").stdout.startswith("namespace/default")


def test_a_taken_port_is_named(own: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = own.run("up", "--port", port, check=False)
    assert refused.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in refused.stderr
    assert "--port" in refused.stderr


def test_a_damaged_log_is_refused_and_left_as_it_is(own: Server) -> None:
    own.folder.mkdir(parents=True)
    log = own.folder / "log.db"
    log.write_bytes(b"not a database at all\n" * 400)
    refused = own.run("up", check=False)
    assert refused.returncode == 1
    assert f"cannot read {log}" in refused.stderr
    assert "minictl reset" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert log.read_bytes() == b"not a database at all\n" * 400
    own.run("reset", "--yes")
    own.start()


def test_an_idle_server_writes_nothing_but_heartbeats(own: Server) -> None:
    own.start()
    own.run("create", "deployment", "web", "--image=web:1", "--replicas=3")
    own.run("rollout", "status", "deployment/web", "--timeout=20s")

    def newest() -> set[tuple[str, str]]:
        kinds = "pods,replicasets,deployments,services,endpointslices,serviceaccounts,configmaps,namespaces"
        items = json.loads(own.run("get", kinds, "-A", "-o", "json").stdout)["items"]
        return {(i["metadata"]["uid"], i["metadata"]["resourceVersion"]) for i in items}

    deadline = time.monotonic() + 15
    before = newest()
    while True:
        time.sleep(1)
        now = newest()
        if now == before:
            break
        before = now
        assert time.monotonic() < deadline, "controllers keep writing"


def test_a_thousand_pods_behind_a_service_work_at_once(own: Server) -> None:
    own.run("up", "--in-memory", "--nodes", "10")
    own.run("create", "deployment", "many", "--image=web:1", "--replicas=1000", "--port=80")
    own.run("expose", "deployment", "many")
    deadline = time.monotonic() + 25
    while True:
        ready = own.run("get", "endpointslices", "-o", "jsonpath={.items[*].endpoints[*].conditions.ready}").stdout
        if ready.split().count("true") == 1001:  # and the API server's own
            break
        assert time.monotonic() < deadline, f"only {ready.split().count('true')}"
        time.sleep(0.1)
    victim = own.run("get", "pods", "-o", "name").stdout.split()[0]
    own.run("label", victim, "app=gone", "--overwrite")
    name = victim.removeprefix("pod/")
    deadline = time.monotonic() + 2
    while name in own.run("get", "endpointslices", "-o", "jsonpath={.items[*].endpoints[*].targetRef.name}").stdout:
        assert time.monotonic() < deadline, "the endpoints did not follow"
