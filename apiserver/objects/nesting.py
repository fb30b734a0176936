"""How deeply a value from outside may be nested: what comes in must go out again, and writers and readers have limits.

orjson writes 254 levels, and managedFields are a few levels deeper than the object they tell of; much of what walks
through objects does so recursively.
"""

from __future__ import annotations

from typing import Any

MAX_DEPTH = 200
TOO_DEEP = "exceeded max depth"


def is_too_deep(value: Any, left: int = MAX_DEPTH) -> bool:
    """Whether maps and lists stand within each other more than MAX_DEPTH times. Looks no deeper than that."""
    if isinstance(value, dict):
        return not left or any(is_too_deep(child, left - 1) for child in value.values() if child.__class__ in _NESTING)
    if isinstance(value, list):
        return not left or any(is_too_deep(child, left - 1) for child in value if child.__class__ in _NESTING)
    return False


def may_be_too_deep(body: bytes) -> bool:
    """Whether JSON has brackets enough for it: most have not, and need no closer look."""
    return body.count(b"{") + body.count(b"[") > MAX_DEPTH


_NESTING = (dict, list)
