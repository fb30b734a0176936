"""VolumeAttributesClass: attributes of volumes that can be changed while they are in use."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind
from apiserver.objects.validation.storageclass import validate_attributes_class, validate_attributes_class_update

kind = Kind(
    "storage.k8s.io/v1",
    "VolumeAttributesClass",
    "volumeattributesclasses",
    short=("vac",),
    namespaced=False,
    deletes_to_status=False,
    columns=(NAME, Column("DriverName", lambda attributes_class: attributes_class["driverName"]), AGE),
    validate=validate_attributes_class,
    validate_update=validate_attributes_class_update,
)
