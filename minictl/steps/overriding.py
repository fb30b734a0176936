"""--overrides of `run` and `expose`: changes to the object made from the other flags."""

from __future__ import annotations

import json

from minictl.errors import CommandError
from minictl.grammar.flags import Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.resources import Resource

    Object = dict[str, Any]

FLAGS = (
    Flag("overrides", help="JSON to change the object with before it is sent"),
    Flag("override-type", default="merge", help="what that JSON is: a merge, strategic or json patch"),
)
NO_OBJECT = (
    "couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go value of type struct "
    '{{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }}'
)
GO_KINDS = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}


def overridden(subject: Object, flags: Flags, where: Resource) -> Object:
    """The object as --overrides wants it.

    Raises:
        CommandError: it is no JSON, or does not fit.
    """
    text, kind = flags.text("overrides"), flags.text("override-type")
    if not text:
        return subject
    try:
        patch = json.loads(text)
    except ValueError:
        raise CommandError("Invalid JSON Patch") from None
    if kind != "json" and not isinstance(patch, dict):
        raise CommandError(NO_OBJECT.format(GO_KINDS.get(type(patch), "null")))
    if kind == "json":
        from minictl.patches import jsonpatch

        return jsonpatch.apply(subject, patch)
    if kind not in ("merge", "strategic"):
        raise CommandError(f"invalid override type: {kind}")
    from minictl.patches.strategic import patched
    from minictl.steps.applying import field_of

    try:
        return patched(subject, patch, field_of(where) if kind == "strategic" else None)
    except (ValueError, AttributeError) as error:
        raise CommandError(f"Invalid JSON Patch: {error}") from None
