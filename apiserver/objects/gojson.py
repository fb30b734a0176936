"""JSON as Go reads it: duplicate keys are seen, numbers keep their text, and syntax errors have Go's words.

Used when a body cannot simply be accepted: to find out what is wrong with it and where.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from apiserver.objects.nesting import TOO_DEEP, is_too_deep, may_be_too_deep

CONTEXT_OF_KEY = "looking for beginning of object key string"
CONTEXT_OF_VALUE = "looking for beginning of value"

LONGEST_INTEGER = len(str(-(2**64)))
"""What has more digits is a float to Go, too."""

_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LITERALS = {b"t": b"true", b"f": b"false", b"n": b"null"}
_SURROGATE = re.compile("[\ud800-\udfff]")


class SyntaxProblem(ValueError):
    """Not JSON. The text is Go's: `invalid character '}' looking for beginning of value`."""


class Members(tuple[tuple[str, Any], ...]):
    """The members of an object in the order written, duplicates and all."""

    __slots__ = ()


class Number(str):
    """A number as it was written."""

    __slots__ = ()


def parse(body: bytes) -> Any:
    """JSON with objects as Members and numbers as Number. Raises SyntaxProblem."""
    try:
        text = body.decode("utf-8", "replace")
        tree = _DECODER.decode(text)
        if not may_be_too_deep(body) or not is_too_deep(plain(tree)):
            return _mended(tree) if "\\u" in text else tree
    except RecursionError:
        pass
    except ValueError:
        raise SyntaxProblem(_Scanner(body).problem()) from None
    raise SyntaxProblem(TOO_DEEP)


def plain(value: Any) -> Any:
    """The same value in dicts, ints and floats; of duplicate keys the last one counts."""
    if isinstance(value, Members):
        return {key: plain(member) for key, member in value}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Number):
        return number(value)
    return value


def number(text: str) -> int | float:
    """A number where any will do: one beyond 64 bits is a float."""
    whole = int(text) if len(text) <= LONGEST_INTEGER and text.lstrip("-").isdigit() else None
    return whole if whole is not None and -(2**63) <= whole < 2**63 else float(text)


def duplicates(value: Any, path: str = "") -> list[str]:
    """The paths of all keys that are written twice: `spec.ports[0].name`."""
    found: list[str] = []
    if isinstance(value, Members):
        seen: set[str] = set()
        for key, member in value:
            place = f"{path}.{key}" if path else key
            if key in seen:
                found.append(place)
            seen.add(key)
            found += duplicates(member, place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += duplicates(item, f"{path}[{index}]")
    return list(dict.fromkeys(found))


def _mended(value: Any) -> Any:
    """Halves of surrogate pairs become the replacement character, as Go has it."""
    if isinstance(value, Members):
        return Members((_mended(key), _mended(member)) for key, member in value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return _SURROGATE.sub("�", value) if type(value) is str else value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(
    object_pairs_hook=Members, parse_float=Number, parse_int=Number, parse_constant=_refuse, strict=True
)


class _Broken(Exception):
    """Carries where reading had to stop: the byte, and what was being read."""

    def __init__(self, position: int, context: str) -> None:
        super().__init__(context)
        self.position = position
        self.context = context


class _Scanner:
    """Walks over a text that is not JSON until it finds out why."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0
        self.stack: list[bytes] = []

    def problem(self) -> str:
        try:
            self._document()
        except _Broken as broken:
            character = self.body[broken.position : broken.position + 1]
            if not character:
                return "unexpected end of JSON input"
            return f"invalid character {_quoted(character)} {broken.context}"
        return TOO_DEEP

    def _peek(self) -> bytes:
        space = _SPACE.match(self.body, self.at)
        self.at = space.end() if space else self.at
        return self.body[self.at : self.at + 1]

    def _document(self) -> None:
        self._value()
        while self.stack:
            self._continue()
        if self._peek():
            raise _Broken(self.at, "after top-level value")

    def _value(self) -> None:
        """One scalar, or the beginning of an object or list up to its first scalar."""
        while True:
            start = self._peek()
            if start == b"{":
                self.at += 1
                if self._peek() == b"}":
                    self.at += 1
                    return
                self.stack.append(b"{")
                self._key()
            elif start == b"[":
                self.at += 1
                if self._peek() == b"]":
                    self.at += 1
                    return
                self.stack.append(b"[")
            else:
                self._scalar(start)
                return

    def _continue(self) -> None:
        """After a value: the comma and the next one, or the end of what holds it."""
        end, context = (
            (b"}", "after object key:value pair") if self.stack[-1] == b"{" else (b"]", "after array element")
        )
        following = self._peek()
        if following == end:
            self.at += 1
            self.stack.pop()
        elif following == b",":
            self.at += 1
            if end == b"}":
                self._key()
            self._value()
        else:
            raise _Broken(self.at, context)

    def _key(self) -> None:
        if self._peek() != b'"':
            raise _Broken(self.at, CONTEXT_OF_KEY)
        self._string()
        if self._peek() != b":":
            raise _Broken(self.at, "after object key")
        self.at += 1

    def _scalar(self, start: bytes) -> None:
        if start == b'"':
            self._string()
        elif start in _LITERALS:
            self._literal(_LITERALS[start])
        elif start == b"-" or start.isdigit():
            self._number()
        else:
            raise _Broken(self.at, CONTEXT_OF_VALUE)

    def _string(self) -> None:
        whole = _STRING.match(self.body, self.at)
        if whole:
            self.at = whole.end()
            return
        position = self.at + 1
        while True:
            run = _PLAIN.match(self.body, position)
            position = run.end() if run else position
            if self.body[position : position + 1] != b"\\":
                raise _Broken(position, "in string literal")
            escape = self.body[position + 1 : position + 2]
            position += 2
            if escape == b"u":
                for _ in range(4):
                    if self.body[position : position + 1] not in _HEX:
                        raise _Broken(position, "in \\u hexadecimal character escape")
                    position += 1
            elif escape not in _ESCAPES:
                raise _Broken(position - 1, "in string escape code")

    def _literal(self, word: bytes) -> None:
        for index in range(1, len(word)):
            if self.body[self.at + index : self.at + index + 1] != word[index : index + 1]:
                context = f"in literal {word.decode()} (expecting '{chr(word[index])}')"
                raise _Broken(self.at + index, context)
        self.at += len(word)

    def _number(self) -> None:
        whole = _NUMBER.match(self.body, self.at)
        if not whole:
            raise _Broken(self.at + 1, "in numeric literal")
        self.at = whole.end()
        following = self.body[self.at : self.at + 1]
        exponent = b"e" in whole.group().lower()
        if following == b"." and b"." not in whole.group() and not exponent:
            raise _Broken(self.at + 1, "after decimal point in numeric literal")
        if following in (b"e", b"E") and not exponent:
            sign = self.body[self.at + 1 : self.at + 2] in (b"+", b"-")
            raise _Broken(self.at + 2 if sign else self.at + 1, "in exponent of numeric literal")


_HEX = frozenset(bytes([c]) for c in b"0123456789abcdefABCDEF")
_ESCAPES = frozenset(bytes([c]) for c in b'"\\/bfnrt')


def _quoted(character: bytes) -> str:
    """A byte as Go shows it in single quotes."""
    if character == b"'":
        return "'\\''"
    if character == b'"':
        return "'\"'"
    text = character.decode("latin-1")
    if text.isprintable():
        return "'\\\\'" if text == "\\" else f"'{text}'"
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v", "\a": "\\a"}
    code = ord(text)
    return "'" + named.get(text, f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}") + "'"
