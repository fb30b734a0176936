"""Runs the stories of this folder with minictl on a real server."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.server import Server

FOLDER = Path(__file__).parent
STORIES = sorted(FOLDER.glob("*.txt"))
PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.05
COMMAND_SECONDS = 60

ALNUM = "[bcdfghjklmnpqrstvwxz2456789]"
PLACEHOLDERS = {
    "<age>": r"(?:\d+[smhdy])+",
    "<pod-ip>": r"10\.244\.\d+\.\d+",
    "<svc-ip>": r"10\.96\.\d+\.\d+",
    "<host-ip>": r"192\.168\.0\.\d+",
    "<rand>": ALNUM + "{5}",
    "<hash>": ALNUM + "{8,10}",
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}",
    "<uid>": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "<node>": r"node-\d",
    "<any>": r".*",
}
CHANGES = re.compile(
    r"\b(apply|create|delete|replace|patch|label|annotate|scale|run|expose|set|edit)\b"
    r"|rollout (restart|undo|pause|resume)\b"
)


@dataclass
class Step:
    command: str
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    status: int = 0


def parse(path: Path) -> tuple[dict[str, str], list[Step]]:
    files: dict[str, str] = {}
    steps: list[Step] = []
    name = None
    for line in path.read_text().splitlines():
        if name is not None:
            if line == "===":
                name = None
            else:
                files[name] = files.get(name, "") + line + "\n"
        elif line.startswith("=== "):
            name = line[4:]
        elif line.startswith("$ "):
            steps.append(Step(line[2:]))
        elif line[:1] in (">", "!", "?"):
            kind, text = line[0], line[2:]
            if kind == "?":
                steps[-1].status = int(text)
            else:
                (steps[-1].out if kind == ">" else steps[-1].err).append(text)
        else:
            assert not line or line.startswith("#"), f"{path.name}: what is {line!r}?"
    return files, steps


def squeeze(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return [indent(line) + re.sub(r"\s{2,}", "  ", line.lstrip()) for line in lines]


def indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def pattern(line: str) -> re.Pattern[str]:
    parts = re.split("(<[a-z-]+>)", line)
    return re.compile("".join(f"(?:{PLACEHOLDERS[p]})" if p in PLACEHOLDERS else re.escape(p) for p in parts))


def agrees(want: list[str], got: list[str]) -> bool:
    return len(want) == len(got) and all(pattern(w).fullmatch(g) for w, g in zip(want, got, strict=True))


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_story(story: Path, server: Server, tmp_path: Path) -> None:
    namespace = f"story-{story.stem}"
    files, steps = parse(story)
    assert steps, f"{story.name} tells nothing"
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    server.run("create", "namespace", namespace)
    kubeconfig = tmp_path / ".kubeconfig"
    shutil.copy(server.kubeconfig, kubeconfig)
    environment = {**server.environment, "KUBECONFIG": str(kubeconfig), "HOME": str(tmp_path), "TZ": "UTC"}
    shell(f"minictl config set-context --current --namespace={namespace}", tmp_path, environment)
    for step in steps:
        check(story, step, namespace, tmp_path, environment)


def shell(command: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def check(story: Path, step: Step, namespace: str, folder: Path, environment: dict[str, str]) -> None:
    want_out, want_err = squeeze("\n".join(step.out)), squeeze("\n".join(step.err))
    deadline = time.monotonic() + (0 if CHANGES.search(step.command) else PATIENCE_SECONDS)
    while True:
        done = shell(step.command, folder, environment)
        out = squeeze(done.stdout.replace(namespace, "{ns}"))
        err = squeeze(done.stderr.replace(namespace, "{ns}"))
        if agrees(want_out, out) and agrees(want_err, err) and done.returncode == step.status:
            return
        if time.monotonic() > deadline:
            break
        time.sleep(PAUSE_SECONDS)
    told = [f"? {done.returncode}", *(f"> {line}" for line in out), *(f"! {line}" for line in err)]
    wanted = [f"? {step.status}", *(f"> {line}" for line in want_out), *(f"! {line}" for line in want_err)]
    assert told == wanted, f"{story.name}: $ {step.command}"


def test_every_placeholder_is_explained() -> None:
    text = (FOLDER / "README.md").read_text()
    for placeholder in PLACEHOLDERS:
        assert placeholder in text or placeholder == "<host-ip>"
