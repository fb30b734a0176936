"""A manifest as server-side apply reads it: checked against the schema, merged into the live object, and cut down by
sets of paths. The rules are those of Kubernetes' structured merge (see shapes.py); its messages are interface.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

from apiserver.objects.govalues import printed, syntax, type_name
from apiserver.objects.managedfields.sets import MEMBER, SELF, Tree, is_member, shown
from apiserver.objects.managedfields.shapes import Deduced, Distinct, Keyed, Members, Shape, shape_of
from apiserver.objects.patch import copied
from schemas import Field

Problem = tuple[str, str]
"""(path, what is wrong there)"""

UNTYPED = frozenset({"Quantity", "Time", "MicroTime", "Duration", "IntOrString"})
"""Types that are written as a string or as a number."""


class Unreadable(ValueError):
    """A manifest that does not fit its schema."""

    def __init__(self, problems: list[Problem]) -> None:
        lines = [f"{path}: {text}" if path else text for path, text in problems]
        super().__init__(lines[0] if len(lines) == 1 else "\n".join(["errors:", *("  " + line for line in lines)]))


def check(field: Field, value: Any) -> None:
    """Raises Unreadable for wrong types, unknown fields, and list items without keys or with equal ones."""
    problems = list(_problems(field, value, ""))
    if problems:
        raise Unreadable(problems)


def _problems(field: Field, value: Any, path: str) -> Iterator[Problem]:
    if value is None:
        return
    if field.type == "object":
        yield from _map_problems(field, value, path)
    elif field.type == "array":
        yield from _list_problems(field, value, path)
    elif complaint := _scalar_problem(field, value):
        yield path, complaint


def _map_problems(field: Field, value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield path, f"expected map, got &{{{printed(value)}}}"
        return
    free = field.preserve_unknown or not (field.properties or field.values)
    for name, member in value.items():
        child = field.properties.get(name) or field.values
        if child is not None:
            yield from _problems(child, member, f"{path}.{name}")
        elif not free:
            yield f"{path}.{name}", "field not declared in schema"


def _list_problems(field: Field, value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield path, f"expected list, got &{{{printed(value)}}}"
        return
    shape, seen = shape_of(field), set()
    for index, item in enumerate(value):
        step = f"i:{index}"
        if isinstance(shape, Keyed | Distinct):
            complaint = _keyless(shape, item) if isinstance(shape, Keyed) else _no_set_item(item)
            if complaint:
                yield path, f"element {index}: {complaint}"
                return
            step = shape.step(item)
            if step in seen:
                yield path, f"duplicate entries for key {shown(step)}"
            seen.add(step)
        if field.items is not None:
            yield from _problems(field.items, item, path + shown(step))


def _keyless(shape: Keyed, item: Any) -> str:
    """Why an item cannot be told from others, "" when it can."""
    if item is None:
        return "associative list with keys may not have a null element"
    if not isinstance(item, dict):
        return "associative list with keys may not have non-map elements"
    if any(key in item or key in shape.defaults for key in shape.keys):
        return ""
    keys = " ".join(orjson.dumps(key).decode() for key in shape.keys)
    return (
        f"associative list with keys has an element that omits all key fields [{keys}] "
        "(and doesn't have default values for any key fields)"
    )


def _no_set_item(item: Any) -> str:
    if isinstance(item, dict):
        return "associative list without keys has an element that's a map type"
    if isinstance(item, list):
        return "not supported: associative list with lists as elements"
    return "associative list without keys has an element that's an explicit null" if item is None else ""


def _scalar_problem(field: Field, value: Any) -> str:
    if field.type == "any" and not field.int_or_string and field.go_type not in UNTYPED:
        return ""
    if field.go_type in UNTYPED or field.int_or_string:
        wrong, name = isinstance(value, dict | list), "any scalar"
    elif field.type == "string":
        if isinstance(value, str):
            return ""
        return f"expected string, got &value.valueUnstructured{{Value:{syntax(value)}}}"
    elif field.type == "boolean":
        wrong, name = not isinstance(value, bool), "boolean"
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return f"expected numeric (int or float), got {type_name(value)}"
    else:
        return ""
    return f"expected {name}, got &{{{printed(value)}}}" if wrong else ""


def merged(shape: Shape, live: Any, config: Any) -> Any:
    """The live value with a manifest merged in; shares nothing with either. null replaces scalars only."""
    if isinstance(shape, Deduced) and not (isinstance(live, dict) and isinstance(config, dict)):
        return copied(config)
    if isinstance(shape, Members | Keyed | Distinct) and (live or config):
        if isinstance(shape, Members):
            return _merged_members(shape, live or {}, config or {})
        return _merged_items(shape, live or [], config or [])
    return copied(config)


def _merged_members(shape: Members, live: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    result = {}
    for name, value in live.items():
        result[name] = merged(shape.member(name)[1], value, config[name]) if name in config else copied(value)
    for name, value in config.items():
        if name not in live:
            result[name] = copied(value)
    return result


def _merged_items(shape: Keyed | Distinct, live: list[Any], config: list[Any]) -> list[Any]:
    """Live items keep their places, the manifest's their order; an item of both is where the manifest's order wants
    it: before it come the live items that stood before it and that the manifest does not name."""
    lives, configs = [shape.step(item) for item in live], [shape.step(item) for item in config]
    times = Counter(lives)  # an item that is there twice cannot be merged with one
    of_live = {step: item for step, item in zip(lives, live, strict=True) if times[step] == 1}
    of_config = dict(zip(configs, config, strict=True))
    shared = [step for step in configs if step in times]
    result: list[Any] = []
    done: set[str] = set()
    left = right = 0

    def take(step: str) -> None:
        done.add(step)
        if shared and shared[0] == step:
            shared.pop(0)
        if isinstance(shape, Keyed) and step in of_live:
            result.append(merged(shape.item, of_live[step], of_config[step]))
        else:
            result.append(copied(of_config[step]))

    while left < len(lives) or right < len(configs):
        if left < len(lives) and right < len(configs):
            if lives[left] == configs[right]:
                take(configs[right])
                left, right = left + 1, right + 1
                continue
            if lives[left] in of_config and shared and shared[0] != lives[left]:
                left += 1  # it comes later, with the manifest's order
                continue
        if left < len(lives):
            if lives[left] not in of_config:
                result.append(copied(live[left]))
                left += 1
                continue
            if lives[left] in done:
                left += 1
        if right < len(configs):
            take(configs[right])
            right += 1
    return result


def without(shape: Shape, value: Any, doomed: Tree) -> Any:
    """The value without the paths in `doomed`; a list or map that loses everything becomes null, and still counts as
    a member of what it stands in."""
    if not value:
        return value
    if isinstance(shape, Members) and isinstance(value, dict):
        kept: dict[str, Any] = {}
        for name, member in value.items():
            step, child = shape.member(name)
            node = doomed.get(step)
            if node is None:
                kept[name] = member
            elif not is_member(node):
                kept[name] = without(child, member, node)
        return kept or None
    if isinstance(shape, Keyed | Distinct):
        items = []
        for item in value:
            node = doomed.get(shape.step(item))
            if node is None:
                items.append(item)
            elif not is_member(node) and isinstance(shape, Keyed):
                items.append(without(shape.item, item, node))
        return items or None
    return None if doomed else value


def named(shape: Shape, tree: Tree) -> Tree:
    """The set with every struct above its paths made a member, so that removing all of a struct's fields removes it."""
    result: Tree = {SELF: MEMBER} if SELF in tree else {}
    for step, node in tree.items():
        if step == SELF:
            continue
        child, is_struct_field = _below(shape, step)
        node = named(child, node) if child is not None and node else node
        if is_struct_field and node and SELF not in node:
            node = {SELF: MEMBER, **node}
        result[step] = node
    return result


def _below(shape: Shape, step: str) -> tuple[Shape | None, bool]:
    """(the shape a step leads to, whether it is a struct's field)"""
    if isinstance(shape, Members):
        name = step.removeprefix("f:")
        return shape.member(name)[1], name in shape.fields
    return (shape.item if isinstance(shape, Keyed) else None), False
