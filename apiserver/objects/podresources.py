"""What a Pod asks for altogether, as amounts with their units: for quotas and limits. (The scheduler counts in whole
numbers: scheduling/resources.py.)"""

from __future__ import annotations

from typing import Any, Literal

from apiserver.objects.podfacts import is_sidecar
from apiserver.objects.quantity import Quantity, parse

Object = dict[str, Any]
Amounts = dict[str, Quantity]
Side = Literal["requests", "limits"]

FOR_THE_WHOLE = ("cpu", "memory")
"""What can be said for a Pod as a whole, besides huge pages."""


def of_container(container: Object, side: Side) -> Amounts:
    given = (container.get("resources") or {}).get(side) or {}
    return {name: parse(text) for name, text in given.items()}


def is_for_the_whole(name: str) -> bool:
    """Whether a Pod as a whole can have the resource; that counts in place of what its containers say."""
    return name in FOR_THE_WHOLE or name.startswith("hugepages-")


def total(spec: Object, side: Side) -> Amounts:
    """What the containers need, then what the Pod says as a whole, and its overhead."""
    result = of_containers(spec, side)
    result.update({name: q for name, q in of_container(spec, side).items() if is_for_the_whole(name)})
    overhead = {name: parse(text) for name, text in (spec.get("overhead") or {}).items()}
    _add(result, overhead if side == "requests" else {n: q for n, q in overhead.items() if n in result})
    return result


def of_containers(spec: Object, side: Side) -> Amounts:
    """The containers that run side by side summed up, or the neediest moment of initialization, whichever is more."""
    result: Amounts = {}
    for container in spec.get("containers") or ():
        _add(result, of_container(container, side))
    sidecars: Amounts = {}
    peaks: Amounts = {}
    for container in spec.get("initContainers") or ():
        needs = of_container(container, side)
        if is_sidecar(container):
            _add(result, needs)
        moment = dict(sidecars)
        _add(moment, needs)
        if is_sidecar(container):
            sidecars = moment
        _raise(peaks, moment)
    _raise(result, peaks)
    return result


def _add(amounts: Amounts, more: Amounts) -> None:
    for name, quantity in more.items():
        amounts[name] = amounts[name] + quantity if name in amounts else quantity


def _raise(amounts: Amounts, floor: Amounts) -> None:
    for name, quantity in floor.items():
        if name not in amounts or quantity > amounts[name]:
            amounts[name] = quantity
