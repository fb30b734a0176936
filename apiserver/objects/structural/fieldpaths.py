"""Paths into a schema, as rules and selectable fields name them: `.spec.color`, `.spec['odd.name']`."""

from __future__ import annotations

import re

from apiserver.objects.structural import Node, values_of

_TOKENS = re.compile(r"'(?:\\.|[^'\\])*'|[.\[\]]|[^.\[\]']+|'")


class BadPath(ValueError):
    """A path that leads nowhere, in Kubernetes' words."""


def resolved(path: str, schema: Node, *, with_brackets: bool = False) -> tuple[list[str], Node]:
    """(the names on the way, the schema at the end). Raises BadPath."""
    names: list[str] = []
    parts = iter(_TOKENS.findall(path))
    for part in parts:
        if part == ".":
            name = next(parts, None)
            if name is None:
                raise BadPath("unexpected end of JSON path")
        elif part == "[":
            if not with_brackets:
                raise BadPath("array notation is not allowed")
            name = _bracketed(next(parts, None), next(parts, None))
        else:
            raise BadPath(f"expected [ or . but got: {part}")
        schema = _step(schema, name)
        names.append(name)
    return names, schema


def joined(base: str, path: str, schema: Node) -> str:
    """The path below `base`, as errors show it: names after a dot, keys of maps in brackets."""
    names, _ = resolved(path, schema, with_brackets=True)
    for name in names:
        is_named = bool(schema.get("properties"))
        base += (f".{name}" if base else name) if is_named else f"[{name}]"
        schema = _step(schema, name)
    return base


def _bracketed(quoted: str | None, closing: str | None) -> str:
    if quoted is None:
        raise BadPath("unexpected end of JSON path")
    if len(quoted) < 2 or quoted[0] != "'" or quoted[-1] != "'":
        raise BadPath(f"expected single quoted string but got {quoted}")
    if closing is None:
        raise BadPath("unexpected end of JSON path")
    if closing != "]":
        raise BadPath(f"expected ] but got {closing}")
    return re.sub(r"\\(.)", r"\1", quoted[1:-1])


def _step(schema: Node, name: str) -> Node:
    properties = schema.get("properties")
    found = properties.get(name) if properties else values_of(schema)
    if found is None:
        raise BadPath("does not refer to a valid field")
    return found
