"""Subresources over HTTP: method -> handler, by name. `status` and the parts of a kind are not
here: they are the object itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from apiserver import errors, subresources
from apiserver.api import API
from apiserver.deletion import DeleteOptions
from apiserver.eviction import evict
from apiserver.http import bodies, patching
from apiserver.http.options import check_write_options
from apiserver.http.paths import Target
from apiserver.http.podlogs import get_log
from apiserver.http.representations import finish
from apiserver.http.requests import Request, Response
from apiserver.kind import Kind, Object
from apiserver.objects.patch import jsonpatch, merge

Handler = Callable[[API, Request, Kind, Target], Awaitable[Response]]


async def get_scale(api: API, request: Request, kind: Kind, place: Target) -> Response:
    return _shown(request, subresources.scale_of(kind, api.get(kind, place.namespace, place.name)))


async def put_scale(api: API, request: Request, kind: Kind, place: Target) -> Response:
    check_write_options(request.query, "UpdateOptions")
    scale = await bodies.read_as(request, "autoscaling/v1", "Scale")
    record = await subresources.set_scale(api, kind, place.namespace, place.name, scale, bodies.call_of(request))
    return _shown(request, subresources.scale_of(kind, record))


async def patch_scale(api: API, request: Request, kind: Kind, place: Target) -> Response:
    _, patch = await patching.read_value(request)
    scale = subresources.scale_of(kind, api.get(kind, place.namespace, place.name))
    version = scale["metadata"].pop("resourceVersion", None)
    changed: Object = jsonpatch.apply(scale, patch) if isinstance(patch, list) else merge.apply(scale, patch)
    if changed["metadata"].get("resourceVersion", version) != version:
        raise errors.Conflict(kind.resource, place.name)
    record = await subresources.set_scale(api, kind, place.namespace, place.name, changed, bodies.call_of(request))
    return _shown(request, subresources.scale_of(kind, record))


async def post_binding(api: API, request: Request, kind: Kind, place: Target) -> Response:
    check_write_options(request.query, "CreateOptions")
    binding = await bodies.read_as(request, "v1", "Binding")
    name = place.name or (binding.get("metadata") or {}).get("name", "")  # the Binding itself may say which Pod
    await subresources.bind(api, kind, place.namespace, name, binding, bodies.call_of(request))
    return _shown(request, CREATED, 201)


async def post_eviction(api: API, request: Request, kind: Kind, place: Target) -> Response:
    check_write_options(request.query, "CreateOptions")
    eviction = await bodies.read_as(request, "policy/v1", "Eviction")
    if (eviction.get("metadata") or {}).get("name", "") != place.name:
        raise errors.BadRequest("name in URL does not match name in Eviction object")
    wanted = eviction.get("deleteOptions") or {}
    call = bodies.call_of(request, dry_run=bool(wanted.get("dryRun")))
    required = wanted.get("preconditions") or {}
    options = DeleteOptions(
        wanted.get("gracePeriodSeconds"), "", required.get("uid") or "", required.get("resourceVersion") or ""
    )
    await evict(api, kind, place.namespace, place.name, options, call)
    return _shown(request, CREATED, 201)


async def put_finalize(api: API, request: Request, kind: Kind, place: Target) -> Response:
    object = await bodies.read_object(request, kind)
    record = await api.update(kind, place.namespace, place.name, object, "finalize", bodies.call_of(request))
    return Response(record.encoded)


def _shown(request: Request, document: Object, status: int = 200) -> Response:
    accept = request.accepted
    return Response(finish(orjson.dumps(document), accept, request.query), status, accept.media_type)


CREATED: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

SUBRESOURCES: Mapping[str, Mapping[str, Handler]] = {
    "scale": {"GET": get_scale, "PUT": put_scale, "PATCH": patch_scale},
    "binding": {"POST": post_binding},
    "eviction": {"POST": post_eviction},
    "finalize": {"PUT": put_finalize},
    "log": {"GET": get_log},
    "status": {},
}
