"""What is asked about a write, of webhooks and of policies; and the write in the shape of another kind.

One stored object may have several faces (Event in two groups, a custom kind in several versions). Whoever wants to hear
of one face hears of all, and is shown the one it knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import orjson

from apiserver.admission import Verb
from apiserver.call import Call
from apiserver.kind import Kind, Kinds, Object

OPTIONS = {"create": "CreateOptions", "update": "UpdateOptions", "delete": "DeleteOptions"}


@dataclass
class Question:
    """A write that somebody is asked about; `new` is None for a delete, `old` for a create. `asked`: the kind that the
    client has named, where the question has been put into the shape of another."""

    verb: Verb
    kind: Kind
    new: Object | None
    old: Object | None
    call: Call
    subresource: str = ""
    asked: Kind | None = None

    @property
    def metadata(self) -> Object:
        found: Object = (self.new or self.old or {})["metadata"]
        return found

    @property
    def objects(self) -> tuple[Object | None, Object | None]:
        """The new and the old object, whole, with apiVersion and kind."""
        identity = {"apiVersion": self.kind.group_version, "kind": self.kind.name}
        new = {**identity, **self.new} if self.new is not None else None
        return new, {**identity, **self.old} if self.old is not None else None

    def as_request(self) -> Object:
        """The request as AdmissionReview has it, but for its uid and its objects."""
        asked, call = self.asked or self.kind, self.call
        request: Object = {
            "kind": _kind(self.kind),
            "resource": _resource(self.kind),
            "requestKind": _kind(asked),
            "requestResource": _resource(asked),
        }
        if self.subresource:
            request |= {"subResource": self.subresource, "requestSubResource": self.subresource}
        for field in ("name", "namespace"):
            if self.metadata.get(field):
                request[field] = self.metadata[field]
        return request | {
            "operation": self.verb.upper(),
            "userInfo": {"username": call.user, "groups": list(call.groups)},
            "dryRun": call.dry_run,
            "options": {"kind": OPTIONS[self.verb], "apiVersion": "meta.k8s.io/v1"},
        }

    def become(self, changed: Object, kind: Kind) -> bool:
        """Take over what the new object was changed to, in the shape of `kind`; whether it differs from what it was."""
        assert self.new is not None
        found = changed if kind == self.kind else reshaped(changed, kind, self.kind) or {}
        before = {"apiVersion": self.kind.group_version, "kind": self.kind.name, **self.new}
        if {"apiVersion": self.kind.group_version, "kind": self.kind.name, **found} == before:
            return False
        self.new.clear()
        self.new.update(found)
        return True

    def for_kind(self, kind: Kind) -> Question:
        """The question in the shape of another face of its object; itself for its own kind."""
        if kind == self.kind:
            return self
        new, old = (reshaped(object, self.kind, kind) for object in (self.new, self.old))
        return replace(self, kind=kind, new=new, old=old, asked=self.asked or self.kind)


def faces_of(kind: Kind, kinds: Kinds) -> Iterator[Kind]:
    """The other kinds that show the objects of one."""
    return (other for other in kinds if other.stored and other.family == kind.family and other != kind)


def reshaped(object: Object | None, kind: Kind, other: Kind) -> Object | None:
    """A copy of an object of a kind as another face of it."""
    if object is None:
        return None
    found: Object = orjson.loads(orjson.dumps({"apiVersion": kind.group_version, "kind": kind.name, **object}))
    if kind.stored_as is not None:
        found = kind.stored_as.inward(found)
    if other.stored_as is not None:
        found = other.stored_as.outward(found)
    return found | {"apiVersion": other.group_version, "kind": other.name}


def _kind(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "kind": kind.name}


def _resource(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "resource": kind.plural}
