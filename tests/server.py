"""A real server for tests: its own process, its own folder, a real SQLite file, a free port."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

READY_SECONDS = 30


class Server:
    """`run` is minictl against it, over its Unix socket; `kubeconfig` is for whoever speaks HTTPS."""

    def __init__(self, state_home: Path, *flags: str) -> None:
        scripts = Path(sys.executable).parent
        self.environment = {
            **{k: v for k, v in os.environ.items() if k != "KUBECONFIG" and not k.lower().endswith("_proxy")},
            "XDG_STATE_HOME": str(state_home),
            "XDG_CACHE_HOME": str(state_home / "cache"),
            "PATH": f"{scripts}:{os.environ['PATH']}",
            "NO_COLOR": "1",
            "LC_ALL": "C.UTF-8",
        }
        self.flags = flags
        self.folder = state_home / "minictl" / "default"

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    def start(self) -> None:
        self.run("up", *self.flags)

    def stop(self) -> None:
        self.run("down")

    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    def run(self, *arguments: str, check: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "minictl", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=READY_SECONDS, input=stdin, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"minictl {' '.join(arguments)}: {done.stderr}"
        return done
