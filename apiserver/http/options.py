"""Query parameters -> options, with Kubernetes' complaints about those that make no sense."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from apiserver import errors
from apiserver.errors import Cause
from apiserver.kind import Kind
from apiserver.objects import gojson
from apiserver.objects.govalues import json_type
from apiserver.objects.selectors import parse_fields, parse_labels
from apiserver.objects.validation import Printed, forbidden, invalid, not_supported, required, too_long
from apiserver.quoting import quoted
from apiserver.watching import Selection

Query = Mapping[str, str]

EXACT, NOT_OLDER = "Exact", "NotOlderThan"
FIELD_MANAGER_MAX_BYTES = 128
CONTINUE_VERSION = "meta.k8s.io/v1"
FIELD_VALIDATION = ("", "Ignore", "Strict", "Warn")


@dataclass(frozen=True)
class ListOptions:
    """How a list or a watch is wanted. `resource_version` None means unsaid; limit 0 means all."""

    selection: Selection
    resource_version: int | None = None
    match: str = ""
    limit: int = 0
    continue_: str = ""
    watch: bool = False
    timeout_seconds: int | None = None
    bookmarks: bool = False
    send_initial: bool | None = None


def boolean(text: str) -> bool:
    """A flag as Kubernetes reads it: present and anything but 0 and false."""
    return text != "0" and text.lower() != "false"


def integer(query: Query, name: str) -> int | None:
    """An int64 of the query, None where it says none. Raises BadRequest in Go's words."""
    text = query.get(name, "")
    if not text:
        return None
    problem = _number_problem(text.removeprefix("-") if text[0] == "-" else text.removeprefix("+"), 2**63 - 1)
    if problem:
        raise errors.BadRequest(f"strconv.ParseInt: parsing {quoted(text)}: {problem}")
    return int(text)


def _number_problem(digits: str, maximum: int) -> str:
    if not digits.isdecimal() or not digits.isascii():
        return "invalid syntax"
    return "value out of range" if len(digits.lstrip("0")) > 20 or int(digits) > maximum else ""


def uint_problem(text: str) -> str:
    """Why a text is no resourceVersion: `strconv.ParseUint: parsing "x": invalid syntax`; "" when it is one."""
    problem = _number_problem(text, 2**64 - 1)
    return f"strconv.ParseUint: parsing {quoted(text)}: {problem}" if problem else ""


def list_options(kind: Kind, namespace: str, name: str, query: Query, *, watch: bool) -> ListOptions:
    """Read and check. Raises BadRequest, Invalid, or Unexplained as the API server does."""
    watch = watch or ("watch" in query and boolean(query["watch"]))
    limit, timeout_seconds = integer(query, "limit"), integer(query, "timeoutSeconds")
    version = query.get("resourceVersion", "")
    send_initial = boolean(query["sendInitialEvents"]) if "sendInitialEvents" in query else None
    match = query.get("resourceVersionMatch", "")
    continue_ = query.get("continue", "")
    causes = (_watch_causes if watch else _list_causes)(version, match, continue_, send_initial)
    if causes:
        raise errors.Invalid("ListOptions.meta.k8s.io", "", causes)
    selected = selection(kind, namespace, name, query)
    problem = uint_problem(version) if version else ""
    if problem:
        complaint = f"resourceVersion: Invalid value: {quoted(version)}: {problem}"
        if watch:
            raise errors.Unexplained(complaint)
        raise errors.BadRequest(f"invalid resource version: {complaint}")
    if continue_ and version not in ("", "0") and not watch:
        raise errors.BadRequest("specifying resource version is not allowed when using continue")
    return ListOptions(
        selected,
        int(version) if version else None,
        match,
        max(limit or 0, 0),
        continue_,
        watch,
        timeout_seconds,
        boolean(query.get("allowWatchBookmarks", "false")),
        send_initial,
    )


MATCH = "resourceVersionMatch"
WITH_CONTINUE = "resourceVersionMatch is forbidden when continue is provided"


def _watch_causes(version: str, match: str, continue_: str, send_initial: bool | None) -> list[Cause]:
    causes = []
    if send_initial is not None and match != NOT_OLDER:
        causes.append(forbidden(MATCH, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
    if match and send_initial is None:
        detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        causes.append(forbidden(MATCH, detail))
    if match and match != NOT_OLDER:
        causes.append(not_supported(MATCH, match, [NOT_OLDER]))
    if match and continue_:
        causes.append(forbidden(MATCH, WITH_CONTINUE))
    return causes


def _list_causes(version: str, match: str, continue_: str, send_initial: bool | None) -> list[Cause]:
    causes = []
    if match and not version:
        causes.append(forbidden(MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
    if match and continue_:
        causes.append(forbidden(MATCH, WITH_CONTINUE))
    if match not in ("", EXACT, NOT_OLDER):
        causes.append(not_supported(MATCH, match, [EXACT, NOT_OLDER, ""]))
    if match == EXACT and version == "0":
        causes.append(forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if send_initial is not None:
        causes.append(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return causes


def selection(kind: Kind, namespace: str, name: str, query: Query) -> Selection:
    """The objects meant by the selectors of a query. Raises BadRequest."""
    labels = fields = None
    try:
        if query.get("labelSelector"):
            labels = parse_labels(query["labelSelector"])
        text = query.get("fieldSelector", "")
        if name:
            text = f"metadata.name={name}" + ("," + text if text else "")
        if text:
            fields = parse_fields(text)
    except ValueError as error:
        raise errors.BadRequest(str(error)) from None
    if fields is not None:
        for path, _, _ in fields.requirements:
            _check_selectable(kind, path)
    return Selection(kind, namespace, labels, fields)


def _check_selectable(kind: Kind, path: str) -> None:
    if path in kind.selectable or path == "metadata.name" or (path == "metadata.namespace" and kind.namespaced):
        return
    if kind.selectable or not kind.form.is_struct:
        raise errors.BadRequest(f"field label not supported: {path}")
    raise errors.BadRequest(f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"')


def check_write_options(query: Query, kind: str) -> None:
    """Refuse unfit fieldManager, dryRun and fieldValidation values; `kind` is CreateOptions, UpdateOptions, ..."""
    _refuse(kind, _write_causes(query))


def check_patch_options(query: Query, *, applies: bool) -> None:
    """The same for a PATCH, which `applies` a manifest or not."""
    causes = []
    if applies and not query.get("fieldManager"):
        causes.append(required("fieldManager", "is required for apply patch"))
    elif not applies and "force" in query:
        causes.append(forbidden("force", "may not be specified for non-apply patch"))
    _refuse("PatchOptions", causes + _write_causes(query))


def _write_causes(query: Query) -> list[Cause]:
    causes = _manager_causes(query.get("fieldManager", ""))
    if query.get("dryRun", "All") not in ("All", ""):
        causes.append(not_supported("dryRun", [query["dryRun"]], ["All"]))
    if query.get("fieldValidation", "") not in FIELD_VALIDATION:
        causes.append(not_supported("fieldValidation", query["fieldValidation"], FIELD_VALIDATION))
    return causes


def _refuse(kind: str, causes: list[Cause]) -> None:
    if causes:
        raise errors.Invalid(f"{kind}.meta.k8s.io", "", causes)


def _manager_causes(manager: str) -> list[Cause]:
    """What is wrong with a field manager's name: its length, or characters that cannot be printed."""
    causes = []
    if len(manager.encode()) > FIELD_MANAGER_MAX_BYTES:
        causes.append(too_long("fieldManager", FIELD_MANAGER_MAX_BYTES))
    for position, character in enumerate(manager):
        if not character.isprintable():
            detail = f"invalid character U+{ord(character):04X} (at position {position})"
            causes.append(invalid("fieldManager", Printed(quoted(manager)), detail))
    return causes


def continue_token(revision: int, start: str) -> str:
    """Where the next page begins: after the storage key `start`, as of `revision` (-1: of whatever is there then)."""
    token = orjson.dumps({"v": CONTINUE_VERSION, "rv": revision, "start": start})
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def parse_continue(token: str) -> tuple[int, str]:
    """(revision, start) of a token; revision -1 stands for now. Raises BadRequest in Go's words."""
    problem = ""
    revision: Any = 0
    start: Any = ""
    try:
        parsed = gojson.plain(gojson.parse(_from_base64(token)))
        if not isinstance(parsed, dict):
            raise ValueError(f"json: cannot unmarshal {json_type(parsed)} into Go value of type storage.continueToken")
        version, revision, start = (parsed.get(name) for name in ("v", "rv", "start"))
        if version != CONTINUE_VERSION:
            problem = f"server does not recognize this encoded version {quoted(str(version or ''))}"
        elif not isinstance(revision, int) or not revision:
            problem = f"incorrect encoded start resourceVersion (version {CONTINUE_VERSION})"
        elif not isinstance(start, str) or not start:
            problem = f"encoded start key empty (version {CONTINUE_VERSION})"
        elif posixpath.normpath("/" + start.lstrip("/")) != "/" + start.lstrip("/"):
            problem = start
    except ValueError as error:
        problem = str(error)
    if problem:
        raise errors.BadRequest(f"invalid continue token: continue key is not valid: {problem}")
    return revision, start


def _from_base64(token: str) -> bytes:
    """Base64 for URLs without padding. Raises ValueError that says where it is broken."""
    strange = re.search(r"[^A-Za-z0-9_-]", token)
    at = strange.start() if strange else len(token) - 1 if len(token) % 4 == 1 else -1
    if at >= 0:
        raise ValueError(f"illegal base64 data at input byte {len(token[:at].encode())}")
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
