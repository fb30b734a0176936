"""Ingress: routes HTTP requests from outside to Services. Nothing serves it but a controller that somebody runs."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation.ingress import (
    CLASS_ANNOTATION,
    validate_class_annotation,
    validate_ingress,
    validate_ingress_status,
)

SHOWN_HOSTS = 3


def class_name(ingress: Object) -> str:
    name = ingress["spec"].get("ingressClassName")
    return "<none>" if name is None else str(name)


def hosts(ingress: Object) -> str:
    """The first hosts, and how many rules there are besides; `*` where no rule names one."""
    rules = ingress["spec"].get("rules") or []
    named = [index for index, rule in enumerate(rules) if rule.get("host")]
    if not named:
        return "*"
    listed = ",".join(rules[index]["host"] for index in named[:SHOWN_HOSTS])
    is_cut = len(named) >= SHOWN_HOSTS and named[SHOWN_HOSTS - 1] < len(rules) - 1
    return f"{listed} + {len(rules) - SHOWN_HOSTS} more..." if is_cut else listed


def address(ingress: Object) -> str:
    points = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return ",".join(sorted({point.get("ip") or point.get("hostname") or "" for point in points} - {""}))


def ports(ingress: Object) -> str:
    return "80, 443" if ingress["spec"].get("tls") else "80"


def warnings(new: Object, old: Object | None) -> list[str]:
    if old is not None or CLASS_ANNOTATION not in (new["metadata"].get("annotations") or {}):
        return []
    return [f"annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"]


kind = Kind(
    "networking.k8s.io/v1",
    "Ingress",
    "ingresses",
    short=("ing",),
    status=True,
    has_generation=True,
    columns=(
        NAME,
        Column("Class", class_name),
        Column("Hosts", hosts),
        Column("Address", address),
        Column("Ports", ports),
        AGE,
    ),
    validate=validate_ingress,
    validate_create=validate_class_annotation,
    validate_status=validate_ingress_status,
    warnings=warnings,
)
