"""RoleBinding: grants a Role, or a ClusterRole, within one namespace."""

from __future__ import annotations

from apiserver.kind import Kind, Object
from apiserver.kinds._rbac import BINDING_COLUMNS, GROUP_VERSION, any_segment, default_binding
from apiserver.objects.validation import Causes
from apiserver.objects.validation.rbac import validate_binding, validate_binding_update


def validate(binding: Object) -> Causes:
    return validate_binding(binding, ("Role", "ClusterRole"), namespaced=True)


kind = Kind(
    GROUP_VERSION,
    "RoleBinding",
    "rolebindings",
    columns=BINDING_COLUMNS,
    validate_name=any_segment,
    default=default_binding,
    validate=validate,
    validate_update=validate_binding_update,
)
