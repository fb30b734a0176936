"""What a machine does to a server: no room, no descriptors, folders that cannot be written, left-over files. It says
clearly what is wrong, keeps what it has acknowledged, and goes on when the cause is gone."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from apiserver.storage import LogError, Record
from apiserver.storage.sql import SQLLog
from apiserver.storage.store import Store
from tests.server import Server
from tests.simulation.test_kill_under_load import Unix

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
needs_prlimit = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits other processes")


@contextmanager
def limited(pid: int, what: int, most: int) -> Iterator[None]:
    """A limit of a running process, for a while."""
    before = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (most, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, what, before)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("faults"))
    server.start()
    yield server
    server.stop()


def client(server: Server) -> Unix:
    return Unix(server.folder / "api.sock")


def configmap(name: str, size: int = 10) -> Any:
    return {"metadata": {"name": name}, "data": {"k": "x" * size}}


def until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@needs_prlimit
def test_a_disk_without_room_refuses_writes_and_nothing_else(own: Server) -> None:
    with closing(client(own)) as connection:
        assert connection.ask("POST", CONFIGMAPS, configmap("before"))[0] == 201
        kept, size = ["before"], (own.folder / "log.db-wal").stat().st_size
        with limited(own.pid(), resource.RLIMIT_FSIZE, max(size, 4096) + 20_000):
            for n in range(8):
                status, answer = connection.ask("POST", CONFIGMAPS, configmap(f"full-{n}", 9000))
                if status == 201:
                    kept.append(f"full-{n}")
            assert (status, answer["reason"]) == (500, "InternalError")
            assert "cannot write" in answer["message"]
            assert "log.db" in answer["message"]
            names = [item["metadata"]["name"] for item in connection.ask("GET", CONFIGMAPS)[1]["items"]]
            assert set(names) - {"kube-root-ca.crt"} == set(kept)
            connection.request("GET", "/readyz?verbose")
            assert b"[-]etcd failed" in connection.getresponse().read()
        assert connection.ask("POST", CONFIGMAPS, configmap("after"))[0] == 201
        connection.request("GET", "/readyz")
        assert connection.getresponse().read() == b"ok"
        revisions = [item["metadata"]["resourceVersion"] for item in connection.ask("GET", CONFIGMAPS)[1]["items"]]
    told = (own.folder / "server.log").read_text()
    assert "cannot write" in told
    assert told.count("Traceback") == 0, "a full disk is no fault of the program"
    assert told.count("writes are refused from now on") == told.count("writes are taken again") > 0
    own.run("down")
    own.start()
    with closing(client(own)) as connection:
        items = connection.ask("GET", CONFIGMAPS)[1]["items"]
    assert [item["metadata"]["resourceVersion"] for item in items] == revisions
    assert {item["metadata"]["name"] for item in items} == {*kept, "after", "kube-root-ca.crt"}


@needs_prlimit
def test_without_descriptors_connections_wait_and_others_go_on(own: Server) -> None:
    descriptors = Path(f"/proc/{own.pid()}/fd")
    with ExitStack() as stack:
        connection = stack.enter_context(closing(client(own)))
        assert connection.ask("GET", "/version")[0] == 200
        with limited(own.pid(), resource.RLIMIT_NOFILE, max(map(int, os.listdir(descriptors))) + 4):
            crowd = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(20)]
            for each in crowd:
                each.setblocking(False)
                each.connect_ex(str(own.folder / "api.sock"))
            time.sleep(0.2)
            assert connection.ask("POST", CONFIGMAPS, configmap("crowded"))[0] == 201
            for each in crowd:
                each.close()
        assert connection.ask("DELETE", f"{CONFIGMAPS}/crowded")[0] == 200

        def welcomes() -> bool:
            with closing(client(own)) as late:
                return bool(late.ask("GET", "/version")[0] == 200)

        until(welcomes)
    assert (own.folder / "server.log").stat().st_size < 100_000, "it does not fill its log with that"


async def test_a_full_database_refuses_whole_batches_and_takes_the_next(tmp_path: Path) -> None:
    log = SQLLog(tmp_path / "log.db")
    store = Store(log)
    store.load()

    async def put(name: str, size: int) -> Record:
        return await store.write(f"things/{name}", {"metadata": {}, "data": "x" * size}, 0)

    await put("first", 10)
    assert log._connection is not None
    log._connection.execute("PRAGMA max_page_count = 30")
    with pytest.raises(LogError, match="database or disk is full"):
        await put("large", 200_000)
    assert (store.revision, store.is_refused, store.get("things/large")) == (1, True, None)
    assert (await put("second", 10)).revision == 2
    assert not store.is_refused
    log._connection.execute("PRAGMA max_page_count = 100000")
    assert (await put("large", 200_000)).revision == 3
    await store.close()


# -- starting ----------------------------------------------------------------------------------------------------------


def refused(folder: Path) -> str:
    """What a server that does not start says. Nobody is to see how it was made."""
    done = subprocess.run(
        [sys.executable, "-m", "apiserver", "--state-dir", str(folder)],
        capture_output=True, text=True, timeout=20, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing in the folder can be written. For root no file mode says that, but a mount does."""
    if os.geteuid():
        for path in (*folder.iterdir(), folder):
            path.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    again = ["mount", "-o", "remount,ro,bind", str(folder)]
    if subprocess.run(["mount", "--bind", str(folder), str(folder)], check=False, capture_output=True).returncode:
        pytest.skip("root may not mount here, so nothing can be made read-only for it")
    try:
        subprocess.run(again, check=True)
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_folder_that_cannot_be_written_is_refused_and_welcome_when_it_can(tmp_path: Path) -> None:
    with closing(SQLLog(tmp_path / "log.db")) as log:
        log.append([Record("things/x", 1, 0, 1, False, b"{}")])
    with read_only(tmp_path):
        with pytest.raises(LogError, match=r"log\.db: "):
            SQLLog(tmp_path / "log.db")
        assert refused(tmp_path).startswith("error: [Errno ")
    with closing(SQLLog(tmp_path / "log.db")) as log:
        assert log.latest() == 1


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refused(tmp_path / "file" / "state").startswith("error: ")
    assert str(tmp_path / "file") in refused(tmp_path / "file" / "state")


def test_left_over_files_are_in_nobodys_way(own: Server, tmp_path: Path) -> None:
    """A pid file that names a living process, and a socket that nobody listens on."""
    server = Server(tmp_path)
    server.folder.mkdir(parents=True)
    (server.folder / "pid").write_text(f"{os.getpid()}\n")
    (server.folder / "port").write_text("no number\n")
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(server.folder / "api.sock"))
    server.start()
    assert server.pid() != os.getpid()
    assert server.run("get", "namespaces", "-o", "name").stdout.startswith("namespace/default")
    server.stop()


def test_a_second_server_changes_nothing(own: Server) -> None:
    before = (own.folder / "kubeconfig").read_bytes(), (own.folder / "port").read_bytes()
    assert refused(own.folder) == f"error: another server (pid {own.pid()}) already serves {own.folder}"
    assert ((own.folder / "kubeconfig").read_bytes(), (own.folder / "port").read_bytes()) == before
    with closing(client(own)) as connection:
        assert connection.ask("GET", "/version")[0] == 200
