"""The four ways to patch an object. Each takes plain values and returns a new object. Nothing in it is shared with the
patch, which may be tried several times; the object that was patched is left as it is, and what the patch does not reach
of it stands in the new one, too: the very same parts, so that a caller can tell what is untouched.

    jsonpatch    RFC 6902: a list of operations
    merge        RFC 7386: what stands in the patch replaces, null removes
    strategic    like merge, with lists merged by key as the schema says, and directives
    apply        server-side apply: a manifest of what one manager wants, merged by ownership
"""

from __future__ import annotations

from typing import Any


def copied(value: Any) -> Any:
    """A deep copy of a JSON value."""
    if isinstance(value, dict):
        return {key: copied(member) if isinstance(member, dict | list) else member for key, member in value.items()}
    if isinstance(value, list):
        return [copied(item) if isinstance(item, dict | list) else item for item in value]
    return value
