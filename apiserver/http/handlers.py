"""One method per verb: read the request, call the API, show the answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import orjson

from apiserver import errors
from apiserver.api import API
from apiserver.call import Call
from apiserver.deletion import DeleteOptions, Propagation
from apiserver.http import bodies, patching, representations
from apiserver.http.bodies import call_of
from apiserver.http.negotiate import accepted
from apiserver.http.options import (
    EXACT,
    ListOptions,
    boolean,
    check_write_options,
    continue_token,
    integer,
    list_options,
    parse_continue,
)
from apiserver.http.paths import Target, target
from apiserver.http.requests import Request, Response
from apiserver.http.streams import WatchStream
from apiserver.http.subresources import SUBRESOURCES
from apiserver.http.wholes import Wholes
from apiserver.kind import Kind
from apiserver.listing import Page, check_not_ahead, page
from apiserver.objects.validation import not_supported
from apiserver.storage import Record

PROPAGATION_POLICIES: dict[str, Propagation] = {
    "": "",
    "Foreground": "Foreground",
    "Background": "Background",
    "Orphan": "Orphan",
}

COLLECTION = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
OBJECT = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Handlers:
    """Requests about objects."""

    def __init__(self, api: API) -> None:
        self.api = api
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
        if kind.read_warning:
            request.warnings.append(kind.read_warning)
        if place.subresource:
            return await self._subresource(request, kind, place)
        verb = (OBJECT if place.name else COLLECTION).get(request.method, "")
        if request.method == "HEAD":
            verb = "get" if place.name else "list"
        if verb not in kind.verbs or _misplaced(kind, place, verb):
            raise errors.MethodNotAllowed()
        return await self._verbs[verb](request, kind, place)

    async def _subresource(self, request: Request, kind: Kind, place: Target) -> Response:
        name = place.subresource
        if name == "status" and kind.status and request.method in ("GET", "PUT", "PATCH"):
            return await self._verbs[OBJECT[request.method]](request, kind, place)
        methods = SUBRESOURCES.get(name)
        known = name in kind.subresources or (name == "scale" and kind.scale) or (name == "status" and kind.status)
        if not known:
            raise errors.UnknownPath()
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
        accept = accepted(request.headers.get("accept", ""), representations.SHAPES)
        record = self.api.get(kind, place.namespace, place.name)
        return self._shown(request, kind, record, accept=accept)

    async def list(self, request: Request, kind: Kind, place: Target) -> Response:
        accept = accepted(request.headers.get("accept", ""), representations.SHAPES)
        options = list_options(kind, place.namespace, place.name, request.query, watch=place.watch)
        if options.watch:
            stream = WatchStream(self.api.store, self.api.clock, options, accept, request.query)
            return Response(stream=_closing(stream), media_type=accept.media_type)
        now = self.api.clock.now()
        if self._is_whole(options):
            check_not_ahead(self.api.store, options.resource_version or 0)
            items = self._wholes.items(options.selection, accept, now, request.query)
            metadata: dict[str, Any] = {"resourceVersion": str(self.api.revision)}
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
            return await page(store, selection, revision=revision, start=start, limit=options.limit)
        if options.match == EXACT and options.resource_version:
            return await page(store, selection, revision=options.resource_version, limit=options.limit)
        if options.resource_version:
            return await page(store, selection, limit=options.limit, not_before=options.resource_version)
        return await page(store, selection, limit=options.limit)

    # -- writing -------------------------------------------------------------------------------------------------------

    async def create(self, request: Request, kind: Kind, place: Target) -> Response:
        check_write_options(request.query, "CreateOptions")
        object = await bodies.read_object(request, kind)
        record = await self.api.create(kind, place.namespace, object, call_of(request))
        return self._shown(request, kind, record, status=201)

    async def update(self, request: Request, kind: Kind, place: Target) -> Response:
        check_write_options(request.query, "UpdateOptions")
        object = await bodies.read_object(request, kind)
        _check_name(object, place.name)
        existed = self.api.find(kind, place.namespace, place.name) is not None
        record = await self.api.update(kind, place.namespace, place.name, object, place.subresource, call_of(request))
        return self._shown(request, kind, record, status=200 if existed else 201)

    async def patch(self, request: Request, kind: Kind, place: Target) -> Response:
        check_write_options(request.query, "PatchOptions")
        patch = await patching.read(request, kind, place, self.api.clock)
        record, created = await patch.write(self.api)
        return self._shown(request, kind, record, status=201 if created else 200)

    async def delete(self, request: Request, kind: Kind, place: Target) -> Response:
        options, call = await delete_options(request)
        old = self.api.get(kind, place.namespace, place.name)
        record = await self.api.delete(kind, place.namespace, place.name, options, call)
        if not record.deleted or not kind.deletes_to_status:
            return self._shown(request, kind, record if not record.deleted else _last_state(record, old))
        uid = record.object["metadata"]["uid"]
        details = {"name": place.name, "group": kind.group, "kind": kind.plural, "uid": uid}
        details = {key: value for key, value in details.items() if value}
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        return Response(orjson.dumps(status))

    async def delete_collection(self, request: Request, kind: Kind, place: Target) -> Response:
        options, call = await delete_options(request)
        listing = list_options(kind, place.namespace, "", request.query, watch=False)
        answer = await self._page(listing)
        await self.api.delete_collection(kind, answer.records, options, call)
        metadata = {"resourceVersion": str(self.api.revision)}
        accept = accepted(request.headers.get("accept", ""), representations.SHAPES)
        now = self.api.clock.now()
        body = representations.many(kind, answer.records, metadata, accept, now, request.query)
        return Response(body, media_type=accept.media_type)

    def _shown(
        self, request: Request, kind: Kind, record: Record, *, status: int = 200, accept: Any = None
    ) -> Response:
        accept = accept or accepted(request.headers.get("accept", ""), representations.SHAPES)
        body = representations.one(kind, record, accept, self.api.clock.now(), request.query)
        return Response(body, status, accept.media_type)


class NotServed(errors.APIError):
    """A part of Kubernetes that needs real containers."""

    code, reason = 501, "NotImplemented"


async def delete_options(request: Request) -> tuple[DeleteOptions, Call]:
    """DeleteOptions from the body or the query. Raises BadRequest, Invalid."""
    body = await bodies.read_delete_options(request)
    preconditions = body.get("preconditions") or {}
    propagation = body.get("propagationPolicy") or request.query.get("propagationPolicy", "")
    orphan = body.get("orphanDependents")
    if orphan is None and "orphanDependents" in request.query:
        orphan = boolean(request.query["orphanDependents"])
    if propagation not in PROPAGATION_POLICIES:
        cause = not_supported("propagationPolicy", propagation, [*filter(None, PROPAGATION_POLICIES), "nil"])
        raise errors.Invalid("DeleteOptions.meta.k8s.io", "", [cause])
    if not propagation and orphan is not None:
        propagation = "Orphan" if orphan else "Background"
    grace_seconds = body.get("gracePeriodSeconds")
    if grace_seconds is None:
        grace_seconds = integer(request.query, "gracePeriodSeconds")
    call = call_of(request, dry_run=bool(body.get("dryRun")))
    options = DeleteOptions(
        grace_seconds,
        PROPAGATION_POLICIES[propagation],
        preconditions.get("uid") or "",
        preconditions.get("resourceVersion") or "",
    )
    return options, call


def _misplaced(kind: Kind, place: Target, verb: str) -> bool:
    """Whether a verb other than list is asked for across all namespaces."""
    return kind.namespaced and not place.namespace and verb != "list"


def _check_name(object: dict[str, Any], name: str) -> None:
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
