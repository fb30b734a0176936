"""ClusterRoleBinding: grants a ClusterRole in the whole cluster."""

from __future__ import annotations

from apiserver.kind import Kind, Object
from apiserver.kinds._rbac import BINDING_COLUMNS, GROUP_VERSION, any_segment, default_binding
from apiserver.objects.validation import Causes
from apiserver.objects.validation.rbac import validate_binding, validate_binding_update


def validate(binding: Object) -> Causes:
    return validate_binding(binding, ("ClusterRole",), namespaced=False)


kind = Kind(
    GROUP_VERSION,
    "ClusterRoleBinding",
    "clusterrolebindings",
    namespaced=False,
    columns=BINDING_COLUMNS,
    validate_name=any_segment,
    default=default_binding,
    validate=validate,
    validate_update=validate_binding_update,
)
