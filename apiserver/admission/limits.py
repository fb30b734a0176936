"""LimitRanges: containers that say nothing get the namespace's defaults, and nobody goes beyond its bounds.

`admit` fills in; `review` refuses, once it is clear that the object is valid in itself.
"""

from __future__ import annotations

from apiserver import errors
from apiserver.admission import Plugin, Verb, View
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.kinds.limitrange import kind as LIMITRANGE
from apiserver.objects import limits
from apiserver.objects.poddefaults import qos_class


class LimitAdmission(Plugin):
    """Asked about Pods and claims."""

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self.kinds = kinds

    def admit(self, view: View, verb: Verb, kind: Kind, new: Object | None, old: Object | None, call: Call) -> None:
        if new is None or old is not None or kind.name != "Pod":
            return
        ranges = view.list(LIMITRANGE, new["metadata"]["namespace"])
        for record in ranges:
            limits.fill_in(new, record.object)
        if ranges:
            new["status"]["qosClass"] = qos_class(new["spec"])

    def review(self, view: View, verb: Verb, kind: Kind, new: Object, old: Object | None, call: Call) -> None:
        """Raises Forbidden."""
        metadata = new["metadata"]
        if "deletionTimestamp" in metadata or (old is not None and new["spec"] == old["spec"]):
            return
        for record in view.list(LIMITRANGE, metadata["namespace"]):
            found = limits.violations(kind.name, new, old, record.object)
            if found:
                text = found[0] if len(found) == 1 else "[" + ", ".join(found) + "]"
                raise errors.Forbidden(kind.resource, metadata["name"], text)
