"""minictl has kubectl's commands and flags, with kubectl's shorthands and defaults: held against a table of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from minictl import cli
from minictl.errors import FlagError
from minictl.grammar import flags as grammar
from minictl.grammar.flags import Flag
from minictl.grammar.options import GLOBAL_FLAGS

TABLE = Path(__file__).parent / "kubectl-1.36-flags.txt"
EVERYWHERE = "*"
OF_ITS_OWN = {
    # flags that minictl has beside kubectl's, and those that kubectl has only when they are asked for
    EVERYWHERE: {"no-start"},
    "apply": {"applyset"},  # with KUBECTL_APPLYSET=true
}


def table() -> dict[str, dict[str, tuple[str, str]]]:
    """command -> flag -> (shorthand, default)"""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    command = ""
    for line in TABLE.read_text().splitlines():
        if line.startswith("  --"):
            words, _, default = line[4:].partition("=")
            name, _, short = words.partition(", -")
            found[command][name] = (short, default)
        elif line and not line.startswith("#"):
            command = line
            found[command] = {}
    return found


def declared(command: str) -> dict[str, Flag]:
    if command == EVERYWHERE:
        return {flag.name: flag for flag in GLOBAL_FLAGS}
    found, rest = cli.find(command.split())
    assert not rest, f"there is no command {command}"
    return {flag.name: flag for flag in found.flags}


def shown(value: Any) -> str:
    """A default as kubectl's help prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{','.join(value)}]"
    return str(value)


def same(flag: Flag, want: str) -> bool:
    if flag.type == "seconds":
        return grammar.parse_duration(want) == flag.default
    return want == shown(flag.default) or {want, shown(flag.default)} <= {"", "[]"}


@pytest.mark.parametrize("command", table())
def test_a_command_has_the_flags_of_kubectl(command: str) -> None:
    have, want = declared(command), table()[command]
    assert set(have) - OF_ITS_OWN.get(command, set()) == set(want)
    for name, (short, default) in want.items():
        flag = have[name]
        assert flag.short == short, f"{command} --{name}"
        assert same(flag, default), f"{command} --{name}: {flag.default!r}, not {default}"
        assert (flag.bare is None) <= (default not in ("true", "false")), f"{command} --{name} needs no value"


def test_every_global_flag_is_accepted_in_any_position() -> None:
    for flag in GLOBAL_FLAGS:
        words = [f"--{flag.name}"] if flag.bare is not None else [f"--{flag.name}", {"int": "1"}.get(flag.type, "1s")]
        for line in ([*words, "get", "pods"], ["get", *words, "pods"], ["get", "pods", *words]):
            command, rest = cli.find(line)
            parsed = grammar.parse(rest, (*GLOBAL_FLAGS, *command.flags), command.path)
            assert command.path == "get"
            assert parsed.args == ["pods"]
            assert parsed.flags.given(flag.name)


def test_a_deprecated_flag_says_so() -> None:
    told: list[str] = []
    record = next(flag for flag in cli.find(["scale"])[0].flags if flag.name == "record")
    grammar.parse(["--record"], [record], "scale", tell=told.append)
    assert told == ["Flag --record has been deprecated, --record will be removed in the future"]
    assert record.hidden


def test_what_kubectl_does_not_have_is_no_flag() -> None:
    with pytest.raises(FlagError, match="unknown flag: --selector"):
        grammar.parse(["--selector=a"], cli.find(["edit"])[0].flags, "edit")
