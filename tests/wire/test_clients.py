"""Clients of all sorts tell their stories, unmodified, against the server: each is a program of its own in clients/."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import Server

CLIENTS = Path(__file__).parent / "clients"
CLIENT_NODE = "@kubernetes/client-node@1.3.0"
STORY_SECONDS = 40
INSTALL_SECONDS = 120
CACHE = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minictl-tests" / CLIENT_NODE.replace("/", "-")
)
"""An installed package is no business of the repository; it stays here from one run to the next."""


def tell(server: Server, client: str, *program: str) -> None:
    namespace = "client-" + client.replace("_", "-")
    server.run("create", "namespace", namespace)
    environment = {**server.environment, "KUBECONFIG": str(server.kubeconfig), "NAMESPACE": namespace}
    done = subprocess.run(
        program, env=environment, capture_output=True, text=True, timeout=STORY_SECONDS, check=False, cwd=CLIENTS
    )
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.parametrize("client", ["kr8s", "lightkube", "kopf", "leader_election"])
def test_a_python_client(server: Server, client: str) -> None:
    tell(server, client, sys.executable, f"with_{client}.py")


@pytest.fixture(scope="module")
def node_modules() -> Path:
    """Where the package is installed. Skips, saying why, where it cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("there is no Node.js with npm on this machine")
    modules = CACHE / "node_modules"
    if not modules.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(CACHE), CLIENT_NODE]
        try:
            done = subprocess.run(install, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm could not install {CLIENT_NODE} within {INSTALL_SECONDS} seconds")
        if done.returncode:
            pytest.skip(f"npm cannot install {CLIENT_NODE}: {done.stderr.strip().splitlines()[-1]}")
    return modules


def test_a_javascript_client(server: Server, node_modules: Path) -> None:
    program = node_modules.parent / "with_node.mjs"  # modules are looked for beside the program
    shutil.copyfile(CLIENTS / "with_node.mjs", program)
    tell(server, "node", "node", str(program))
