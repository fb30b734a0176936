"""ResourceQuota: how much of everything a namespace may use, and how much it does."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation.names import subdomain_name
from apiserver.objects.validation.resourcequota import validate, validate_status, validate_update


def _amounts(quota: Object, *, of_limits: bool) -> str:
    status = quota.get("status") or {}
    used = status.get("used") or {}
    shown = [
        f"{name}: {used.get(name, '0')}/{hard}"
        for name, hard in sorted((status.get("hard") or {}).items())
        if name.startswith("limits.") == of_limits
    ]
    return ", ".join(shown)


kind = Kind(
    "v1",
    "ResourceQuota",
    "resourcequotas",
    short=("quota",),
    status=True,
    columns=(
        NAME,
        Column("Request", lambda quota: _amounts(quota, of_limits=False)),
        Column("Limit", lambda quota: _amounts(quota, of_limits=True)),
        AGE,
    ),
    validate_name=subdomain_name,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
)
