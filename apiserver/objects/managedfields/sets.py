"""Sets of field paths, kept as the trees that FieldsV1 writes: no decoding before an operation, no encoding after it.

    {"f:data": {".": {}, "f:a": {}}, "f:spec": {"f:x": {}}}     holds .data, .data.a and .spec.x, but not .spec

A node is a member when it is empty, or has "." beside its children. A step is `f:NAME` (a field or a map key),
`k:{"port":80}` (the item of a list with these key fields), `v:"a"` (the item of a set) or `i:0` (an index).

A whole set is the children of the root, so {} is the empty set there, while below the root an empty node is a member;
None stands for a node that is not there. Trees are never changed once made, so that they can share branches.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Tree = dict[str, Any]

MEMBER: Tree = {}
SELF = "."

_RANKS = {"f": 0, "k": 1, "v": 2, "i": 3}


def is_member(node: Tree) -> bool:
    return not node or SELF in node


def node_of(member: bool, children: Tree) -> Tree | None:
    """The node with these children, itself a member or not; None when there is nothing of it."""
    if not children:
        return MEMBER if member else None
    return {SELF: MEMBER, **children} if member else children


def check(node: Any) -> None:
    """Raises ValueError for what is no tree, as clients may send it."""
    if not isinstance(node, dict):
        raise ValueError("node")
    for step, child in node.items():
        kind, colon, rest = step.partition(":")
        if step != SELF and (not colon or kind not in _RANKS):
            raise ValueError("step")
        if kind in ("k", "v", "i") and isinstance(json.loads(rest), dict) != (kind == "k"):
            raise ValueError("value")
        check(child)


def union(a: Tree, b: Tree) -> Tree:
    """What is in one set or the other."""
    if not a or not b:
        return a or b
    return _united(a, b)


def difference(a: Tree, b: Tree) -> Tree:
    """What is in `a` and not in `b`. A path says nothing of the paths below it."""
    return _without(a, b, root=True) or {}


def intersection(a: Tree, b: Tree) -> Tree:
    """What is in both sets."""
    return _common(a, b, root=True) or {}


def paths(tree: Tree) -> Iterator[str]:
    """Every path as errors show it, `.spec.ports[port=80,protocol="TCP"].targetPort`; shallow ones first."""
    yield from _paths("", tree)


def _united(a: Tree, b: Tree) -> Tree:
    if a is b:
        return a
    if not a or not b:
        other = a or b
        return other if is_member(other) else {SELF: MEMBER, **other}
    result = dict(a) if SELF in a or SELF not in b else {SELF: MEMBER, **a}
    for step, node in b.items():
        known = result.get(step)
        result[step] = node if known is None else _united(known, node)
    return result


def _without(a: Tree, b: Tree, *, root: bool = False) -> Tree | None:
    children: Tree = {}
    for step, node in a.items():
        if step == SELF:
            continue
        other = b.get(step)
        left = node if other is None else _without(node, other)
        if left is not None:
            children[step] = left
    return node_of(not root and is_member(a) and not is_member(b), children)


def _common(a: Tree, b: Tree, *, root: bool = False) -> Tree | None:
    children: Tree = {}
    for step, node in a.items():
        if step == SELF or step not in b:
            continue
        both = _common(node, b[step])
        if both is not None:
            children[step] = both
    return node_of(not root and is_member(a) and is_member(b), children)


def _paths(prefix: str, tree: Tree) -> Iterator[str]:
    steps = sorted((step for step in tree if step != SELF), key=_order)
    for step in steps:
        if is_member(tree[step]):
            yield prefix + shown(step)
    for step in steps:
        if tree[step]:
            yield from _paths(prefix + shown(step), tree[step])


def shown(step: str) -> str:
    """A step as errors show it: `.name`, `[port=80]`, `[="a"]`, `[0]`."""
    kind, _, rest = step.partition(":")
    if kind == "f":
        return "." + rest
    if kind == "k":
        keys = json.loads(rest)
        return "[" + ",".join(f"{name}={json.dumps(keys[name], ensure_ascii=False)}" for name in sorted(keys)) + "]"
    return f"[={rest}]" if kind == "v" else f"[{rest}]"


def _order(step: str) -> tuple[Any, ...]:
    """Fields by name, then items by their keys, then items of sets by value, then indexes."""
    kind, _, rest = step.partition(":")
    rank = _RANKS.get(kind, len(_RANKS))
    if kind == "f":
        return (rank, rest)
    value = json.loads(rest)
    if kind == "k":
        return (rank, [(name, _comparable(value[name])) for name in sorted(value)])
    return (rank, _comparable(value))


def _comparable(value: Any) -> tuple[int, Any]:
    """Numbers before strings before booleans."""
    if isinstance(value, bool):
        return (2, value)
    return (0, value) if isinstance(value, int | float) else (1, str(value))
