"""CSIDriver: how the cluster has to deal with a storage driver."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation.csi import validate_driver, validate_driver_update

PERSISTENT = "Persistent"


def audiences(driver: Object) -> str:
    requests = driver["spec"].get("tokenRequests")
    return "<unset>" if requests is None else ",".join(request.get("audience", "") for request in requests)


def default(driver: Object) -> None:
    if not driver["spec"].get("volumeLifecycleModes"):
        driver["spec"]["volumeLifecycleModes"] = [PERSISTENT]


kind = Kind(
    "storage.k8s.io/v1",
    "CSIDriver",
    "csidrivers",
    namespaced=False,
    deletes_to_status=False,
    columns=(
        NAME,
        Column("AttachRequired", lambda driver: driver["spec"].get("attachRequired", True), type="boolean"),
        Column("PodInfoOnMount", lambda driver: driver["spec"].get("podInfoOnMount", False), type="boolean"),
        Column("StorageCapacity", lambda driver: driver["spec"].get("storageCapacity", False), type="boolean"),
        Column("TokenRequests", audiences),
        Column("RequiresRepublish", lambda driver: driver["spec"].get("requiresRepublish", False), type="boolean"),
        Column("Modes", lambda driver: ",".join(driver["spec"].get("volumeLifecycleModes") or ()) or "<none>"),
        AGE,
    ),
    default=default,
    validate=validate_driver,
    validate_update=validate_driver_update,
)
