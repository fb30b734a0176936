"""Commands that are understood, how long they take and how they end; and those that are not, which never end."""

from __future__ import annotations

import pytest

from apiserver.runtime.commands import Ending, ending


@pytest.mark.parametrize(
    ("words", "seconds", "code"),
    [
        (["true"], 0, 0),
        (["/bin/false"], 0, 1),
        (["sleep", "5"], 5, 0),
        (["sleep", "1m", "0.5"], 60.5, 0),
        (["echo", "hello", "world; exit 3"], 0, 0),
    ],
)
def test_programs(words: list[str], seconds: float, code: int) -> None:
    assert ending(words) == Ending(seconds, code)


@pytest.mark.parametrize(
    ("script", "seconds", "code"),
    [
        ("sleep 5; exit 1", 5, 1),
        ("exit 42", 0, 42),
        ("exit 256", 0, 0),
        ("false; exit", 0, 1),
        ("true && sleep 2 && false || exit 7", 2, 7),
        ("false && sleep 100", 0, 1),
        ("true || sleep 100", 0, 0),
        ("false || true; sleep 1", 1, 0),
        ("echo 'a; b' && echo \"$HOME x\"; sleep '3'", 3, 0),
        ("\necho one\n\nsleep 1\nexit 2\n", 1, 2),
        ("exit 0; sleep 100", 0, 0),
        (":", 0, 0),
        ("echo hi > /tmp/x && false", 0, 1),
        ("sleep 1;", 1, 0),
        ("", 0, 0),
    ],
)
def test_scripts(script: str, seconds: float, code: int) -> None:
    assert ending(["sh", "-c", script]) == Ending(seconds, code)
    assert ending(["/bin/bash", "-c", script, "name", "argument"]) == Ending(seconds, code)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nginx"],
        ["sleep"],
        ["sleep", "infinity"],
        ["sleep", "x"],
        ["exit", "1"],
        ["sh"],
        ["sh", "script.sh"],
        ["sh", "-ec", "exit 1"],
        ["sh", "-c", "while true; do sleep 1; done"],
        ["sh", "-c", "sleep 1 & sleep 2"],
        ["sh", "-c", "echo hi | cat"],
        ["sh", "-c", "echo hi >"],
        ["sh", "-c", "echo hi 2>/tmp/x"],
        ["sh", "-c", "> /tmp/x"],
        ["sh", "-c", "sleep $SECONDS"],
        ["sh", "-c", "echo `sleep 9`"],
        ["sh", "-c", "echo $(sleep 9)"],
        ["sh", "-c", "exit $?"],
        ["sh", "-c", "sleep 1; serve"],
        ["sh", "-c", "&& true"],
        ["sh", "-c", "true &&"],
        ["sh", "-c", "true ;; false"],
        ["sh", "-c", "echo 'open"],
        ["sh", "-c", "exit 1 2"],
    ],
)
def test_anything_else_runs_for_ever(words: list[str]) -> None:
    assert ending(words) is None


@pytest.mark.parametrize(
    ("script", "written"),
    [
        ("echo one; echo -n 'two  x'", {"": "one\ntwo  x"}),
        ("echo one > f; echo two>>f; echo three", {"f": "one\ntwo\n", "": "three\n"}),
        ("echo one > 'f'; false > f", {"f": ""}),
        ("echo $HOME; exit 1; echo never", {"": ""}),
    ],
)
def test_what_is_written_is_known(script: str, written: dict[str, str]) -> None:
    known = ending(["sh", "-c", script])
    assert known is not None
    assert known.written == written
