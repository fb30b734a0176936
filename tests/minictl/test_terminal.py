"""What only people see: minictl run at a real (pseudo) terminal."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import pytest

from minictl.output.colour import CHANGED, GONE, PLAIN
from tests.server import Server

NAMESPACE = "terminal"
PATIENCE_SECONDS = 20
UP = re.compile(r"\x1b\[\d+F")


def _interruptible() -> None:
    """Tests that run in the background of a shell ignore interrupts, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """minictl at a terminal of 100 columns and 24 lines. `text` is what has been printed so far."""

    def __init__(self, server: Server, *words: str, **environment: str) -> None:
        self.text = ""
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        plain = {key: value for key, value in server.environment.items() if key != "NO_COLOR"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "minictl", *words, "-n", NAMESPACE],
            stdin=slave, stdout=slave, stderr=slave, env={**plain, "TERM": "xterm", **environment},
            preexec_fn=_interruptible,
        )  # fmt: skip
        os.close(slave)

    def until(self, wanted: str) -> str:
        """What has been printed up to there, and forgotten from then on."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while wanted not in self.text:
            assert self._read(deadline), f"{wanted!r} is not in {self.text!r}"
        before, _, self.text = self.text.partition(wanted)
        return before

    def end(self) -> str:
        """All that is printed until the command is over."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._read(deadline):
            pass
        self._process.wait(PATIENCE_SECONDS)
        os.close(self._master)
        return self.text

    def interrupt(self) -> str:
        self._process.send_signal(signal.SIGINT)
        return self.end()

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self.text += data.decode().replace("\r\n", "\n")
        return bool(data)


@pytest.fixture(scope="module")
def at_home(server: Server) -> Iterator[Server]:
    server.run("create", "namespace", NAMESPACE)
    server.run("run", "web", "--image=nginx:1", "-n", NAMESPACE)
    server.run("wait", "--for=condition=Ready", "pod/web", "-n", NAMESPACE)
    yield server
    server.run("delete", "namespace", NAMESPACE, "--wait=false")


def test_statuses_have_colours(at_home: Server) -> None:
    assert "\x1b[32mRunning" in Terminal(at_home, "get", "pods").end()
    assert "\x1b" not in Terminal(at_home, "get", "pods", NO_COLOR="1").end()
    assert "\x1b" not in Terminal(at_home, "get", "pods", TERM="dumb").end()


def test_a_watched_table_stays_in_its_place(at_home: Server) -> None:
    terminal = Terminal(at_home, "get", "pods", "--watch")
    terminal.until("\x1b[32mRunning")
    at_home.run("annotate", "pod", "web", "minictl.dev/simulate=Unready", "-n", NAMESPACE)
    assert UP.search(terminal.until(f"{CHANGED}0/1{PLAIN}"))
    at_home.run("run", "second", "--image=nginx:1", "-n", NAMESPACE)
    terminal.until("second")
    at_home.run("delete", "pod", "second", "-n", NAMESPACE)
    terminal.until(f"{GONE}second")
    terminal.interrupt()
    at_home.run("annotate", "pod", "web", "minictl.dev/simulate-", "-n", NAMESPACE)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("gte pods", "\n\tget\n"),
        ("rollout statsu web", "Did you mean status?"),
        ("get pods --wathc", "Did you mean --watch?"),
        ("get podz", "Did you mean pdb or po or pods?"),
        ("get pod wbe", "Did you mean web?"),
        ("delete pod we", "Did you mean web?"),
    ],
)
def test_what_may_have_been_meant(at_home: Server, words: str, advice: str) -> None:
    assert advice in Terminal(at_home, *words.split()).end().replace("        get", "\tget")
    piped = at_home.run(*words.split(), "-n", NAMESPACE, check=False)
    assert "Did you mean " not in piped.stderr.replace("Did you mean this?", "")


@pytest.mark.parametrize(
    ("words", "awaited"),
    [
        ("wait --for=condition=Never pod/web --timeout=1s", "waiting for pod/web"),
        ("rollout status deployment/stuck --timeout=1s", "waiting for deployment.apps/stuck"),
        ("delete pod held --timeout=1s", "waiting until pod/held is gone"),
    ],
)
def test_what_is_awaited_is_said(at_home: Server, words: str, awaited: str) -> None:
    if "stuck" in words:
        at_home.run("create", "deployment", "stuck", "--image=nginx:missing", "-n", NAMESPACE)
    if "held" in words:
        held = '{"metadata": {"finalizers": ["example.com/hold"]}}'
        at_home.run("run", "held", "--image=nginx", f"--overrides={held}", "-n", NAMESPACE)
    terminal = Terminal(at_home, *words.split())
    terminal.until(f"{awaited} 0s")
    text = terminal.end()
    assert "\x1b[K" in text
    if "held" in words:
        at_home.run("patch", "pod", "held", "-n", NAMESPACE, "-p", '{"metadata": {"finalizers": null}}')
