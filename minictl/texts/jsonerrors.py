"""What is wrong with a JSON text, in the words of Go's decoder: `json: offset 8: invalid character '}' looking for
...`."""

from __future__ import annotations

from minictl.errors import go_quote

SPACE = " \t\r\n"
DIGITS = "0123456789"
HEXADECIMAL = DIGITS + "abcdefABCDEF"
LITERALS = {"t": "true", "f": "false", "n": "null"}


class _Wrong(Exception):
    def __init__(self, at: int, where: str) -> None:
        super().__init__(where)
        self.at = at
        self.where = where


def explain(text: str, start: int = 0) -> str:
    """The sentence for the first mistake in the value that begins at `start`; "" when there is none."""
    try:
        _value(text, start)
    except _Wrong as wrong:
        if wrong.at >= len(text):
            return "unexpected EOF"
        offset = len(text[: wrong.at].encode()) + 1
        return f"json: offset {offset}: invalid character {quoted(text[wrong.at])} {wrong.where}"
    except RecursionError:
        return "exceeded max depth"
    return ""


def quoted(char: str) -> str:
    """A character between single quotes."""
    return {"'": "'\\''", '"': "'\"'"}.get(char) or f"'{go_quote(char)[1:-1]}'"


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at


def _expect(text: str, at: int, allowed: str, where: str) -> int:
    if at >= len(text) or text[at] not in allowed:
        raise _Wrong(at, where)
    return at + 1


def _value(text: str, at: int) -> int:
    """The position behind the value at `at`."""
    at = _skip(text, at)
    char = text[at : at + 1]
    if char == "{":
        return _object(text, at + 1)
    if char == "[":
        return _array(text, at + 1)
    if char == '"':
        return _string(text, at + 1)
    if char and char in "-" + DIGITS:
        return _number(text, at)
    if char in LITERALS:
        word = LITERALS[char]
        for i, letter in enumerate(word[1:], 1):
            _expect(text, at + i, letter, f"in literal {word} (expecting '{letter}')")
        return at + len(word)
    raise _Wrong(at, "looking for beginning of value")


def _object(text: str, at: int) -> int:
    at = _skip(text, at)
    if text[at : at + 1] == "}":
        return at + 1
    while True:
        at = _expect(text, _skip(text, at), '"', "looking for beginning of object key string")
        at = _skip(text, _string(text, at))
        at = _value(text, _expect(text, at, ":", "after object key"))
        at = _expect(text, _skip(text, at), ",}", "after object key:value pair")
        if text[at - 1] == "}":
            return at


def _array(text: str, at: int) -> int:
    at = _skip(text, at)
    if text[at : at + 1] == "]":
        return at + 1
    while True:
        at = _expect(text, _skip(text, _value(text, at)), ",]", "after array element")
        if text[at - 1] == "]":
            return at


def _string(text: str, at: int) -> int:
    while at < len(text):
        char = text[at]
        if char == '"':
            return at + 1
        if char < " ":
            raise _Wrong(at, "in string literal")
        at += 1
        if char == "\\":
            at = _expect(text, at, 'bfnrt\\/"u', "in string escape code")
            if text[at - 1] == "u":
                for _ in range(4):
                    at = _expect(text, at, HEXADECIMAL, "in \\u hexadecimal character escape")
    raise _Wrong(at, "")


def _number(text: str, at: int) -> int:
    if text[at] == "-":
        at += 1
    first = at
    at = _expect(text, at, DIGITS, "in numeric literal")
    if text[first] != "0":
        at = _digits(text, at)
    if text[at : at + 1] == ".":
        at = _digits(text, _expect(text, at + 1, DIGITS, "after decimal point in numeric literal"))
    if text[at : at + 1] in ("e", "E"):
        at += 2 if text[at + 1 : at + 2] in ("+", "-") else 1
        at = _digits(text, _expect(text, at, DIGITS, "in exponent of numeric literal"))
    return at


def _digits(text: str, at: int) -> int:
    while at < len(text) and text[at] in DIGITS:
        at += 1
    return at
