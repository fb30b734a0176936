"""Admission decides on a write after defaulting: it may amend the object, or refuse it.

A plugin lives for as long as the server and is asked in the order the cluster lists it:

    admit    before validation: amend `new` in place, or raise an APIError
    review   after validation: raise an APIError for what is valid in itself and not allowed here
    commit   after validation, right before the write: reserve what the object needs (an address)
    released the other half of commit: what `gone` held and `kept` does not hold is free again

`released(kind, gone, kept)` comes exactly once for each commit or stored object that came to an end:

    the write failed          gone = the object that was not stored, kept = the one that still is (None: none)
    an update succeeded       gone = the object that was replaced,   kept = the one that replaced it
    the object is deleted     gone = the deleted object,             kept = None

Between admit and commit nothing else happens, so what admit found free is still free. A dry run is admitted and
committed with `call.dry_run` set: it must leave no trace, and no `released` follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from apiserver.call import Call
from apiserver.errors import APIError
from apiserver.kind import Kind, Kinds, Object
from apiserver.objects.selectors import LabelSelector
from apiserver.storage import Record

Verb = Literal["create", "update", "delete"]


class View(Protocol):
    """The reading half of the API, as plugins may use it."""

    @property
    def kinds(self) -> Kinds:
        """The catalogue."""

    @property
    def revision(self) -> int:
        """Grows with each change of anything that is stored."""

    def find(self, kind: Kind, namespace: str, name: str) -> Record | None:
        """One object, or None; namespace "" for cluster-scoped kinds."""

    def list(self, kind: Kind, namespace: str = "", labels: LabelSelector | None = None) -> list[Record]:
        """What is there now, in key order."""


class Plugin:
    """Subclass it and override what is needed; by default everything is admitted unchanged."""

    kinds: tuple[Kind, ...] | None = None
    """The kinds it is asked about; None: all."""

    def awaited(self, view: View, kind: Kind, namespace: str, new: Object) -> tuple[Kind, str] | None:
        """What admit will need before `new` can be created and a controller is about to make: (kind, name) in the same
        namespace. The API waits for it a moment."""
        return None

    def admit(self, view: View, verb: Verb, kind: Kind, new: Object | None, old: Object | None, call: Call) -> None:
        """Amend `new` in place, or raise. `new` is None for a delete, `old` for a create. Must not wait."""
        return

    def review(self, view: View, verb: Verb, kind: Kind, new: Object, old: Object | None, call: Call) -> None:
        """Refuse a valid object; nothing may be amended any more."""
        return

    def commit(self, view: View, verb: Verb, kind: Kind, new: Object, old: Object | None, call: Call) -> None:
        """Reserve what `new` holds and `old` does not; raises when that cannot be had."""
        return

    def released(self, kind: Kind, gone: Object, kept: Object | None) -> None:
        """What `gone` held and `kept` does not is free."""
        return


def called(new: Object) -> str:
    """What a new object is called by those who refuse it before it gets the name that it did not bring."""
    metadata = new["metadata"]
    return str(metadata.get("generateName") or metadata.get("name") or "Unknown")


def commit(
    plugins: Sequence[Plugin], view: View, verb: Verb, kind: Kind, new: Object, old: Object | None, call: Call
) -> None:
    """Have every plugin review and then commit a write; when one refuses, the others take their commits back."""
    for plugin in plugins:
        plugin.review(view, verb, kind, new, old, call)
    for number, plugin in enumerate(plugins):
        try:
            plugin.commit(view, verb, kind, new, old, call)
        except APIError:
            for earlier in plugins[:number] if not call.dry_run else ():
                earlier.released(kind, new, old)
            raise
