"""What a container's command does, as far as that can be told without running it: how long it takes, how it ends.

Understood are exactly `sleep`, `true`, `false`, `echo`, and under `sh -c` also `exit` and `:`, joined by `;`, `&&`,
`||` and newlines, each with its output to a file (`> FILE`, `>> FILE`) if that is wanted. Any other command runs for
ever: it is not known what it would do, and most containers serve.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

SHELLS = ("sh", "ash", "bash", "dash")
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

_WORD = r"""(?:[^\s;&|<>()$`'"\\#*?{}\[\]~!]|'[^']*'|"[^"`\\$]*"|\$\w+|"(?:[^"`\\$]|\$\w+)*")+"""
_token = re.compile(
    rf"[ \t\r]*(?:(?P<operator>&&|\|\||;|\n)|(?<!\d)(?P<redirection>>>?)|(?P<word>{_WORD})|(?P<end>$))"
).match
_amount = re.compile(r"(\d+\.?\d*|\.\d+)([smhd]?)", re.ASCII).fullmatch


@dataclass(frozen=True)
class Ending:
    """A command ends by itself: after so long, with this exit code."""

    seconds: float
    exit_code: int
    written: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What it has written by then to which file; "" is its output."""


@dataclass
class _Command:
    """One simple command: what stands before it, its words, and where its output goes ("": nowhere in particular)."""

    operator: str
    words: list[str] = field(default_factory=list)
    file: str = ""
    appends: bool = True


class _NotUnderstood(Exception):
    """Or understood to run for ever."""


def ending(words: Sequence[str]) -> Ending | None:
    """How a command ends; None for one that does not, or is not understood."""
    if not words:
        return None
    program, *rest = words
    name = program.rpartition("/")[2]
    try:
        if name in SHELLS:
            return _script(rest[1]) if len(rest) > 1 and rest[0] == "-c" else None
        if name in ("exit", ":"):
            return None  # a shell's own words, no programs
        took, status = _simple([name, *rest], 0)
        return Ending(took, status, {"": " ".join(rest) + "\n"} if name == "echo" else {})
    except _NotUnderstood:
        return None


def _script(text: str) -> Ending:
    seconds, status, written = 0.0, 0, dict[str, str]()
    for command in _commands(text):
        if (command.operator == "&&" and status != 0) or (command.operator == "||" and status == 0):
            continue
        took, status = _simple(command.words, status)
        seconds += took
        before = written.get(command.file, "") if command.appends else ""
        written[command.file] = before + (_printed(command.words[1:]) if command.words[0] == "echo" else "")
        if command.words[0] == "exit":
            break
    return Ending(seconds, status, written)


def _commands(text: str) -> Iterator[_Command]:
    """Each simple command; read to the end before anything is done."""
    found: list[_Command] = []
    command, position = _Command(";"), 0
    while True:
        token = _token(text, position)
        if token is None:
            raise _NotUnderstood
        position = token.end()
        if token["word"] is not None:
            command.words.append(token["word"])
            continue
        if token["redirection"] is not None:
            file = _token(text, position)
            if file is None or file["word"] is None or command.file:
                raise _NotUnderstood
            command.file, command.appends, position = _plain(file["word"]), token["redirection"] == ">>", file.end()
            continue
        if command.words:
            found.append(command)
            command = _Command(token["operator"] or ";")
        elif command.file or token["operator"] not in (None, "\n"):
            raise _NotUnderstood  # an operator or a file with nothing before it
        if token["end"] is not None:
            break
    if command.operator in ("&&", "||"):
        raise _NotUnderstood  # it waits for a command that is not there
    yield from found


def _printed(words: Sequence[str]) -> str:
    """What echo prints; nothing is known of variables."""
    ending = "" if words[:1] == ["-n"] else "\n"
    said = words if ending else words[1:]
    if any("$" in word and not word.startswith("'") for word in said):
        return ""
    return " ".join(map(_plain, said)) + ending


def _simple(words: Sequence[str], status: int) -> tuple[float, int]:
    """How long one command takes, and its exit code; `status` is that of the one before."""
    name, *arguments = words
    if name in ("true", ":"):
        return 0.0, 0
    if name == "false":
        return 0.0, 1
    if name == "echo":
        return 0.0, 0
    if name == "sleep" and arguments:
        return sum(map(_seconds, arguments)), 0
    if name == "exit" and len(arguments) <= 1:
        return 0.0, _exit_code(arguments[0]) if arguments else status
    raise _NotUnderstood


def _seconds(text: str) -> float:
    found = _amount(_plain(text))
    if found is None:
        raise _NotUnderstood
    return float(found[1]) * UNITS[found[2]]


def _exit_code(text: str) -> int:
    digits = _plain(text)
    if not digits.isascii() or not digits.isdigit():
        raise _NotUnderstood
    return int(digits) % 256


def _plain(word: str) -> str:
    """A word without its quotes."""
    return word.replace("'", "").replace('"', "")
