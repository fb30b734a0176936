"""One method per verb: read the request, call the API, show the answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

import orjson

from apiserver import errors
from apiserver.api import API
from apiserver.call import Call
from apiserver.deletion import DeleteOptions, Propagation
from apiserver.http import bodies, patching, representations
from apiserver.http.bodies import call_of
from apiserver.http.negotiate import Accepted
from apiserver.http.options import (
    EXACT,
    ListOptions,
    Query,
    boolean,
    check_write_options,
    continue_token,
    integer,
    list_options,
    parse_continue,
)
from apiserver.http.paths import Target, target
from apiserver.http.podlogs import NotServed
from apiserver.http.requests import About, Request, Response
from apiserver.http.reviews import Reviews
from apiserver.http.sent import as_sent
from apiserver.http.streams import WatchStream
from apiserver.http.subresources import SUBRESOURCES
from apiserver.http.wholes import Wholes
from apiserver.kind import Kind, Object
from apiserver.listing import Page, check_not_ahead, page
from apiserver.objects.validation import invalid, not_supported
from apiserver.quoting import quoted
from apiserver.storage import Record

PROPAGATION_POLICIES: dict[str, Propagation] = {
    "Foreground": "Foreground",
    "Background": "Background",
    "Orphan": "Orphan",
}

COLLECTION = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
OBJECT = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Handlers:
    """Requests about objects."""

    def __init__(self, api: API, reviews: Reviews) -> None:
        self.api = api
        self._reviews = reviews
        self._subresources = {**SUBRESOURCES, "token": {"POST": reviews.post_token}}
        self._wholes = Wholes(api.store)
        self._verbs: dict[str, Callable[[Request, Kind, Target], Awaitable[Response]]] = {
            "get": self.get,
            "list": self.list,
            "create": self.create,
            "update": self.update,
            "patch": self.patch,
            "delete": self.delete,
            "deletecollection": self.delete_collection,
        }

    async def handle(self, request: Request) -> Response:
        """Raises UnknownPath, MethodNotAllowed, and what the verbs raise."""
        place = target(request.parts)
        kind = self.api.kinds.by_plural(place.group_version, place.plural) if place else None
        if place is None or kind is None:
            raise errors.UnknownPath()
        verb = (OBJECT if place.name else COLLECTION).get(request.method, "")
        scope = "resource" if place.name else "namespace" if place.namespace else "cluster"
        request.about = About(verb, kind, place.subresource, scope)
        if kind.read_warning:
            request.warnings.append(kind.read_warning)
        if place.subresource:
            return await self._subresource(request, kind, place)
        if verb not in kind.verbs or _misplaced(kind, place, verb):
            raise errors.MethodNotAllowed()
        _check_segment(place.name)
        if kind.acts_on is not None:
            plural, subresource = kind.acts_on
            owner = self.api.kinds.by_plural(kind.group_version, plural)
            assert owner is not None
            there = Target(kind.group_version, plural, place.namespace, subresource=subresource)
            return await self._subresource(request, owner, there)
        if not kind.stored:
            return await self._reviews.post(request, kind, place)
        return await self._verbs[verb](request, kind, place)

    async def _subresource(self, request: Request, kind: Kind, place: Target) -> Response:
        name = place.subresource
        is_view = (name == "status" and kind.status) or name in kind.parts
        if is_view and request.method in ("GET", "PUT", "PATCH"):
            return await self._verbs[OBJECT[request.method]](request, kind, place)
        methods = self._subresources.get(name)
        known = name in kind.subresources or (name == "scale" and kind.scale) or (name == "status" and kind.status)
        if not known:
            raise errors.UnknownPath()
        if is_view:
            raise errors.MethodNotAllowed()
        if methods is None:
            raise NotServed(f"{kind.plural}/{name} is not served here: containers are simulated")
        handler = methods.get(request.method)
        if handler is None:
            raise errors.MethodNotAllowed()
        return await handler(self.api, request, kind, place)

    # -- reading -------------------------------------------------------------------------------------------------------

    async def get(self, request: Request, kind: Kind, place: Target) -> Response:
        if place.watch:
            return await self.list(request, kind, place)
        accept = request.accepted
        return self._shown(request, kind, self.api.get(kind, place.namespace, place.name), accept)

    async def list(self, request: Request, kind: Kind, place: Target) -> Response:
        accept = request.accepted
        options = list_options(kind, place.namespace, place.name, request.query, watch=place.watch)
        if options.watch:
            stream = WatchStream(self.api.store, self.api.clock, options, accept, request.query)
            return Response(stream=_closing(stream), media_type=accept.media_type)
        now = self.api.clock.now()
        if self._is_whole(options):
            check_not_ahead(self.api.store, options.resource_version or 0)
            items = self._wholes.items(options.selection, accept, now, request.query)
            metadata: Object = {"resourceVersion": str(self.api.revision)}
            return Response(
                representations.framed(kind, items, metadata, accept, request.query), media_type=accept.media_type
            )
        answer = await self._page(options)
        metadata = {"resourceVersion": str(answer.revision)}
        if answer.next_start:
            metadata["continue"] = continue_token(answer.revision, answer.next_start)
        if answer.remaining is not None:
            metadata["remainingItemCount"] = answer.remaining
        body = representations.many(kind, answer.records, metadata, accept, now, request.query)
        return Response(body, media_type=accept.media_type)

    def _is_whole(self, options: ListOptions) -> bool:
        """Whether all there is now under a prefix is wanted, on one page."""
        selection, limit = options.selection, options.limit
        if not selection.is_everything or options.continue_ or (options.match == EXACT and options.resource_version):
            return False
        return not limit or self.api.store.count(selection.prefix) <= limit

    async def _page(self, options: ListOptions) -> Page:
        store, selection = self.api.store, options.selection
        if options.continue_:
            revision, start = parse_continue(options.continue_)
            as_of = revision if revision > 0 else None
            try:
                return await page(store, selection, revision=as_of, start=start, limit=options.limit)
            except errors.Expired as error:
                error.continue_ = continue_token(-1, start)
                raise
        if options.match == EXACT and options.resource_version:
            return await page(store, selection, revision=options.resource_version, limit=options.limit)
        if options.resource_version:
            return await page(store, selection, limit=options.limit, not_before=options.resource_version)
        return await page(store, selection, limit=options.limit)

    # -- writing -------------------------------------------------------------------------------------------------------

    async def create(self, request: Request, kind: Kind, place: Target) -> Response:
        accept = request.accepted
        check_write_options(request.query, "CreateOptions")
        object = await bodies.read_object(request, kind)
        try:
            record = await self.api.create(kind, place.namespace, object, call_of(request))
        except errors.Invalid as refusal:
            raise as_sent(refusal, request.sent) from None
        return self._shown(request, kind, record, accept, 201)

    async def update(self, request: Request, kind: Kind, place: Target) -> Response:
        accept = request.accepted
        check_write_options(request.query, "UpdateOptions")
        object = await bodies.read_object(request, kind)
        _check_name(object, place.name)
        existed = self.api.find(kind, place.namespace, place.name) is not None
        try:
            record = await self.api.update(
                kind, place.namespace, place.name, object, place.subresource, call_of(request)
            )
        except errors.Invalid as refusal:
            raise as_sent(refusal, request.sent) from None
        return self._shown(request, kind, record, accept, 200 if existed else 201)

    async def patch(self, request: Request, kind: Kind, place: Target) -> Response:
        patch = await patching.read(request, kind, place, self.api.clock)
        accept = request.accepted
        record, created = await patch.write(self.api)
        return self._shown(request, kind, record, accept, 201 if created else 200)

    async def delete(self, request: Request, kind: Kind, place: Target) -> Response:
        accept = request.accepted
        options, call = await delete_options(request)
        old = self.api.get(kind, place.namespace, place.name)
        record = await self.api.delete(kind, place.namespace, place.name, options, call)
        if not record.deleted or not kind.deletes_to_status:
            return self._shown(request, kind, record if not record.deleted else _last_state(record, old), accept)
        uid = record.object["metadata"]["uid"]
        details = {"name": place.name, "group": kind.group, "kind": kind.plural, "uid": uid}
        details = {key: value for key, value in details.items() if value}
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        return Response(representations.finish(orjson.dumps(status), accept, request.query), 200, accept.media_type)

    async def delete_collection(self, request: Request, kind: Kind, place: Target) -> Response:
        accept = request.accepted
        options, call = await delete_options(request)
        listing = list_options(kind, place.namespace, "", request.query, watch=False)
        answer = await self._page(listing)
        await self.api.delete_collection(kind, answer.records, options, call)
        metadata = {"resourceVersion": str(self.api.revision)}
        now = self.api.clock.now()
        body = representations.many(kind, answer.records, metadata, accept, now, request.query)
        return Response(body, media_type=accept.media_type)

    def _shown(self, request: Request, kind: Kind, record: Record, accept: Accepted, status: int = 200) -> Response:
        body = representations.one(kind, record, accept, self.api.clock.now(), request.query)
        return Response(body, status, accept.media_type)


async def delete_options(request: Request) -> tuple[DeleteOptions, Call]:
    """DeleteOptions from the body, or where there is none from the query. Raises BadRequest, Invalid."""
    options = await bodies.read_delete_options(request)
    if options is None:
        options = options_of_query(request.query)
    propagation, orphan = options.get("propagationPolicy"), options.get("orphanDependents")
    causes = []
    if orphan is not None and propagation is not None:
        detail = "orphanDependents and deletionPropagation cannot be both set"
        causes.append(invalid("propagationPolicy", propagation, detail))
    if propagation not in (None, *PROPAGATION_POLICIES):
        causes.append(not_supported("propagationPolicy", propagation, [*PROPAGATION_POLICIES, "nil"]))
    if any(value != "All" for value in options.get("dryRun") or ()):
        causes.append(not_supported("dryRun", options["dryRun"], ["All"]))
    if causes:
        raise errors.Invalid("DeleteOptions.meta.k8s.io", "", causes)
    if orphan is not None:
        propagation = "Orphan" if orphan else "Background"
    preconditions = options.get("preconditions") or {}
    wanted = DeleteOptions(
        options.get("gracePeriodSeconds"),
        PROPAGATION_POLICIES[propagation] if propagation else "",
        preconditions.get("uid") or "",
        preconditions.get("resourceVersion") or "",
    )
    return wanted, call_of(request, dry_run=bool(options.get("dryRun")))


def options_of_query(query: Query) -> Object:
    """DeleteOptions as a query says them. Raises BadRequest."""
    options: Object = {"gracePeriodSeconds": integer(query, "gracePeriodSeconds")}
    if query.get("dryRun"):
        options["dryRun"] = [query["dryRun"]]
    if query.get("propagationPolicy"):
        options["propagationPolicy"] = query["propagationPolicy"]
    if "orphanDependents" in query:
        options["orphanDependents"] = boolean(query["orphanDependents"])
    return options


def _misplaced(kind: Kind, place: Target, verb: str) -> bool:
    """Whether a verb other than list is asked for across all namespaces."""
    return kind.namespaced and not place.namespace and verb != "list"


def _check_segment(name: str) -> None:
    """Refuse names that cannot stand in a path of the storage."""
    problem = "may not contain '%'" if "%" in name else f"may not be '{name}'" if name in (".", "..") else ""
    if problem:
        raise errors.BadRequest(f"Name parameter invalid: {quoted(name)}: {problem}")


def _check_name(object: Object, name: str) -> None:
    given = object.get("metadata", {}).get("name", "")
    if not given:
        raise errors.BadRequest(
            f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )
    if given != name:
        raise errors.BadRequest(f"the name of the object ({given}) does not match the name on the URL ({name})")


def _last_state(record: Record, old: Record) -> Record:
    """What a DELETE shows of an object that is gone: its last state, before the deletion's own revision."""
    object = record.copy()
    object["metadata"]["resourceVersion"] = old.object["metadata"]["resourceVersion"]
    return Record(record.key, record.revision, record.previous, record.created, True, orjson.dumps(object))


async def _closing(stream: WatchStream) -> AsyncGenerator[bytes]:
    try:
        async for chunk in stream.lines():
            yield chunk
    finally:
        stream.close()
