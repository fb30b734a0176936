"""Request bodies -> decoded objects, in JSON or YAML."""

from __future__ import annotations

from typing import Any

import orjson

from apiserver import errors
from apiserver.call import Call
from apiserver.http import protobuf
from apiserver.http.negotiate import JSON, YAML, load_yaml, media_type
from apiserver.http.options import boolean
from apiserver.http.requests import Request
from apiserver.kind import Kind, Object
from apiserver.objects import decoding
from schemas import Schema, load

ACCEPTED_BODIES = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
VALIDATIONS: dict[str, decoding.Validation] = {"Strict": "Strict", "Warn": "Warn", "Ignore": "Ignore"}


def call_of(request: Request, *, dry_run: bool = False) -> Call:
    """Who asks, and how, as the API wants to know it."""
    agent = request.headers.get("user-agent", "").partition("/")[0]
    return Call(
        manager=request.query.get("fieldManager") or agent or "unknown",
        user=request.identity.user,
        groups=request.identity.groups,
        dry_run=dry_run or bool(request.query.get("dryRun")),
        force=boolean(request.query.get("force", "false")),
        warnings=request.warnings,
    )


async def read_json(request: Request, schema: Schema) -> bytes:
    """The body, which is to hold an object of `schema`, as JSON bytes.

    Raises UnsupportedMediaType, BadRequest, TooLarge.
    """
    given = media_type(request.headers.get("content-type", ""))
    body = await request.read()
    if given in (JSON, "", "*/*"):
        return body
    if given in (YAML, "text/yaml"):
        return orjson.dumps(load_yaml(body))
    if given == protobuf.MEDIA_TYPE:
        return protobuf.to_json(body, schema)
    raise errors.UnsupportedMediaType(
        f"the body of the request was in an unknown format - accepted media types include: {ACCEPTED_BODIES}"
    )


async def read_object(request: Request, kind: Kind) -> Object:
    """The object of a POST or PUT. Raises BadRequest in Go's words; unknown fields go by fieldValidation."""
    return await read_as(request, kind.group_version, kind.name)


async def read_as(request: Request, group_version: str, kind: str) -> Object:
    """A body that is to hold this kind."""
    schema = load(group_version, kind)
    body = await read_json(request, schema)
    decoded = decoding.decode_body(body, kind, group_version, schema, field_validation(request))
    request.warnings.extend(decoded.problems)
    return decoded.object


def field_validation(request: Request) -> decoding.Validation:
    """What is to be done about unknown and duplicate fields."""
    return VALIDATIONS.get(request.query.get("fieldValidation", ""), "Warn")


async def read_delete_options(request: Request) -> dict[str, Any]:
    """The DeleteOptions of a body, {} when there is none."""
    if not int(request.headers.get("content-length") or 0) and "transfer-encoding" not in request.headers:
        return {}
    schema = load("v1", "DeleteOptions")
    body = await read_json(request, schema)
    if not body.strip():
        return {}
    return decoding.decode_body(body, "DeleteOptions", "v1", schema, "Ignore").object
