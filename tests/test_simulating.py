"""minictl simulate and minictl clock against a real server whose time stands still."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: nginx:1}, {name: side, image: nginx:1}]}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(Path(tmp_path_factory.mktemp("standing")), "--clock", "manual", "--pod-start-delay", "2s")
    server.start()
    server.run("apply", "-f", "-", stdin=WEB)
    yield server
    server.stop()


def pods(server: Server) -> dict[str, list[str]]:
    """The columns READY, STATUS, RESTARTS of each Pod."""
    server.run("clock", "advance", "0s")  # returns when no controller has work
    lines = server.run("get", "pods", "--no-headers").stdout.splitlines()
    return {line.split()[0]: line.split()[1:4] for line in lines}


def refused(server: Server, *arguments: str) -> str:
    done = server.run(*arguments, check=False)
    assert done.returncode == 1
    return done.stderr


def test_pods_are_told_what_to_do_and_for_how_long(server: Server) -> None:
    assert {status for _, status, _ in pods(server).values()} <= {"ContainerCreating", "Running"}
    server.run("clock", "advance", "2s")
    assert list(pods(server).values()) == [["2/2", "Running", "0"]] * 2
    told = server.run("simulate", "unready", "deployment/web", "--for", "30s").stdout
    assert told.count(" simulates Unready\n") == 2
    assert list(pods(server).values()) == [["0/2", "Running", "0"]] * 2
    server.run("clock", "advance", "30s")
    assert list(pods(server).values()) == [["2/2", "Running", "0"]] * 2

    first, second = pods(server)
    server.run("simulate", "ImagePullBackOff", first)
    assert pods(server)[first][1] == "ImagePullBackOff"
    assert server.run("simulate", "well", "-l", "app=web").stdout == f"pod/{first} is well\npod/{second} is well\n"
    assert pods(server)[first][1] == "Running"

    restarts = pods(server)[second][2]
    assert server.run("simulate", "crash", f"pod/{second}", "-c", "side").stdout == f"pod/{second} crashed (side)\n"
    assert restarts == "0"
    assert pods(server)[second][2] == "1"


def test_a_node_falls_silent_and_comes_back(server: Server) -> None:
    def ready() -> str:
        server.run("clock", "advance", "0s")
        node = json.loads(server.run("get", "node", "node-3", "-o", "json").stdout)
        return next(str(c["status"]) for c in node["status"]["conditions"] if c["type"] == "Ready")

    assert server.run("simulate", "node-down", "node-3").stdout == "node/node-3 is down\n"
    assert ready() == "True"
    server.run("clock", "advance", "1m10s")
    assert ready() == "Unknown"
    assert server.run("simulate", "node-up", "node-3").stdout == "node/node-3 is up\n"
    assert ready() == "True"

    server.run("simulate", "node-down", "node-3", "--for", "2m")
    server.run("clock", "advance", "1m10s")
    assert ready() == "Unknown"
    server.run("clock", "advance", "50s")
    assert ready() == "True"


def test_the_status_says_that_time_stands_still(server: Server) -> None:
    now = server.run("clock", "now").stdout
    assert now.endswith(" (manual)\n")
    assert f"stands still at {now.split()[0]}" in server.run("status").stdout
    assert server.run("clock", "advance", "0s").stdout == now


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["simulate"], "say what to simulate: Unready, CrashLoopBackOff"),
        (["simulate", "fire", "web"], '"fire" cannot be simulated; one of: Unready'),
        (["simulate", "Unready"], "name Pods, or what they belong to"),
        (["simulate", "Unready", "nobody"], 'pods "nobody" not found'),
        (["simulate", "Unready", "-l", "app=none"], "there are no Pods of -l app=none"),
        (["simulate", "crash", "deployment/web", "-c", "none"], "container none is not valid for pod web-"),
        (["simulate", "well", "deployment/web", "--for", "5s"], "--for goes with one of: Unready"),
        (["simulate", "node-up", "node-1", "--for", "5s"], "ImagePullBackOff, Completed, Error, node-down"),
        (["simulate", "Error", "deployment/web", "-c", "main"], "--container goes with: crash"),
        (["simulate", "Unready", "serviceaccount/default"], "serviceaccount/default has no Pods: it has no selector"),
        (["clock", "advance", "soon"], 'time: invalid duration "soon"'),
        (["clock", "back"], "say one of: clock now, clock advance DURATION"),
    ],
)
def test_what_cannot_be_is_refused(server: Server, words: list[str], why: str) -> None:
    assert why in refused(server, *words)
