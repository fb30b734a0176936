"""Wrong command lines end with kubectl's sentence, on the right stream, with its exit status (see mistakes.txt)."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from minictl import cli

TABLE = Path(__file__).with_name("mistakes.txt")
ORACLE = os.environ.get("MINICTL_ORACLE", "")
"""A kubectl 1.32 to ask, too; that takes two minutes."""
KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
users: [{name: u, user: {token: t}}]
"""


@dataclass
class Mistake:
    words: list[str]
    out: str = ""
    err: str = ""
    status: int = 1
    is_newer: bool = False


def mistakes() -> dict[str, Mistake]:
    found: dict[str, Mistake] = {}
    mistake = Mistake([])
    for line in TABLE.read_text().splitlines():
        mark, _, text = line.partition(" ")
        if mark == "$":
            mistake = found[text] = Mistake(shlex.split(text))
        elif mark == ">":
            mistake.out += f"{text}\n"
        elif mark == "!":
            mistake.err = text
        elif mark == "?":
            mistake.status = int(text)
        elif mark == "~":
            mistake.is_newer = True
    return found


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cluster that nobody answers for: what goes wrong here goes wrong before anybody is asked."""
    place = tmp_path / "kubeconfig"
    place.write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(place))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBERC", "off")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    return place


def test_there_are_many() -> None:
    assert len(mistakes()) > 400


def test_mistakes_of_all_commands(kubeconfig: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = []
    for line, want in mistakes().items():
        kubeconfig.write_text(KUBECONFIG)
        status = cli.main(want.words)
        out, err = capsys.readouterr()
        got = (status, out, err.partition("\n")[0].rstrip())
        if got != (want.status, want.out, want.err):
            wrong.append((line, got))
    assert not wrong


@pytest.mark.skipif(not ORACLE, reason="MINICTL_ORACLE names no kubectl 1.32 to ask")
def test_the_table_says_what_kubectl_says(kubeconfig: Path) -> None:
    wrong = []
    for line, want in mistakes().items():
        if want.is_newer:
            continue
        kubeconfig.write_text(KUBECONFIG)
        done = subprocess.run(
            [ORACLE, *want.words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        err = re.sub(r"^[EW]\d{4} .*\n", "", done.stderr, flags=re.MULTILINE) or done.stderr
        err = re.sub(r"^Error: ", "error: ", err)  # some builds begin mistakes among flags so
        got = (done.returncode, done.stdout, err.partition("\n")[0].rstrip())
        if got != (want.status, want.out, want.err):
            wrong.append((line, got))
    assert not wrong
