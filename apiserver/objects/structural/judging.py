"""What is wrong with a custom object as a whole: its schema, its replica counts, its lists, its conditions in CEL."""

from __future__ import annotations

from typing import Any

from apiserver.objects.govalues import printed, type_name
from apiserver.objects.structural import Node, checking, conditions, lists, metas
from apiserver.objects.validation import Causes, invalid

Object = dict[str, Any]

MAX_REPLICAS = 2**31 - 1


class Judge:
    """Judges the objects of one version of a custom kind; `scale` is its scale subresource, where it has one."""

    def __init__(self, structure: Node, scale: Object | None) -> None:
        self._structure = structure
        self._scale = scale or {}
        self._conditions = conditions.of(structure)

    def new(self, object: Object) -> Causes:
        causes = checking.check(object, self._structure) + self._replicas(object, "spec", "status")
        causes += metas.check(object, self._structure)
        causes += lists.check(object, self._structure)
        return causes + _unmet(self._conditions, object, causes)

    def changed(self, new: Object, old: Object) -> Causes:
        """What is wrong with an update; what was wrong before is let pass."""
        causes = checking.check(new, self._structure, old=old) + self._replicas(new, "spec", "status")
        causes += metas.check(new, self._structure)
        if not lists.check(old, self._structure):
            causes += lists.check(new, self._structure)
        return causes + _unmet(self._conditions, new, causes, old=old)

    def status(self, new: Object, old: Object) -> Causes:
        """What is wrong with a write to the status subresource."""
        schema = (self._structure.get("properties") or {}).get("status")
        causes: Causes = []
        if schema is not None and "status" in new:
            before = old.get("status", checking.NOTHING)
            causes += checking.check(new["status"], schema, "status", before)
        causes += self._replicas(new, "status")
        return causes + _unmet(self._conditions, new, causes, old=old)

    def _replicas(self, object: Object, *parts: str) -> Causes:
        """What is wrong with the counts that the scale subresource reads."""
        causes: Causes = []
        for part in parts:
            path = self._scale.get(f"{part}ReplicasPath")
            if path:
                causes += _count_causes(path, _at(object, path))
        path = self._scale.get("labelSelectorPath")
        if path and "status" in parts:
            found = _at(object, path)
            if found is not None and not isinstance(found, str):
                causes.append(invalid(path, "", _accessor(path, found, "string")))
        return causes


def _unmet(wanted: conditions.Conditions | None, new: Object, causes: Causes, old: Any = checking.NOTHING) -> Causes:
    """The conditions that do not hold, where the object is sound enough to ask."""
    if wanted is None:
        return []
    if any(cause.reason in conditions.BLOCKING for cause in causes):
        return [conditions.UNCHECKED]
    return wanted.check(new, old=old)


def _count_causes(path: str, found: Any) -> Causes:
    if found is None:
        return []
    if not isinstance(found, int) or isinstance(found, bool):
        return [invalid(path, 0, _accessor(path, found, "int64"))]
    if found < 0:
        return [invalid(path, found, "should be a non-negative integer")]
    if found > MAX_REPLICAS:
        return [invalid(path, found, f"should be less than or equal to {MAX_REPLICAS}")]
    return []


def _accessor(path: str, found: Any, wanted: str) -> str:
    return f"{path} accessor error: {printed(found)} is of the type {type_name(found)}, expected {wanted}"


def _at(object: Object, path: str) -> Any:
    value: Any = object
    for name in path.strip(".").split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
