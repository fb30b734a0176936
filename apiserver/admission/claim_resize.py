"""Decides whether a claim may be made larger: when it is bound, and its StorageClass allows it."""

from __future__ import annotations

from apiserver import errors
from apiserver.admission import Plugin, Verb, View
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.kinds import persistentvolumeclaim, storageclass
from apiserver.objects.storage import class_of, requested

NOT_BOUND = "Only bound persistent volume claims can be expanded"
NOT_ALLOWED = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


class ClaimResize(Plugin):
    """Asked about claims only, and after their validation: it decides, it amends nothing."""

    kinds = (persistentvolumeclaim.kind,)

    def commit(self, view: View, verb: Verb, kind: Kind, new: Object, old: Object | None, call: Call) -> None:
        if old is None or not requested(old) < requested(new):
            return
        if (old.get("status") or {}).get("phase") != "Bound":
            raise errors.Forbidden(kind.resource, new["metadata"]["name"], NOT_BOUND)
        if not _may_grow(view, new, old):
            raise errors.Forbidden(kind.resource, new["metadata"]["name"], NOT_ALLOWED)


def _may_grow(view: View, new: Object, old: Object) -> bool:
    name = class_of(new)
    if not name or name != class_of(old):
        return False
    record = view.find(storageclass.kind, "", name)
    return record is not None and bool(record.object.get("allowVolumeExpansion"))
