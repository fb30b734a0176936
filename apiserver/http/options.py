"""Query parameters -> options, with Kubernetes' complaints about those that make no sense."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from apiserver import errors
from apiserver.errors import Cause
from apiserver.kind import Kind
from apiserver.objects.govalues import quoted
from apiserver.objects.selectors import parse_fields, parse_labels
from apiserver.objects.validation import Printed, forbidden, invalid, not_supported, too_long
from apiserver.watching import Selection

Query = Mapping[str, str]

EXACT, NOT_OLDER = "Exact", "NotOlderThan"
FIELD_MANAGER_MAX_BYTES = 128
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
    """A flag as Kubernetes reads it: present and anything but 0, false, False."""
    return text not in ("0", "false", "False", "F", "f", "FALSE")


def integer(query: Query, name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise errors.BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def list_options(kind: Kind, namespace: str, name: str, query: Query, *, watch: bool) -> ListOptions:
    """Read and check. Raises BadRequest, Invalid, or Unexplained as the API server does."""
    watch = watch or ("watch" in query and boolean(query["watch"]))
    limit, timeout_seconds = integer(query, "limit"), integer(query, "timeoutSeconds")
    version = query.get("resourceVersion", "")
    send_initial = boolean(query["sendInitialEvents"]) if "sendInitialEvents" in query else None
    match = query.get("resourceVersionMatch", "")
    causes = _causes(version, match, send_initial, watch=watch)
    if causes:
        raise errors.Invalid("ListOptions.meta.k8s.io", "", causes)
    if version and not version.isdigit():
        complaint = (
            f'resourceVersion: Invalid value: "{version}": strconv.ParseUint: parsing "{version}": invalid syntax'
        )
        if watch:
            raise errors.Unexplained(complaint)
        raise errors.BadRequest(f"invalid resource version: {complaint}")
    if query.get("continue") and version not in ("", "0"):
        raise errors.BadRequest("specifying resource version is not allowed when using continue")
    return ListOptions(
        selection(kind, namespace, name, query),
        int(version) if version else None,
        match,
        max(limit or 0, 0),
        query.get("continue", ""),
        watch,
        timeout_seconds,
        boolean(query.get("allowWatchBookmarks", "false")),
        send_initial,
    )


def _causes(version: str, match: str, send_initial: bool | None, *, watch: bool) -> list[Cause]:
    causes = []
    field = "resourceVersionMatch"
    if watch and send_initial is not None:
        if match != NOT_OLDER:
            causes.append(forbidden(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
        if match not in ("", NOT_OLDER):
            causes.append(not_supported(field, match, [NOT_OLDER]))
        return causes
    if match:
        if watch:
            causes.append(
                forbidden(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
            )
        elif not version:
            causes.append(forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
        elif match not in (EXACT, NOT_OLDER):
            causes.append(not_supported(field, match, [EXACT, NOT_OLDER, ""]))
        elif match == EXACT and version == "0":
            causes.append(forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if send_initial is not None and not watch:
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
    if kind.selectable:
        raise errors.BadRequest(f"field label not supported: {path}")
    raise errors.BadRequest(f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"')


def check_write_options(query: Query, kind: str) -> None:
    """Refuse unfit fieldManager, dryRun and fieldValidation values; `kind` is CreateOptions, UpdateOptions, ..."""
    causes = _manager_causes(query.get("fieldManager", ""))
    if query.get("dryRun", "All") not in ("All", ""):
        causes.append(not_supported("dryRun", [query["dryRun"]], ["All"]))
    if query.get("fieldValidation", "") not in FIELD_VALIDATION:
        causes.append(not_supported("fieldValidation", query["fieldValidation"], FIELD_VALIDATION))
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
    """Where the next page begins: after the storage key `start`, as of `revision`."""
    token = orjson.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start})
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def parse_continue(token: str) -> tuple[int, str]:
    """(revision, start) of a token. Raises BadRequest."""
    try:
        decoded = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        parsed = orjson.loads(decoded)
        return int(parsed["rv"]), str(parsed["start"])
    except orjson.JSONDecodeError:
        shown = decoded.decode("latin-1")[:1]
        because = (
            f"invalid character '{_quoted(shown)}' looking for beginning of value"
            if shown
            else "unexpected end of JSON input"
        )
    except (binascii.Error, ValueError, KeyError, TypeError):
        because = "illegal base64 data at input byte 0"
    raise errors.BadRequest(f"invalid continue token: continue key is not valid: {because}")


def _quoted(character: str) -> str:
    return character if character.isprintable() else f"\\u{ord(character):04x}"
