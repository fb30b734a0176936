"""StorageClass: how volumes of one sort are made for claims."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object, name_column
from apiserver.objects.podwarnings import DEPRECATED_NODE_LABELS
from apiserver.objects.storage import is_default_class
from apiserver.objects.validation.storageclass import validate_class, validate_class_update


def name(storage_class: Object) -> str:
    return name_column(storage_class) + (" (default)" if is_default_class(storage_class) else "")


def warnings(new: Object, old: Object | None) -> list[str]:
    """About labels of nodes that have new names."""
    return [
        f"allowedTopologies[{index}].matchLabelExpressions[{number}].key: {key} is {DEPRECATED_NODE_LABELS[key]}"
        for index, term in enumerate(new.get("allowedTopologies") or ())
        for number, expression in enumerate(term.get("matchLabelExpressions") or ())
        if (key := expression.get("key", "")) in DEPRECATED_NODE_LABELS
    ]


kind = Kind(
    "storage.k8s.io/v1",
    "StorageClass",
    "storageclasses",
    short=("sc",),
    namespaced=False,
    deletes_to_status=False,
    columns=(
        Column(NAME.name, name, format=NAME.format),
        Column("Provisioner", lambda storage_class: storage_class["provisioner"]),
        Column("ReclaimPolicy", lambda storage_class: storage_class.get("reclaimPolicy", "Delete")),
        Column("VolumeBindingMode", lambda storage_class: storage_class.get("volumeBindingMode", "Immediate")),
        Column("AllowVolumeExpansion", lambda storage_class: bool(storage_class.get("allowVolumeExpansion"))),
        AGE,
    ),
    validate=validate_class,
    validate_update=validate_class_update,
    warnings=warnings,
)
