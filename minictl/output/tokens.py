"""The words of a Go template: from text to tokens. What they mean together is templates.py's part."""

from __future__ import annotations

import re

from minictl.errors import go_quote
from minictl.output.jsonpath import PathError, unquote
from minictl.texts.gotext import Int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SPACES = " \t\r\n"
KEYWORDS = frozenset(
    ("block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with", ".")
)
END, ERROR, TEXT, LEFT, RIGHT, SPACE = "end of text", "error", "text", "{{", "}}", "space"
_LEFT_TRIM = re.compile(r"\{\{-[ \t\r\n]")
_RIGHT = re.compile(r"([ \t\r\n]-)?\}\}")
_SPACE = re.compile(r"[ \t\r\n]+")
_NAME = re.compile(r"\w+")
_QUOTED = {
    '"': (re.compile(r'"(?:[^"\\\n]|\\[^\n])*"'), "unterminated quoted string"),
    "'": (re.compile(r"'(?:[^'\\\n]|\\[^\n])*'"), "unterminated character constant"),
    "`": (re.compile(r"`[^`]*`"), "unterminated raw quoted string"),
}
_NUMBER = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*|0[bB][01_]*"
    r"|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?"
)
_BETWEEN = frozenset(" \t\r\n.,|:)(")
"""What may follow a name."""


class Token:
    """`kind` is one of the words above, "keyword", "name", "bool", "field", "variable", "number", the quote of a
    constant, or the mark itself (`|`, `(`, `)`, `=`, `:=`, `,`)."""

    __slots__ = ("at", "kind", "text")

    def __init__(self, kind: str, text: str, at: int) -> None:
        self.kind = kind
        self.text = text
        self.at = at

    def __str__(self) -> str:
        """As error texts call it."""
        if self.kind == END:
            return "EOF"
        if self.kind == ERROR:
            return self.text
        if self.kind == "keyword":
            return f"<{self.text}>"
        return f"{go_quote(self.text[:10])}..." if len(self.text.encode()) > 10 else go_quote(self.text)


def read(source: str) -> Iterator[Token]:
    """The tokens of a template; the last is END, or the ERROR beyond which nothing can be read."""
    at = 0
    trims = False
    while True:
        left = source.find("{{", at)
        text = source[at : left if left >= 0 else len(source)]
        start = at + (len(text) - len(text.lstrip(SPACES)) if trims else 0)
        text = text.lstrip(SPACES) if trims else text
        marked = left >= 0 and bool(_LEFT_TRIM.match(source, left))
        text = text.rstrip(SPACES) if marked else text
        if text:
            yield Token(TEXT, text, start)
        if left < 0:
            yield Token(END, "", len(source))
            return
        inside = left + (4 if marked else 2)
        if source.startswith("/*", inside):
            end = source.find("*/", inside + 2)
            close = _RIGHT.match(source, end + 2)
            if end < 0 or close is None:
                why = "unclosed comment" if end < 0 else "comment ends before closing delimiter"
                yield Token(ERROR, why, inside)
                return
        else:
            yield Token(LEFT, "{{", left)
            action = _Action(source, inside)
            yield from action.tokens()
            close = action.close
            if close is None:
                return
        trims, at = bool(close.group(1)), close.end()


class _Action:
    """What stands between {{ and }}."""

    def __init__(self, source: str, at: int) -> None:
        self._source = source
        self._at = at
        self._open = 0
        """How many parentheses are."""
        self.close: re.Match[str] | None = None
        """The end of the action, once it has been read to there."""

    def tokens(self) -> Iterator[Token]:
        while True:
            close = _RIGHT.match(self._source, self._at)
            if close and self._open:
                yield Token(ERROR, "unclosed left paren", self._at)
                return
            if close:
                yield Token(RIGHT, "}}", self._at)
                self.close = close
                return
            token = self._token()
            yield token
            if token.kind == ERROR:
                return
            self._at += len(token.text)

    def _token(self) -> Token:
        source, at = self._source, self._at
        char = source[at : at + 1]
        if not char:
            return self._error("unclosed action")
        if char in SPACES:
            run = _SPACE.match(source, at)
            assert run
            trimmed = source.startswith("-}}", run.end())  # whose own space is no separator
            return Token(SPACE, run.group()[:-1] if trimmed else run.group(), at)
        if char in _QUOTED:
            pattern, missing = _QUOTED[char]
            quoted = pattern.match(source, at)
            return Token(char, quoted.group(), at) if quoted else self._error(missing)
        if char == ":":
            return Token(":=", ":=", at) if source.startswith(":=", at) else self._error("expected :=")
        if char in "+-" or char.isdigit() or (char == "." and source[at + 1 : at + 2].isdigit()):
            return self._number()
        if char in ".$":
            return self._name(at + 1, "field" if char == "." else "variable")
        if char == "_" or char.isalpha():
            return self._name(at, "name")
        return self._mark(char)

    def _mark(self, char: str) -> Token:
        self._open += (char == "(") - (char == ")")
        if self._open < 0:
            return self._error("unexpected right paren")
        if char > "~" or char < " ":
            return self._error(f"unrecognized character in action: {_named(char)}")
        return Token(char, char, self._at)

    def _error(self, text: str) -> Token:
        return Token(ERROR, text, self._at)

    def _number(self) -> Token:
        found = _NUMBER.match(self._source, self._at)
        assert found
        text, following = found.group(), self._source[found.end() : found.end() + 1]
        if following in ("+", "-"):  # as in 1+2i
            second = _NUMBER.match(self._source, found.end())
            assert second
            text, following = text + second.group(), self._source[second.end() : second.end() + 1]
            if not text.endswith("i"):
                return self._error(f"bad number syntax: {go_quote(text)}")
        if following.isalnum() or following == "_":
            return self._error(f"bad number syntax: {go_quote(text + following)}")
        return Token("number", text, self._at)

    def _name(self, start: int, kind: str) -> Token:
        found = _NAME.match(self._source, start)
        end = found.end() if found else start
        word, following = self._source[self._at : end], self._source[end : end + 1]
        if following and following not in _BETWEEN and not self._source.startswith("}}", end):
            return self._error(f"bad character {_named(following)}")
        if word in KEYWORDS:
            return Token("keyword", word, self._at)
        return Token("bool" if word in ("true", "false") else kind, word, self._at)


def _named(char: str) -> str:
    return f"U+{ord(char):04X}" + (f" '{char}'" if char.isprintable() else "")


# --- constants


def number(text: str) -> int | float:
    """The number that a "number" or a character constant stands for.

    Raises:
        ValueError: none, in Go's words.
    """
    if text.startswith("'"):
        return Int(ord(_character(text)))
    digits = text.replace("_", "")
    try:
        value = int(digits, 8) if re.fullmatch(r"[+-]?0[0-7]+", digits) else int(digits, 0)
    except ValueError:
        return _float(text, digits)
    if not -(2**63) <= value < 2**64:
        raise ValueError(f"integer overflow: {go_quote(text)}")
    return Int(value)


def _float(text: str, digits: str) -> float:
    try:
        return float.fromhex(digits) if "x" in digits.lower() else float(digits)
    except ValueError:
        raise ValueError(f"illegal number syntax: {go_quote(text)}") from None


def _character(text: str) -> str:
    try:
        char = unquote(f'"{text[1:-1]}"')
    except PathError:
        raise ValueError("invalid syntax") from None
    if len(char) != 1:
        raise ValueError(f"malformed character constant: {text}" if char else "invalid syntax")
    return char
