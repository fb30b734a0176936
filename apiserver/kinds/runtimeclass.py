"""RuntimeClass: a way in which nodes run the containers of a Pod, and what it costs."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation import IMMUTABLE, Causes, duplicate, invalid
from apiserver.objects.validation.meta import validate_labels
from apiserver.objects.validation.names import dns_label, problems, subdomain_name
from apiserver.objects.validation.podlayout import on_one_line
from apiserver.objects.validation.resources import validate_overhead
from apiserver.objects.validation.scheduling import validate_tolerations

TOLERATION_KEYS = ("key", "operator", "value", "effect")


def handler(runtimeclass: Object) -> str:
    return str(runtimeclass.get("handler", ""))


def validate(runtimeclass: Object) -> Causes:
    causes = problems("handler", handler(runtimeclass), dns_label(handler(runtimeclass)))
    overhead = (runtimeclass.get("overhead") or {}).get("podFixed")
    if overhead:
        causes += validate_overhead("overhead", overhead)
    scheduling = runtimeclass.get("scheduling") or {}
    if selector := scheduling.get("nodeSelector"):
        causes += validate_labels("scheduling.nodeSelector", selector)
    return causes + _validate_tolerations("scheduling.tolerations", scheduling.get("tolerations") or [])


def _validate_tolerations(at: str, tolerations: list[Object]) -> Causes:
    causes = validate_tolerations(at, tolerations)
    seen: list[tuple[str, ...]] = []
    for index, toleration in enumerate(tolerations):
        known = tuple(toleration.get(key, "") for key in TOLERATION_KEYS)
        if known in seen:
            causes.append(duplicate(f"{at}[{index}]", on_one_line("Toleration", toleration)))
        seen.append(known)
    return causes


def validate_update(new: Object, old: Object) -> Causes:
    return [] if handler(new) == handler(old) else [invalid("handler", handler(new), IMMUTABLE)]


kind = Kind(
    "node.k8s.io/v1",
    "RuntimeClass",
    "runtimeclasses",
    namespaced=False,
    columns=(NAME, Column("Handler", handler), AGE),
    validate_name=subdomain_name,
    validate=validate,
    validate_update=validate_update,
)
