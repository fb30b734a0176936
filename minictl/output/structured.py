"""YAML and JSON as kubectl prints them. Imports nothing heavy: YAML's library only when YAML is asked for."""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def to_json(value: Any) -> str:
    """Sorted keys, four spaces, and <, > and & escaped; ends in a newline."""
    return _as_go(json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False)) + "\n"


def to_compact_json(value: Any) -> str:
    """Sorted keys and no spaces, escaped the same way."""
    return _as_go(json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False))


def _as_go(text: str) -> str:
    if _EXPONENT.search(text):
        text = _NUMBERS.sub(lambda match: match[0] if match[0][0] == '"' else _number(match[0]), text)
    return escape_html(text)


_EXPONENT = re.compile(r"\d(e[+-]\d|\.0\b)")
_NUMBERS = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:e[+-]\d+)?')


def _number(text: str) -> str:
    """A number as Go's encoder writes it: digits from 1e-6 up to 1e21, beyond that an exponent with no leading zero."""
    if "e" not in text and not text.endswith(".0"):
        return text
    from minictl.texts.gofloats import float_text

    value = float(text)
    if value and not 1e-6 <= abs(value) < 1e21:
        return float_text(value).replace("e-0", "e-").replace("e+0", "e+")
    return float_text(value, "f")


def to_yaml(value: Any) -> str:
    """One YAML document, keys sorted."""
    from schemas import yamls

    return yamls.dump(value)


def escape_html(text: str) -> str:
    """What Go's JSON encoder does to characters that HTML might trip over."""
    for char, escape in _ESCAPES:
        if char in text:
            text = text.replace(char, escape)
    return text


_ESCAPES = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))


def to_kyaml(value: Any) -> str:
    """KYAML: YAML that looks like JSON with comments and trailing commas; a document of its own, keys sorted."""
    return f"---\n{_kyaml(value, '')}\n"


def _kyaml(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, dict):
        if not value:
            return "{}"
        lines = [f"{inner}{_kyaml_key(key)}: {_kyaml(value[key], inner)},\n" for key in sorted(value)]
        return f"{{\n{''.join(lines)}{indent}}}"
    if isinstance(value, list):
        if not value:
            return "[]"
        if all(isinstance(item, dict | list) and item for item in value):  # brackets of neighbours share a line
            return f"[{', '.join(_kyaml(item, indent) for item in value)}]"
        return "[\n" + "".join(f"{inner}{_kyaml(item, inner)},\n" for item in value) + f"{indent}]"
    if isinstance(value, str):
        return _kyaml_text(value, indent)
    return json.dumps(value)


def _kyaml_key(key: str) -> str:
    from schemas import yamls

    plain = key and yamls.is_plain(key) and all(c.isalnum() or c in "_-./" for c in key) and key[0] not in "-./"
    return key if plain else json.dumps(key, ensure_ascii=False)


def _kyaml_text(text: str, indent: str) -> str:
    """A text of several lines goes on a line each, folded back together by the backslashes."""
    if "\n" not in text.rstrip("\n"):
        return json.dumps(text, ensure_ascii=False)
    inner = indent + "  "
    lines = text.split("\n")
    pieces = [json.dumps(line, ensure_ascii=False)[1:-1] for line in lines]
    ends = ["\\n\\\n"] * (len(pieces) - 1) + ["\\\n"]
    starts = ["\\" if piece[:1] == " " else " " for piece in pieces]
    starts = [
        "\\" if piece.startswith(" ") else " " for piece in pieces
    ]  # a space of its own needs a backslash to last
    body = "".join(inner + start + piece + end for start, piece, end in zip(starts, pieces, ends, strict=True))
    return f'"\\\n{body}{inner}"'
