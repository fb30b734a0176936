"""The sign of life: on a terminal only, and gone when it is over."""

from __future__ import annotations

import io
import threading

import pytest

from minictl.grammar.flags import Flags
from minictl.grammar.options import GLOBAL_FLAGS
from minictl.session import Session
from minictl.steps import spinning


class Screen(io.StringIO):
    """A stream that says whether it is a terminal, and when something first stood on it."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal
        self.touched = threading.Event()

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.touched.set()
        return super().write(text)


@pytest.mark.parametrize(("out", "err"), [(True, True), (True, False), (False, True)])
def test_a_terminal_shows_what_is_awaited(monkeypatch: pytest.MonkeyPatch, out: bool, err: bool) -> None:
    monkeypatch.setattr(spinning, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen(err)
    session = Session(Flags(GLOBAL_FLAGS), out=Screen(out), err=screen)
    with spinning.Spinner(session, "waiting for pod/web"):
        assert screen.touched.wait(5 if out and err else 0.02) == (out and err)
    text = screen.getvalue()
    assert ("waiting for pod/web 0s" in text) == (out and err)
    assert text.endswith(spinning.CLEAR) == (out and err)


def test_what_is_over_soon_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spinning, "PATIENCE_SECONDS", 60.0)
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen(True)
    with spinning.Spinner(Session(Flags(GLOBAL_FLAGS), out=Screen(True), err=screen), "x"):
        pass
    assert screen.getvalue() == ""
