"""Which names a definition gets, and the conditions that say so. A name belongs to the first definition of its group
that had it; whoever comes later is told so, and gets it when it is free."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from apiserver.objects.definitions import Object

NAMES_ACCEPTED, ESTABLISHED, TERMINATING = "NamesAccepted", "Established", "Terminating"


class Taken(NamedTuple):
    """Names that other definitions of the group have."""

    resources: frozenset[str]
    kinds: frozenset[str]


def taken(others: Iterable[Object]) -> Taken:
    """The accepted names of other definitions."""
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in others:
        names = (other.get("status") or {}).get("acceptedNames") or {}
        resources |= {names.get("plural", ""), names.get("singular", ""), *(names.get("shortNames") or ())}
        kinds |= {names.get("kind", ""), names.get("listKind", "")}
    return Taken(frozenset(resources - {""}), frozenset(kinds - {""}))


def plan(definition: Object, others: Taken, now: str) -> Object:
    """The status that a definition is to have."""
    status = definition.get("status") or {}
    wanted, accepted = definition["spec"]["names"], status.get("acceptedNames") or {}
    names: Object = {"kind": accepted.get("kind", ""), "plural": accepted.get("plural", "")}
    names |= {name: value for name, value in accepted.items() if value}
    reason, message = "NoConflicts", "no conflicts found"
    for field, claimed in (("plural", others.resources), ("singular", others.resources)):
        if _is_taken(wanted.get(field, ""), accepted.get(field, ""), claimed):
            reason, message = f"{field.capitalize()}Conflict", _in_use(wanted[field])
        else:
            names[field] = wanted.get(field, "")
    mine = accepted.get("shortNames") or []
    conflicts = [name for name in wanted.get("shortNames") or () if name not in mine and name in others.resources]
    if conflicts:
        reason, message = "ShortNamesConflict", _together([_in_use(name) for name in conflicts])
    else:
        _put(names, "shortNames", wanted.get("shortNames"))
    for field, title in (("kind", "Kind"), ("listKind", "ListKind")):
        if _is_taken(wanted.get(field, ""), accepted.get(field, ""), others.kinds):
            reason, message = f"{title}Conflict", _in_use(wanted[field])
        else:
            names[field] = wanted.get(field, "")
    _put(names, "categories", wanted.get("categories"))
    are_accepted = reason == "NoConflicts"
    conditions = with_condition(
        status.get("conditions") or [], NAMES_ACCEPTED, "True" if are_accepted else "False", reason, message, now
    )
    if are_accepted:
        text = "the initial names have been accepted"
        conditions = with_condition(conditions, ESTABLISHED, "True", "InitialNamesAccepted", text, now)
    elif not is_true(conditions, ESTABLISHED):
        text = "not all names are accepted"
        conditions = with_condition(conditions, ESTABLISHED, "False", "NotAccepted", text, now)
    return {**status, "acceptedNames": names, "conditions": conditions}


def with_condition(
    conditions: list[Object], type_: str, state: str, reason: str, message: str, now: str
) -> list[Object]:
    """The conditions with one of them as given; its time is when its state last changed."""
    new: Object = {"type": type_, "status": state, "lastTransitionTime": now, "reason": reason, "message": message}
    result, known = [], False
    for condition in conditions:
        if condition["type"] == type_:
            known = True
            if condition["status"] == state:
                new["lastTransitionTime"] = condition.get("lastTransitionTime") or now
            result.append(new)
        else:
            result.append(condition)
    return result if known else [*result, new]


def is_true(conditions: list[Object] | None, type_: str) -> bool:
    return any(c["type"] == type_ and c["status"] == "True" for c in conditions or ())


def _is_taken(wanted: str, accepted: str, claimed: frozenset[str]) -> bool:
    return wanted != accepted and wanted in claimed


def _in_use(name: str) -> str:
    return f'"{name}" is already in use'


def _together(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _put(names: Object, field: str, value: Any) -> None:
    if value:
        names[field] = value
    else:
        names.pop(field, None)
