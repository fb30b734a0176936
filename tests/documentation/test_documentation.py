"""Types the commands of the documentation, page by page, against one real server."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from minictl import cli
from tests.server import Server
from tests.stories import Step, changes, parse, pattern, squeeze

FOLDER = Path(__file__).parent
PAGES = sorted(FOLDER.glob("*.txt"))
FORMS = 250
"""There are at least so many commands in all pages."""
PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.03
COMMAND_SECONDS = 30
SHELL = re.compile(r"[|;<>]|\$\(|\$'|&&|^(for|echo|timeout|JSONPATH=|KUBECONFIG=)")
ASSIGNMENT = re.compile(r'^(?:export )?([A-Z_]+)="?\$\((.*)\)"?$')


class Reader:
    """One who types: in a folder, under a kubeconfig, with variables."""

    def __init__(self, server: Server, folder: Path, namespace: str) -> None:
        self.folder = folder
        self.namespace = namespace
        kubeconfig = folder / ".kubeconfig"
        shutil.copy(server.kubeconfig, kubeconfig)
        programs = folder / "bin"
        programs.mkdir()
        (programs / "kubectl").symlink_to(shutil.which("minictl", path=server.environment["PATH"]) or "minictl")
        (folder / "edit").write_text(
            "#!/bin/sh\nsed -i -e 's/nginx:1.1[0-9.]*/nginx:1.17.0/' "
            "-e 's/type: NodePort/type: LoadBalancer/' -e 's/^  labels:/&\\n    by: hand/' "
            "-e 's/^  name: my-svc2/&\\n  labels: {by: hand}/' \"$1\"\n"
        )
        (folder / "edit").chmod(0o755)
        self.environment = {
            **server.environment,
            "PATH": f"{programs}:{server.environment['PATH']}",
            "KUBECONFIG": str(kubeconfig),
            "KUBE_EDITOR": str(folder / "edit"),
            "HOME": str(folder),
            "TZ": "UTC",
        }

    def type(self, line: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error of a command line."""
        line = line.replace("{ns}", self.namespace)
        assignment = ASSIGNMENT.match(line)
        if assignment:
            status, out, err = self.type(assignment[2])
            self.environment[assignment[1]] = out.rstrip("\n")
            return status, "", err
        if SHELL.search(re.sub(r"'[^']*'", "''", line)) or not line.startswith("kubectl "):
            return self._in_a_shell(line)
        line = re.sub(r"\$([A-Z_]+)", lambda found: self.environment[found[1]], line)
        return self._here(shlex.split(line)[1:])

    def _in_a_shell(self, line: str) -> tuple[int, str, str]:
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=COMMAND_SECONDS,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def _here(self, words: list[str]) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = cli.main(words)
        return status, out.getvalue(), err.getvalue()


@pytest.fixture
def reader(server: Server, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reader]:
    namespace = f"docs-{request.param.stem}"
    server.run("create", "namespace", namespace)
    typing = Reader(server, tmp_path, namespace)
    before, folder = dict(os.environ), os.getcwd()
    os.environ.clear()
    os.environ.update(typing.environment)
    os.chdir(tmp_path)
    cli.main(["config", "set-context", "--current", f"--namespace={namespace}"])
    yield typing
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize(
    ("reader", "page"), [(page, page) for page in PAGES], indirect=["reader"], ids=lambda p: p.stem
)
def test_page(page: Path, reader: Reader) -> None:
    files, steps = parse(page)
    for name, text in files.items():
        place = reader.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    for step in steps:
        check(page, step, reader)


def check(page: Path, step: Step, reader: Reader) -> None:
    deadline = time.monotonic() + (0 if changes(step.command) else PATIENCE_SECONDS)
    while True:
        status, out, err = reader.type(step.command)
        told = [squeeze(text.replace(reader.namespace, "{ns}")) for text in (out, err)]
        missing = [*absent(step.out, told[0]), *absent(step.err, told[1])]
        if status == step.status and not missing:
            return
        if time.monotonic() > deadline:
            pytest.fail(f"{page.name}: $ {step.command}\n? {status}\n{out}{err}\nmissing: {missing}")
        time.sleep(PAUSE_SECONDS)


def absent(want: list[str], got: list[str]) -> list[str]:
    """The lines that are wanted and not there, in this order."""
    left = iter(re.sub(r"\s+", " ", line).strip() for line in got)
    return [line for line in want if not any(pattern(line).fullmatch(each) for each in left)]


def test_there_are_many_forms() -> None:
    forms = [step.command for page in PAGES for step in parse(page)[1]]
    assert len(forms) >= FORMS
    assert all("kubectl" in form or form.startswith(("echo", "openssl")) for form in forms)
