"""YAML as Kubernetes reads and writes it: the 1.1 quirks of its YAML library, not those of PyYAML.

Reading: `yes`, `on`, `n` are booleans, `0777` is 511, `1_000` is 1000, `1e3` is the integer 1000; dates and `12:30` are
strings; of duplicate keys the last wins; keys become strings, as they must in JSON. Writing: keys sorted, sequences
level with their key, strings quoted only where they would be read as something else, long ones folded at 80 columns.
The server reads and writes the same YAML, with the same library.
"""

from __future__ import annotations

import json
import math
import re
from functools import cmp_to_key

import yaml

from schemas.aliasing import Aliasing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BaseLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_Dumper: Any = getattr(yaml, "CDumper", yaml.Dumper)

MAX_DEPTH = 10_000
"""How deeply a document may be nested."""
_OPENERS = ("[", "{", "- ", "? ")
"""What opens a level of nesting; indentation alone would need a document of many megabytes."""
_TOO_DEEP = ("exceeded maximum nesting depth", "exceeded max depth")
"""How the C library says so where it has a limit of its own, below ours: that of newer releases is 1,000."""
_RESOLVED_TAGS = tuple(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_TIMESTAMP = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([Tt ]\s*\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?\s*(Z|[-+]\d\d?(:\d\d)?)?)?\Z", re.ASCII
)

_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True)
_WORDS |= dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False)
_WORDS |= dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf)
_WORDS |= dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf) | dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan)


class _Loader(_BaseLoader):  # type: ignore[misc]
    """Tells a scalar without a tag from one with `!!str`."""

    DEFAULT_SCALAR_TAG = "untagged"


class YAMLError(Exception):
    """What is wrong with a document, in the words of Go's YAML library: `yaml: line 4: did not find expected key`."""


# --- reading


def load(text: str | bytes) -> Any:
    """The value of one document (the first, should there be several).

    Raises:
        YAMLError: it is not YAML, or not what JSON could hold.
    """
    return load_with_duplicates(text)[0]


def load_with_duplicates(text: str | bytes) -> tuple[Any, list[str]]:
    """The value, and what there is to say of each key written twice: `line 4: key "a" already set in map`.

    Raises:
        YAMLError: as for load().
    """
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    if sum(map(text.count, _OPENERS)) > MAX_DEPTH:
        _check_depth(text)
    try:
        loader = _Loader(text)
        try:
            node = loader.get_node() if loader.check_node() else None
        finally:
            loader.dispose()
        reading = _Reading()
        return (None if node is None else reading.value(node)), reading.duplicates
    except yaml.MarkedYAMLError as error:
        raise YAMLError(_go_message(error, text)) from None
    except yaml.reader.ReaderError as error:
        raise YAMLError(f"yaml: {_reason(error)}") from None
    except RecursionError:
        raise YAMLError(f"yaml: exceeded max depth of {MAX_DEPTH}") from None


def _check_depth(text: str) -> None:
    """Refuses what is nested so deeply that the C library would run out of stack."""
    loader = _Loader(text)
    depth = 0
    try:
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise YAMLError(f"yaml: line {event.start_mark.line + 1}: exceeded max depth of {MAX_DEPTH}")
    except yaml.YAMLError:
        return  # the reading proper will say what is wrong
    finally:
        loader.dispose()


def _reason(error: Any) -> str:
    reason = str(error.reason)
    return "control characters are not allowed" if reason.startswith("special characters") else reason


def _go_message(error: yaml.MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark
    line = mark.line if mark is not None else 0
    if error.problem in _TOO_DEEP:
        return f"yaml: line {line + 1}: exceeded max depth of {MAX_DEPTH}"
    if isinstance(error, yaml.composer.ComposerError) and mark is not None:
        alias = re.match(r"\*([\w-]+)", text.splitlines()[line][mark.column :])
        return f"yaml: unknown anchor '{alias.group(1) if alias else ''}' referenced"
    if line and isinstance(error, yaml.scanner.ScannerError):
        line += 1
    where = f"line {line}: " if line else ""
    return f"yaml: {where}{error.problem or 'unknown problem parsing YAML content'}"


class _Reading:
    """Nodes to values, with aliases spelled out as JSON has none."""

    def __init__(self) -> None:
        self.duplicates: list[str] = []
        self._aliasing = Aliasing()
        self._open: set[int] = set()
        self._read: set[int] = set()

    def value(self, node: Any) -> Any:
        if self._aliasing.is_excessive():
            raise YAMLError("yaml: document contains excessive aliasing")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            raise YAMLError("yaml: anchor value contains itself")
        is_alias = id(node) in self._read
        self._aliasing.aliases += is_alias
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item) for item in node.value]
            return self._mapping(node)
        finally:
            self._open.discard(id(node))
            self._read.add(id(node))
            self._aliasing.aliases -= is_alias

    def _scalar(self, node: Any) -> Any:
        tag = str(node.tag)
        if tag.endswith("yaml.org,2002:binary"):
            import base64

            try:
                return base64.b64decode(node.value).decode(errors="replace")
            except ValueError:
                raise YAMLError("yaml: !!binary value contains invalid base64 data") from None
        plain = not node.style and tag == _Loader.DEFAULT_SCALAR_TAG
        if plain or tag in _RESOLVED_TAGS:
            return resolve(node.value)
        return node.value

    def _mapping(self, node: Any) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.value(key_node)
            if key == "<<" and key_node.style in (None, ""):
                sources = value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                for source in reversed(sources):
                    if not isinstance(source, yaml.MappingNode):
                        raise YAMLError("yaml: map merge requires map or sequence of maps as the value")
                    merged.update(self._mapping(source))
            else:
                name = _key(key)
                if name in own:
                    line = value_node.start_mark.line + 1
                    self.duplicates.append(f"line {line}: key {json.dumps(name)} already set in map")
                own[name] = self.value(value_node)
        return {**merged, **own}


def _key(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if value is None:
        return "null"
    raise YAMLError(f"yaml: invalid map key: {_go_syntax(value)}")


def _go_syntax(value: Any) -> str:
    """%#v: as a Go program would write it."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_go_syntax(key)}:{_go_syntax(value[key])}" for key in sorted(value))
        return f"map[interface {{}}]interface {{}}{{{inner}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(_go_syntax, value))}}}"
    return "interface {}(nil)" if value is None else json.dumps(value, ensure_ascii=False)


def resolve(text: str) -> Any:
    """What a plain scalar means.

    Raises:
        YAMLError: a number that JSON does not have.
    """
    if text in _WORDS:
        value = _WORDS[text]
        if isinstance(value, float):
            name = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
            raise YAMLError(f"json: unsupported value: {name}")
        return value
    if text[0] not in "0123456789+-." or _TIMESTAMP.match(text):
        return text
    number = text if text[0] == "." else text.replace("_", "")
    integer = _integer(number)
    if integer is not None:
        return integer
    if _FLOAT.match(number):
        return _whole(float(number))
    return text


def _integer(text: str) -> int | None:
    if text[0] == ".":
        return None
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    if not digits[:1].isdigit() or not digits.isascii() or not digits.isalnum():
        return None
    base = 8 if len(digits) > 1 and digits[0] == "0" and digits.isdigit() else 0
    try:
        value = int(digits, base)
    except ValueError:
        return None
    value = -value if sign == "-" else value
    return value if -(2**63) <= value < 2**64 else None


def _whole(number: float) -> int | float:
    if math.isinf(number):
        raise YAMLError("json: unsupported value: +Inf")
    return int(number) if number == int(number) and abs(number) < 1e21 else number


def number_text(value: int | float) -> str:
    """A number as Go's JSON encoder writes it."""
    if isinstance(value, int):
        return str(value)
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    if 1e-6 <= abs(value) < 1e21:
        text = repr(value)
        if "e" in text:
            mantissa, _, exponent = text.partition("e")
            digits, power = mantissa.replace(".", ""), int(exponent)
            sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
            return f"{sign}{digits.ljust(power + 1, '0')}" if power > 0 else f"{sign}0.{'0' * (-power - 1)}{digits}"
        return text.removesuffix(".0")
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        mantissa, _, exponent = f"{value:.17e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
    sign, digits = exponent[0] if exponent[0] in "+-" else "+", exponent.lstrip("+-").lstrip("0") or "0"
    return f"{mantissa.removesuffix('.0')}e{sign}{digits if sign == '-' else digits.zfill(2)}"


# --- writing


def dump(value: Any) -> str:
    """One document, ending in a newline."""
    pieces: list[str] = []

    class Sink:
        def write(self, text: str) -> None:
            pieces.append(text)

    dumper = _Dumper(Sink(), allow_unicode=True, width=80)
    emit = dumper.emit
    emit(yaml.StreamStartEvent())
    emit(yaml.DocumentStartEvent(explicit=False))
    _emit(emit, value)
    emit(yaml.DocumentEndEvent(explicit=False))
    emit(yaml.StreamEndEvent())
    dumper.dispose()
    text = "".join(pieces)
    return text.removesuffix("...\n")


def _emit(emit: Any, value: Any) -> None:
    if isinstance(value, dict):
        emit(yaml.MappingStartEvent(None, None, True, flow_style=not value))
        for key in sorted(map(str, value), key=cmp_to_key(_key_order)):
            _emit(emit, key)
            _emit(emit, value[key])
        emit(yaml.MappingEndEvent())
    elif isinstance(value, list | tuple):
        emit(yaml.SequenceStartEvent(None, None, True, flow_style=not value))
        for item in value:
            _emit(emit, item)
        emit(yaml.SequenceEndEvent())
    else:
        text, style = _scalar_text(value)
        emit(yaml.ScalarEvent(None, None, (True, True), text, style=style))


def _scalar_text(value: Any) -> tuple[str, str | None]:
    if value is None:
        return "null", None
    if isinstance(value, bool):
        return ("true" if value else "false"), None
    if isinstance(value, int | float):
        return _number_text(value), None
    text = str(value)
    if "\n" in text:
        return text, "|"
    return text, None if is_plain(text) else '"'


def _number_text(value: int | float) -> str:
    """A number as Go's YAML library writes it: shortest, with an exponent from 1e6 on unless it is whole."""
    text = number_text(value)
    whole = isinstance(value, int) or (value == int(value) and -(2**63) <= value < 2**64)
    return text if whole else _general(text)


def _general(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    before, _, after = digits.partition(".")
    power = int(exponent or 0) + (len(before) - 1 if before != "0" else len(after.lstrip("0")) - len(after) - 1)
    if -5 < power < 6:
        return text
    shown = (before + after).strip("0")
    return f"{sign}{shown[0]}{'.' if len(shown) > 1 else ''}{shown[1:]}e{'-' if power < 0 else '+'}{abs(power):02d}"


def is_plain(text: str) -> bool:
    """Would it be read as a string without quotes? (Whether its characters allow that is the emitter's to say.)"""
    if text in _WORDS or _BASE_60.match(text):
        return False
    if text[0] not in "0123456789+-.":
        return True
    if _TIMESTAMP.match(text):
        return False
    number = text if text[0] == "." else text.replace("_", "")
    return _integer(number) is None and not _FLOAT.match(number)


def _key_order(a: str, b: str) -> int:
    """Below 0 when key `a` comes first: letters by code and after all else, runs of digits by value."""
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), -1)
    if at < 0:
        return len(a) - len(b)
    letters = a[at].isalpha(), b[at].isalpha()
    if letters[0] != letters[1]:
        return 1 if letters[0] else -1
    if not letters[0]:
        carried = "1" if "0" in (a[at], b[at]) and _ends_in_number(a[:at]) else "0"
        runs = [_digits(text, at) for text in (a, b)]
        numbers = [int(carried + run) for run in runs]
        if numbers[0] != numbers[1]:
            return numbers[0] - numbers[1]
        if len(runs[0]) != len(runs[1]):
            return len(runs[0]) - len(runs[1])
    return ord(a[at]) - ord(b[at])


def _digits(text: str, at: int) -> str:
    end = at
    while end < len(text) and text[end] in "0123456789":
        end += 1
    return text[at:end]


def _ends_in_number(text: str) -> bool:
    return bool(text[len(text.rstrip("0123456789")) :].strip("0"))
