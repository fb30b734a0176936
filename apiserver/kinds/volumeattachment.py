"""VolumeAttachment: asks for a volume to be attached to a node."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind
from apiserver.objects.validation.csi import (
    validate_attachment,
    validate_attachment_status,
    validate_attachment_update,
    validate_new_attachment,
)

kind = Kind(
    "storage.k8s.io/v1",
    "VolumeAttachment",
    "volumeattachments",
    namespaced=False,
    status=True,
    deletes_to_status=False,
    columns=(
        NAME,
        Column("Attacher", lambda attachment: attachment["spec"].get("attacher", ""), format="name"),
        Column("PV", lambda attachment: attachment["spec"]["source"].get("persistentVolumeName", "")),
        Column("Node", lambda attachment: attachment["spec"].get("nodeName", "")),
        Column("Attached", lambda a: bool((a.get("status") or {}).get("attached")), type="boolean"),
        AGE,
    ),
    validate=validate_attachment,
    validate_create=validate_new_attachment,
    validate_update=validate_attachment_update,
    validate_status=validate_attachment_status,
)
