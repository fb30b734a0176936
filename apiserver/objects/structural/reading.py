"""From the bytes of a request, or a patched value, to a custom object.

Custom objects have no Go struct: what stands in them is kept as it is written. Only metadata is read the way it is read
everywhere, and what the schema does not name is dropped and reported.
"""

from __future__ import annotations

from typing import Any

from apiserver.errors import BadRequest
from apiserver.objects import decoding, gojson, refusing
from apiserver.objects.decoding import Decoded, Problems, Validation
from apiserver.objects.gostructs import DecodeError
from apiserver.objects.govalues import json_type
from apiserver.objects.structural import Node, metas, pruning


def decode_body(
    body: bytes, kind: str, group_version: str, schema: Node, validation: Validation = "Warn", known: Problems = ()
) -> Decoded:
    """The object in a request body that must be a `kind`; `known` are keys that it lost on its way to JSON.

    Raises BadRequest.
    """
    try:
        value, twice = decoding.parse(body)
    except gojson.SyntaxProblem as error:
        raise refusing.unrecognized(kind, f"couldn't get version/kind; json parse error: {error}", body) from None
    if not isinstance(value, dict):
        text = f"json: cannot unmarshal {json_type(value)} into Go value of type {refusing.TYPE_META}"
        raise refusing.unrecognized(kind, f"couldn't get version/kind; json parse error: {text}", body)
    for name, missing in (("kind", "Object 'Kind' is missing in"), ("apiVersion", "Object 'apiVersion' is missing in")):
        if not isinstance(value.get(name), str) or not value[name]:
            raise refusing.unrecognized(kind, f"{missing} '{body.decode('utf-8', 'replace')}'", body)
    if value["apiVersion"] != group_version:
        raise BadRequest(
            f"the API version in the data ({value['apiVersion']}) does not match the expected API version "
            f"({group_version})"
        )
    try:
        decoded = decode_value(value, schema, twice)
    except DecodeError as error:
        raise BadRequest(refusing.sentence(value["kind"], group_version, kind, str(error))) from None
    problems = (*known, *decoded.problems)
    if problems and validation == "Strict":
        raise BadRequest(refusing.sentence(value["kind"], group_version, kind, refusing.strict_problem(problems)))
    warned = [text for problem in problems for text in refusing.warnings_of(problem)] if validation == "Warn" else ()
    return Decoded(decoded.object, tuple(warned))


def decode_value(value: Node, schema: Node, twice: list[str] | None = None) -> Decoded:
    """The object that a parsed value is, amended in place; `twice` are keys that were written twice.

    Raises DecodeError for metadata of the wrong shape.
    """
    value = plain(value)
    metadata, unknown = metas.read_metadata(value.get("metadata") or {}, "metadata")
    value["metadata"] = metadata
    unknown += pruning.prune(value, schema)
    pruning.drop_nulls(value, schema)
    unknown += metas.read(value, schema)
    problems: Problems = (
        *(f'duplicate field "{path}"' for path in twice or ()),
        *(found if found.startswith(("unknown", "duplicate")) else f'unknown field "{found}"' for found in unknown),
    )
    return Decoded(value, problems)


def plain(value: Any) -> Any:
    """Whole numbers are integers, however they are written: Kubernetes keeps 1.0 as 1."""
    if isinstance(value, dict):
        return {name: plain(child) for name, child in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    return value
