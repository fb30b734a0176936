"""Functions over texts that CEL itself lacks; and what its own take beyond what the library lets them take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from apiserver.objects.structural import patterns

REDECLARED = ("string", "_<_", "_<=_", "_>_", "_>=_")
"""Functions of the library that are declared here as a whole: it does not let types be added to one."""

_NUMBERS = ("int", "uint", "double")
_PLAIN = ("string", "bytes", "bool", "duration", "timestamp")


def _found(text: str, pattern: str) -> Iterator[str]:
    return (found.group() for found in patterns.compiled(pattern).finditer(text))


def _first_few(text: str, pattern: str, most: int) -> list[str]:
    found = list(_found(text, pattern))
    return found if most < 0 else found[:most]


def escape_pointer(text: str) -> str:
    """A name as JSON pointers write it."""
    return text.replace("~", "~0").replace("/", "~1")


_COMPARED = [*((a, b) for a in _NUMBERS for b in _NUMBERS), *((a, a) for a in _PLAIN)]

DECLARED: dict[str, Callable[..., Any] | None] = {
    "string.find(string) string": lambda text, pattern: next(_found(text, pattern), ""),
    "string.findAll(string) list<string>": lambda text, pattern: list(_found(text, pattern)),
    "string.findAll(string, int) list<string>": _first_few,
    "jsonpatch.escapeKey(string) string": escape_pointer,
    **{f"string({type_}) string": None for type_ in (*_NUMBERS, *_PLAIN)},
    **{f"{name}({a}, {b}) bool": None for name in REDECLARED[1:] for a, b in _COMPARED},
}
