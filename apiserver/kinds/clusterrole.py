"""ClusterRole: what may be done in the whole cluster, or wherever a RoleBinding grants it. With an aggregationRule its
rules are written by a controller, which puts them together from other ClusterRoles."""

from __future__ import annotations

from apiserver.kind import Kind, Object
from apiserver.kinds._rbac import GROUP_VERSION, ROLE_COLUMNS, any_segment
from apiserver.objects.validation import Causes
from apiserver.objects.validation.rbac import validate_aggregation, validate_rules


def validate(role: Object) -> Causes:
    return validate_rules(role.get("rules"), namespaced=False) + validate_aggregation(role.get("aggregationRule"))


kind = Kind(
    GROUP_VERSION,
    "ClusterRole",
    "clusterroles",
    namespaced=False,
    columns=ROLE_COLUMNS,
    validate_name=any_segment,
    validate=validate,
)
