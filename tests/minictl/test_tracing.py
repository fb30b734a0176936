"""-v=6 to -v=9 tell what is asked and answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minictl import cli
from minictl.tracing import Tracer
from tests.server import Server

HEAD = r"I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ [a-z_]+\.go:\d+\] "
TABLE = "application/json"


def told(level: int, body: bytes = b"{}", status: int = 200) -> list[str]:
    lines: list[str] = []
    tracer = Tracer(level, lines.append)
    tracer.asked("GET", "https://x/api", {"Accept": "a/b", "Authorization": "Bearer secret"}, None)
    tracer.answered(status, {"content-type": ["c/d"]}, body)
    return [re.sub(r"milliseconds=\d+", "milliseconds=N", re.sub(f"^{HEAD}", "", line)) for line in lines]


def test_levels() -> None:
    assert told(6) == ['"Response" verb="GET" url="https://x/api" status="200 OK" milliseconds=N']
    asked = '"Request" verb="GET" url="https://x/api" headers=<\n\tAccept: a/b\n\tAuthorization: Bearer <masked>\n >'
    assert told(7) == [asked, '"Response" status="200 OK" headers="" milliseconds=N']
    assert told(8, status=409) == [
        '"Request Body" body=""',
        asked,
        '"Response" status="409 Conflict" headers="Content-Type: c/d" milliseconds=N',
        '"Response Body" body="{}"',
    ]
    assert told(8, b"x" * 1030)[-1].endswith('x [truncated 6 chars]"')
    assert told(9, b"a\nb")[-1] == '"Response Body" body=<\n\ta\n\tb\n >'


def test_the_command_line_turns_it_on(server: Server) -> None:
    done = server.run("get", "namespace", "default", "-o", "name", "-v=6")
    assert done.stdout == "namespace/default\n"
    lines = done.stderr.splitlines()
    assert all(re.match(HEAD, line) for line in lines)
    assert '/api/v1/namespaces/default" status="200 OK"' in lines[-1]
    assert server.run("get", "namespace", "default", "-o", "name", "-v=5").stderr == ""


def test_no_answer_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cli.main(["--server", "http://127.0.0.1:9", "-v6", "version"]) == 1
    assert 'status="" err="dial tcp 127.0.0.1:9: connect: connection refused"' in capsys.readouterr().err
