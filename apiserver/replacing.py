"""Which object a write means: the version and the uid it names must be those of what is there."""

from __future__ import annotations

from apiserver import errors
from apiserver.kind import Kind, Object
from apiserver.storage import Record


def check_identity(kind: Kind, old: Record, new: Object) -> None:
    """Raises Conflict when a write names a version or a uid that is not the current one."""
    metadata, name = new.setdefault("metadata", {}), old.object["metadata"]["name"]
    version = metadata.get("resourceVersion") or ""
    if version and not version.isdigit():
        raise errors.Unexplained(f'strconv.ParseUint: parsing "{version}": invalid syntax')
    uid, known = metadata.get("uid"), old.object["metadata"]["uid"]
    if uid and uid != known:
        because = (
            f"StorageError: invalid object, Code: 4, Key: /registry/{old.key}, ResourceVersion: 0, "
            f"AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {known}"
        )
        raise errors.Conflict(kind.resource, name, because)
    if version and int(version) not in (0, old.revision):
        raise errors.Conflict(kind.resource, name)
