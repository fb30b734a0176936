"""What a LimitRange gives to containers that say nothing, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from apiserver.objects.podresources import Amounts, of_container, total
from apiserver.objects.quantity import Quantity, parse

Object = dict[str, Any]

ANNOTATION = "kubernetes.io/limit-ranger"
DEFAULTS = (("limits", "default"), ("requests", "defaultRequest"))
CONTAINER_LISTS = (("containers", "container"), ("initContainers", "init container"))


def _items(limits: Object) -> list[Object]:
    return (limits.get("spec") or {}).get("limits") or []


# -- defaults ----------------------------------------------------------------------------------------------------------


def fill_in(pod: Object, limits: Object) -> None:
    """Give the Pod's containers what they do not say themselves (in place), and note that in an annotation."""
    given: dict[str, dict[str, str]] = {}
    for side, field in DEFAULTS:
        given[side] = {}
        for item in _items(limits):
            if item.get("type") == "Container":
                given[side] |= item.get(field) or {}
    notes: list[str] = []
    for field, title in CONTAINER_LISTS:
        for container in pod["spec"].get(field) or ():
            notes += _filled(container, title, given)
    if notes:
        annotations = pod["metadata"].get("annotations") or {}
        pod["metadata"]["annotations"] = {**annotations, ANNOTATION: "LimitRanger plugin set: " + "; ".join(notes)}


def _filled(container: Object, title: str, given: dict[str, dict[str, str]]) -> Iterator[str]:
    """Fills one container, and tells what it got: requests first."""
    added = {}
    resources = container.setdefault("resources", {})
    for side, amounts in given.items():
        own = resources.get(side) or {}
        added[side] = sorted(amounts.keys() - own.keys())
        if added[side]:
            resources[side] = {**own, **{name: amounts[name] for name in added[side]}}
    for side, word in (("requests", "request"), ("limits", "limit")):
        if added[side]:
            yield f"{', '.join(added[side])} {word} for {title} {container['name']}"


# -- bounds ------------------------------------------------------------------------------------------------------------


def violations(kind: str, new: Object, old: Object | None, limits: Object) -> list[str]:
    """What of a Pod or a claim is out of bounds. What it asked for before is not held against it again."""
    found: list[str] = []
    for item in _items(limits):
        type_ = item.get("type", "")
        if kind == "Pod" and type_ == "Container":
            found += _containers(item, new["spec"], old["spec"] if old else {})
        elif kind == "Pod" and type_ == "Pod":
            before = _asked(old["spec"]) if old else None
            found += _out_of_bounds(item, _asked(new["spec"]), before)
        elif kind == type_ == "PersistentVolumeClaim":
            requests = of_container(new["spec"], "requests")
            before_requests = of_container(old["spec"], "requests") if old else None
            found += _claims(item, requests, before_requests)
    return found


def _asked(spec: Object) -> tuple[Amounts, Amounts]:
    return total(spec, "requests"), total(spec, "limits")


def _containers(item: Object, spec: Object, before: Object) -> Iterator[str]:
    for field, _ in CONTAINER_LISTS:
        known = {c["name"]: c for c in before.get(field) or ()}
        for container in spec.get(field) or ():
            old = known.get(container["name"])
            yield from _out_of_bounds(item, _said(container), _said(old) if old else None)


def _said(container: Object) -> tuple[Amounts, Amounts]:
    return of_container(container, "requests"), of_container(container, "limits")


def _out_of_bounds(item: Object, now: tuple[Amounts, Amounts], before: tuple[Amounts, Amounts] | None) -> Iterator[str]:
    for field, check in (("min", _too_little), ("max", _too_much), ("maxLimitRequestRatio", _too_far_apart)):
        for name, text in sorted((item.get(field) or {}).items()):
            request, limit = (side.get(name) for side in now)
            if before is not None and (request, limit) == tuple(side.get(name) for side in before):
                continue
            problem = check(name, item["type"], parse(text), request, limit)
            if problem:
                yield problem


def _claims(item: Object, requests: Amounts, before: Amounts | None) -> Iterator[str]:
    checks: tuple[tuple[str, Callable[..., str]], ...] = (("min", _too_little), ("max", _too_much_requested))
    for field, check in checks:
        for name, text in sorted((item.get(field) or {}).items()):
            request = requests.get(name)
            if before is None or request is None or before.get(name) != request:
                problem = check(name, item["type"], parse(text), request, None)
                if problem:
                    yield problem


def _too_little(name: str, type_: str, least: Quantity, request: Quantity | None, limit: Quantity | None) -> str:
    text = f"minimum {name} usage per {type_} is {least}"
    if request is None:
        return f"{text}.  No request is specified"
    if request < least:
        return f"{text}, but request is {request}"
    return f"{text}, but limit is {limit}" if limit is not None and limit < least else ""


def _too_much(name: str, type_: str, most: Quantity, request: Quantity | None, limit: Quantity | None) -> str:
    text = f"maximum {name} usage per {type_} is {most}"
    if limit is None:
        return f"{text}.  No limit is specified"
    if limit > most:
        return f"{text}, but limit is {limit}"
    return f"{text}, but request is {request}" if request is not None and request > most else ""


def _too_much_requested(name: str, type_: str, most: Quantity, request: Quantity | None, limit: Quantity | None) -> str:
    text = f"maximum {name} usage per {type_} is {most}"
    if request is None:
        return f"{text}.  No request is specified"
    return f"{text}, but request is {request}" if request > most else ""


def _too_far_apart(name: str, type_: str, ratio: Quantity, request: Quantity | None, limit: Quantity | None) -> str:
    text = f"{name} max limit to request ratio per {type_} is {ratio}, but"
    if not request:
        return f"{text} no request is specified or request is 0"
    if not limit:
        return f"{text} no limit is specified or limit is 0"
    if limit.value <= request.value * ratio.value:
        return ""
    return f"{text} provided ratio is {float(limit.value / request.value):f}"
