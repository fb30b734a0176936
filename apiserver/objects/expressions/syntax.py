"""An expression as a tree, as the library's parser makes it: protobuf messages of the shape that CEL publishes.

Some of what Kubernetes' own CEL has, the library cannot do or say; it is brought about by changing the tree:

    transformMap, transformMapEntry   put entries into a map with a function that the library declares and lacks
    format.X().validate(text)         answers an optional, which a function in Python cannot make
    Object{spec: Object.spec{}}       is a map like any other: the types of a policy's changes are known to nobody
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from apiserver.objects.expressions.loading import BadExpression, module

_SHAPES = {
    "Expr": "id:2:int const_expr:3:Constant ident_expr:4:Ident select_expr:5:Select call_expr:6:Call "
    "list_expr:7:CreateList struct_expr:8:CreateStruct comprehension_expr:9:Comprehension",
    "Constant": "null_value:1:int bool_value:2:bool int64_value:3:int uint64_value:4:uint double_value:5:double "
    "string_value:6:string bytes_value:7:bytes",
    "Ident": "name:1:string",
    "Select": "operand:1:Expr field:2:string test_only:3:bool",
    "Call": "target:1:Expr function:2:string args:3:*Expr",
    "CreateList": "elements:1:*Expr optional_indices:2:*place",
    "CreateStruct": "message_name:1:string entries:2:*Entry",
    "Entry": "id:1:int field_key:2:string map_key:3:Expr value:4:Expr optional_entry:5:bool",
    "Comprehension": "iter_var:1:string iter_var2:8:string iter_range:2:Expr accu_var:3:string accu_init:4:Expr "
    "loop_condition:5:Expr loop_step:6:Expr result:7:Expr",
    "Position": "key:1:int value:2:place",
    "SourceInfo": "positions:4:*Position",
    "ParsedExpr": "expr:2:Expr source_info:3:SourceInfo",
}
"""message -> its fields: name, number, type; `*`: many of them."""
_TYPES = {"double": 1, "int": 3, "uint": 4, "place": 5, "bool": 8, "string": 9, "bytes": 12}
_MESSAGE = 11
_MANY, _ONE = 3, 1

INSERT = "cel.@mapInsert"
MERGE = "kubernetes.merged"
"""The function that puts together two maps, in place of the one that is missing."""

DOTTED = "authorizer.requestResource"

Node = Any
"""An Expr of the tree."""


class Tree:
    """An expression, read; `root` may be changed. Raises BadExpression."""

    def __init__(self, parser: Any, text: str) -> None:
        try:
            encoded = parser.compile(text, disable_check=True).serialize()
        except RuntimeError as error:
            raise BadExpression(problem(error)) from None
        self._text = text
        self._wrapped = module("google.protobuf.any_pb2").Any.FromString(encoded)
        self._parsed = _messages()["ParsedExpr"].FromString(self._wrapped.value)

    @property
    def root(self) -> Node:
        return self._parsed.expr

    def __iter__(self) -> Iterator[Node]:
        return _within(self.root)

    def encoded(self) -> bytes:
        """The tree as the library takes it back."""
        self._wrapped.value = self._parsed.SerializeToString()
        found: bytes = self._wrapped.SerializeToString()
        return found

    def names(self, name: str) -> bool:
        """Whether a variable is asked for."""
        return any(node.HasField("ident_expr") and node.ident_expr.name == name for node in self)

    def fields(self) -> Iterator[tuple[str, str]]:
        """(variable, field) wherever a field of a variable is asked for."""
        for node in self:
            if node.HasField("select_expr") and node.select_expr.operand.HasField("ident_expr"):
                yield node.select_expr.operand.ident_expr.name, node.select_expr.field

    def said_at(self, node: Node, said: str) -> str:
        """A problem as the compiler words it: the place, the line and a finger."""
        offset = next((each.value for each in self._parsed.source_info.positions if each.key == node.id), 0)
        line = self._text.count("\n", 0, offset)
        column = offset - (self._text.rfind("\n", 0, offset) + 1)
        text = self._text.split("\n")[line]
        return f"ERROR: <input>:{line + 1}:{column + 1}: {said}\n | {text}\n | {'.' * column}^"

    def rewrite(self) -> None:
        """Say in other words what the library cannot do."""
        for node in reversed(list(self)):  # what is within before what it is in
            if node.HasField("call_expr"):
                _REWRITTEN.get(node.call_expr.function, _as_it_is)(node)
            elif node.HasField("struct_expr"):
                _make_map(node)
            elif node.HasField("select_expr"):
                _make_variable(node)


def problem(error: Exception) -> str:
    """What the compiler says, without what follows from another error."""
    text = str(error).removeprefix("INVALID_ARGUMENT: ").removesuffix(" [INVALID_ARGUMENT]")
    said = [one for one in text.split("\nERROR: ") if "'*error*'" not in one]
    text = "\nERROR: ".join(said)
    return re.sub(r"(undefined field '[^']*') not found in struct '[^']*'", r"\1", text)


def children(node: Node) -> list[Node]:
    """The expressions that one is made of."""
    kind = node.WhichOneof("expr_kind")
    found: Any = getattr(node, kind) if kind else None
    if kind == "select_expr":
        return [found.operand]
    if kind == "call_expr":
        return [*([found.target] if found.HasField("target") else ()), *found.args]
    if kind == "list_expr":
        return list(found.elements)
    if kind == "struct_expr":
        return [part for e in found.entries for part in (*([e.map_key] if e.HasField("map_key") else ()), e.value)]
    if kind == "comprehension_expr":
        return [found.iter_range, found.accu_init, found.loop_condition, found.loop_step, found.result]
    return []


def constant(node: Node) -> Any:
    """The value of a literal; None where it is none, or null."""
    kind = node.const_expr.WhichOneof("constant_kind") if node.HasField("const_expr") else None
    return getattr(node.const_expr, kind) if kind and kind != "null_value" else None


def _within(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from _within(child)


def _as_it_is(node: Node) -> None:
    return


def _insert(node: Node) -> None:
    """insert(map, key, value) becomes merged(map, {key: value}); insert(map, map) has the same name otherwise."""
    call = node.call_expr
    call.function = MERGE
    if len(call.args) == 3:
        one = type(node)()
        entry = one.struct_expr.entries.add()
        entry.map_key.CopyFrom(call.args[1])
        entry.value.CopyFrom(call.args[2])
        del call.args[1:]
        call.args.add().CopyFrom(one)


def _make_optional(node: Node) -> None:
    """What is empty becomes none, anything else is there."""
    found = type(node)()
    found.CopyFrom(node)
    number = node.id
    node.Clear()
    node.id, node.call_expr.function = number, "optional.ofNonZeroValue"
    node.call_expr.args.add().CopyFrom(found)


def _make_named_optional(node: Node) -> None:
    target = node.call_expr.target
    if target.HasField("ident_expr") and target.ident_expr.name == "format":
        _make_optional(node)


def _make_map(node: Node) -> None:
    node.struct_expr.message_name = ""
    for entry in node.struct_expr.entries:
        if entry.WhichOneof("key_kind") == "field_key":
            name = entry.field_key
            entry.map_key.const_expr.string_value = name


def _make_variable(node: Node) -> None:
    """What looks like a field, and is the one variable whose name has a dot."""
    operand, field = node.select_expr.operand, node.select_expr.field
    if operand.HasField("ident_expr") and f"{operand.ident_expr.name}.{field}" == DOTTED:
        node.ident_expr.name = DOTTED


_REWRITTEN: dict[str, Callable[[Node], None]] = {
    INSERT: _insert,
    "validate": _make_optional,
    "named": _make_named_optional,
}


@lru_cache(maxsize=1)
def _messages() -> dict[str, Any]:
    """The classes of the messages of a tree."""
    file = module("google.protobuf.descriptor_pb2").FileDescriptorProto(
        name="syntax.proto", package="syntax", syntax="proto2"
    )
    for name, fields in _SHAPES.items():
        message = file.message_type.add(name=name)
        choice = {"Expr": "expr_kind", "Constant": "constant_kind", "Entry": "key_kind"}.get(name)
        if choice:
            message.oneof_decl.add(name=choice)
        for said in fields.split():
            field_name, number, type_ = said.split(":")
            field = message.field.add(name=field_name, number=int(number), label=_MANY if type_[0] == "*" else _ONE)
            type_ = type_.removeprefix("*")
            if type_ in _TYPES:
                field.type = _TYPES[type_]
            else:
                field.type, field.type_name = _MESSAGE, f".syntax.{type_}"
            if choice and field_name.endswith(("_expr", "_value", "_key")):
                field.oneof_index = 0
            if type_ == "place" and field.label == _MANY:
                field.options.packed = True
    pool = module("google.protobuf.descriptor_pool").DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    made = module("google.protobuf.message_factory").GetMessageClass
    return {name: made(pool.FindMessageTypeByName(f"syntax.{name}")) for name in _SHAPES}
