"""Two folders of objects held against each other by `diff`, or by the program that KUBECTL_EXTERNAL_DIFF names."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager

from minictl.errors import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from minictl.session import Session

    Object = dict[str, Any]

SAME, DIFFERENT, TROUBLE = 0, 1, 2
MASK, BEFORE, AFTER = "***", "*** (before)", "*** (after)"
_HARMLESS = re.compile(r"[a-zA-Z0-9-=]+")


@contextmanager
def folder(name: str) -> Iterator[str]:
    """A temporary folder called NAME-NUMBER, which people filter for in the output."""
    import random
    import shutil
    import tempfile

    path = os.path.join(tempfile.gettempdir(), f"{name}-{random.randrange(10**9)}")
    os.mkdir(path, 0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def write(folder: str, name: str, content: Object) -> None:
    """An object as a file; {} is an empty one, for what is not there."""
    from minictl.output.structured import to_yaml

    with open(os.path.join(folder, name.replace("/", "_")), "w", encoding="utf-8") as file:
        if content:
            file.write(to_yaml(content))


def masked(before: Object, after: Object) -> tuple[Object, Object]:
    """Two versions of a Secret that show which values differ, but none of them."""
    old, new = before.get("data") or {}, after.get("data") or {}
    shown_old, shown_new = dict.fromkeys(old, MASK), dict.fromkeys(new, MASK)
    for key in old:
        if key in new and old[key] != new[key]:
            shown_old[key], shown_new[key] = BEFORE, AFTER
    return (
        {**before, "data": shown_old} if "data" in before else before,
        {**after, "data": shown_new} if "data" in after else after,
    )


def compare(session: Session, live: str, merged: str) -> int:
    """Prints what differs. SAME, or DIFFERENT.

    Raises:
        CommandError: the program is not there, or fails.
    """
    import subprocess
    import sys

    program, *given = (session.environ.get("KUBECTL_EXTERNAL_DIFF") or "").split(" ")
    words = [program, live, merged, *(word for word in given if _HARMLESS.fullmatch(word))]
    if not program:
        program = "diff"
        words = ["diff", "-u", "-N", live, merged]
    session.out.flush()
    session.err.flush()
    captured = session.out is not sys.stdout
    try:
        done = subprocess.run(words, check=False, capture_output=captured, text=captured)
    except OSError as error:
        reason = "executable file not found in $PATH" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise CommandError(f'failed to run "{program}": exec: "{program}": {reason}') from None
    if captured:
        session.out.write(done.stdout)
        session.err.write(done.stderr)
    if done.returncode > DIFFERENT:
        raise CommandError(f'failed to run "{program}": exit status {done.returncode}')
    return SAME if done.returncode == 0 else DIFFERENT
