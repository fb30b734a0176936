"""Regular expressions in Go's dialect (RE2), run by Python's engine.

Most expressions mean the same in both. The few that do not are translated; what RE2 refuses (looking around, referring
back) is refused here too, in Go's words. Nothing bounds the time of an expression that backtracks badly: only whoever
may define kinds can bring one in.
"""

from __future__ import annotations

import re
from functools import lru_cache

REMEMBERED = 1024

_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": "\\x00-\\x7f", "blank": "\\t ", "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_TOKENS = re.compile(
    r"(?P<class>\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\])|\\Q(?P<quoted>.*?)(?:\\E|\Z)|\\x\{(?P<code>[0-9A-Fa-f]+)\}"
    r"|\\z|\\p(?:\{L\}|L)|\\.|\$|\(\?(?P<flags>[a-z-]+)\)|[()|]",
    re.DOTALL,
)
_POSIX = re.compile(r"\[:(\w+):\]")
_UNSUPPORTED = re.compile(r"(?<!\\)\(\?(?:=|!|<=|<!)")
_BACK_REFERENCE = re.compile(r"(?<!\\)(?:\\\\)*(\\[1-9])")


class BadPattern(ValueError):
    """Not a regular expression to Go. The text is Go's: `error parsing regexp: missing closing ): ...`."""


@lru_cache(maxsize=REMEMBERED)
def compiled(pattern: str) -> re.Pattern[str]:
    """The expression, ready to search with. Raises BadPattern."""
    for found in (_UNSUPPORTED.search(pattern), _BACK_REFERENCE.search(pattern)):
        if found:
            referring = found.re is _BACK_REFERENCE
            what = "invalid escape sequence" if referring else "invalid or unsupported Perl syntax"
            text = found.group(1) if referring else found.group()
            raise BadPattern(f"error parsing regexp: {what}: `{text}`")
    try:
        return re.compile(_translated(pattern), re.ASCII)
    except (re.error, OverflowError) as error:
        raise BadPattern(f"error parsing regexp: {_in_go(str(error), pattern)}") from None


def matches(pattern: str, text: str) -> bool:
    """Whether the expression is found anywhere in the text."""
    return compiled(pattern).search(text) is not None


def _translated(pattern: str) -> str:
    many_lines = re.search(r"\(\?[a-z]*m", pattern) is not None
    groups = _Groups()
    words = {"\\z": "\\Z", "$": "$" if many_lines else "\\Z", "\\pL": "[^\\W\\d_]", "\\p{L}": "[^\\W\\d_]"}

    def token(found: re.Match[str]) -> str:
        if found["class"]:
            return _POSIX.sub(lambda named: _CLASSES.get(named[1], named[0]), found["class"])
        if found["quoted"] is not None:
            return re.escape(found["quoted"])
        if found["code"]:
            return re.escape(chr(int(found["code"], 16)))
        return groups.flags(found["flags"]) if found["flags"] else words.get(found[0]) or groups.mark(found[0])

    return _TOKENS.sub(token, pattern) + groups.end()


class _Groups:
    """The groups that are open, each with the flags set within it so far. In Go these count from where they stand to
    the end of their group; Python knows them only at the very start, or for a group of their own."""

    def __init__(self) -> None:
        self._open: list[list[str]] = [[]]

    def flags(self, said: str) -> str:
        self._open[-1].append(said)
        return f"(?{said}:"

    def mark(self, text: str) -> str:
        if text == "(":
            self._open.append([])
        elif text == "|":
            flags = self._open[-1]
            return ")" * len(flags) + "|" + "".join(f"(?{said}:" for said in flags)
        elif text == ")" and len(self._open) > 1:
            return ")" * len(self._open.pop()) + ")"
        return text

    def end(self) -> str:
        return ")" * len(self._open[0])


def _in_go(problem: str, pattern: str) -> str:
    """What Go says where Python says `problem`."""
    for start, said in _SAID.items():
        if problem.startswith(start):
            return f"{said}: `{pattern}`"
    return f"invalid syntax: `{pattern}`"


_SAID = {
    "missing )": "missing closing )",
    "unbalanced parenthesis": "unexpected )",
    "unterminated character set": "missing closing ]",
    "nothing to repeat": "missing argument to repetition operator",
    "multiple repeat": "invalid nested repetition operator",
    "bad character range": "invalid character class range",
    "bad escape (end of pattern)": "trailing backslash at end of expression",
    "bad escape": "invalid escape sequence",
    "min repeat greater than max repeat": "invalid repeat count",
}
