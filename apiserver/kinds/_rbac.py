"""What the RBAC kinds share: names that only have to fit in a URL, and the columns and defaults of bindings."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Object
from apiserver.objects.validation.names import path_segment
from apiserver.objects.validation.rbac import ACCOUNT, GROUP, GROUP_OF_USERS, USER

GROUP_VERSION = f"{GROUP}/v1"


def any_segment(name: str, is_prefix: bool) -> list[str]:
    """validate_name of RBAC objects."""
    return path_segment(name)


ROLE_COLUMNS = (NAME, Column("Created At", lambda role: role["metadata"].get("creationTimestamp"), type="date"))


def _role(binding: Object) -> str:
    return f"{binding['roleRef'].get('kind', '')}/{binding['roleRef'].get('name', '')}"


def _subjects(binding: Object, kind: str) -> list[Object]:
    return [subject for subject in binding.get("subjects") or () if subject.get("kind") == kind]


def _accounts(binding: Object) -> str:
    return ", ".join(f"{s.get('namespace', '')}/{s['name']}" for s in _subjects(binding, ACCOUNT))


BINDING_COLUMNS = (
    NAME,
    Column("Role", _role),
    AGE,
    Column("Users", lambda binding: ", ".join(s["name"] for s in _subjects(binding, USER)), priority=1),
    Column("Groups", lambda binding: ", ".join(s["name"] for s in _subjects(binding, GROUP_OF_USERS)), priority=1),
    Column("ServiceAccounts", _accounts, priority=1),
)


def default_binding(binding: Object) -> None:
    """Roles, users and groups are of RBAC's own API group where no other is named."""
    role = binding.get("roleRef")
    if isinstance(role, dict) and not role.get("apiGroup"):
        role["apiGroup"] = GROUP
    for subject in binding.get("subjects") or ():
        if not subject.get("apiGroup") and subject.get("kind") in (USER, GROUP_OF_USERS):
            subject["apiGroup"] = GROUP
