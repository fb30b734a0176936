"""kubectl's JSONPath: parsing. Running the parsed template is walking.py's part.

A template is text with actions between braces. An action is a chain of steps, each taking a list of values to another:
`.name`, `['name']`, `[0]`, `[1:3]`, `[0,2]`, `[*]`, `.*`, `..`, `[?(@.x=="y")]`, "text", `range`, `end`. So a parsed
template is a list of chains, and a step is a small tuple that starts with its kind:

    ("text", str) ("field", str) ("wildcard",) ("recursive",) ("array", start, stop, step, derived) ("union",
    [chain...]) ("filter", left chain, operator, right chain) ("value", int | float | bool) ("word", str)

The dialect, with what it does not know (&&, =~), and its sentences are those of kubectl; scripts rely on both.
"""

from __future__ import annotations

import re

from minictl.errors import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Step = tuple[Any, ...]
    Chain = list[Step]

_SLICE = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?\Z")
_KEY = re.compile(r"'([^']*)'\Z")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+?)\Z", re.DOTALL)
_RELAXED = re.compile(r"\{\.?([^{}]+)\}\Z|\.?([^{}]+)\Z")
_ENDS = frozenset(" \t\r\n.,[]$@{}")
_END = ""


class PathError(Exception):
    """What is wrong with a template, in kubectl's words."""


def parse(template: str) -> list[Chain]:
    """The chains of a template; text outside braces is a chain of one text step.

    Raises:
        PathError: it is not one.
    """
    chains: list[Chain] = []
    at = 0
    while at < len(template):
        start = template.find("{", at)
        if start < 0:
            start = len(template)
        if start > at:
            chains.append([("text", template[at:start])])
        if start == len(template):
            break
        action = _Action(template, start + 1)
        chains.append(action.steps())
        at = action.at
    return chains


def relaxed(path: str) -> str:
    """`name`, `.name`, `{name}` or `{.name}` as `{.name}`: what --sort-by, --for and custom-columns take.

    Raises:
        PathError: it is none of these.
    """
    if not path:
        return path
    match = _RELAXED.match(path)
    if not match:
        raise PathError(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
        )
    return f"{{.{match.group(1) or match.group(2)}}}"


class _Action:
    """Reads one action, from after its `{` to after its `}`."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self._steps: Chain = []

    def steps(self) -> Chain:
        while True:
            if self.text.startswith("[?(", self.at):
                self._filter()
            elif self.text.startswith("..", self.at):
                self._recursive()
            else:
                char = self._next()
                if char == "}":
                    return self._steps
                self._step(char)

    def _step(self, char: str) -> None:
        if char in (_END, "\n", "\r"):
            raise PathError("unclosed action")
        if char in " @$":
            return
        if char == "[":
            self._array()
        elif char in "\"'":
            self._quote(char)
        elif char == ".":
            self._field()
        elif char in "+-" or char.isdigit():
            self._number(char)
        elif char.isalnum() or char == "_":
            self._word(char)
        else:
            raise PathError(f"unrecognized character in action: U+{ord(char):04X} '{char}'")

    def _next(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += len(char)
        return char

    def _field(self) -> None:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in _ENDS:
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.at = min(self.at, len(self.text))
        name = self.text[start : self.at]
        self._steps.append(("wildcard",) if name == "*" else ("field", name.replace("\\", "")))

    def _recursive(self) -> None:
        if self._steps and self._steps[-1][0] == "recursive":
            raise PathError("invalid multiple recursive descent")
        self.at += 2
        self._steps.append(("recursive",))
        following = self.text[self.at : self.at + 1]
        if following.isalnum() or following == "_":
            self._field()

    def _number(self, first: str) -> None:
        start = self.at - 1
        while self.text[self.at : self.at + 1] == "." or self.text[self.at : self.at + 1].isdigit():
            self.at += 1
        text = self.text[start : self.at]
        try:
            self._steps.append(("value", int(text)))
        except ValueError:
            try:
                self._steps.append(("value", float(text)))
            except ValueError:
                raise PathError(f"cannot parse number {text}") from None

    def _word(self, first: str) -> None:
        start = self.at - 1
        while self.at < len(self.text) and self.text[self.at] not in _ENDS:
            self.at += 1
        word = self.text[start : self.at]
        self._steps.append(("value", word == "true") if word in ("true", "false") else ("word", word))

    def _quote(self, end: str) -> None:
        start = self.at - 1
        while True:
            char = self._next()
            if char in (_END, "\n"):
                raise PathError("unterminated quoted string")
            if char == end and self.text[self.at - 2] != "\\":
                break
        self._steps.append(("text", unquote(self.text[start : self.at])))

    def _array(self) -> None:
        start = self.at
        while True:
            char = self._next()
            if char in (_END, "\n"):
                raise PathError("unterminated array")
            if char == "]":
                break
        text = self.text[start : self.at - 1]
        parts = text.split(",")
        if len(parts) > 1:
            self._steps.append(("union", [_chain(f"[{part.strip(' ')}]") for part in parts]))
        elif key := _KEY.match(text):
            self._steps += _chain(f".{key.group(1)}")
        else:
            self._steps.append(_slice(":" if text == "*" else text))

    def _filter(self) -> None:
        self.at += 3
        start, opened, closed, pair = self.at, False, False, ""
        while True:
            char = self._next()
            if char in (_END, "\n"):
                raise PathError("unterminated filter")
            if char in "\"'":
                if not opened:
                    opened, pair = True, char
                elif self.text[self.at - 2] != "\\" and char == pair:
                    closed = True
            elif char == ")" and opened == closed:
                break
        if self._next() != "]":
            raise PathError("unclosed array expect ]")
        text = self.text[start : self.at - 2]
        match = _COMPARISON.match(text)
        if match:
            left, operator, right = match.groups()
            self._steps.append(("filter", _chain(left), operator, _chain(right)))
        else:
            self._steps.append(("filter", _chain(text), "exists", []))


def _chain(text: str) -> Chain:
    chains = parse(f"{{{text}}}")
    return chains[0] if chains else []


def _slice(text: str) -> Step:
    match = _SLICE.match(text)
    if not match:
        raise PathError(f"invalid array index {text}")
    first, second, third = match.groups()
    start = int(first) if first not in (None, "", "-") else None
    if second is None:
        return ("array", start, (start or 0) + 1, None, True)
    stop = int(second[1:]) if len(second) > 1 else None
    step = int(third[1:]) if third is not None and len(third) > 1 else None
    return ("array", start, stop, step, False)


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", '"': '"', "'": "'"}
_CODES = {"x": 2, "u": 4, "U": 8}


def unquote(quoted: str) -> str:
    """The text of a quoted string with Go's escapes.

    Raises:
        PathError: an escape Go does not know.
    """
    body, out, at = quoted[1:-1], [], 0
    while at < len(body):
        char = body[at]
        at += 1
        if char != "\\":
            out.append(char)
            continue
        code = body[at : at + 1]
        at += 1
        if code in _CODES and len(body) >= at + _CODES[code]:
            try:
                out.append(chr(int(body[at : at + _CODES[code]], 16)))
            except ValueError:
                raise PathError(f"unquote string {quoted} error invalid syntax") from None
            at += _CODES[code]
        elif code in _ESCAPES:
            out.append(_ESCAPES[code])
        elif body[at - 1 : at + 2].isdigit() and len(body[at - 1 : at + 2]) == 3:
            out.append(chr(int(body[at - 1 : at + 2], 8)))
            at += 2
        else:
            raise PathError(f"unquote string {quoted} error invalid syntax")
    return "".join(out)


def printer(name: str, argument: str, lenient: bool) -> Callable[[Any], str]:
    """The printer of -o jsonpath, jsonpath-file or jsonpath-as-json.

    Raises:
        CommandError: no template, or a wrong one.
    """
    from minictl.output import walking

    if not argument:
        raise CommandError("template format specified but no template given")
    template = argument
    if name == "jsonpath-file":
        try:
            with open(argument, encoding="utf-8") as file:
                template = file.read()
        except OSError as error:
            reason = (error.strerror or "").lower()
            raise CommandError(f"error reading --template {argument}, open {argument}: {reason}") from None
    try:
        chains = parse(template)
    except PathError as error:
        raise CommandError(f"error parsing jsonpath {template}, {error}") from None
    return walking.Template(template, chains, lenient, as_json=name == "jsonpath-as-json")
