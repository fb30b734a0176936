"""CSINode: the storage drivers of one node."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind
from apiserver.objects.validation.csi import validate_node, validate_node_update

kind = Kind(
    "storage.k8s.io/v1",
    "CSINode",
    "csinodes",
    namespaced=False,
    deletes_to_status=False,
    columns=(NAME, Column("Drivers", lambda node: len(node["spec"].get("drivers") or ()), type="integer"), AGE),
    validate=validate_node,
    validate_update=validate_node_update,
)
