"""What ConfigMaps and Secrets share: bags of named bytes with a size limit, which can be frozen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apiserver.objects.validation import Causes, forbidden

Object = dict[str, Any]

MAX_BYTES = 1 << 20
"""All values of one ConfigMap or Secret together."""

_FROZEN = "field is immutable when `immutable` is set"


def base64_length(text: str) -> int:
    """How many bytes standard base64 `text` stands for."""
    return len(text) // 4 * 3 - text[-2:].count("=")


def validate_frozen(new: Object, old: Object, bags: Iterable[str]) -> Causes:
    """What `new` changes although `old` is marked immutable: the mark itself, or one of `bags`."""
    if not old.get("immutable"):
        return []
    causes: Causes = []
    if not new.get("immutable"):
        causes.append(forbidden("immutable", _FROZEN))
    causes += [forbidden(bag, _FROZEN) for bag in bags if (new.get(bag) or {}) != (old.get(bag) or {})]
    return causes
