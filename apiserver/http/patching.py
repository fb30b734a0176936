"""PATCH: the four content types, each a way to make a new object out of the current one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from apiserver import errors
from apiserver.api import API
from apiserver.call import Call
from apiserver.clock import Clock, timestamp
from apiserver.http.bodies import call_of, field_validation, unknown_format
from apiserver.http.negotiate import NotYAML, media_type, read_yaml
from apiserver.http.options import check_patch_options
from apiserver.http.paths import Target
from apiserver.http.requests import Request
from apiserver.kind import Kind, Object
from apiserver.objects import decoding, gojson, govalues, refusing
from apiserver.objects.gostructs import DecodeError
from apiserver.objects.patch import apply, copied, jsonpatch, merge, strategic
from apiserver.objects.validation import invalid
from apiserver.parts import detached, shared
from apiserver.storage import Record

JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"

ACCEPTED_WITHOUT_STRUCT = (JSON_PATCH, MERGE, APPLY)

APPLY_ATTEMPTS = 5
_CONVERTING = "error converting YAML to JSON: "


@dataclass
class Patch:
    """A patch on its way to an object."""

    kind: Kind
    place: Target
    call: Call
    clock: Clock
    media_type: str
    value: Any
    validation: decoding.Validation
    duplicates: str = ""
    """What there is to say of keys that an applied manifest has twice."""

    async def write(self, api: API) -> tuple[Record, bool]:
        """Apply it; the record, and whether it was created (only server-side apply does that)."""
        where = (self.kind, self.place.namespace, self.place.name)
        if self.media_type != APPLY:
            return await api.rewrite(*where, self._patched, self.place.subresource, self.call), False
        for _ in range(APPLY_ATTEMPTS):
            try:
                if api.find(*where) is not None:
                    return await api.modify(
                        *where, self._applied, self.place.subresource, self.call, applied=True
                    ), False
                if self.place.subresource:
                    raise errors.NotFound(self.kind.resource, self.place.name)
                return await api.create(
                    self.kind, self.place.namespace, self._applied(None), self.call, applied=True
                ), True
            except errors.AlreadyExists:
                continue
        raise errors.Conflict(self.kind.resource, self.place.name)

    def _patched(self, record: Record) -> Object:
        old = shared(self.kind, record)
        patched = detached(PATCHERS[self.media_type](self.kind, old, self.value), old)
        _check_address(patched, old["metadata"], self.place)
        return self._decoded(patched, old)

    def _decoded(self, patched: Object, old: Object) -> Object:
        """The patched value as an object of its kind; what cannot be one is the patch's fault. Parts of the old object
        that are untouched need no reading."""
        shown = self._shown(patched) if self.validation == "Strict" else ""
        read, untouched = _parted(patched, old)
        metadata = patched.get("metadata")
        if isinstance(metadata, dict):
            read["metadata"], kept = _parted(metadata, old.get("metadata", {}))
        try:
            decoded = self.kind.form.decode_value(read, strategic=self.media_type == STRATEGIC)
        except DecodeError as error:
            raise self._refused(shown or self._shown(patched), str(error)) from None
        if decoded.problems and self.validation == "Strict":
            raise self._refused(shown, refusing.strict_problem(decoded.problems))
        if self.validation == "Warn":
            self.call.warnings.extend(w for w in decoded.problems if w not in self.call.warnings)
        found = decoded.object | untouched
        if isinstance(metadata, dict):
            members = found.get("metadata", {}) | kept
            found["metadata"] = {name: members[name] for name in metadata if name in members}
        return {name: found[name] for name in patched if name in found}

    def _refused(self, shown: str, problem: str) -> errors.Invalid:
        return errors.Invalid("", "", [invalid("patch", shown, problem)])

    def _shown(self, patched: Object) -> str:
        return govalues.printed(self.value) if self.media_type == STRATEGIC else orjson.dumps(patched).decode()

    def _applied(self, live: Object | None) -> Object:
        kind, config = self.kind, copied(self.value)
        if config.get("metadata") is None:
            config["metadata"] = {}
        if isinstance(config["metadata"], dict):  # else it is refused below
            config["metadata"].setdefault("name", self.place.name)
            if kind.namespaced:
                config["metadata"].setdefault("namespace", self.place.namespace)
        _check_address(config, {"name": self.place.name}, self.place)
        now = timestamp(self.clock.now())
        call, subresource = self.call, self.place.subresource
        wanted = apply.apply(
            kind.schema, kind.name, live, config, call.manager, call.force, now, subresource, has_status=kind.status
        )
        if self.duplicates and self.validation == "Strict":
            raise errors.BadRequest(f"error strict decoding YAML: {self.duplicates}")
        if self.duplicates and self.validation == "Warn":
            call.warnings.extend(refusing.warnings_of(self.duplicates))
        return self._decoded(detached(wanted, {}), {})


def _parted(new: Object, old: Object) -> tuple[Object, Object]:
    """The members of `new` that are not the very same in `old`, and those that are."""
    same = {name: part for name, part in new.items() if name in old and part is old[name]}
    return {name: part for name, part in new.items() if name not in same}, same


def _json_patch(kind: Kind, old: Object, value: Any) -> Object:
    return jsonpatch.apply(old, value)


def _merge(kind: Kind, old: Object, value: Any) -> Object:
    return merge.apply(old, value)


def _strategic(kind: Kind, old: Object, value: Any) -> Object:
    return strategic.apply(kind.schema, old, value)


PATCHERS: dict[str, Callable[[Kind, Object, Any], Object]] = {
    JSON_PATCH: _json_patch,
    MERGE: _merge,
    STRATEGIC: _strategic,
}


async def read(request: Request, kind: Kind, place: Target, clock: Clock) -> Patch:
    """The patch of a request. Raises UnsupportedMediaType, BadRequest, Invalid."""
    given = _media_type(request, has_struct=kind.form.is_struct)
    check_patch_options(request.query, applies=given == APPLY)
    body = await request.read()
    value, duplicates = await _read_manifest(body) if given == APPLY else (_read_json(given, body), "")
    return Patch(kind, place, call_of(request), clock, given, value, field_validation(request), duplicates)


async def read_value(request: Request) -> tuple[str, Any]:
    """(media type, parsed body) of a PATCH."""
    given = _media_type(request)
    check_patch_options(request.query, applies=given == APPLY)
    body = await request.read()
    return given, (await _read_manifest(body))[0] if given == APPLY else _read_json(given, body)


def _media_type(request: Request, *, has_struct: bool = True) -> str:
    given = media_type(request.headers.get("content-type", ""))
    if not has_struct and given not in ACCEPTED_WITHOUT_STRUCT:
        raise unknown_format(", ".join(ACCEPTED_WITHOUT_STRUCT))
    if given not in (*PATCHERS, APPLY):
        raise errors.UnsupportedMediaType("415: Unsupported Media Type", {})
    return given


async def _read_manifest(body: bytes) -> tuple[dict[str, Any], str]:
    """An applied manifest, and a complaint about the keys it has twice."""
    try:
        value, duplicates = await read_yaml(body)
    except NotYAML as error:
        raise errors.BadRequest(f"error decoding YAML: {_CONVERTING}{error}") from None
    if value is None:
        return {}, ""
    if not isinstance(value, dict):
        what = f"json: cannot unmarshal {govalues.json_type(value)} into Go value of type map[string]interface {{}}"
        raise errors.BadRequest(f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {what}")
    return value, _CONVERTING + duplicates if duplicates else ""


def _read_json(given: str, body: bytes) -> Any:
    try:
        value, _ = decoding.parse(body)
    except gojson.SyntaxProblem as error:
        raise errors.BadRequest(str(error) if given == STRATEGIC else f"error decoding patch: {error}") from None
    wanted, name = (list, "[]handlers.jsonPatchOp") if given == JSON_PATCH else (dict, "map[string]interface {}")
    if not isinstance(value, wanted):
        what = f"json: cannot unmarshal {govalues.json_type(value)} into Go value of type {name}"
        raise errors.BadRequest(what if given == STRATEGIC else f"error decoding patch: {what}")
    return value


def _check_address(patched: Object, before: Object, place: Target) -> None:
    metadata = patched.get("metadata")
    if not isinstance(metadata, dict):
        return
    name = metadata.get("name", before["name"])
    if name != place.name:
        raise errors.BadRequest(f"the name of the object ({name}) does not match the name on the URL ({place.name})")
    if place.namespace and metadata.get("namespace", place.namespace) != place.namespace:
        raise errors.BadRequest("the namespace of the provided object does not match the namespace sent on the request")
