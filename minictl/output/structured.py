"""YAML and JSON as kubectl prints them. Imports nothing heavy: YAML's library only when YAML is asked for."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def to_json(value: Any) -> str:
    """Sorted keys, four spaces, and <, > and & escaped; ends in a newline."""
    return escape_html(json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False)) + "\n"


def to_compact_json(value: Any) -> str:
    """Sorted keys and no spaces, escaped the same way."""
    return escape_html(json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False))


def to_yaml(value: Any) -> str:
    """One YAML document, keys sorted."""
    from minictl import yamls

    return yamls.dump(value)


def escape_html(text: str) -> str:
    """What Go's JSON encoder does to characters that HTML might trip over."""
    for char, escape in _ESCAPES:
        if char in text:
            text = text.replace(char, escape)
    return text


_ESCAPES = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))
