"""Node selectors, node affinity, taints and tolerations: whether what a Pod says fits what a node says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Object = dict[str, Any]
Labels = Mapping[str, str]

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
BLOCKING = ("NoSchedule", "NoExecute")


def _integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _compares(value: str, limits: list[str], holds: Callable[[int, int], bool]) -> bool:
    left, right = _integer(value), _integer(limits[0]) if len(limits) == 1 else None
    return left is not None and right is not None and holds(left, right)


OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "In": lambda value, values: value is not None and value in values,
    "NotIn": lambda value, values: value is None or value not in values,
    "Exists": lambda value, values: value is not None,
    "DoesNotExist": lambda value, values: value is None,
    "Gt": lambda value, values: value is not None and _compares(value, values, lambda a, b: a > b),
    "Lt": lambda value, values: value is not None and _compares(value, values, lambda a, b: a < b),
}
"""How a node selector requirement is checked: (the label's value or None, the listed values) -> holds."""


def matches_term(term: Object, name: str, labels: Labels) -> bool:
    """Whether a node satisfies one nodeSelectorTerm; an empty one is satisfied by none."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    return all(_holds(e, labels.get(e["key"])) for e in expressions) and all(
        _holds(f, name if f["key"] == "metadata.name" else None) for f in fields
    )


def _holds(requirement: Object, value: str | None) -> bool:
    check = OPERATORS.get(requirement["operator"])
    return check is not None and check(value, requirement.get("values") or [])


def wants_node(spec: Object) -> Callable[[str, Labels], bool] | None:
    """A check of a node's name and labels against nodeSelector and required node affinity; None: any node will do."""
    selector: dict[str, str] = spec.get("nodeSelector") or {}
    required = _node_affinity(spec).get(REQUIRED)
    if not selector and required is None:
        return None
    terms = None if required is None else required.get("nodeSelectorTerms") or []

    def wanted(name: str, labels: Labels) -> bool:
        if any(labels.get(key) != value for key, value in selector.items()):
            return False
        return terms is None or any(matches_term(term, name, labels) for term in terms)

    return wanted


def named_nodes(spec: Object) -> frozenset[str] | None:
    """The only nodes that required node affinity names by metadata.name, or None where it does not."""
    required = _node_affinity(spec).get(REQUIRED)
    if not required:
        return None
    names: set[str] = set()
    for term in required.get("nodeSelectorTerms") or ():
        listed = [
            set(field.get("values") or ())
            for field in term.get("matchFields") or ()
            if field["key"] == "metadata.name" and field["operator"] == "In"
        ]
        if not listed:
            return None
        names |= set.intersection(*listed)
    return frozenset(names)


def preferred_nodes(spec: Object) -> tuple[tuple[int, Object], ...]:
    """(weight, term) of preferred node affinity."""
    preferred = _node_affinity(spec).get(PREFERRED) or ()
    return tuple((item["weight"], item.get("preference") or {}) for item in preferred)


def _node_affinity(spec: Object) -> Object:
    return (spec.get("affinity") or {}).get("nodeAffinity") or {}


def tolerates(tolerations: Iterable[Object], taint: Object) -> bool:
    """Whether one of the tolerations covers the taint."""
    return any(_covers(toleration, taint) for toleration in tolerations)


def _covers(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")


def untolerated(tolerations: Iterable[Object], taints: Iterable[Object], effects: Iterable[str]) -> list[Object]:
    """The taints of those effects that no toleration covers."""
    return [t for t in taints if t["effect"] in effects and not tolerates(tolerations, t)]
