"""Runs the stories of this folder with minictl on a real server."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.server import Server
from tests.stories import PLACEHOLDERS, Step, agrees, changes, parse, squeeze

FOLDER = Path(__file__).parent
STORIES = sorted(FOLDER.glob("*.txt"))
OWN_STORIES = sorted((FOLDER / "own").glob("*.txt"))
"""Those that start a cluster of their own: they stop it, throw it away, or have its time stand still."""
PATIENCE_SECONDS = 15.0  # an image that is missing is in back-off after ten
PAUSE_SECONDS = 0.05
COMMAND_SECONDS = 60


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


@pytest.mark.parametrize("story", OWN_STORIES, ids=lambda path: path.stem)
def test_story_of_a_cluster_of_its_own(story: Path, tmp_path: Path) -> None:
    files, steps = parse(story)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    own = Server(tmp_path / "state")
    environment = {**own.environment, "HOME": str(tmp_path), "TZ": "UTC"}
    try:
        for step in steps:
            check(story, step, "default", tmp_path, environment)
    finally:
        own.stop()


def shell(command: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def check(story: Path, step: Step, namespace: str, folder: Path, environment: dict[str, str]) -> None:
    want_out, want_err = squeeze("\n".join(step.out)), squeeze("\n".join(step.err))
    deadline = time.monotonic() + (0 if changes(step.command) else PATIENCE_SECONDS)
    while True:
        done = shell(step.command, folder, environment)
        out, err = squeeze(done.stdout), squeeze(done.stderr)
        if namespace != "default":
            out, err = ([line.replace(namespace, "{ns}") for line in lines] for lines in (out, err))
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
