"""How a controller tells in an object's status what it has found."""

from __future__ import annotations

from apiserver.api import API
from apiserver.call import Call
from apiserver.errors import NotFound
from apiserver.kind import Kind, Object
from apiserver.storage import Record


async def write_status(
    api: API, kind: Kind, object: Object, status: Object, call: Call, *, same_version: bool = False
) -> Record | None:
    """Give `object` this status, unless it has it already; whatever else others changed in the meantime stays.

    Returns the object as it is then, None when it is gone. An object that has come under its name is left alone.
    `same_version`: the status holds for `object` as it was read, and Conflict is raised when it has changed since.
    """
    metadata = object["metadata"]
    namespace, name = metadata.get("namespace", ""), metadata["name"]
    if status == (object.get("status") or {}):
        return api.find(kind, namespace, name)

    def told(current: Object) -> Object:
        if same_version:
            current["metadata"]["resourceVersion"] = metadata["resourceVersion"]
        else:
            current["metadata"].pop("resourceVersion")
        if current["metadata"]["uid"] == metadata["uid"]:
            current["status"] = status
        return current

    try:
        return await api.modify(kind, namespace, name, told, "status", call)
    except NotFound:
        return None
