"""CSIStorageCapacity: how much room a StorageClass has in one part of the cluster."""

from __future__ import annotations

from apiserver.kind import NAME, Column, Kind
from apiserver.objects.validation.csi import validate_capacity, validate_capacity_update

kind = Kind(
    "storage.k8s.io/v1",
    "CSIStorageCapacity",
    "csistoragecapacities",
    columns=(
        NAME,
        Column("Created At", lambda capacity: capacity["metadata"].get("creationTimestamp", ""), type="date"),
    ),
    validate=validate_capacity,
    validate_update=validate_capacity_update,
)
