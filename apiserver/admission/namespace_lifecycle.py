"""Nothing is created in a namespace that is missing or on its way out; and some namespaces do not go."""

from __future__ import annotations

from apiserver import errors
from apiserver.admission import Plugin, Verb, View, called
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.kinds import namespace

IMMORTAL = frozenset({"default", "kube-system", "kube-public"})


class NamespaceLifecycle(Plugin):
    """Guards the lives of namespaces."""

    kinds = None

    def admit(self, view: View, verb: Verb, kind: Kind, new: Object | None, old: Object | None, call: Call) -> None:
        """Raises NotFound (no such namespace) or Forbidden (terminating; one of the system's own)."""
        if kind == namespace.kind:
            if verb == "delete" and old is not None and old["metadata"]["name"] in IMMORTAL:
                raise errors.Forbidden(kind.resource, old["metadata"]["name"], "this namespace may not be deleted")
            return
        if verb != "create" or not kind.namespaced or new is None:
            return
        name = new["metadata"]["namespace"]
        record = view.find(namespace.kind, "", name)
        if record is None:
            raise errors.NotFound(namespace.kind.resource, name)
        if namespace.phase(record.object) == namespace.TERMINATING:
            raise _terminating(kind, called(new), name)


def _terminating(kind: Kind, subject: str, name: str) -> errors.Forbidden:
    because = f"unable to create new content in namespace {name} because it is being terminated"
    error = errors.Forbidden(kind.resource, subject, because)
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {name} is being terminated",
        "field": "metadata.namespace",
    }
    error.details = {**(error.details or {}), "causes": [cause]}
    return error
