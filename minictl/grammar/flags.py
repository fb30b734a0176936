"""kubectl's flag grammar, and how a command declares itself.

A command is data: a name, a usage line, its flags and the function that runs it. Typer prints its help and its
completion (see cli.py); the words of a real call are read here, because kubectl's grammar differs from Typer's
(`-nfoo`, `--watch=false`, `--dry-run` with or without a value, `-l a=b,c=d`, global flags anywhere) and so do its
sentences for mistakes.

    FLAGS = (
        Flag("replicas", "int", help="how many"),
        Flag("dry-run", "string", bare="unchanged", default="none", help="..."),   # bare: its value when given alone
        Flag("filename", "strings", "f", help="..."),
    )
    command = Command("scale", run, usage="scale TYPE NAME --replicas=COUNT", flags=FLAGS, required=("replicas",))

    def run(session: Session, flags: Flags, args: list[str]) -> None:
        flags.text("dry-run"), flags.number("replicas"), flags.list("filename"), flags.on("all"), flags.given("all")

Types: string, bool, int (any Go int), strings (repeated and comma-separated), array (repeated, commas kept), seconds
(a Go duration: 90s, 1m30s; `flags.number` gives seconds).
"""

from __future__ import annotations

from minictl.errors import CommandError, FlagError, go_quote
from minictl.texts.near import hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from minictl.session import Session


class Flag:
    """One flag. `bare` is the value of a flag given without one (None: it needs a value); `hidden` keeps it out of
    help; `deprecated` says what to do instead, which is told whenever it is given."""

    __slots__ = ("bare", "default", "deprecated", "help", "hidden", "metavar", "name", "short", "type")

    def __init__(
        self,
        name: str,
        type: str = "string",
        short: str = "",
        *,
        default: Any = None,
        bare: str | None = None,
        help: str = "",
        hidden: bool = False,
        deprecated: str = "",
        metavar: str = "",
    ) -> None:
        self.name = name
        self.type = type
        self.short = short
        self.default = _ZERO[type] if default is None else default
        self.bare = "true" if type == "bool" and bare is None else bare
        self.help = help
        self.hidden = hidden or bool(deprecated)
        self.deprecated = deprecated
        self.metavar = metavar


class Command:
    """A verb. Either it runs, or it has `children`: name -> (module, summary), each module holding its own `command`.

    `run` returns nothing or an exit status; errors are raised (minictl.errors). `required`: flags that must be given.
    `path` is how it is called (`config view`); it is what the usage sentences name. `passthrough`: flags end at the
    first word that is not one. `wrong_flags` makes the error of a mistake among the flags, where it is not as usual.
    """

    def __init__(
        self,
        path: str,
        run: Callable[[Session, Flags, list[str]], int | None] | None = None,
        *,
        usage: str = "",
        summary: str = "",
        details: str = "",
        flags: Sequence[Flag] = (),
        required: Sequence[str] = (),
        children: Mapping[str, tuple[str, str]] | None = None,
        passthrough: bool = False,
        wrong_flags: Callable[[str], CommandError] | None = None,
    ) -> None:
        self.path = path
        self.run = run
        self.usage = usage or path
        self.summary = summary
        self.details = details
        self.flags = tuple(flags)
        self.required = tuple(required)
        self.children = dict(children or {})
        self.passthrough = passthrough
        self.wrong_flags = wrong_flags

    @property
    def name(self) -> str:
        return self.path.rpartition(" ")[2]


class Flags:
    """What was given on the command line, with defaults for the rest; asking for an undeclared flag is a KeyError."""

    def __init__(self, declared: Sequence[Flag]) -> None:
        self._values: dict[str, Any] = {flag.name: flag.default for flag in declared}
        self._given: set[str] = set()
        self.words: list[str] = []
        """What was given, in order, each as --name=text."""

    def store(self, flag: Flag, value: Any, text: str = "") -> None:
        if flag.type in _REPEATED and flag.name in self._given:
            value = [*self._values[flag.name], *value]
        self._values[flag.name] = value
        self._given.add(flag.name)
        self.words.append(f"--{flag.name}={text}")

    def has(self, name: str) -> bool:
        """Is that flag declared?"""
        return name in self._values

    def given(self, name: str) -> bool:
        """Was it on the command line?"""
        return name in self._given

    def text(self, name: str) -> str:
        return str(self._values[name])

    def single(self, name: str) -> str:
        """The text of a global flag; "" where the command has a flag of its own by that name, which takes several."""
        value = self._values[name]
        return value if isinstance(value, str) else ""

    def on(self, name: str) -> bool:
        return bool(self._values[name])

    def number(self, name: str) -> int:
        return int(self._values[name])

    def seconds(self, name: str) -> float:
        return float(self._values[name])

    def list(self, name: str) -> list[str]:
        return [*self._values[name]]


# --- values


def parse_bool(text: str) -> bool:
    """Go's strconv.ParseBool.

    Raises:
        ValueError: with Go's sentence.
    """
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if text in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise ValueError(f"strconv.ParseBool: parsing {go_quote(text)}: invalid syntax")


def parse_int(text: str) -> int:
    """Go's strconv.ParseInt with base 0.

    Raises:
        ValueError: with Go's sentence.
    """
    digits = text.lstrip("+-")
    try:
        if digits != text[-len(digits) :] or len(text) - len(digits) > 1 or digits != digits.strip():
            raise ValueError
        octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
        value = int(text, 8) if octal else int(text, 0)
    except ValueError:
        raise ValueError(f"strconv.ParseInt: parsing {go_quote(text)}: invalid syntax") from None
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"strconv.ParseInt: parsing {go_quote(text)}: value out of range")
    return value


_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float:
    """A Go duration (`1h30m`, `1.5s`, `0`) in seconds.

    Raises:
        ValueError: with Go's sentence.
    """
    sign = -1.0 if text.startswith("-") else 1.0
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0.0
    total = 0.0
    if not rest:
        raise ValueError(f"time: invalid duration {go_quote(text)}")
    while rest:
        end = next((i for i, c in enumerate(rest) if c not in "0123456789."), len(rest))
        if end == 0 or rest[:end].count(".") > 1 or rest[:end] == ".":
            raise ValueError(f"time: invalid duration {go_quote(text)}")
        stop = next((i for i in range(end, len(rest)) if rest[i] in "0123456789."), len(rest))
        unit = rest[end:stop]
        if not unit:
            raise ValueError(f"time: missing unit in duration {go_quote(text)}")
        if unit not in _UNITS:
            raise ValueError(f"time: unknown unit {go_quote(unit)} in duration {go_quote(text)}")
        total += float(rest[:end]) * _UNITS[unit]
        rest = rest[stop:]
    return sign * total


def parse_strings(text: str) -> list[str]:
    """A comma-separated list; an item in double quotes keeps its commas."""
    if '"' not in text:
        return text.split(",") if text else []
    import csv

    return next(csv.reader([text]), [])


_PARSERS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "bool": parse_bool,
    "int": parse_int,
    "strings": parse_strings,
    "array": lambda text: [text],
    "seconds": parse_duration,
}
_ZERO: dict[str, Any] = {"string": "", "bool": False, "int": 0, "strings": (), "array": (), "seconds": 0.0}
_REPEATED = ("strings", "array")


# --- the grammar


class Parsed:
    """A command line taken apart: flag values, plain arguments, and how many of those came before `--`."""

    def __init__(self, flags: Flags, args: list[str], dash: int) -> None:
        self.flags = flags
        self.args = args
        self.dash = dash


class HelpWanted(Exception):
    """-h or --help was given."""


def parse(
    words: Sequence[str],
    declared: Sequence[Flag],
    path: str,
    passthrough: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> Parsed:
    """Reads the words after a command's name; `tell` gets a line for each deprecated flag.

    Raises:
        FlagError: an unknown flag, a missing or a wrong value.
        HelpWanted: help was asked for.
    """
    reader = _Reader(list(words), declared, path, tell)
    args: list[str] = []
    dash = -1
    while reader.words:
        word = reader.words.pop(0)
        if word == "--":
            dash = len(args)
            args += reader.words
            break
        if word.startswith("--"):
            reader.long(word[2:])
        elif word.startswith("-") and word != "-":
            reader.short(word[1:])
        else:
            args.append(word)
            if passthrough:
                args += reader.words
                break
    return Parsed(reader.flags, args, dash)


class _Reader:
    def __init__(self, words: list[str], declared: Sequence[Flag], path: str, tell: Callable[[str], None]) -> None:
        self.words = words
        self.path = path
        self.tell = tell
        self.flags = Flags(declared)
        self._long = {flag.name: flag for flag in declared}
        self._short = {flag.short: flag for flag in declared if flag.short}

    def long(self, text: str) -> None:
        name, equals, value = text.partition("=")
        if not name or name.startswith("-"):
            raise FlagError(f"bad flag syntax: --{text}", self.path)
        name = name.replace("_", "-") if name not in self._long else name
        flag = self._long.get(name)
        if flag is None:
            if name == "help":
                raise HelpWanted
            error = FlagError(f"unknown flag: --{name}", self.path)
            error.hint = hint(f"--{name}", [f"--{known}" for known in self._long])
            raise error
        if equals:
            self._set(flag, value, f"--{name}")
        elif flag.bare is not None:
            self._set(flag, flag.bare, f"--{name}")
        elif self.words:
            self._set(flag, self.words.pop(0), f"--{name}")
        else:
            raise FlagError(f"flag needs an argument: --{name}", self.path)

    def short(self, letters: str) -> None:
        while letters:
            left = letters
            letter, letters = letters[0], letters[1:]
            flag = self._short.get(letter)
            if flag is None:
                if letter == "h":
                    raise HelpWanted
                raise FlagError(f"unknown shorthand flag: {_rune(letter)} in -{left}", self.path)
            label = f"-{letter}, --{flag.name}"
            if letters.startswith("="):
                return self._set(flag, letters[1:], label)
            if flag.bare is not None:
                self._set(flag, flag.bare, label)
            elif letters:
                return self._set(flag, letters, label)
            elif self.words:
                self._set(flag, self.words.pop(0), label)
            else:
                raise FlagError(f"flag needs an argument: {_rune(letter)} in -{left}", self.path)
        return None

    def _set(self, flag: Flag, text: str, label: str) -> None:
        try:
            value = _PARSERS[flag.type](text)
        except ValueError as error:
            label = f"-{flag.short}, --{flag.name}" if flag.short else f"--{flag.name}"
            raise FlagError(
                f"invalid argument {go_quote(text)} for {go_quote(label)} flag: {error}", self.path
            ) from None
        self.flags.store(flag, value, text)
        if flag.deprecated:
            self.tell(f"Flag --{flag.name} has been deprecated, {flag.deprecated}")


def _rune(letter: str) -> str:
    return "'\\''" if letter == "'" else f"'{letter}'"


def check_required(command: Command, flags: Flags) -> None:
    """Refuses a call that leaves out a required flag.

    Raises:
        CommandError: naming the missing flags.
    """
    missing = [f'"{name}"' for name in command.required if not flags.given(name)]
    if missing:
        raise CommandError(f"required flag(s) {', '.join(missing)} not set")
