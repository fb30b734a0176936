"""What is wrong with an expression, told from the types of what it names before it judges anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from apiserver.objects.expressions import environments
from apiserver.objects.expressions.loading import BadExpression, cel, module
from apiserver.objects.expressions.running import BOUND_OLD
from apiserver.objects.expressions.syntax import INSERT, Tree, constant, problem
from apiserver.objects.expressions.values import fields_of
from apiserver.objects.structural import Node, formats, is_embedded, patterns, values_of

ANYTHING = "DYN"
_LITERALS = {"duration": "duration", "timestamp": "date-time"}
"""Functions that make something of a text -> what it must look like."""
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


class Typed(NamedTuple):
    """What the compiler knows of a good expression: its type, `DYN` where that cannot be told, and whether it asks for
    oldSelf."""

    type: str
    uses_old: bool = False


class Scope:
    """What an expression can see: variables, each described by a schema, or a type of the library by its name;
    `whole`: they are whole objects."""

    def __init__(self, variables: Mapping[str, Node | str], *, whole: bool = False) -> None:
        messages = _Messages()
        types = {
            name: cel().Type(said) if isinstance(said, str) else messages.type_of(said, whole=whole)
            for name, said in variables.items()
        }
        self._environment = environments.typed(types, messages.encoded())

    def check(self, text: str) -> Typed:
        """Raises BadExpression."""
        tree = Tree(environments.parser(), text)
        if said := next(_literal_problems(tree), ""):
            raise BadExpression(said)
        return Typed(self._type_of(text), tree.names("oldSelf"))

    def _type_of(self, text: str) -> str:
        try:
            return str(self._environment.compile(text).return_type().name())
        except RuntimeError as error:
            if INSERT in str(error):  # all types are right: it is only later that this function turns out to be missing
                return ANYTHING
            raise BadExpression(problem(error)) from None


class RuleScope:
    """What a rule at one place of a schema can see; `whole`: the place is that of a whole object."""

    def __init__(self, schema: Node, *, whole: bool) -> None:
        self._scope = Scope({"self": schema, "oldSelf": schema}, whole=whole)
        self._optional = Scope({"self": schema, "old": schema, "has_old": {"type": "boolean"}}, whole=whole)

    def check(self, text: str, *, optional_old: bool = False) -> Typed:
        """Raises BadExpression."""
        if not optional_old or not Tree(environments.parser(), text).names("oldSelf"):
            return self._scope.check(text)
        return self._optional.check(BOUND_OLD.format(text))


def _literal_problems(tree: Tree) -> Iterator[str]:
    """What is wrong with patterns, durations and times that are spelled out."""
    for node in tree:
        if not node.HasField("call_expr") or not node.call_expr.args:
            continue
        call, argument = node.call_expr, node.call_expr.args[0]
        text = constant(argument)
        if not isinstance(text, str):
            continue
        if call.function == "matches" and not _is_pattern(text):
            yield tree.said_at(argument, "invalid matches argument")
        format = _LITERALS.get(call.function)
        if format and not call.HasField("target") and not formats.is_of(format, text):
            yield tree.said_at(argument, f"invalid {call.function} argument")


def _is_pattern(text: str) -> bool:
    try:
        patterns.compiled(text)
    except patterns.BadPattern:
        return False
    return True


class _Messages:
    """Schemas as the protobuf messages that the compiler knows types from."""

    def __init__(self) -> None:
        self._descriptors = module("google.protobuf.descriptor_pb2")
        self._file = self._descriptors.FileDescriptorProto(name="self.proto", package="self", syntax="proto2")
        self._file.dependency.extend(f"google/protobuf/{name}.proto" for name in ("struct", "timestamp", "duration"))

    def encoded(self) -> bytes:
        found: bytes = self._file.SerializeToString()
        return found

    def type_of(self, schema: Node, *, whole: bool = False) -> Any:
        """The type of a variable that holds what the schema describes."""
        type_, types = schema.get("type"), cel().Type
        if type_ == "array":
            return types.List(self.type_of(schema.get("items") or {}))
        if type_ == "object" and (values := values_of(schema)) is not None:
            return types.Map(types.STRING, self.type_of(values))
        if type_ == "object":
            return types(self._message(schema, whole=whole).lstrip("."))
        return getattr(types, _SIMPLE.get((type_ or "", _format(schema)), (ANYTHING, ""))[0])

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


def _format(schema: Node) -> str:
    said = schema.get("format") or ""
    return said if ("string", said) in _SIMPLE and schema.get("type") == "string" else ""
