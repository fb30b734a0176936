"""How much work an expression may be at worst, before it sees any object.

Every step costs one; whoever looks through a text or a list pays by its greatest size, which the schema says
(maxLength, maxItems, maxProperties), or else what fits into a request. A loop costs its body times the size of what it
goes through. The numbers are those of cel-go's estimator with Kubernetes' sizes, because the limits are meant
for them; where cel-go knows a range, only its upper end is followed here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from apiserver.objects.expressions import environments, syntax
from apiserver.objects.expressions.syntax import constant
from apiserver.objects.expressions.values import fields_of
from apiserver.objects.structural import Node, is_embedded, values_of

BOUNDLESS = 2**64 - 1
REQUEST_BYTES = 3 * 1024 * 1024
BYTES_A_CHARACTER = 4
TRAVERSAL, PATTERN = 0.1, 0.25
"""What each character of a text, and of a pattern, costs."""
NEW_LIST, NEW_MAP = 10, 30

TEXT, BYTES, LIST, MAP, SCALAR, ANY = "text", "bytes", "list", "map", "scalar", "any"
_SMALLEST = {"boolean": 4, "integer": 1, "number": 1, "array": 2}
_SMALLEST_TEXT = {"duration": 3, "date": 12, "date-time": 22}
_LARGEST_TEXT = {"duration": 32, "date": 12, "date-time": 32}


class Value(NamedTuple):
    """What is known of what an expression comes to: its schema where it is a part of the object, else its size."""

    kind: str
    size: int | None = None
    schema: Node | None = None
    whole: bool = False

    @property
    def largest(self) -> int:
        """The greatest size it may have."""
        if self.size is not None:
            return self.size
        if self.schema is not None:
            return largest(self.schema)
        return 1 if self.kind == SCALAR else BOUNDLESS


def of_rule(text: str, schema: Node, *, whole: bool) -> int:
    """What a rule at a place of a schema costs at most, for one object there. The rule compiles."""
    self_ = of_schema(schema, whole=whole)
    variables = {"self": self_, "oldSelf": self_, "old": self_, "has_old": Value(SCALAR)}
    return _Estimate(variables).of(syntax.Tree(environments.parser(), text).root)[0]


def repeated(schema: Node) -> int:
    """How often data of a schema can be in a request, where nothing else bounds it."""
    return REQUEST_BYTES // (smallest(schema) + 1)


def of_schema(schema: Node, *, whole: bool = False) -> Value:
    type_ = schema.get("type")
    kind = {"array": LIST, "object": MAP, "string": TEXT}.get(type_ or "", SCALAR if type_ else ANY)
    if kind == TEXT and schema.get("format") in (*_SMALLEST_TEXT, "byte"):
        kind = BYTES if schema["format"] == "byte" else SCALAR
    return Value(kind, None, schema, whole)


def largest(schema: Node) -> int:
    """The greatest size of what a schema describes: characters, items or members; of other things it does not count."""
    type_, said = schema.get("type"), schema.get("maxLength")
    if schema.get("x-kubernetes-int-or-string"):
        return _bytes_of(said) if said is not None else REQUEST_BYTES - 2
    if type_ == "array":
        fits = (REQUEST_BYTES - 2) // (smallest(schema.get("items") or {}) + 1)
        return max(int(schema.get("maxItems", fits)), 0)
    if type_ == "object" and (values := values_of(schema)) is not None:
        fits = (REQUEST_BYTES - 2) // (smallest(values) + 6)
        return max(int(schema.get("maxProperties", fits)), 0)
    if type_ != "string":
        return 0
    if schema.get("format") in _LARGEST_TEXT:
        return _LARGEST_TEXT[schema["format"]]
    if said is not None:
        return max(int(said), 0) if schema.get("format") == "byte" else _bytes_of(said)
    texts = [text for text in schema.get("enum") or () if isinstance(text, str)]
    return max(map(len, texts)) if texts else REQUEST_BYTES - 2


def _bytes_of(characters: Any) -> int:
    return max(int(characters), 0) * BYTES_A_CHARACTER


def smallest(schema: Node) -> int:
    """The fewest bytes that what a schema describes takes in JSON."""
    type_ = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return 1
    if type_ == "string":
        return _SMALLEST_TEXT.get(schema.get("format") or "", 2)
    if type_ != "object" or values_of(schema) is not None:
        return _SMALLEST.get(type_ or "", 2)
    needed = [name for name in schema.get("required") or () if name in (schema.get("properties") or {})]
    inner = {name: schema["properties"][name] for name in needed}
    return 2 + sum(len(name) + smallest(one) + 4 for name, one in inner.items() if "default" not in one)


Found = tuple[int, Value]
"""(cost, what comes of it)"""


class _Estimate:
    """Goes through one expression; variables come and go with the loops that make them."""

    def __init__(self, variables: dict[str, Value]) -> None:
        self._variables = variables

    def of(self, node: Any) -> Found:
        kind = node.WhichOneof("expr_kind")
        return _KINDS[kind](self, node) if kind else (0, Value(ANY))

    def literal(self, node: Any) -> Found:
        value = constant(node)
        if isinstance(value, str | bytes):
            return 0, Value(TEXT if isinstance(value, str) else BYTES, len(value))
        return 0, Value(SCALAR)

    def variable(self, node: Any) -> Found:
        return 1, self._variables.get(node.ident_expr.name, Value(ANY))

    def field(self, node: Any) -> Found:
        cost, holder = self.of(node.select_expr.operand)
        if node.select_expr.test_only:
            return cost, Value(SCALAR)
        return _sum(cost, 1), _member(holder, node.select_expr.field)

    def new_list(self, node: Any) -> Found:
        return _sum(NEW_LIST, *self._costs(node.list_expr.elements)), Value(LIST, len(node.list_expr.elements))

    def new_map(self, node: Any) -> Found:
        return _sum(NEW_MAP, *self._costs(syntax.children(node))), Value(MAP, len(node.struct_expr.entries))

    def loop(self, node: Any) -> Found:
        loop = node.comprehension_expr
        cost, range_ = self.of(loop.iter_range)
        first, start = self.of(loop.accu_init)
        names = [name for name in (loop.iter_var, loop.iter_var2) if name]
        inner = dict(zip(names, _inside(range_, two=len(names) > 1), strict=True)) | {loop.accu_var: start}
        before = self._variables
        self._variables = before | inner
        each = _sum(self.of(loop.loop_condition)[0], self.of(loop.loop_step)[0])
        last, result = self.of(loop.result)
        self._variables = before
        if start.kind in (LIST, MAP):
            result = Value(start.kind, range_.largest)
        return _sum(cost, first, last, _product(range_.largest, each)), result

    def call(self, node: Any) -> Found:
        call = node.call_expr
        given = [self.of(each) for each in syntax.children(node)]
        values = [value for _, value in given]
        if call.function in ("_&&_", "_||_"):
            return _sum(*(cost for cost, _ in given)), Value(SCALAR)
        if call.function == "_?_:_":
            (asked, _), (yes, one), (no, other) = given
            return _sum(asked, max(yes, no)), one if one.largest >= other.largest else other
        work, result = _CALLS.get(call.function, _one_step)(values)
        return _sum(work, *(cost for cost, _ in given)), result

    def _costs(self, nodes: Any) -> list[int]:
        return [self.of(each)[0] for each in nodes]


_KINDS: dict[str, Callable[[_Estimate, Any], Found]] = {
    "const_expr": _Estimate.literal, "ident_expr": _Estimate.variable, "select_expr": _Estimate.field,
    "call_expr": _Estimate.call, "list_expr": _Estimate.new_list, "struct_expr": _Estimate.new_map,
    "comprehension_expr": _Estimate.loop,
}  # fmt: skip


def _member(holder: Value, name: str) -> Value:
    schema = holder.schema
    if schema is None or schema.get("type") != "object":
        return Value(ANY)
    values = values_of(schema)
    found = values if values is not None else fields_of(schema, whole=holder.whole).get(name)
    return of_schema(found, whole=is_embedded(found)) if found is not None else Value(ANY)


def _inside(range_: Value, *, two: bool) -> tuple[Value, ...]:
    """What a loop goes through: items of a list, keys of a map; or with two variables places and items, keys and
    values. Nothing bounds the length of a key but the request, and it is not counted."""
    schema = range_.schema or {}
    if range_.kind == LIST:
        item = of_schema(schema.get("items") or {}) if range_.schema else Value(ANY)
        return (Value(SCALAR), item) if two else (item,)
    values = values_of(schema) if range_.schema else None
    value = of_schema(values) if values is not None else Value(ANY)
    return (Value(TEXT, 0), value) if two else (Value(TEXT, 0),)


# -- calls: (cost, result) for values; the first is the receiver where there is one ------------------------------------


def _one_step(values: list[Value]) -> Found:
    return 1, Value(SCALAR)


def _indexed(values: list[Value]) -> Found:
    schema = values[0].schema or {}
    inner = schema.get("items") if values[0].kind == LIST else values_of(schema)
    return 1, of_schema(inner) if values[0].schema and inner else Value(ANY)


def _equality(values: list[Value]) -> Found:
    return _traversal(min(value.largest for value in values)), Value(SCALAR)


def _order(values: list[Value]) -> Found:
    return _equality(values) if any(value.kind in (TEXT, BYTES) for value in values) else _one_step(values)


def _sum_of_two(values: list[Value]) -> Found:
    kinds = {value.kind for value in values}
    size = _sum(*(value.largest for value in values))
    if LIST in kinds:
        return 1, Value(LIST, size)
    return (_traversal(size), Value(TEXT, size)) if kinds & {TEXT, BYTES} or kinds == {ANY} else (1, Value(SCALAR))


def _in(values: list[Value]) -> Found:
    return (values[1].largest if values[1].kind in (LIST, ANY) else 1), Value(SCALAR)


def _prefix(values: list[Value]) -> Found:
    return _traversal(values[1].largest), Value(SCALAR)


def _contains(values: list[Value]) -> Found:
    return _product(_traversal(values[0].largest), _traversal(values[1].largest)), Value(SCALAR)


def _match(values: list[Value]) -> Found:
    text, pattern = values[0].largest, values[1].largest
    return _product(_traversal(_sum(text, 1)), _scaled(pattern, PATTERN)), Value(TEXT, text)


def _through_text(values: list[Value]) -> Found:
    return _traversal(values[0].largest), Value(TEXT, values[0].largest)


def _replaced(values: list[Value]) -> Found:
    size = values[0].largest
    return _traversal(size), Value(TEXT, _product(size, max(values[2].largest, 1)) if len(values) > 2 else size)


def _split(values: list[Value]) -> Found:
    return _traversal(values[0].largest), Value(LIST, values[0].largest)


def _through_list(values: list[Value]) -> Found:
    (item,) = _inside(values[0], two=False)
    each = 1 + (_traversal(item.largest) if item.kind in (TEXT, BYTES) else 0)
    return _product(values[0].largest, each), item


_CALLS: dict[str, Callable[[list[Value]], Found]] = {
    "_[_]": _indexed, "_==_": _equality, "_!=_": _equality, "_+_": _sum_of_two, "@in": _in,
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _order),
    **dict.fromkeys(("startsWith", "endsWith"), _prefix),
    "contains": _contains,
    **dict.fromkeys(("matches", "find", "findAll"), _match),
    **dict.fromkeys(
        ("lowerAscii", "upperAscii", "substring", "trim", "url", "isURL", "quantity", "isQuantity", "ip", "isIP",
         "cidr", "isCIDR", "strings.quote"),
        _through_text,
    ),
    "replace": _replaced, "split": _split,
    **dict.fromkeys(("isSorted", "sum", "min", "max"), _through_list),
}  # fmt: skip


def _traversal(size: int) -> int:
    return _scaled(size, TRAVERSAL)


def _scaled(size: int, factor: float) -> int:
    return min(math.ceil(size * factor), BOUNDLESS)


def _sum(*numbers: int) -> int:
    return min(sum(numbers), BOUNDLESS)


def _product(one: int, other: int) -> int:
    return min(one * other, BOUNDLESS)
