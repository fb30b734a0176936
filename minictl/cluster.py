"""The local cluster: its folder, and starting, watching and stopping the server in it.

The server is `python -m apiserver --state-dir FOLDER`, detached. It holds a lock on FOLDER/pid while it lives and
answers on the socket FOLDER/api.sock; so the lock says whether it runs, and /readyz on the socket whether it is ready.
"""

from __future__ import annotations

import os
import sys
import time

from minictl.errors import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from minictl.session import Session

START_SECONDS = 30.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.01
MAX_SOCKET_PATH = 100
"""Unix limits the path of a socket to 107 bytes; a longer one goes into a short folder of its own."""


class Folder:
    """The state folder of one named cluster, and the files in it."""

    def __init__(self, name: str, environ: Mapping[str, str]) -> None:
        if not name or name.startswith(".") or any(c not in _NAME for c in name):
            raise CommandError(f'"{name}" is no name for a cluster: use letters, digits, "-", "_" and "."')
        self.name = name
        home = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
        self.path = os.path.join(home, "minictl", name)

    @property
    def socket(self) -> str:
        return os.path.join(self.path, "api.sock")

    @property
    def log(self) -> str:
        """What the server wrote to stderr."""
        return os.path.join(self.path, "server.log")

    @property
    def kubeconfig(self) -> str:
        return os.path.join(self.path, "kubeconfig")

    @property
    def exists(self) -> bool:
        return os.path.isdir(self.path)

    def keeps_namespace(self) -> bool:
        """Does its kubeconfig name a namespace? (Asked by every command, so without reading YAML.)"""
        try:
            with open(self.kubeconfig, "rb") as file:
                return b" namespace:" in file.read()
        except OSError:
            return False

    def stands_still(self) -> bool:
        """Is its clock moved by hand?"""
        try:
            with open(os.path.join(self.path, "settings.json"), "rb") as file:
                return b'"clock": "manual"' in file.read()
        except OSError:
            return False

    def answers(self) -> bool:
        """Does something listen on the socket? (Cheaper than asking the lock, and what a command needs to know.)"""
        import socket

        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.connect(self.socket)
        except OSError:
            return False
        else:
            return True
        finally:
            link.close()

    def pid(self) -> int:
        """The process id of the running server, 0 when none runs: the lock on the pid file tells, not its content."""
        import fcntl

        try:
            with open(os.path.join(self.path, "pid"), encoding="ascii", errors="replace") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    text = file.read().strip()
                    return int(text) if text.isdigit() else -1
        except OSError:
            return 0
        return 0


_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def autostart(session: Session, folder: Folder) -> None:
    """Starts the cluster that a command needs, saying so on stderr.

    Raises:
        CommandError: it does not start, or must not (--no-start, MINICTL_NO_START).
    """
    if session.flags.on("no-start") or session.environ.get("MINICTL_NO_START"):
        name = "" if folder.name == "default" else f" --cluster {folder.name}"
        raise CommandError(f'the local cluster "{folder.name}" is not running; start it with: minictl up{name}')
    if not folder.pid():
        session.note(f'Starting the local cluster "{folder.name}" ({folder.path})')
    start(folder, [])


def start(folder: Folder, options: Sequence[str]) -> bool:
    """Starts the server and waits until it is ready; False when it was running already.

    Raises:
        CommandError: it ended, or is not ready in time; its own last words are in the message.
    """
    process, kept = None, ""
    deadline = time.monotonic() + START_SECONDS
    while not ready(folder):
        if process is None and not folder.pid():  # none, or none any more: one that is there may be about to end
            kept = _namespace(folder) if folder.keeps_namespace() else ""
            process = _launch(folder, options)
        if process is not None and process.poll() is not None:
            if folder.pid() and ready(folder):
                return False  # another one was faster
            raise CommandError(f"{_last_words(folder, process.returncode)} (log: {folder.log})")
        if time.monotonic() > deadline:
            raise CommandError(
                f'the server of cluster "{folder.name}" is not ready after {START_SECONDS:.0f} s (log: {folder.log})'
            )
        time.sleep(POLL_SECONDS)
    if kept and not folder.keeps_namespace():
        _keep_namespace(folder, kept)  # the server has written its kubeconfig anew
    return process is not None


def _namespace(folder: Folder) -> str:
    from minictl.kubeconfig import Kubeconfig

    return Kubeconfig([folder.kubeconfig]).place().namespace


def _keep_namespace(folder: Folder, namespace: str) -> None:
    from minictl.kubeconfig import Kubeconfig

    content = Kubeconfig([folder.kubeconfig])
    name = content.current_context
    context = {**content.entries("contexts").get(name, {}), "namespace": namespace}
    content.set_entry("contexts", name, context)
    content.save()


def ready(folder: Folder) -> bool:
    """Does /readyz answer 200?"""
    from minictl.errors import ServerError, Unreachable
    from minictl.transport import Connection, unix

    connection = Connection("localhost", unix(folder.socket))
    try:
        return connection.request("GET", "/readyz", {}, None, 5.0).status == 200
    except (Unreachable, ServerError):
        return False
    finally:
        connection.close()


def _launch(folder: Folder, options: Sequence[str]) -> _Process:
    import subprocess

    try:
        os.makedirs(folder.path, mode=0o700, exist_ok=True)
        log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise CommandError(f"cannot use {error.filename}: {error.strerror}") from None
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "apiserver", "--state-dir", folder.path, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=folder.path,
            env={**os.environ, "PYTHONPATH": _python_path()},
        )
    finally:
        os.close(log)


if TYPE_CHECKING:
    import subprocess

    _Process = subprocess.Popen[bytes]


def _python_path() -> str:
    """The child must find the same apiserver as this process, also when that is a source tree."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return os.pathsep.join(dict.fromkeys([here, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]))


def _last_words(folder: Folder, status: int) -> str:
    try:
        with open(folder.log, encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file.readlines()[-50:] if line.strip()]
    except OSError:
        lines = []
    for line in reversed(lines):
        if line.startswith("error: "):
            return line.removeprefix("error: ")
    return f"the server ended with exit status {status}" + (f": {lines[-1]}" if lines else "")


def stop(folder: Folder, *, at_once: bool = False) -> bool:
    """Asks the server to end and waits for it; False when none runs. `at_once`: it is not asked, for nothing that it
    could still write down is wanted.

    Raises:
        CommandError: it does not end.
    """
    import signal

    pid = folder.pid()
    if not pid:
        return False
    if pid < 0:
        raise CommandError(f"a server holds {folder.path} but does not say which process it is")
    deadline = time.monotonic() + STOP_SECONDS
    try:
        os.kill(pid, signal.SIGKILL if at_once else signal.SIGTERM)
    except ProcessLookupError:
        return False
    except PermissionError:
        raise CommandError(f"process {pid} belongs to another user") from None
    while folder.pid() == pid:
        if time.monotonic() > deadline:
            raise CommandError(f"the server (process {pid}) did not end within {STOP_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
    return True
