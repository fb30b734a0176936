"""MutatingAdmissionPolicies, which change an object that is about to be stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from apiserver import errors
from apiserver.admission import View
from apiserver.admission.evaluating import Unclear, failure, match
from apiserver.admission.policies import Matter, Policies, denied
from apiserver.admission.questions import Question
from apiserver.kind import Kind, Object
from apiserver.kinds.mutatingadmissionpolicy import kind as MUTATING
from apiserver.objects.expressions.loading import Failed
from apiserver.objects.gostructs import DecodeError
from apiserver.objects.managedfields import typed
from apiserver.objects.managedfields.shapes import root_of
from apiserver.objects.patch import jsonpatch
from schemas import Field


class BadChange(ValueError):
    """A change that cannot be made; the text says why."""


def change(policies: Policies, view: View, question: Question) -> bool:
    """Have policies change `question.new`, in place; whether one did. Raises what they refuse.

    Those that want to see what became of an object after them are asked once more, if anything did.
    """
    problems: list[tuple[Matter, str]] = []
    asked: list[Matter] = []
    outdated: list[Matter] = []
    changed = False
    for matter in tuple(policies.matters(MUTATING, view, question)):
        if matter.problem:
            problems.append((matter, matter.problem))
            continue
        if _changed_by(matter, view, question, problems):
            changed = True
            outdated += asked
            asked.clear()
        if matter.policy["spec"].get("reinvocationPolicy") == "IfNeeded":
            asked.append(matter)
    for matter in outdated:
        _changed_by(matter, view, question, problems)
    texts = [_told(matter, text) for matter, text in problems if not matter.fails_open]
    if texts:
        error = denied(question, texts[0], texts)
        error.message, error.reason = texts[0], "Invalid"
        raise error
    return changed


def _told(matter: Matter, text: str) -> str:
    name = matter.policy["metadata"]["name"]
    if matter.binding is None:
        return f'policy "{name}" denied request: {text}'
    return f"policy '{name}' with binding '{matter.binding['metadata']['name']}' denied request: {text}"


def _changed_by(matter: Matter, view: View, question: Question, problems: list[tuple[Matter, str]]) -> bool:
    """Make a policy's changes, one after the other; whether that changed anything."""
    if question.new is None or matter.shape is None:
        return False
    spec, changed = matter.policy["spec"], False
    try:
        if not match(spec.get("matchConditions") or (), matter.seen(view, question)):
            return False
    except Unclear as error:
        problems.append((matter, str(error)))
        return False
    for mutation in spec["mutations"]:
        field, make = _MADE[mutation["patchType"]]
        text = mutation[field]["expression"]
        try:
            wanted = matter.seen(view, question).value(text)
            new, _ = question.for_kind(matter.shape).objects
            assert new is not None
            decoded = matter.shape.form.decode_value(make(matter.shape, new, wanted)).object
        except Failed as error:
            problems.append((matter, failure(text, error)))
        except (BadChange, DecodeError) as error:
            problems.append((matter, str(error)))
        else:
            changed = question.become(decoded, matter.shape) or changed
    return changed


def _applied(kind: Kind, object: Object, wanted: Any) -> Object:
    """An object with some fields wanted of it, merged as server-side apply merges."""
    if not isinstance(wanted, dict):
        raise BadChange(f"unsupported return type from ApplyConfiguration expression: {type(wanted).__name__}")
    config = {**wanted, "apiVersion": kind.group_version, "kind": kind.name}
    try:
        typed.check(kind.schema.root, config)
    except typed.Unreadable as error:
        text = f"failed to convert patch object to typed object: {error}"
        raise BadChange(f"error applying patch: {text}") from None
    atomic = ", ".join(_atomic(kind.schema.root, config, ""))
    if atomic:
        said = f"may not mutate atomic arrays, maps or structs: {atomic}"
        raise BadChange(f"error applying patch: invalid ApplyConfiguration: {said}")
    merged: Object = typed.merged(root_of(kind.schema, "", has_status=kind.status).whole, object, config)
    return merged


def _atomic(field: Field, value: Any, path: str) -> Iterator[str]:
    """Paths of what is set as a whole, so that what is not said of it would go."""
    if isinstance(value, dict):
        if field.map_type == "atomic":
            yield path
        for name, member in value.items():
            inner = field.properties.get(name) if field.properties else field.values
            if inner is not None:
                yield from _atomic(inner, member, f"{path}.{name}")
    elif isinstance(value, list) and field.items is not None:
        if field.list_type in ("", "atomic"):
            yield path
        for index, item in enumerate(value):
            yield from _atomic(field.items, item, f"{path}[{index}]")


def _patched(kind: Kind, object: Object, wanted: Any) -> Object:
    """An object after the steps of a JSON patch; one whose test fails changes nothing."""
    if not isinstance(wanted, list):
        raise BadChange("type mismatch: JSONPatchType.expression should evaluate to array")
    if any(step.get("op") == "test" for step in wanted) and not _passes(object, wanted):
        return object
    try:
        return jsonpatch.apply(object, wanted)
    except errors.APIError as error:
        raise BadChange(f"JSONPath: {error.message}") from None


def _passes(object: Object, steps: list[Any]) -> bool:
    """Whether the tests among the steps pass, in their place."""
    last = max(place for place, step in enumerate(steps) if step.get("op") == "test")
    try:
        jsonpatch.apply(object, steps[: last + 1])
    except errors.APIError:
        return False
    return True


_MADE: dict[str, tuple[str, Callable[[Kind, Object, Any], Object]]] = {
    "ApplyConfiguration": ("applyConfiguration", _applied),
    "JSONPatch": ("jsonPatch", _patched),
}
