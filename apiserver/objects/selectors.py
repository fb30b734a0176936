"""Label and field selectors: their grammars, their errors, and what they match.

    label selector   env=prod,tier in (web, api),!canary,shard>3
    field selector   status.phase!=Running,metadata.name=web

A label selector is read in three steps: its words (`_words`), the requirements they make (`_Parser`), the check of each
(`requirement`). The messages are interface: clients see them behind `kubectl get -l`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from apiserver.objects.validation import invalid
from apiserver.objects.validation.names import label_value, qualified_name

INT64 = range(-(2**63), 2**63)

IN, NOT_IN, EXISTS, DOES_NOT_EXIST = "in", "notin", "exists", "!"
EQUALS, DOUBLE_EQUALS, NOT_EQUALS, GREATER, LESS = "=", "==", "!=", ">", "<"

OF_EXPRESSIONS = {"In": IN, "NotIn": NOT_IN, "Exists": EXISTS, "DoesNotExist": DOES_NOT_EXIST}
"""The operators of matchExpressions."""

_SET_OPERATORS = (IN, NOT_IN)
_EXACT_OPERATORS = (EQUALS, DOUBLE_EQUALS, NOT_EQUALS, GREATER, LESS)
_COUNTS: dict[str, tuple[Callable[[int], bool], str]] = {
    IN: (lambda n: n > 0, "for 'in', 'notin' operators, values set can't be empty"),
    NOT_IN: (lambda n: n > 0, "for 'in', 'notin' operators, values set can't be empty"),
    EQUALS: (lambda n: n == 1, "exact-match compatibility requires one single value"),
    DOUBLE_EQUALS: (lambda n: n == 1, "exact-match compatibility requires one single value"),
    NOT_EQUALS: (lambda n: n == 1, "exact-match compatibility requires one single value"),
    EXISTS: (lambda n: n == 0, "values set must be empty for exists and does not exist"),
    DOES_NOT_EXIST: (lambda n: n == 0, "values set must be empty for exists and does not exist"),
    GREATER: (lambda n: n == 1, "for 'Gt', 'Lt' operators, exactly one value is required"),
    LESS: (lambda n: n == 1, "for 'Gt', 'Lt' operators, exactly one value is required"),
}
"""How many values each operator takes, and what is said otherwise."""


class Requirement(NamedTuple):
    """One condition on one label. Values are sorted and free of duplicates."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "notin" | "!=":
                return value not in self.values
            case ">" | "<":
                number = _integer(value)
                limit = _integer(self.values[0])
                if number is None or limit is None:
                    return False
                return number > limit if self.operator == GREATER else number < limit
        return value in self.values

    def __str__(self) -> str:
        if self.operator == EXISTS:
            return self.key
        if self.operator == DOES_NOT_EXIST:
            return "!" + self.key
        values = ",".join(self.values)
        if self.operator in _SET_OPERATORS:
            return f"{self.key} {self.operator} ({values})"
        return f"{self.key}{self.operator}{values}"


class LabelSelector:
    """Requirements that all must hold, in key order; `nothing`: one that no labels meet."""

    def __init__(self, requirements: Iterable[Requirement] = (), *, nothing: bool = False) -> None:
        self.requirements = tuple(sorted(requirements, key=lambda r: r.key))
        self.nothing = nothing
        self.exact: dict[str, str] = {}
        """The labels that must have one certain value: what an index can be built on."""
        rest = []
        for r in self.requirements:
            if r.operator in (EQUALS, DOUBLE_EQUALS, IN) and len(r.values) == 1 and r.key not in self.exact:
                self.exact[r.key] = r.values[0]
            else:
                rest.append(r)
        self._rest = tuple(rest)

    @property
    def is_everything(self) -> bool:
        return not self.requirements and not self.nothing

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        labels = labels or {}
        if self.nothing or not self.exact.items() <= labels.items():
            return False
        return all(r.matches(labels) for r in self._rest)

    def __str__(self) -> str:
        return ",".join(str(r) for r in self.requirements)

    def __repr__(self) -> str:
        return f"LabelSelector({'nothing' if self.nothing else str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LabelSelector) and (self.requirements, self.nothing) == (
            other.requirements,
            other.nothing,
        )

    def __hash__(self) -> int:
        return hash((self.requirements, self.nothing))


NOTHING = LabelSelector(nothing=True)
EVERYTHING = LabelSelector()


def parse_labels(text: str) -> LabelSelector:
    """A label selector from its text. Raises ValueError with the sentence that a client is shown."""
    return LabelSelector(_Parser(text).requirements())


def from_object(selector: Mapping[str, Any] | None) -> LabelSelector:
    """A label selector from an object's `selector` field. None selects nothing, `{}` everything.

    Raises ValueError for unknown operators and bad keys or values.
    """
    if selector is None:
        return NOTHING
    found = [requirement(k, EQUALS, [v]) for k, v in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or ():
        operator = expression.get("operator", "")
        if operator not in OF_EXPRESSIONS:
            raise ValueError(f'"{operator}" is not a valid label selector operator')
        found.append(requirement(expression.get("key", ""), OF_EXPRESSIONS[operator], expression.get("values") or []))
    return LabelSelector(found)


def from_labels(labels: Mapping[str, str] | None) -> LabelSelector:
    """A selector for objects with all these labels: a Service's `selector`. Nothing is checked."""
    return LabelSelector(Requirement(k, EQUALS, (v,)) for k, v in (labels or {}).items())


def requirement(key: str, operator: str, values: Iterable[str]) -> Requirement:
    """A checked requirement. Raises ValueError naming each thing wrong."""
    listed = tuple(sorted(set(values)))
    problems = [str(invalid("key", key, "; ".join(found))) for found in [qualified_name(key)] if found]
    fits, complaint = _COUNTS[operator]
    if not fits(len(listed)):
        problems.append(str(invalid("values", list(listed), complaint)))
    for i, value in enumerate(listed):
        if operator in (GREATER, LESS) and _integer(value) is None:
            complaint = "for 'Gt', 'Lt' operators, the value must be an integer"
            problems.append(str(invalid(f"values[{i}]", value, complaint)))
    for i, value in enumerate(listed):
        if found := label_value(value):
            problems.append(str(invalid(f"values[{i}][{key}]", value, "; ".join(found))))
    if problems:
        raise ValueError(problems[0] if len(problems) == 1 else f"[{', '.join(dict.fromkeys(problems))}]")
    return Requirement(key, operator, listed)


def _integer(text: str | None) -> int | None:
    """A 64-bit integer as Go reads one, else None."""
    if text is None or not re.fullmatch(r"[+-]?[0-9]+", text):
        return None
    number = int(text)
    return number if number in INT64 else None


_WORD = re.compile(r"[ \t\r\n]*(?P<word>==|!=|[=!(),><]|[^ \t\r\n=!(),><]+|\Z)")
_SYMBOLS = ("=", "==", "!=", "!", "(", ")", ",", ">", "<")
_END = ""
_OPERATORS_SHOWN = "in, notin, =, ==, !=, gt, lt"


def _words(text: str) -> list[str]:
    """The words of a label selector; the last is always the empty one that ends it."""
    words = [m["word"] for m in _WORD.finditer(text)]
    return words if words and words[-1] == _END else [*words, _END]


def _is_identifier(word: str) -> bool:
    return word != _END and word not in _SYMBOLS


class _Parser:
    """Recursive descent over the words of a label selector."""

    def __init__(self, text: str) -> None:
        self._words = _words(text)
        self._at = 0

    def requirements(self) -> list[Requirement]:
        found: list[Requirement] = []
        while (word := self._peek()) != _END:
            if not _is_identifier(word) and word != "!":
                raise ValueError(f"found '{word}', expected: !, identifier, or 'end of string'")
            try:
                found.append(self._requirement())
            except ValueError as error:
                raise ValueError(f"unable to parse requirement: {error}") from None
            word = self._next()
            if word == _END:
                break
            if word != ",":
                raise ValueError(f"found '{word}', expected: ',' or 'end of string'")
            word = self._peek()
            if not _is_identifier(word) and word != "!":
                raise ValueError(f"found '{word}', expected: identifier after ','")
        return found

    def _requirement(self) -> Requirement:
        key = self._next()
        negated = key == "!"
        if negated:
            key = self._next()
        if not _is_identifier(key):
            raise ValueError(f"found '{key}', expected: identifier")
        if found := qualified_name(key):
            # The key is checked before it has a place in a path, which shows as <nil>.
            raise ValueError(str(invalid("<nil>", key, "; ".join(found))))
        if negated:
            return requirement(key, DOES_NOT_EXIST, [])
        if self._peek() in (_END, ","):
            return requirement(key, EXISTS, [])
        operator = self._next()
        if operator in _SET_OPERATORS:
            return requirement(key, operator, self._values())
        if operator in _EXACT_OPERATORS:
            return requirement(key, operator, [self._exact_value()])
        raise ValueError(f"found '{operator}', expected: {_OPERATORS_SHOWN}")

    def _exact_value(self) -> str:
        if self._peek() in (_END, ","):
            return ""
        word = self._next()
        if not _is_identifier(word):
            raise ValueError(f"found '{word}', expected: identifier")
        return word

    def _values(self) -> list[str]:
        """`(a, b)`; nothing between two commas, or beside a parenthesis, stands for the empty value."""
        word = self._next()
        if word != "(":
            raise ValueError(f"found '{word}' expected: '('")
        word = self._peek()
        if word == ")":
            self._next()
            return []
        if not _is_identifier(word) and word != ",":
            raise ValueError(f"found '{word}', expected: ',', ')' or identifier")
        values: list[str] = []
        while True:
            word = self._next()
            if _is_identifier(word):
                values.append(word)
                if self._peek() not in (",", ")"):
                    raise ValueError(f"found '{self._peek()}', expected: ',' or ')'")
            elif word == ",":
                if not values or self._peek() in (",", ")"):
                    values.append("")
                if self._peek() == ",":
                    self._next()
            else:
                raise ValueError(f"found '{word}', expected: ',', or identifier")
            if self._peek() == ")":
                self._next()
                return values

    def _peek(self) -> str:
        return self._words[self._at]

    def _next(self) -> str:
        word = self._words[self._at]
        self._at = min(self._at + 1, len(self._words) - 1)
        return word


class FieldSelector:
    """Conditions on fields: (path, "=" or "!=", value), in the order of their texts."""

    def __init__(self, requirements: Iterable[tuple[str, str, str]]) -> None:
        self.requirements = tuple(requirements)

    def matches(self, read: Callable[[str], str]) -> bool:
        """Whether all conditions hold of the object whose fields `read(path)` gives ("" for an absent one)."""
        return all((read(path) == value) == (operator == "=") for path, operator, value in self.requirements)

    def __str__(self) -> str:
        return ",".join(path + operator + _escaped(value) for path, operator, value in self.requirements)

    def __repr__(self) -> str:
        return f"FieldSelector({str(self)!r})"


def parse_fields(text: str) -> FieldSelector:
    """A field selector from its text. Raises ValueError with the sentence that a client is shown.

    Which paths a kind knows is the caller's to check.
    """
    found: list[tuple[str, str, str]] = []
    for term in sorted(re.findall(r"(?:\\.|[^\\,]|\\\Z)+", text, re.DOTALL)):
        match = re.search("!=|==|=", term)
        if match is None:
            raise ValueError(f"invalid selector: '{text}'; can't understand '{term}'")
        operator = "!=" if match[0] == "!=" else "="
        found.append((term[: match.start()], operator, _unescaped(term[match.end() :])))
    return FieldSelector(found)


def _unescaped(value: str) -> str:
    r"""The value meant by `value`, in which `\`, `,` and `=` are written with a backslash before them."""

    def replace(match: re.Match[str]) -> str:
        sequence = match[0]
        if sequence[0] != "\\":
            # Kubernetes prints the character's number here.
            raise ValueError(f"invalid field selector: unescaped character in value: {ord(sequence)}")
        if sequence[1:] not in ("\\", ",", "="):
            raise ValueError(f"invalid field selector: invalid escape sequence: {sequence}")
        return sequence[1:]

    return re.sub(r"\\.|\\\Z|[,=]", replace, value, flags=re.DOTALL)


def _escaped(value: str) -> str:
    return re.sub(r"[\\,=]", r"\\\g<0>", value)
