"""-o go-template: running a parsed template (templates.py) over an object, with Go's rules and Go's errors."""

from __future__ import annotations

from minictl.errors import CommandError, go_quote
from minictl.output import functions
from minictl.output.functions import MISSING, FunctionError
from minictl.output.templates import Node, Pipeline, TemplateError, Tree, parse
from minictl.texts import gotext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
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
    def __init__(self, tree: Tree, root: Any, lenient: bool) -> None:
        self.out: list[str] = []
        self._tree = tree
        self._lenient = lenient
        self._variables: list[tuple[str, Any]] = [("$", root)]
        self._depth = 0
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
            self._statements[node.kind](node, dot)

    def _error(self, message: str) -> TemplateError:
        where = self._tree.position(self._at.at)
        return TemplateError(f'template: output:{where}: executing "output" at <{self._at.text}>: {message}')

    # --- statements

    def _action(self, node: Node, dot: Any) -> None:
        value = self._pipeline(node.data, dot)
        if not node.data.names:
            self.out.append("<no value>" if value is None or value is MISSING else gotext.plain(value))

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
        value = self._pipeline(pipeline, dot, declare=False)
        pairs = self._pairs(value, pipeline)
        for key, item in pairs:
            names = pipeline.names
            if len(names) == 1:
                self._declare(pipeline, [item])
            elif names:
                self._declare(pipeline, [key, item])
            try:
                self.nodes(body, item)
            except _Break:
                break
            except _Continue:
                continue
            finally:
                if not pipeline.assigns:
                    del self._variables[known:]
        if not pairs:
            self.nodes(otherwise, dot)
        del self._variables[known:]

    def _pairs(self, value: Any, pipeline: Pipeline) -> list[tuple[Any, Any]]:
        if value is None or value is MISSING:
            return []
        if isinstance(value, list):
            return list(enumerate(value))
        if isinstance(value, dict):
            return [(key, value[key]) for key in sorted(value)]
        if isinstance(value, int) and not isinstance(value, bool):
            return [(i, i) for i in range(value)]
        self._at = pipeline
        raise self._error(f"range can't iterate over {gotext.plain(value)}")

    def _template(self, node: Node, dot: Any) -> None:
        body = self._tree.defined.get(node.text)
        if body is None:
            self._at = node
            raise self._error(f"template {go_quote(node.text)} not defined")
        if self._depth >= MAX_DEPTH:
            raise self._error(f"exceeded maximum template depth ({MAX_DEPTH})")
        value = self._pipeline(node.data, dot) if node.data else None
        outer, self._variables = self._variables, [("$", value)]
        self._depth += 1
        self.nodes(body, value)
        self._depth -= 1
        self._variables = outer

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

    def _pipeline(self, pipeline: Pipeline, dot: Any, declare: bool = True) -> Any:
        value: Any = _NOTHING
        for command in pipeline.commands:
            value = self._command(command, dot, value)
        if declare:
            self._declare(pipeline, [value] * len(pipeline.names))
        return value

    def _command(self, command: Node, dot: Any, final: Any) -> Any:
        first, *rest = command.data
        if first.kind == "function":
            return self._call(command, first.text, rest, dot, final)
        value = self._value(first, dot)
        if rest or final is not _NOTHING:
            self._at = first
            if first.kind in ("string", "number", "bool", "dot", "pipeline", "nil"):
                raise self._error(f"can't give argument to non-function {first.text}")
            raise self._error(f"{first.text.rpartition('.')[2]} has arguments but cannot be invoked as function")
        return value

    def _value(self, node: Node, dot: Any) -> Any:
        self._at = node
        if node.kind == "field":
            return self._fields(node, dot, node.data[1])
        if node.kind == "variable":
            name, fields = node.data
            value = next(value for known, value in reversed(self._variables) if known == name)
            return self._fields(node, value, fields)
        if node.kind == "dot":
            return dot
        if node.kind == "pipeline":
            return self._pipeline(node.data, dot)
        if node.kind == "chain":
            inner, fields = node.data
            value = self._value(inner, dot) if inner.kind != "function" else self._call(inner, inner.text, [], dot)
            return self._fields(node, value, fields)
        if node.kind == "function":
            return self._call(node, node.text, [], dot)
        if node.kind == "nil":
            raise self._error("nil is not a command")
        return node.data

    def _fields(self, node: Node, value: Any, fields: list[str]) -> Any:
        for field in fields:
            self._at = node
            if value is MISSING:
                if not self._lenient:
                    raise self._error(f"nil data; no entry for key {go_quote(field)}")
            elif isinstance(value, dict):
                if field not in value and not self._lenient:
                    raise self._error(f"map has no entry for key {go_quote(field)}")
                value = value.get(field, MISSING)
            elif value is None:
                raise self._error(f"nil pointer evaluating interface {{}}.{field}")
            else:
                raise self._error(f"can't evaluate field {field} in type interface {{}}")
        return value

    def _call(self, command: Node, name: str, operands: list[Node], dot: Any, final: Any = None) -> Any:
        piped = [] if final is _NOTHING or command.kind != "command" else [final]
        if name in ("and", "or"):
            return self._shortcut(name, operands, dot, piped)
        args = [None if node.kind == "nil" else self._value(node, dot) for node in operands] + piped
        self._at = command
        try:
            return functions.call(name, args)
        except FunctionError as error:
            if error.of_the_call:
                raise self._error(f"error calling {name}: {error}") from None
            raise self._error(str(error)) from None

    def _shortcut(self, name: str, operands: list[Node], dot: Any, piped: list[Any]) -> Any:
        value: Any = None
        for node in operands:
            value = self._value(node, dot)
            if functions.truth(value) == (name == "or"):
                return value
        return piped[0] if piped else value


_NOTHING = object()
"""No value came down the pipeline."""


def _raise(error: Exception) -> None:
    raise error
