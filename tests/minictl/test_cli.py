"""The command line itself: finding commands, printing mistakes, staying light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from minictl import cli, commands
from minictl.errors import CommandError, Failures, ServerError
from minictl.grammar import typer_app
from minictl.grammar.flags import Command
from minictl.texts import near
from tests.server import Server

HEAVY = ("typer", "rich", "yaml", "ssl", "subprocess", "http.client", "dataclasses", "typing", "inspect", "jsonschema")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = cli.main(words)
    out, err = capsys.readouterr()
    return status, out, err


def test_an_unknown_command_comes_with_those_like_it(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = 'error: unknown command "gte" for "kubectl"\n\nDid you mean this?\n\tget\n'
    assert run(capsys, "gte", "pods") == (1, "", wanted)
    assert run(capsys, "frobnicate") == (1, "", 'error: unknown command "frobnicate" for "kubectl"\n')


def test_what_is_not_there_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "certificate", "x") == (1, "", "error: the command certificate is not supported by minictl\n")


@pytest.mark.parametrize(
    ("words", "path"),
    [(["-n", "get", "pods"], "pods"), (["--watch", "get", "x"], "x"), (["get"], ""), (["-o", "yaml"], "")],
)
def test_the_first_word_that_is_no_flag(words: list[str], path: str) -> None:
    at = cli.first_word(words, cli.GLOBAL_FLAGS)
    assert (words[at] if at >= 0 else "") in (path, "get")


def test_flags_may_stand_before_the_command() -> None:
    command, rest = cli.find(["-n", "shop", "--output", "name", "get", "-A", "pods"])
    assert (command.path, rest) == ("get", ["-n", "shop", "--output", "name", "-A", "pods"])


def test_groups(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = "error: unknown command \"foo bar\"\nSee 'kubectl config -h' for help and examples\n"
    assert run(capsys, "config", "foo", "bar") == (1, "", wanted)
    assert cli.find(["config", "use", "x"])[0].path == "config use-context"


def test_a_mistake_before_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "-n") == (1, "", "error: flag needs an argument: 'n' in -n\nSee 'kubectl --help' for usage.\n")


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--help")
    assert status == 0
    for name in cli.COMMANDS:
        assert f"  {name} " in out, name


def every_command() -> list[tuple[str, Command]]:
    found = []
    tables = [cli.COMMANDS]
    while tables:
        for name, (module, summary) in tables.pop().items():
            command = cli.load(module, summary, name)
            found.append((command.path, command))
            tables.append(command.children)
    return found


def test_every_command_has_help_for_itself_and_its_flags(capsys: pytest.CaptureFixture[str]) -> None:
    for path, command in every_command():
        assert command.summary, path
        typer_app.show_help(command)
        out = capsys.readouterr().out
        for flag in command.flags:
            assert flag.help or flag.hidden, f"{path} --{flag.name}"
            assert flag.hidden or f"--{flag.name}" in out, f"{path} --{flag.name}"


def test_every_file_of_commands_is_in_a_table() -> None:
    reached = {module for _, command in every_command() for module, _ in command.children.values()}
    reached |= {module for module, _ in cli.COMMANDS.values()}
    files = {path.stem for path in Path(commands.__file__).parent.glob("*.py") if not path.stem.startswith("_")}
    assert files == {module.rpartition(".")[2] for module in reached}


def heavy_imports(server: Server, words: list[str], heavy: tuple[str, ...], stdin: str = "") -> tuple[str, list[str]]:
    """What a command prints, and which of the heavy modules it has imported by then."""
    script = (
        f"import sys; from minictl import cli; status = cli.main({words!r}); "
        f"print(status, *[name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=server.environment, capture_output=True, text=True, check=True, input=stdin
    )
    status, *found = done.stderr.splitlines()[-1].split()
    assert status == "0", done.stderr
    return done.stdout, found


@pytest.mark.parametrize("remote", [False, True], ids=["socket", "kubeconfig"])
def test_a_reading_command_imports_nothing_heavy(server: Server, remote: bool) -> None:
    words = ["get", "endpoints", "-A", *([f"--kubeconfig={server.kubeconfig}"] if remote else [])]
    out, found = heavy_imports(server, words, HEAVY)
    assert "kubernetes" in out
    assert found == (["ssl"] if remote else [])


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["delete", "pod", "nobody", "--ignore-not-found"], []),
        (["label", "node", "node-1", "light=feather", "--overwrite"], []),
        (["apply", "-f", "-"], []),
    ],
    ids=lambda words: words[0] if words else "",
)
def test_a_writing_command_imports_what_it_needs(server: Server, words: list[str], wanted: list[str]) -> None:
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: light\n  namespace: default\n"
    assert heavy_imports(server, words, (*HEAVY, "hashlib", "tempfile"), manifest)[1] == wanted


def test_a_fault_of_ours_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(words: list[str]) -> int:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(cli, "run", broken)
    status, out, err = run(capsys, "get")
    assert (status, out) == (1, "")
    assert err.startswith("error: ZeroDivisionError: by zero (a fault in minictl;")


def test_words_that_look_alike() -> None:
    assert near.near("serv", ["services", "pods", "ev"]) == ["ev", "services"]
    assert near.hint("xyzzy", ["services"]) == ""


def invalid(*causes: tuple[str, str]) -> ServerError:
    listed = [{"field": field, "message": message} for field, message in causes]
    details = {"kind": "Service", "name": "x", "causes": listed}
    return ServerError({"reason": "Invalid", "message": "m", "code": 422, "details": details})


def test_sentences_of_refusals() -> None:
    assert invalid(("a", "bad")).sentence().rstrip("\n") == 'The Service "x" is invalid: a: bad'
    assert invalid(("a", "bad"), ("b", "worse"), ("a", "bad")).sentence() == (
        'The Service "x" is invalid: \n* a: bad\n* b: worse'
    )
    several = Failures([invalid(("a", "bad")), CommandError("other")])
    assert several.sentence().rstrip("\n") == "Error from server (Invalid): m\nother"
    denied = ServerError({"reason": "Unauthorized", "message": "Unauthorized", "code": 401})
    assert denied.sentence() == "error: You must be logged in to the server (Unauthorized)"
    assert denied.within("error when x").message == "error when x: Unauthorized"
