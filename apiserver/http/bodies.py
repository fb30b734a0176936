"""Request bodies -> decoded objects, in JSON or YAML."""

from __future__ import annotations

from functools import lru_cache

import orjson

from apiserver import errors
from apiserver.call import Call
from apiserver.http import protobuf
from apiserver.http.negotiate import JSON, YAML, NotYAML, media_type, read_yaml
from apiserver.http.options import FIELD_MANAGER_MAX_BYTES, boolean
from apiserver.http.requests import Request
from apiserver.kind import Kind, Object
from apiserver.objects import decoding, refusing
from schemas import Schema, load

ACCEPTED_WITHOUT_STRUCT = "application/json, application/yaml"
ACCEPTED_BODIES = f"{ACCEPTED_WITHOUT_STRUCT}, application/vnd.kubernetes.protobuf"
VALIDATIONS: dict[str, decoding.Validation] = {"Strict": "Strict", "Warn": "Warn", "Ignore": "Ignore"}


def call_of(request: Request, *, dry_run: bool | None = None) -> Call:
    """Who asks, and how, as the API wants to know it. `dry_run` None: as the query says."""
    return Call(
        manager=request.query.get("fieldManager") or agent(request.headers.get("user-agent", "")) or "unknown",
        user=request.identity.user,
        groups=request.identity.groups,
        dry_run=bool(request.query.get("dryRun")) if dry_run is None else dry_run,
        force=boolean(request.query.get("force", "false")),
        warnings=request.warnings,
    )


@lru_cache(maxsize=256)
def agent(header: str) -> str:
    """The field manager that a User-Agent stands for: what is before the slash, as far as it can be printed."""
    name = "".join(filter(str.isprintable, header.partition("/")[0]))
    return name.encode()[:FIELD_MANAGER_MAX_BYTES].decode(errors="ignore")


async def read_json(request: Request, schema: Schema, kind: str) -> tuple[bytes, decoding.Problems]:
    """The body, which is to hold an object of `schema`, as JSON bytes; and what was lost on the way there.

    Raises UnsupportedMediaType, BadRequest, TooLarge.
    """
    given = media_type(request.headers.get("content-type", ""))
    if given not in READERS or (given == protobuf.MEDIA_TYPE and not schema.is_struct):
        raise unknown_format(ACCEPTED_BODIES if schema.is_struct else ACCEPTED_WITHOUT_STRUCT)
    body = await request.read()
    return await READERS[given](body, schema, kind)


async def _from_yaml(body: bytes, schema: Schema, kind: str) -> tuple[bytes, decoding.Problems]:
    try:
        value, problem = await read_yaml(body)
    except NotYAML as error:
        raise refusing.unrecognized(kind, str(error), body) from None
    return orjson.dumps(value), (problem,) if problem else ()


async def _from_json(body: bytes, schema: Schema, kind: str) -> tuple[bytes, decoding.Problems]:
    return body, ()


async def _from_protobuf(body: bytes, schema: Schema, kind: str) -> tuple[bytes, decoding.Problems]:
    return protobuf.to_json(body, schema), ()


READERS = {
    JSON: _from_json, "": _from_json, "*/*": _from_json, YAML: _from_yaml, "text/yaml": _from_yaml,
    protobuf.MEDIA_TYPE: _from_protobuf,
}  # fmt: skip


def unknown_format(accepted: str) -> errors.UnsupportedMediaType:
    return errors.UnsupportedMediaType(
        f"the body of the request was in an unknown format - accepted media types include: {accepted}"
    )


async def read_object(request: Request, kind: Kind) -> Object:
    """The object of a POST or PUT. Raises BadRequest in Go's words; unknown fields go by fieldValidation."""
    body, lost = await read_json(request, kind.schema, kind.name)
    request.sent = body
    decoded = kind.form.decode_body(body, field_validation(request), lost)
    request.warnings.extend(decoded.problems)
    return decoded.object


async def read_as(request: Request, group_version: str, kind: str) -> Object:
    """A body that is to hold this kind."""
    schema = load(group_version, kind)
    body, lost = await read_json(request, schema, kind)
    decoded = decoding.decode_body(body, kind, group_version, schema, field_validation(request), lost)
    request.warnings.extend(decoded.problems)
    return decoded.object


def field_validation(request: Request) -> decoding.Validation:
    """What is to be done about unknown and duplicate fields."""
    return VALIDATIONS.get(request.query.get("fieldValidation", ""), "Warn")


async def read_delete_options(request: Request) -> Object | None:
    """The DeleteOptions of a body, None when there is none."""
    if request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
        return None
    schema = load("v1", "DeleteOptions")
    body, _ = await read_json(request, schema, "DeleteOptions")
    if not body:
        return None
    return decoding.decode_body(body, "DeleteOptions", "v1", schema, "Ignore").object
