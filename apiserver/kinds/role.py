"""Role: what may be done within one namespace, by whom a RoleBinding says."""

from __future__ import annotations

from apiserver.kind import Kind, Object
from apiserver.kinds._rbac import GROUP_VERSION, ROLE_COLUMNS, any_segment
from apiserver.objects.validation import Causes
from apiserver.objects.validation.rbac import validate_rules


def validate(role: Object) -> Causes:
    return validate_rules(role.get("rules"), namespaced=True)


kind = Kind(GROUP_VERSION, "Role", "roles", columns=ROLE_COLUMNS, validate_name=any_segment, validate=validate)
