"""Values against their schema, in the words of Kubernetes' OpenAPI validator.

An update is judged with the old object beside it: what is wrong with a part that has not changed is let pass, so that a
schema can become stricter without locking up the objects that are there ("ratcheting"). Parts of lists of type map are
told by their keys; other lists count as one part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from apiserver.errors import Cause
from apiserver.objects.govalues import general
from apiserver.objects.structural import Node, formats, member, patterns
from apiserver.objects.validation import invalid, not_supported, required, shown, too_long, too_many

NOTHING = object()
"""No old value to compare with."""

TYPES: dict[type, str] = {
    dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null",
}  # fmt: skip


class Finding(NamedTuple):
    """What is wrong, and how many checks it took to know: of several alternatives, the one that was followed furthest
    is the one that was meant."""

    causes: list[Cause]
    checks: int


def check(value: Any, schema: Node, path: str = "", old: Any = NOTHING) -> list[Cause]:
    """What is wrong with a value at `path`; `old` is what stood there before, where there was something."""
    return _check(value, schema, path, old).causes


def _check(value: Any, schema: Node, path: str, old: Any = NOTHING) -> Finding:
    causes = _type_causes(value, schema, path)
    checks = 2
    if value is not None:
        for alternatives in (_any_of, _one_of, _all_of, _not):
            found = alternatives(value, schema, path)
            causes += found.causes
            checks += found.checks
        simple = _SIMPLE.get(type(value))
        if simple is not None:
            causes += simple(value, schema, path)
            checks += 1
    if schema.get("enum") is not None:
        causes += _enum_causes(value, schema["enum"], path)
        checks += 1
    if isinstance(value, dict):
        inner = _members(value, schema, path, old)
    else:
        inner = _items(value, schema, path, old) if isinstance(value, list) else Finding([], 0)
    causes += inner.causes
    if causes and old is not NOTHING and same(value, old):
        causes = []
    return Finding(causes, checks + inner.checks)


def same(one: Any, other: Any) -> bool:
    """Equality that tells true from 1."""
    return one == other and orjson.dumps(one, option=_SORTED) == orjson.dumps(other, option=_SORTED)


_SORTED = orjson.OPT_SORT_KEYS


# -- one value ---------------------------------------------------------------------------------------------------------


def _type_causes(value: Any, schema: Node, path: str) -> list[Cause]:
    wanted = ["integer", "string"] if schema.get("x-kubernetes-int-or-string") else [schema.get("type")]
    if value is None:
        if schema.get("nullable") or not wanted[0]:
            return []
        return [_wrong_type(path, ",".join(map(str, wanted)), "null")]
    found = TYPES[type(value)]
    if wanted[0] and found not in wanted:
        is_whole = found == "number" and value.is_integer()
        if not (found == "integer" and "number" in wanted) and not (is_whole and "integer" in wanted):
            return [_wrong_type(path, ",".join(map(str, wanted)), found)]
    format = schema.get("format") or ""
    if not isinstance(value, str) or schema.get("type", "string") != "string" or formats.is_of(format, value):
        return []
    return [_wrong_type(path, format, value)]


def _wrong_type(path: str, wanted: str, found: str) -> Cause:
    detail = f"{path} in body must be of type {wanted}: {shown(found)}"
    return Cause(path or "<nil>", "FieldValueTypeInvalid", f"Invalid value: {shown(found)}: {detail}")


def _enum_causes(value: Any, choices: list[Any], path: str) -> list[Cause]:
    if any(same(value, choice) for choice in choices):
        return []
    texts = [choice if isinstance(choice, str) else shown(choice) for choice in choices]
    return [not_supported(path or "<nil>", value, texts)]


def _string_causes(value: str, schema: Node, path: str) -> list[Cause]:
    causes = []
    most, fewest, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if most is not None and len(value) > most:
        causes.append(too_long(path, most))
    if fewest is not None and len(value) < fewest:
        causes.append(invalid(path, value, f"{path} in body should be at least {fewest} chars long"))
    if pattern and not patterns.matches(pattern, value):
        causes.append(invalid(path, value, f"{path} in body should match '{pattern}'"))
    return causes


def _number_causes(value: int | float, schema: Node, path: str) -> list[Cause]:
    causes = []
    step, most, least = schema.get("multipleOf"), schema.get("maximum"), schema.get("minimum")
    if step and not _is_multiple(value, step):
        causes.append(invalid(path, value, f"{path} in body should be a multiple of {general(step)}"))
    if most is not None:
        exclusive = schema.get("exclusiveMaximum")
        if value > most or (exclusive and value == most):
            limit = "less than" if exclusive else "less than or equal to"
            causes.append(invalid(path, value, f"{path} in body should be {limit} {general(most)}"))
    if least is not None:
        exclusive = schema.get("exclusiveMinimum")
        if value < least or (exclusive and value == least):
            limit = "greater than" if exclusive else "greater than or equal to"
            causes.append(invalid(path, value, f"{path} in body should be {limit} {general(least)}"))
    return causes


def _is_multiple(value: int | float, step: int | float) -> bool:
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    return (value / step).is_integer()


_SIMPLE: dict[type, Callable[[Any, Node, str], list[Cause]]] = {
    str: _string_causes,
    int: _number_causes,
    float: _number_causes,
}


# -- values that hold others -------------------------------------------------------------------------------------------


def _members(value: Node, schema: Node, path: str, old: Any) -> Finding:
    causes: list[Cause] = []
    checks = 1
    most, fewest = schema.get("maxProperties"), schema.get("minProperties")
    if fewest is not None and len(value) < fewest:
        causes.append(invalid(path, len(value), f"{path} in body should have at least {fewest} properties"))
    if most is not None and len(value) > most:
        causes.append(too_many(path, len(value), most))
    before = old if isinstance(old, dict) else {}
    known = schema.get("properties") or {}
    for name, child in value.items():
        place = f"{path}.{name}" if path else name
        if name not in known and schema.get("additionalProperties") is False:
            causes.append(invalid(path or "<nil>", "", f"{path}.{name} in body is a forbidden property"))
        within = member(schema, name)
        if within is not None:
            found = _check(child, within, place, before.get(name, NOTHING))
            causes += found.causes
            checks += found.checks
    causes += [
        required(f"{path}.{name}" if path else name) for name in schema.get("required") or () if name not in value
    ]
    return Finding(causes, checks)


def _items(value: list[Any], schema: Node, path: str, old: Any) -> Finding:
    causes: list[Cause] = []
    checks = 1
    most, fewest, items = schema.get("maxItems"), schema.get("minItems"), schema.get("items")
    if isinstance(items, dict):
        before = correlated(schema, value, old)
        for index, item in enumerate(value):
            found = _check(item, items, f"{path}[{index}]", before[index])
            causes += found.causes
            checks += found.checks
    if fewest is not None and len(value) < fewest:
        causes.append(invalid(path, len(value), f"{path} in body should have at least {fewest} items"))
    if most is not None and len(value) > most:
        causes.append(too_many(path, len(value), most))
    return Finding(causes, checks)


def correlated(schema: Node, value: list[Any], old: Any) -> list[Any]:
    """For each item the one it succeeds: in a list of type map the one with the same keys, else NOTHING."""
    if schema.get("x-kubernetes-list-type") != "map" or not isinstance(old, list):
        return [NOTHING] * len(value)
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    before = {_key(item, keys): item for item in old if isinstance(item, dict)}
    return [before.get(_key(item, keys), NOTHING) if isinstance(item, dict) else NOTHING for item in value]


def _key(item: Node, keys: list[str] | tuple[str, ...]) -> bytes:
    return orjson.dumps([item.get(key) for key in keys], option=_SORTED)


# -- alternatives ------------------------------------------------------------------------------------------------------


def _any_of(value: Any, schema: Node, path: str) -> Finding:
    best, valid, checks = _tried(value, schema.get("anyOf"), path)
    if best is None or valid:
        return Finding([], checks)
    return Finding([_unmet(f"{shown(path)} must validate at least one schema (anyOf)"), *best.causes], checks)


def _one_of(value: Any, schema: Node, path: str) -> Finding:
    best, valid, checks = _tried(value, schema.get("oneOf"), path)
    if best is None or valid == 1:
        return Finding([], checks)
    text = f"Found {valid} valid alternatives" if valid else "Found none valid"
    more = [] if valid else best.causes
    return Finding([_unmet(f"{shown(path)} must validate one and only one schema (oneOf). {text}"), *more], checks)


def _all_of(value: Any, schema: Node, path: str) -> Finding:
    findings = [_check(value, one, path) for one in schema.get("allOf") or ()]
    causes = [cause for finding in findings for cause in finding.causes]
    if causes:
        more = ". None validated" if all(finding.causes for finding in findings) else ""
        causes.append(_unmet(f"{shown(path)} must validate all the schemas (allOf){more}"))
    return Finding(causes, sum(finding.checks for finding in findings))


def _not(value: Any, schema: Node, path: str) -> Finding:
    unwanted = schema.get("not")
    if unwanted is None:
        return Finding([], 0)
    finding = _check(value, unwanted, path)
    causes = [] if finding.causes else [_unmet(f"{shown(path)} must not validate the schema (not)")]
    return Finding(causes, finding.checks)


def _tried(value: Any, alternatives: list[Node] | None, path: str) -> tuple[Finding | None, int, int]:
    """(the alternative that was followed furthest, how many are met, checks made)"""
    best: Finding | None = None
    valid = checks = 0
    for alternative in alternatives or ():
        finding = _check(value, alternative, path)
        checks += finding.checks
        valid += not finding.causes
        if best is None or finding.checks > best.checks:
            best = finding
    return best, valid, checks


def _unmet(text: str) -> Cause:
    return Cause("<nil>", "FieldValueInvalid", f'Invalid value: "": {text}')
