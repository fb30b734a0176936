"""IPAddress: says whose an address is; its name is the address."""

from __future__ import annotations

from collections.abc import Callable

from apiserver.kind import NAME, Column, Kind, Object
from apiserver.objects.validation.servicecidr import address_name, validate_address, validate_address_update


def parent(address: Object) -> str:
    """`services/default/web`."""
    reference = address["spec"].get("parentRef")
    if reference is None:
        return "<none>"
    group = reference.get("group")
    resource = f"{reference['resource']}.{group}" if group else reference["resource"]
    return "/".join(part for part in (resource.lower(), reference.get("namespace"), reference["name"]) if part)


def _reader(field: str) -> Callable[[Object], str]:
    return lambda address: str((address["spec"].get("parentRef") or {}).get(field, ""))


kind = Kind(
    "networking.k8s.io/v1",
    "IPAddress",
    "ipaddresses",
    short=("ip",),
    namespaced=False,
    validate_name=address_name,
    selectable={f"spec.parentRef.{field}": _reader(field) for field in ("group", "resource", "namespace", "name")},
    columns=(NAME, Column("ParentRef", parent)),
    validate=validate_address,
    validate_update=validate_address_update,
)
