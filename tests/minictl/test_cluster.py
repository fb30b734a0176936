"""The local cluster's life: started once, found by its lock, stopped, forgotten."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from minictl import cluster
from minictl.errors import CommandError
from tests.server import Server


def test_a_cluster_from_up_to_reset(tmp_path: Path) -> None:
    own = Server(tmp_path)
    assert own.run("status", check=False).returncode == 3
    assert '"exists": false' in own.run("status", "-o", "json", check=False).stdout
    refused = own.run("get", "pods", "--no-start", check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == 'error: the local cluster "default" is not running; start it with: minictl up\n'

    first = own.run("get", "namespaces", "-o", "name")
    assert first.stderr.startswith('Starting the local cluster "default"')
    assert "namespace/default" in first.stdout
    assert "is already running" in own.run("up").stdout
    assert own.run("up", "--nodes=1", check=False).returncode == 1
    for name, mode in (("kubeconfig", 0o600), ("api.sock", 0o600), (".", 0o700)):
        assert (own.folder / name).stat().st_mode & 0o777 == mode, name
    told = dict(line.split(maxsplit=1) for line in own.run("status").stdout.splitlines())
    assert (told["State:"], told["Watchers:"]) == ("running", "0")
    assert told["Revision:"].endswith(f"(history since {json.loads(own.run('status', '-ojson').stdout)['compacted']})")

    own.run("config", "set-context", "--current", "--namespace=shop")
    assert own.run("get", "pods").stderr == "No resources found in shop namespace.\n"
    own.run("create", "namespace", "kept")
    assert "is stopped" in own.run("down").stdout
    assert "was not running" in own.run("down").stdout
    assert own.run("status", check=False).stdout.splitlines()[1] == "State:    stopped"
    assert own.run("get", "namespace", "kept", "-o", "name").stdout == "namespace/kept\n"
    assert own.run("get", "pods").stderr == "No resources found in shop namespace.\n"

    assert own.run("reset", check=False).returncode == 1
    assert own.run("reset", "--yes").stdout == 'The local cluster "default" is reset\n'
    assert not own.folder.exists()


def test_the_servers_own_words_are_shown(tmp_path: Path) -> None:
    own = Server(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failed = own.run("up", f"--port={port}", check=False)
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: ")
    assert str(port) in failed.stderr
    assert str(own.folder / "server.log") in failed.stderr


def folder(tmp_path: Path, name: str = "default") -> cluster.Folder:
    return cluster.Folder(name, {"XDG_STATE_HOME": str(tmp_path)})


def test_a_stale_pid_file_is_no_server(tmp_path: Path) -> None:
    one = folder(tmp_path)
    os.makedirs(one.path)
    Path(one.path, "pid").write_text(f"{os.getpid()}\n")
    assert one.pid() == 0
    assert not one.answers()
    assert not cluster.stop(one)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", ".hidden"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match="is no name for a cluster"):
        folder(tmp_path, name)


def test_a_folder_that_is_no_clusters_is_left_alone(tmp_path: Path) -> None:
    own = Server(tmp_path)
    own.folder.mkdir(parents=True)
    (own.folder / "letter.txt").write_text("dear")
    assert "does not look like a cluster's folder" in own.run("reset", "--yes", check=False).stderr
    assert (own.folder / "letter.txt").exists()
