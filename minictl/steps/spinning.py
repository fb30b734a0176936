"""A sign of life while a command waits: on a terminal, a turning mark and what is awaited, gone when it is over.

It is on stderr, and only where both streams are terminals: what a script reads is never touched by it.
"""

from __future__ import annotations

import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.session import Session

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAME_SECONDS = 0.1
PATIENCE_SECONDS = 0.3
"""What is over sooner needs no sign."""
CLEAR = "\r\x1b[K"


class Spinner:
    """`with Spinner(session, "waiting for pod/web"):` around what takes long and prints nothing meanwhile."""

    def __init__(self, session: Session, text: str) -> None:
        self._session = session
        self._text = text
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> None:
        session = self._session
        if session.out.isatty() and session.err.isatty() and session.environ.get("TERM") != "dumb":
            session.out.flush()
            self._thread = threading.Thread(target=self._turn, daemon=True)
            self._thread.start()

    def __exit__(self, *failure: object) -> None:
        if self._thread is not None:
            self._over.set()
            self._thread.join()

    def _turn(self) -> None:
        begun, frame, err = time.monotonic(), 0, self._session.err
        if self._over.wait(PATIENCE_SECONDS):
            return
        while True:
            seconds = f" {time.monotonic() - begun:.0f}s"
            err.write(f"{CLEAR}{FRAMES[frame % len(FRAMES)]} {self._text}{seconds}")
            err.flush()
            frame += 1
            if self._over.wait(FRAME_SECONDS):
                break
        err.write(CLEAR)
        err.flush()
