"""The waist: every read and write of every kind, by anybody, goes through here.

Each verb reads as its pipeline. A write:

    (decode) -> merge -> prepare -> default -> admit -> validate -> commit -> stamp -> store.write(expect=revision)
                                            (advice)    (advice)

Decoding bytes is HTTP's business (http/handlers.py); from here on objects are plain dicts. `prepare` and `default` come
from the Kind and its schema, `admit` and `commit` from admission plugins (a `commit` reserves something, an address
say, and is undone when the write fails), `stamp` writes identity, generation and managedFields.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence

import orjson

from apiserver import errors
from apiserver.admission import Plugin, Verb, commit
from apiserver.admission.advice import Advice
from apiserver.admission.questions import Question
from apiserver.call import Call
from apiserver.clock import Clock, timestamp
from apiserver.deletion import DeleteOptions, check_preconditions, is_free_to_go, marked
from apiserver.kind import Kind, Kinds, Object
from apiserver.objects import fields, meta
from apiserver.objects.selectors import LabelSelector
from apiserver.objects.validation import invalid
from apiserver.objects.validation.meta import validate_meta
from apiserver.parts import causes_of, detached, draft, restrict, shared
from apiserver.replacing import check_identity
from apiserver.storage import Record
from apiserver.storage.store import Change, Stale, Store
from apiserver.watching import face, faces
from schemas import Schema

Records = list[Record]
Observer = Callable[[Kind, Object | None, Object | None], None]

NAME_ATTEMPTS = 8
"""Names generated for one object before it is refused because they are all taken, as in Kubernetes."""

WRITE_ATTEMPTS = 20
"""Times a write that names no resourceVersion is computed anew when others get in between."""

PATIENCE_SECONDS = 1.0
"""How long a create waits for what a controller is about to make, as long as Kubernetes' own admission at least."""

log = logging.getLogger(__name__)


class API:
    """The verbs. Reads are synchronous: the state is in memory; writes return when they are on disk."""

    def __init__(self, kinds: Kinds, store: Store, clock: Clock, plugins: Sequence[Plugin] = ()) -> None:
        self.kinds = kinds
        self.clock = clock
        self.store = store
        self._plugins = tuple(plugins)
        self._asked: dict[Kind, Sequence[Plugin]] = {}
        self.advice = Advice()

    @property
    def revision(self) -> int:
        return self.store.revision

    # -- reading -------------------------------------------------------------------------------------------------------

    def find(self, kind: Kind, namespace: str, name: str) -> Record | None:
        record = self.store.get(kind.key(namespace, name))
        return face(kind, record) if record else None

    def get(self, kind: Kind, namespace: str, name: str) -> Record:
        """Raises NotFound."""
        record = self.find(kind, namespace, name)
        if record is None:
            raise errors.NotFound(kind.resource, name)
        return record

    def list(self, kind: Kind, namespace: str = "", labels: LabelSelector | None = None) -> Records:
        """What is there now, in key order."""
        records = faces(kind, self.store.under(kind.prefix(namespace)))
        if labels is None:
            return records
        return [r for r in records if labels.matches(r.object["metadata"].get("labels"))]

    def observe(self, kinds: Iterable[Kind], callback: Observer) -> Callable[[], None]:
        """Tell `callback(kind, old, new)` of all there is (old None), then of each change; returns what ends it.

        It is called in revision order, synchronously, and must not raise. new is None for a deletion.
        """
        stops = []
        for kind in kinds:

            def hear(change: Change, kind: Kind = kind) -> None:
                old = change.before.object if change.before else None
                callback(kind, old, None if change.record.deleted else change.record.object)

            stops.append(self.store.listen(kind.prefix().rstrip("/"), hear))
            for record in self.list(kind):
                callback(kind, None, record.object)

        def stop_all() -> None:
            for stop in stops:
                stop()

        return stop_all

    # -- create --------------------------------------------------------------------------------------------------------

    async def create(
        self, kind: Kind, namespace: str, object: Object, call: Call | None = None, *, applied: bool = False
    ) -> Record:
        """Store a new object (decoded; it is amended in place). `applied`: its managedFields are settled already.

        A name that is generated and turns out to be taken is generated again.
        Raises AlreadyExists, Invalid, NotFound (the namespace), Forbidden and what admission raises.
        """
        call, metadata = call or Call(), object.get("metadata") or {}
        attempts = NAME_ATTEMPTS if metadata.get("generateName") and not metadata.get("name") else 1
        asked = orjson.dumps(object) if attempts > 1 else b""
        await self._await_controllers(kind, namespace, object)
        while True:
            attempts -= 1
            try:
                return await self._create(kind, namespace, object, call, applied)
            except errors.AlreadyExists:
                if not attempts:
                    raise
                object.clear()
                object.update(orjson.loads(asked))

    async def _create(self, kind: Kind, namespace: str, object: Object, call: Call, applied: bool) -> Record:
        self._place(kind, namespace, object)
        if kind.refuses_creates:
            raise errors.Forbidden(kind.resource, object["metadata"].get("name", ""), kind.refuses_creates)
        if object["metadata"].get("resourceVersion"):
            raise errors.Unexplained("resourceVersion should not be set on objects to be created")
        meta.begin(object, timestamp(self.clock.now()))
        if kind.status and not kind.keeps_new_status:
            object.pop("status", None)
        kind.prepare(object, None)
        if kind.has_generation:
            object["metadata"]["generation"] = 1
        schema = self._default(kind, object, {})
        if not applied:  # before admission: what that adds, nobody asked for
            self._record_managers(kind, schema, None, object, call)
        self._admit("create", kind, object, None, call)
        question = Question("create", kind, object, None, call)
        await self._have_changed(question)
        name = object["metadata"].get("name", "")
        causes = validate_meta(kind, object) + kind.validate(object) + kind.validate_create(object)
        if causes:
            raise errors.Invalid(kind.qualified, name, causes)
        call.warnings.extend(kind.warnings(object, None))
        await self.advice.judge(self, question)
        key = kind.key(namespace, name)
        self._commit("create", kind, object, None, call)
        try:
            self._refuse_existing(kind, key, name)
            return await self._write(kind, key, object, None, call)
        except BaseException as error:
            self._released(kind, object, None, call)
            if isinstance(error, Stale):
                self._refuse_existing(kind, key, name)
            raise

    def _refuse_existing(self, kind: Kind, key: str, name: str) -> None:
        existing = self.store.get(key)
        if existing is not None:
            prefix = "object is being deleted: " if meta.is_terminating(existing.object) else ""
            raise errors.AlreadyExists(kind.resource, name, prefix)

    # -- update --------------------------------------------------------------------------------------------------------

    async def update(
        self, kind: Kind, namespace: str, name: str, object: Object, subresource: str = "", call: Call | None = None
    ) -> Record:
        """Replace an object. Its resourceVersion, where set, must be the current one, else Conflict."""
        self._place(kind, namespace, object)
        if not kind.updates_blindly and not object["metadata"].get("resourceVersion"):
            cause = invalid("metadata.resourceVersion", 0, "must be specified for an update")
            raise errors.Invalid(kind.qualified, name, [cause])
        if kind.creates_on_update and not subresource and self.find(kind, namespace, name) is None:
            return await self.create(kind, namespace, object, call)
        return await self.rewrite(
            kind, namespace, name, lambda old: detached(object, shared(kind, old)), subresource, call
        )

    async def modify(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        change: Callable[[Object], Object],
        subresource: str = "",
        call: Call | None = None,
        *,
        applied: bool = False,
    ) -> Record:
        """Replace an object by `change(its copy)`; computed anew when another write gets in between. In the copy for a
        change of the status, all but that and the metadata is READ-ONLY.

        `applied`: change has settled managedFields itself (server-side apply).
        Raises NotFound, Conflict, Invalid, Forbidden, and whatever `change` raises.
        """
        return await self.rewrite(
            kind, namespace, name, lambda old: change(draft(kind, old, subresource)), subresource, call, applied
        )

    async def rewrite(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        make: Callable[[Record], Object],
        subresource: str = "",
        call: Call | None = None,
        applied: bool = False,
    ) -> Record:
        """The same with `make(the stored record)`: what that makes is new, and `detached` from what is `shared`."""
        call = call or Call()
        for _ in range(WRITE_ATTEMPTS):
            old = self.get(kind, namespace, name)
            new = make(old)
            check_identity(kind, old, new)
            try:
                return await self._replace(kind, old, new, subresource, call, applied)
            except Stale:
                continue  # a write that names a version finds it stale on the next round
        raise errors.Conflict(kind.resource, name)

    async def _replace(
        self, kind: Kind, before: Record, new: Object, subresource: str, call: Call, applied: bool
    ) -> Record:
        old = before.object
        name = old["metadata"]["name"]
        meta.carry_over(new, old)
        restrict(kind, new, old, subresource)
        schema = self._default(kind, new, old)
        if not applied:
            self._record_managers(kind, schema, old, new, call, subresource)
        self._admit("update", kind, new, old, call)
        question = Question("update", kind, new, old, call, subresource)
        await self._have_changed(question)
        causes = causes_of(kind, new, old, subresource)
        if causes:
            raise errors.Invalid(kind.qualified, name, causes)
        if not subresource:
            call.warnings.extend(kind.warnings(new, old))
        await self.advice.judge(self, question)
        if kind.has_generation and subresource != "status" and kind.is_new_generation(new, old):
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
        new = meta.ordered(new, kind.name, kind.group_version)
        if meta.without_volatile(new) == meta.without_volatile(old) and meta.managers(new) == meta.managers(old):
            return before
        self._commit("update", kind, new, old, call)
        try:
            gone = is_free_to_go(kind, new)
            record = await self._write(kind, before.key, new, before, call, deleted=gone)
        except BaseException:
            self._released(kind, new, old, call)
            raise
        self._released(kind, old, new, call)
        if gone:
            self._released(kind, new, None, call)
        return record

    # -- delete --------------------------------------------------------------------------------------------------------

    async def delete(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        options: DeleteOptions | None = None,
        call: Call | None = None,
    ) -> Record:
        """Delete an object, or mark it deleted while its grace period or a finalizer holds it.

        The answer is the last state; `.deleted` tells whether it is gone. Raises NotFound, Conflict (preconditions).
        """
        call, options = call or Call(), options or DeleteOptions()
        for _ in range(WRITE_ATTEMPTS):
            old = self.get(kind, namespace, name)
            check_preconditions(kind, old, options)
            self._admit("delete", kind, None, old.object, call)
            question = Question("delete", kind, None, old.object, call)
            await self._have_changed(question)
            await self.advice.judge(self, question)
            if kind.orphan_warning and not options.propagation and kind.orphan_warning not in call.warnings:
                call.warnings.append(kind.orphan_warning)
            new = marked(kind, old, options, self.clock.now())
            gone = is_free_to_go(kind, new) or not meta.is_terminating(new)
            if not gone and new == old.object:
                return old
            try:
                record = await self._write(kind, old.key, new, old, call, deleted=gone)
            except Stale:
                continue
            if gone:
                self._released(kind, new, None, call)
            return record
        raise errors.Conflict(kind.resource, name)

    async def delete_collection(
        self, kind: Kind, records: Records, options: DeleteOptions, call: Call | None = None
    ) -> None:
        """Delete each of `records` that is still there."""
        for record in records:
            metadata = record.object["metadata"]
            try:
                await self.delete(kind, metadata.get("namespace", ""), metadata["name"], options, call)
            except errors.NotFound:
                continue

    # -- what the verbs share ------------------------------------------------------------------------------------------

    def _place(self, kind: Kind, namespace: str, object: Object) -> None:
        metadata = object.setdefault("metadata", {})
        if not kind.namespaced:
            metadata.pop("namespace", None)
            return
        if metadata.get("namespace", namespace) not in ("", namespace):
            raise errors.BadRequest(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        metadata["namespace"] = namespace

    def _default(self, kind: Kind, object: Object, old: Object) -> Schema:
        kind.form.fill(object, old)
        kind.default(object)
        return kind.schema

    async def _await_controllers(self, kind: Kind, namespace: str, object: Object) -> None:
        """Give controllers a moment to make what admission needs: a new namespace's default ServiceAccount, say."""
        for plugin in self._plugins_of(kind):
            awaited = plugin.awaited(self, kind, namespace, object)
            if awaited is not None:
                await self.store.appearance(awaited[0].key(namespace, awaited[1]), PATIENCE_SECONDS)

    def _admit(self, verb: Verb, kind: Kind, new: Object | None, old: Object | None, call: Call) -> None:
        for plugin in self._plugins_of(kind):
            plugin.admit(self, verb, kind, new, old, call)

    async def _have_changed(self, question: Question) -> None:
        """Have policies and webhooks change the new object; what they leave open is filled in again."""
        if await self.advice.change(self, question):
            assert question.new is not None
            self._default(question.kind, question.new, {})
            self._admit(question.verb, question.kind, question.new, question.old, question.call)

    def _commit(self, verb: Verb, kind: Kind, new: Object, old: Object | None, call: Call) -> None:
        commit(self._plugins_of(kind), self, verb, kind, new, old, call)

    def _released(self, kind: Kind, gone: Object, kept: Object | None, call: Call) -> None:
        if call.dry_run:
            return
        for plugin in self._plugins_of(kind):
            plugin.released(kind, gone, kept)

    def _plugins_of(self, kind: Kind) -> Sequence[Plugin]:
        plugins = self._asked.get(kind)
        if plugins is None:
            plugins = tuple(plugin for plugin in self._plugins if plugin.kinds is None or kind in plugin.kinds)
            self._asked[kind] = plugins
        return plugins

    def _record_managers(
        self, kind: Kind, schema: Schema, old: Object | None, new: Object, call: Call, subresource: str = ""
    ) -> None:
        now = timestamp(self.clock.now())
        fields.record_update(
            schema, old, new, call.manager, now, subresource, kind.group_version, has_status=kind.status
        )

    async def _write(
        self, kind: Kind, key: str, new: Object, before: Record | None, call: Call, *, deleted: bool = False
    ) -> Record:
        """Store, or for a dry run only pretend. Raises Stale."""
        new = meta.ordered(new, kind.name, kind.group_version)
        if kind.stored_as is not None and not call.dry_run:
            new = kind.stored_as.inward(new)
            return face(kind, await self.store.write(key, new, before.revision if before else 0, deleted=deleted))
        if not call.dry_run:
            return await self.store.write(key, new, before.revision if before else 0, deleted=deleted)
        revision = before.revision if before else 0
        return Record(key, revision, revision, before.created if before else 0, deleted, orjson.dumps(new))

    def named(self, manager: str) -> Call:
        """A Call for a controller: its name is what managedFields remembers."""
        return Call(manager=manager)
