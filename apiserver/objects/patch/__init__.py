"""The four ways to patch an object. Each takes plain values and returns a new object that shares nothing changeable
with them: the live object is read-only, and one patch may be tried several times.

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
