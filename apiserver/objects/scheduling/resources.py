"""Requests and capacities as integers: CPU in thousandths, everything else in whole units (bytes, pieces)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from apiserver.objects.podfacts import is_sidecar
from apiserver.objects.quantity import parse

Object = dict[str, Any]
Amounts = dict[str, int]

CPU, MEMORY, PODS = "cpu", "memory", "pods"
UNSTATED = {CPU: 100, MEMORY: 200 * 1024 * 1024}
"""What a container that requests nothing is taken to need when nodes are compared (not when they are filtered)."""


def amounts(quantities: Mapping[str, Any] | None) -> Amounts:
    """`{"cpu": "1", "memory": "1Ki"}` -> `{"cpu": 1000, "memory": 1024}`, fractions rounded up."""
    return {name: _amount(str(text), name == CPU) for name, text in quantities.items()} if quantities else {}


def requests_of(spec: Object) -> Amounts:
    """What a Pod needs altogether, by the rule of Kubernetes: the containers that run side by side summed up, or the
    neediest moment of initialization, whichever is more; then what the Pod says as a whole, and its overhead."""
    total = _side_by_side(spec)
    sidecars: Amounts = {}
    for container in spec.get("initContainers") or ():
        needs = _container(container)
        if is_sidecar(container):
            _add(sidecars, needs)
            continue
        for name, amount in needs.items():
            total[name] = max(total.get(name, 0), amount + sidecars.get(name, 0))
    whole = (spec.get("resources") or {}).get("requests")
    if whole:
        total.update(amounts(whole))
    if spec.get("overhead"):
        _add(total, amounts(spec["overhead"]))
    return {name: amount for name, amount in total.items() if amount > 0}


def weights_of(spec: Object) -> tuple[int, int]:
    """The CPU and memory that a Pod counts with when nodes are compared: containers that say nothing count too."""
    cpu = memory = 0
    for container in spec["containers"]:
        requests = (container.get("resources") or {}).get("requests")
        needs = amounts(requests)
        cpu += needs.get(CPU, UNSTATED[CPU])
        memory += needs.get(MEMORY, UNSTATED[MEMORY])
    return cpu, memory


def _side_by_side(spec: Object) -> Amounts:
    total: Amounts = {}
    for container in spec["containers"]:
        _add(total, _container(container))
    for container in spec.get("initContainers") or ():
        if is_sidecar(container):
            _add(total, _container(container))
    return total


def _container(container: Object) -> Amounts:
    resources = container.get("resources")
    return amounts(resources.get("requests")) if resources else {}


def _add(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount


@lru_cache(maxsize=1024)
def _amount(text: str, thousandths: bool) -> int:
    quantity = parse(text)
    return quantity.milli() if thousandths else quantity.whole()
