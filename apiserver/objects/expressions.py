"""Expressions in CEL, the language of x-kubernetes-validations: the only home of the library that reads and runs them.

An expression is compiled twice. Once with the types of the schema, as protobuf messages, to find what is wrong with it
before any object is judged by it; once without, to run it over plain values, where a field that is absent is an error
as in Kubernetes and not a zero. The library is loaded when the first expression is met, and not before.

What Kubernetes adds to the language and is not here is refused by name when the expression is compiled: quantities,
URLs, IP addresses and named formats. Nothing counts the cost of an expression: it is bound by the size of the object.
"""

from __future__ import annotations

import base64
import importlib
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from apiserver.objects.structural import Node, is_embedded, patterns, values_of

REMEMBERED = 1024
"""Compiled expressions kept."""

KEYWORDS = frozenset((
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
    "loop", "package", "namespace", "return", "var", "void", "while",
))  # fmt: skip
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_OLD = re.compile(r"undeclared reference to 'oldSelf[.']")
_BOUND = "cel.bind(oldSelf, has_old ? optional.of(old) : optional.none(), ({}))"
"""How an expression gets an oldSelf that may be none."""


class BadExpression(ValueError):
    """An expression that cannot be compiled; the text says where and why."""


class Failed(ValueError):
    """An expression that came to no result, in Kubernetes' words: `no such key: x`."""


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Whether the library is installed: it has no build for every machine."""
    try:
        _module("cel_expr_python.cel")
    except ImportError:
        return False
    return True


def _module(name: str) -> Any:
    return importlib.import_module(name)  # compiled, without types; and not before it is needed


# -- running -----------------------------------------------------------------------------------------------------------


class Expression:
    """An expression ready to run over plain values; `uses_old` tells whether it asks what stood there before."""

    def __init__(self, text: str, *, optional_old: bool) -> None:
        self.uses_old = False
        try:
            self._program = _plain_environment(with_old=False).compile(text)
        except RuntimeError as error:
            if not _OLD.search(str(error)):
                raise BadExpression(_problem(error)) from None
            self.uses_old = True
            source = _BOUND.format(text) if optional_old else text
            self._program = _plain_environment(with_old=not optional_old).compile(source)

    def value(self, self_: Any, old: Any = None, *, has_old: bool = False) -> Any:
        """Its result; the values as `plain` makes them. Raises Failed."""
        data = {"self": self_, "old": old, "oldSelf": old, "has_old": has_old}
        found = self._program.eval(data=data)
        if found.type() == _module("cel_expr_python.cel").Type.ERROR:
            raise Failed(_failure(found.plain_value()))
        return found.plain_value()


@lru_cache(maxsize=REMEMBERED)
def compiled(text: str, *, optional_old: bool = False) -> Expression:
    """Raises BadExpression."""
    return Expression(text, optional_old=optional_old)


@lru_cache(maxsize=2)
def _plain_environment(*, with_old: bool) -> Any:
    types = _module("cel_expr_python.cel").Type
    variables = {"self": types.DYN, "old": types.DYN, "has_old": types.BOOL}
    return _environment({**variables, "oldSelf": types.DYN} if with_old else variables, None)


def _environment(variables: Mapping[str, Any], pool: Any) -> Any:
    cel = _module("cel_expr_python.cel")
    extensions = [
        getattr(_module(f"cel_expr_python.ext.ext_{name.lower()}"), f"Ext{name}")()
        for name in ("Strings", "Math", "Optional", "Bindings")
    ]
    more = {} if pool is None else {"descriptor_pool": pool}
    return cel.NewEnv(variables=variables, extensions=extensions, functions=_functions(cel), **more)


def _functions(cel: Any) -> list[Any]:
    """What Kubernetes adds to the language, as far as it is here."""
    types = cel.Type
    many, texts = types.List(types.DYN), [types.STRING, types.STRING]
    declared: list[tuple[str, Any, list[Any], Callable[..., Any]]] = [
        ("isSorted", types.BOOL, [many], lambda values: all(a <= b for a, b in itertools.pairwise(values))),
        ("sum", types.DYN, [many], sum),
        ("min", types.DYN, [many], min),
        ("max", types.DYN, [many], max),
        ("find", types.STRING, texts, lambda text, pattern: next(_found(text, pattern), "")),
        ("findAll", types.List(types.STRING), texts, lambda text, pattern: list(_found(text, pattern))),
    ]
    return [
        cel.FunctionDecl(name, [cel.Overload(f"kubernetes_{name}", result, takes, True, function)])
        for name, result, takes, function in declared
    ]


def _found(text: str, pattern: str) -> Iterator[str]:
    return (found.group() for found in patterns.compiled(pattern).finditer(text))


_FAILURES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r'Key not found in map : "?([^"]*)"?'), r"no such key: \1"),
    (re.compile(r"Index error: index=(-?\d+) size=\d+"), r"index out of bounds: \1"),
    (re.compile(r"divide by zero"), "division by zero"),
    (re.compile(r"modulus by zero"), "modulus by zero"),
    (re.compile(r"(?:No matching overloads found|Applying SELECT to non-message type).*"), "no such overload"),
)


def _failure(text: str) -> str:
    text = re.sub(r"^[A-Z_]+: ", "", text)
    for pattern, said in _FAILURES:
        if found := pattern.match(text):
            return found.expand(said)
    return text


# -- compiling with types ----------------------------------------------------------------------------------------------


class Scope:
    """What an expression at one place of a schema can see; `whole`: the place is that of a whole object."""

    def __init__(self, schema: Node, *, whole: bool) -> None:
        self._schema, self._whole = schema, whole
        self._environments: dict[bool, Any] = {}

    def check(self, text: str, wanted: str, *, optional_old: bool = False) -> tuple[bool, bool]:
        """(whether it has the `wanted` type, BOOL say; whether it uses oldSelf). Raises BadExpression."""
        uses_old = False
        try:
            program = self._environment(with_old=False).compile(text)
        except RuntimeError as error:
            uses_old = _OLD.search(str(error)) is not None
            if not uses_old:
                raise BadExpression(_problem(error)) from None
            try:
                source = _BOUND.format(text) if optional_old else text
                program = self._environment(with_old=not optional_old).compile(source)
            except RuntimeError as other:
                raise BadExpression(_problem(other)) from None
        return program.return_type().name() in (wanted, "DYN"), uses_old

    def _environment(self, *, with_old: bool) -> Any:
        if with_old not in self._environments:
            messages = _Messages()
            seen = messages.type_of(self._schema, whole=self._whole)
            variables = {"self": seen, "old": seen, "has_old": messages.types.BOOL}
            if with_old:
                variables["oldSelf"] = seen
            self._environments[with_old] = _environment(variables, messages.pool())
        return self._environments[with_old]


def _problem(error: RuntimeError) -> str:
    """What the compiler says, without what follows from another error."""
    text = str(error).removeprefix("INVALID_ARGUMENT: ").removesuffix(" [INVALID_ARGUMENT]")
    said = [one for one in text.split("\nERROR: ") if "'*error*'" not in one]
    text = "\nERROR: ".join(said)
    return re.sub(r"(undefined field '[^']*') not found in struct '[^']*'", r"\1", text)


class _Messages:
    """A schema as the protobuf messages that the compiler knows types from."""

    def __init__(self) -> None:
        self._descriptors = _module("google.protobuf.descriptor_pb2")
        self._wellknown = [_module(f"google.protobuf.{name}_pb2") for name in ("struct", "timestamp", "duration")]
        self._file = self._descriptors.FileDescriptorProto(name="self.proto", package="self", syntax="proto2")
        self._file.dependency.extend(module.DESCRIPTOR.name for module in self._wellknown)
        self.types = _module("cel_expr_python.cel").Type

    def pool(self) -> Any:
        pool = _module("google.protobuf.descriptor_pool").DescriptorPool()
        for module in self._wellknown:
            pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
        pool.AddSerializedFile(self._file.SerializeToString())
        return pool

    def type_of(self, schema: Node, *, whole: bool = False) -> Any:
        """The type of a variable that holds what the schema describes."""
        type_ = schema.get("type")
        if type_ == "array":
            return self.types.List(self.type_of(schema.get("items") or {}))
        if type_ == "object" and (values := values_of(schema)) is not None:
            return self.types.Map(self.types.STRING, self.type_of(values))
        if type_ == "object":
            return self.types(self._message(schema, whole=whole).lstrip("."))
        return getattr(self.types, _SIMPLE.get((type_ or "", _format(schema)), ("DYN", ""))[0])

    def _message(self, schema: Node, *, whole: bool) -> str:
        name = f"Object{len(self._file.message_type)}"
        message = self._file.message_type.add(name=name)
        for number, (field, inner) in enumerate(fields_of(schema, whole=whole).items(), 1):
            self._add(message, field, number, inner)
        return f".self.{name}"

    def _add(self, message: Any, name: str, number: int, schema: Node) -> None:
        kinds = self._descriptors.FieldDescriptorProto
        label, inner = kinds.LABEL_OPTIONAL, schema
        values = values_of(schema) if schema.get("type") == "object" else None
        if schema.get("type") == "array":
            label, inner = kinds.LABEL_REPEATED, schema.get("items") or {}
        field = message.field.add(name=name, number=number, label=label, json_name=name)
        if values is not None:
            entry = message.nested_type.add(name=_entry_name(name))
            entry.options.map_entry = True
            entry.field.add(name="key", number=1, label=kinds.LABEL_OPTIONAL, type=kinds.TYPE_STRING)
            self._give_type(entry.field.add(name="value", number=2, label=kinds.LABEL_OPTIONAL), values)
            field.label, field.type = kinds.LABEL_REPEATED, kinds.TYPE_MESSAGE
            field.type_name = f".self.{message.name}.{entry.name}"
        else:
            self._give_type(field, inner)

    def _give_type(self, field: Any, schema: Node) -> None:
        kinds, type_ = self._descriptors.FieldDescriptorProto, schema.get("type")
        if type_ == "object" and values_of(schema) is None:
            field.type, field.type_name = kinds.TYPE_MESSAGE, self._message(schema, whole=is_embedded(schema))
            return
        said = _SIMPLE.get((type_ or "", _format(schema)), ("", ".google.protobuf.Value"))[1]
        if said.startswith("."):
            field.type, field.type_name = kinds.TYPE_MESSAGE, said
        else:
            field.type = getattr(kinds, said)


def _entry_name(field: str) -> str:
    """What protobuf wants the message to be called that holds a key and a value of a map."""
    return re.sub(r"(?:^|_+)(.)", lambda found: found[1].upper(), field) + "Entry"


_SIMPLE = {
    ("string", ""): ("STRING", "TYPE_STRING"),
    ("string", "byte"): ("BYTES", "TYPE_BYTES"),
    ("string", "date"): ("TIMESTAMP", ".google.protobuf.Timestamp"),
    ("string", "date-time"): ("TIMESTAMP", ".google.protobuf.Timestamp"),
    ("string", "duration"): ("DURATION", ".google.protobuf.Duration"),
    ("integer", ""): ("INT", "TYPE_INT64"),
    ("number", ""): ("DOUBLE", "TYPE_DOUBLE"),
    ("boolean", ""): ("BOOL", "TYPE_BOOL"),
}
"""(type, format) -> how the compiler calls it, as a variable and as a field; anything else may be anything."""


def _format(schema: Node) -> str:
    said = schema.get("format") or ""
    return said if ("string", said) in _SIMPLE and schema.get("type") == "string" else ""


# -- values ------------------------------------------------------------------------------------------------------------


def fields_of(schema: Node, *, whole: bool) -> dict[str, Node]:
    """The fields that expressions can name, each by its name in CEL; a whole object has those every object has."""
    fields: dict[str, Node] = dict(schema.get("properties") or {})
    if whole:
        text: Node = {"type": "string"}
        metadata: Node = {"type": "object", "properties": {"name": text, "generateName": text}}
        fields |= {"apiVersion": text, "kind": text, "metadata": metadata}
    return {escaped: inner for name, inner in fields.items() if (escaped := in_cel(name)) is not None}


def in_cel(name: str) -> str | None:
    """A field's name as expressions write it; None: they cannot."""
    if name in KEYWORDS:
        return f"__{name}__"
    escaped = re.sub(r"__|[./-]", lambda found: _ESCAPES[found.group()], name)
    return escaped if _NAME.match(escaped) else None


def plain(value: Any, schema: Node, *, whole: bool = False) -> Any:
    """A value as expressions see it: times are times, numbers floats, and only known fields are there."""
    if isinstance(value, list):
        items = schema.get("items") or {}
        return [plain(item, items) for item in value]
    if isinstance(value, dict):
        values = values_of(schema)
        if values is not None:
            return {key: plain(item, values) for key, item in value.items()}
        if schema.get("type") != "object":
            return value
        fields = fields_of(schema, whole=whole)
        return {
            escaped: plain(item, fields[escaped], whole=is_embedded(fields[escaped]))
            for name, item in value.items()
            if (escaped := in_cel(name)) in fields and escaped is not None
        }
    if isinstance(value, str):
        return _READERS[_format(schema)](value)
    is_number = schema.get("type") == "number" and isinstance(value, int) and not isinstance(value, bool)
    return float(value) if is_number else value


def _time(text: str) -> Any:
    time = _module("google.protobuf.timestamp_pb2").Timestamp()
    time.FromJsonString(text if "T" in text else f"{text}T00:00:00Z")
    return time


def _duration(text: str) -> Any:
    duration = _module("google.protobuf.duration_pb2").Duration()
    duration.FromTimedelta(compiled("duration(self)").value(text))
    return duration


_READERS: dict[str, Callable[[str], Any]] = {
    "": str,
    "date": _time,
    "date-time": _time,
    "duration": _duration,
    "byte": base64.b64decode,
}
