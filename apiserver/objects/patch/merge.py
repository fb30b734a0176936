"""JSON merge patch (RFC 7386)."""

from __future__ import annotations

from typing import Any

from apiserver import errors
from apiserver.objects.govalues import json_type
from apiserver.objects.patch import copied


def apply(object: dict[str, Any], patch: Any) -> dict[str, Any]:
    """The object with the patch merged in. Raises BadRequest for a patch that is no JSON object."""
    if not isinstance(patch, dict):
        what = f"json: cannot unmarshal {json_type(patch)} into Go value of type map[string]interface {{}}"
        raise errors.BadRequest(f"error decoding patch: {what}")
    return _merged(object, patch)


def _merged(old: Any, patch: dict[str, Any]) -> dict[str, Any]:
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = _merged(result.get(key), value)
        else:
            result[key] = copied(value)
    return result
