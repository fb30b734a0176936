"""IngressClass: names a controller that serves Ingresses."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation.ingress import validate_ingress_class, validate_ingress_class_update


def parameters(ingress_class: Object) -> str:
    """`Kind.group/name` of the object with further settings."""
    reference = ingress_class["spec"].get("parameters")
    if reference is None:
        return "<none>"
    group = reference.get("apiGroup")
    return f"{reference.get('kind', '')}{'' if group is None else '.' + group}/{reference.get('name', '')}"


kind = Kind(
    "networking.k8s.io/v1",
    "IngressClass",
    "ingressclasses",
    namespaced=False,
    has_generation=True,
    columns=(
        NAME,
        Column("Controller", lambda ingress_class: ingress_class["spec"].get("controller", "")),
        Column("Parameters", parameters),
        AGE,
    ),
    validate=validate_ingress_class,
    validate_update=validate_ingress_class_update,
    tells_changes_first=True,
)
