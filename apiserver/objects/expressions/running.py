"""Expressions ready to run over plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from apiserver.objects.expressions import environments
from apiserver.objects.expressions.loading import BadExpression, Failed, cel
from apiserver.objects.expressions.syntax import Tree, problem

REMEMBERED = 1024
"""Compiled expressions kept."""

BOUND_OLD = "cel.bind(oldSelf, has_old ? optional.of(old) : optional.none(), ({}))"
"""How an expression gets an oldSelf that may be none."""
RULE = frozenset(("self", "oldSelf", "old", "has_old"))
"""What rules of schemas run over."""


class Expression:
    """An expression over variables of some names; `uses_old` tells whether it asks what stood there before."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        tree = Tree(environments.parser(), text)
        self.uses_old = tree.names("oldSelf")
        self._fields = tuple(tree.fields())
        tree.rewrite()
        try:
            self._program = environments.untyped(names).deserialize(tree.encoded())
        except RuntimeError as error:
            raise BadExpression(problem(error)) from None

    def fields_of(self, variable: str) -> list[str]:
        """Which of a variable's fields are asked for by name."""
        return [field for name, field in self._fields if name == variable]

    def over(self, data: Mapping[str, Any]) -> Any:
        """Its result, for values as `values.plain` makes them. Raises Failed."""
        found = self._program.eval(data=data)
        if found.type() == cel().Type.ERROR:
            raise Failed(_failure(found.plain_value()))
        return found.plain_value()

    def value(self, self_: Any, old: Any = None, *, has_old: bool = False) -> Any:
        """The result of a rule. Raises Failed."""
        return self.over({"self": self_, "old": old, "oldSelf": old, "has_old": has_old})


@lru_cache(maxsize=REMEMBERED)
def compiled(text: str, *, optional_old: bool = False) -> Expression:
    """A rule of a schema. Raises BadExpression."""
    return Expression(BOUND_OLD.format(text) if optional_old else text, RULE)


@lru_cache(maxsize=REMEMBERED)
def over(text: str, names: frozenset[str]) -> Expression:
    """An expression over these variables. Raises BadExpression."""
    return Expression(text, names)


_FAILURES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r'Key not found in map : "?([^"]*)"?'), r"no such key: \1"),
    (re.compile(r"Index error: index=(-?\d+) size=\d+"), r"index out of bounds: \1"),
    (re.compile(r"divide by zero"), "division by zero"),
    (re.compile(r"modulus by zero"), "modulus by zero"),
    (re.compile(r"(?:No matching overloads found|Applying SELECT to non-message type).*"), "no such overload"),
)


def _failure(text: str) -> str:
    text = re.sub(r"^[A-Z_]+: ", "", text)
    for pattern, said in _FAILURES:
        if found := pattern.match(text):
            return found.expand(said)
    return text
