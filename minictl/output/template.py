"""-o go-template: running a parsed template (templates.py) over an object, with Go's rules and Go's errors."""

from __future__ import annotations

from minictl.errors import CommandError, go_quote
from minictl.output import functions
from minictl.output.functions import MISSING, Boxed, FunctionError
from minictl.output.templates import CONSTANTS, Node, Pipeline, TemplateError, Tree, parse
from minictl.texts import gotext
from minictl.texts.gotext import Int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MAX_DEPTH = 100
"""How deep {{template}} may call itself."""


def printer(name: str, argument: str, lenient: bool) -> Callable[[Any], str]:
    """The printer of -o go-template or go-template-file.

    Raises:
        CommandError: no template, or a wrong one.
    """
    if not argument:
        raise CommandError("template format specified but no template given")
    text = argument
    if name.endswith("file"):
        try:
            with open(argument, encoding="utf-8") as file:
                text = file.read()
        except OSError as error:
            reason = (error.strerror or "").lower()
            raise CommandError(f"error reading --template {argument}, open {argument}: {reason}") from None
    try:
        tree = parse(text)
    except TemplateError as error:
        raise CommandError(f"error parsing template {text}, {error}") from None
    return Printer(tree, lenient)


class Printer:
    """Prints an object through a template; an error while it runs comes with what helps to find it."""

    def __init__(self, tree: Tree, lenient: bool) -> None:
        self._tree = tree
        self._lenient = lenient

    def __call__(self, value: Any) -> str:
        run = _Run(self._tree, value, self._lenient)
        try:
            run.nodes(self._tree.nodes, value)
        except TemplateError as error:
            from minictl.output import structured

            source = self._tree.source
            shown = (
                f"Error executing template: {error}. Printing more information for debugging the template:\n"
                f"\ttemplate was:\n\t\t{source}\n"
                f"\traw data was:\n\t\t{structured.to_compact_json(value)}\n"
                f"\tobject given to template engine was:\n\t\t{gotext.plain(value)}\n\n"
            )
            failure = CommandError(f"error executing template {go_quote(source)}: {error}")
            failure.printed = "".join(run.out) + shown
            raise failure from None
        return "".join(run.out)


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class _Run:
    """One run. A value is Boxed where Go would have it in an interface: as an item of a map or a list, until a pipeline
    takes it out. It shows in error texts, and in a null being MISSING once it is out."""

    def __init__(self, tree: Tree, root: Any, lenient: bool) -> None:
        self.out: list[str] = []
        self._tree = tree
        self._lenient = lenient
        self._variables: list[tuple[str, Any]] = [("$", root)]
        self._depth = 0
        self._name = "output"
        self._at: Node | Pipeline = Node("text", 0, "")
        self._statements: dict[str, Callable[[Node, Any], None]] = {
            "text": lambda node, dot: self.out.append(node.text),
            "action": self._action,
            "if": self._branch,
            "with": self._branch,
            "range": self._range,
            "template": self._template,
            "break": lambda node, dot: _raise(_Break()),
            "continue": lambda node, dot: _raise(_Continue()),
        }

    def nodes(self, nodes: list[Node], dot: Any) -> None:
        for node in nodes:
            self._at = node
            self._statements[node.kind](node, dot)

    def _error(self, message: str) -> TemplateError:
        where = self._tree.position(self._at.at)
        return TemplateError(f'template: output:{where}: executing "{self._name}" at <{self._at.text}>: {message}')

    # --- statements

    def _action(self, node: Node, dot: Any) -> None:
        value = self._pipeline(node.data, dot)
        if not node.data.names:
            self.out.append(gotext.plain(value) if value is not MISSING else str(MISSING))

    def _branch(self, node: Node, dot: Any) -> None:
        pipeline, body, otherwise = node.data
        known = len(self._variables)
        value = self._pipeline(pipeline, dot)
        if functions.truth(value):
            self.nodes(body, value if node.kind == "with" else dot)
        else:
            self.nodes(otherwise, dot)
        del self._variables[known:]

    def _range(self, node: Node, dot: Any) -> None:
        pipeline, body, otherwise = node.data
        known = len(self._variables)
        pairs, is_empty = self._pairs(self._pipeline(pipeline, dot)), True
        mark = len(self._variables)
        for key, item in pairs:
            is_empty = False
            values = [item] if len(pipeline.names) < 2 else [key, item]
            if not pipeline.assigns:
                del self._variables[mark - len(pipeline.names) :]
            self._declare(pipeline, values)
            try:
                self.nodes(body, item)
            except _Break:
                break
            except _Continue:
                continue
            finally:
                del self._variables[mark:]
        if is_empty:
            self.nodes(otherwise, dot)
        del self._variables[known:]

    def _pairs(self, value: Any) -> Iterable[tuple[Any, Any]]:
        if value is MISSING:
            return []
        if isinstance(value, list):
            return ((Int(i), Boxed(item)) for i, item in enumerate(value))
        if isinstance(value, dict):
            return ((key, Boxed(value[key])) for key in sorted(value))
        if isinstance(value, int) and not isinstance(value, bool):
            return ((type(value)(i), type(value)(i)) for i in range(value))
        raise self._error(f"range can't iterate over {gotext.plain(value)}")

    def _template(self, node: Node, dot: Any) -> None:
        name, pipeline = node.data
        body = self._tree.defined.get(name)
        if body is None:
            raise self._error(f"template {go_quote(name)} not defined")
        if self._depth >= MAX_DEPTH:
            raise self._error(f"exceeded maximum template depth ({MAX_DEPTH})")
        value = self._pipeline(pipeline, dot) if pipeline else MISSING
        outer = self._variables, self._name
        self._variables, self._name = [("$", value)], name
        self._depth += 1
        self.nodes(body, value)
        self._depth -= 1
        self._variables, self._name = outer

    # --- values

    def _declare(self, pipeline: Pipeline, values: list[Any]) -> None:
        for name, value in zip(pipeline.names, values, strict=False):
            if not pipeline.assigns:
                self._variables.append((name, value))
                continue
            for i in range(len(self._variables) - 1, -1, -1):
                if self._variables[i][0] == name:
                    self._variables[i] = (name, value)
                    break

    def _pipeline(self, pipeline: Pipeline, dot: Any) -> Any:
        self._at = pipeline
        value: Any = _NOTHING
        for command in pipeline.commands:
            value = functions.unboxed(self._command(command, dot, value))
        self._declare(pipeline, [value] * len(pipeline.names))
        return value

    def _command(self, command: Node, dot: Any, final: Any) -> Any:
        first, *rest = command.data
        if first.kind == "function":
            return self._call(first, command, rest, dot, final)
        if first.kind == "nil":
            self._at = first
            raise self._error("nil is not a command")
        given = bool(rest) or final is not _NOTHING
        if given and (first.kind in (*CONSTANTS, "pipeline") or (first.kind == "variable" and not first.data[1])):
            self._at = first if first.kind != "pipeline" else self._at
            raise self._error(f"can't give argument to non-function {first.text}")
        return self._value(first, dot, given)

    def _value(self, node: Node, dot: Any, given: bool = False) -> Any:
        """An operand's value. `given`: it is given arguments, which none but functions take."""
        if node.kind == "function":
            return self._call(node, node, [], dot, _NOTHING)
        if node.kind == "pipeline":
            return self._pipeline(node.data, dot)
        self._at = node
        if node.kind == "field":
            return self._fields(dot, node.data[1], given)
        if node.kind == "variable":
            name, fields = node.data
            value = next(value for known, value in reversed(self._variables) if known == name)
            return self._fields(value, fields, given)
        if node.kind == "dot":
            return dot
        if node.kind == "chain":
            inner, fields = node.data
            return self._fields(self._value(inner, dot), fields, given)
        return node.data

    def _fields(self, value: Any, fields: list[str], given: bool) -> Any:
        for last, field in enumerate(fields, 1 - len(fields)):
            if value is MISSING:
                if not self._lenient:
                    raise self._error(f"nil data; no entry for key {go_quote(field)}")
                continue
            boxed, value = isinstance(value, Boxed), functions.unboxed(value)
            if value is MISSING:
                raise self._error(f"nil pointer evaluating interface {{}}.{field}")
            if not isinstance(value, dict):
                kind = "interface {}" if boxed else gotext.type_name(value)
                raise self._error(f"can't evaluate field {field} in type {kind}")
            if given and not last:
                raise self._error(f"{field} is not a method but has arguments")
            if field not in value and not self._lenient:
                raise self._error(f"map has no entry for key {go_quote(field)}")
            value = Boxed(value[field]) if field in value else MISSING
        return value

    # --- calls

    def _call(self, function: Node, call: Node, operands: list[Node], dot: Any, final: Any) -> Any:
        """Calls a function: `call` is what an error within it is told to be at."""
        self._at = function
        name, piped = function.text, [] if final is _NOTHING else [final]
        if wrong := functions.wrong_number(name, len(operands), len(piped)):
            raise self._error(wrong)
        if name in ("and", "or"):
            return self._shortcut(name, operands, dot, piped)
        types = functions.types(name, len(operands) + len(piped))
        args = [self._argument(node, type, dot) for node, type in zip(operands, types, strict=False)]
        args += [self._fitting(value, types[-1]) for value in piped]
        try:
            if name == "call":
                functions.refuse_call(_callee(operands[0]) if operands else piped[0], args[0])
            return functions.call(name, args)
        except FunctionError as error:
            self._at = call
            raise self._error(f"error calling {name}: {error}") from None

    def _argument(self, node: Node, type: str, dot: Any) -> Any:
        self._at = node
        if node.kind == "nil":
            if type == "string":
                raise self._error("cannot assign nil to string")
            return MISSING
        if type == "string" and node.kind in ("bool", "number"):
            raise self._error(f"expected string; found {node.text}")
        return self._fitting(self._value(node, dot), type)

    def _fitting(self, value: Any, type: str) -> Any:
        if type != "string":
            return value
        if value is MISSING:
            raise self._error("invalid value; expected string")
        boxed, inner = isinstance(value, Boxed), functions.unboxed(value)
        if not isinstance(inner, str):
            got = "interface {}" if boxed and inner is MISSING else gotext.type_name(inner)
            raise self._error(f"wrong type for value; expected string; got {got}")
        return inner

    def _shortcut(self, name: str, operands: list[Node], dot: Any, piped: list[Any]) -> Any:
        value: Any = MISSING
        for node in operands:
            value = self._argument(node, "any", dot)
            if functions.truth(value) == (name == "or"):
                return value
        return piped[0] if piped else value


_NOTHING = object()
"""No value came down the pipeline."""


def _callee(node: Node) -> str:
    return str(node.data.text if node.kind == "pipeline" else node.text)


def _raise(error: Exception) -> None:
    raise error
