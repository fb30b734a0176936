"""Go's text/template: from tokens to a tree. Running the tree is template.py's part.

    text {{.spec.replicas}} {{range $i, $p := .items}}{{$p.metadata.name | printf "%q"}}{{else}}none{{end}}

Nodes carry where they stand and their own text, because errors quote both. Left out: complex numbers, and method calls
(JSON values have no methods).
"""

from __future__ import annotations

from minictl.errors import go_quote
from minictl.output import tokens
from minictl.output.jsonpath import PathError, unquote
from minictl.output.tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

FUNCTIONS = frozenset((
    "and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js", "urlquery", "call",
    "eq", "ne", "lt", "le", "gt", "ge", "base64decode", "exists",
))  # fmt: skip
CONSTANTS = ("string", "number", "bool", "nil", "dot")
_OPERANDS = frozenset(("name", "variable", "field", "bool", "number", '"', "`", "'", "("))
_CHAINED = {"if": "if", "with": "with"}
"""What may follow an else at once, without an end of its own."""


class TemplateError(Exception):
    """What is wrong with a template, in Go's words."""


class Node:
    """A piece of a template. `kind` says which fields of `data` there are; `at` is its offset, `text` its source."""

    __slots__ = ("at", "data", "kind", "text")

    def __init__(self, kind: str, at: int, text: str, data: Any = None) -> None:
        self.kind = kind
        self.at = at
        self.text = text
        self.data = data


class Pipeline:
    """`$a, $b := command | command`; `assigns` for `=` in place of `:=`. A command is a list of operand Nodes."""

    __slots__ = ("assigns", "at", "commands", "names", "text")

    def __init__(self, at: int, names: list[str], assigns: bool, commands: list[Node]) -> None:
        self.at = at
        self.names = names
        self.assigns = assigns
        self.commands = commands
        shown = " | ".join(command.text for command in commands)
        self.text = f"{', '.join(names)} {'=' if assigns else ':='} {shown}" if names else shown


class Tree:
    """A parsed template: its nodes, those of {{define}}, and its source for positions."""

    def __init__(self, source: str, nodes: list[Node], defined: dict[str, list[Node]]) -> None:
        self.source = source
        self.nodes = nodes
        self.defined = defined

    def position(self, at: int) -> str:
        """`line:column`, lines from 1 and columns from 0, in bytes."""
        before = self.source[:at]
        return f"{before.count(chr(10)) + 1}:{len(before.rpartition(chr(10))[2].encode())}"


def parse(source: str) -> Tree:
    """Reads a template.

    Raises:
        TemplateError: `template: output:LINE: ...`.
    """
    return _Parser(source).tree()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = list(tokens.read(source))
        self._at = 0
        self._seen = 0
        """The farthest token looked at: errors are told to be on its line."""
        self._defined: dict[str, list[Node]] = {}
        self._variables: list[str] = ["$"]
        self._loops = 0
        self._action_line = 0
        """Where the action begins that is read; 0 between two."""
        self._actions: dict[str, Callable[[Token], Node]] = {
            **dict.fromkeys(("if", "with", "range"), self._branch),
            **dict.fromkeys(("break", "continue"), self._jump),
            "else": self._else,
            "end": self._end,
            "template": self._template,
            "block": self._definition_and_call,
        }

    def tree(self) -> Tree:
        nodes: list[Node] = []
        while self._peek().kind != tokens.END:
            if self._peek().kind == tokens.LEFT and self._ahead("define"):
                self._definition()
                continue
            node = self._text_or_action()
            if node.kind in ("end", "else"):
                raise self._error(f"unexpected {{{{{node.kind}}}}}")
            nodes.append(node)
        return Tree(self._source, nodes, self._defined)

    # --- tokens

    def _peek(self, skipping: bool = False) -> Token:
        while skipping and self._peek().kind == tokens.SPACE:
            self._at += 1
        self._seen = max(self._seen, self._at)
        return self._tokens[self._at]

    def _next(self, skipping: bool = True) -> Token:
        token = self._peek(skipping)
        self._at += 1
        return token

    def _ahead(self, keyword: str) -> bool:
        """Does the action that begins here begin with this keyword?"""
        begun, self._at = self._at, self._at + 1
        found = self._peek(skipping=True)
        self._at = begun
        return found.kind == "keyword" and found.text == keyword

    def _line(self, token: Token) -> int:
        return self._source.count("\n", 0, token.at) + 1

    def _error(self, message: str) -> TemplateError:
        return TemplateError(f"template: output:{self._line(self._tokens[self._seen])}: {message}")

    def _unexpected(self, token: Token, context: str) -> TemplateError:
        if token.kind != tokens.ERROR:
            return self._error(f"unexpected {token} in {context}")
        extra = ""
        if self._action_line not in (0, self._line(token)):
            extra = f" in action started at output:{self._action_line}"
            if token.text.endswith(" action"):
                extra = extra.removeprefix(" in action")
        return self._error(f"{token}{extra}")

    def _expect(self, kinds: tuple[str, ...], context: str) -> Token:
        token = self._next()
        if token.kind not in kinds:
            raise self._unexpected(token, context)
        return token

    # --- text and actions

    def _block(self, context: str = "") -> tuple[list[Node], Node]:
        """Nodes up to an {{end}} or {{else}} of an outer block, and which of these it was. With a context only an
        {{end}} will do."""
        nodes: list[Node] = []
        while self._peek(skipping=True).kind != tokens.END:
            node = self._text_or_action()
            if node.kind == "else" and context:
                raise self._error(f"unexpected {{{{else}}}} in {context}")
            if node.kind in ("end", "else"):
                return nodes, node
            nodes.append(node)
        raise self._error("unexpected EOF")

    def _text_or_action(self) -> Node:
        token = self._next()
        if token.kind == tokens.TEXT:
            return Node("text", token.at, token.text)
        if token.kind != tokens.LEFT:
            raise self._unexpected(token, "input")
        self._action_line = self._line(token)
        node = self._action()
        self._action_line = 0
        return node

    def _action(self) -> Node:
        token = self._peek(skipping=True)
        if token.kind == "keyword" and token.text in self._actions:
            self._at += 1
            return self._actions[token.text](token)
        pipeline = self._pipeline("command")
        return Node("action", token.at, f"{{{{{pipeline.text}}}}}", pipeline)

    def _end(self, token: Token) -> Node:
        return Node("end", self._expect((tokens.RIGHT,), "end").at, "{{end}}")

    def _else(self, token: Token) -> Node:
        following = self._peek(skipping=True)
        if following.kind != "keyword" or following.text not in _CHAINED:
            self._expect((tokens.RIGHT,), "else")
        return Node("else", token.at, "{{else}}")

    def _jump(self, token: Token) -> Node:
        following = self._next()
        if following.kind != tokens.RIGHT:
            raise self._unexpected(following, f"{{{{{token.text}}}}}")
        if not self._loops:
            raise self._error(f"{{{{{token.text}}}}} outside {{{{range}}}}")
        return Node(token.text, token.at, f"{{{{{token.text}}}}}")

    def _branch(self, token: Token) -> Node:
        keyword, known = token.text, len(self._variables)
        pipeline = self._pipeline(keyword)
        self._loops += keyword == "range"
        body, ended = self._block()
        self._loops -= keyword == "range"
        otherwise: list[Node] = []
        if ended.kind == "else":
            following = self._peek()
            if following.kind == "keyword" and following.text == _CHAINED.get(keyword):
                self._at += 1
                otherwise = [self._branch(following)]
            else:
                otherwise, ended = self._block()
                if ended.kind != "end":
                    raise self._error("expected end; found {{else}}")
        del self._variables[known:]
        return Node(keyword, pipeline.at, pipeline.text, (pipeline, body, otherwise))

    def _template(self, token: Token) -> Node:
        at = self._peek(skipping=True).at
        name = self._quoted("template clause")
        pipeline = None
        if self._next().kind != tokens.RIGHT:
            self._at -= 1
            pipeline = self._pipeline("template clause")
        return _call(name, at, pipeline)

    def _definition_and_call(self, token: Token) -> Node:
        at = self._peek(skipping=True).at
        name = self._quoted("block clause")
        pipeline = self._pipeline("block clause")
        self._body_of(name, "block clause")
        return _call(name, at, pipeline)

    def _definition(self) -> None:
        self._at += 1
        self._next()
        name = self._quoted("define clause")
        self._expect((tokens.RIGHT,), "define clause")
        self._body_of(name, "define clause")

    def _body_of(self, name: str, context: str) -> None:
        outer, loops = self._variables, self._loops
        self._variables, self._loops = ["$"], 0
        body, _ = self._block(context)
        self._variables, self._loops = outer, loops
        is_empty = all(node.kind == "text" and not node.text.strip() for node in body)
        if name not in self._defined or not is_empty:
            self._defined[name] = body

    def _quoted(self, context: str) -> str:
        return self._unquoted(self._expect(('"', "`"), context).text)

    # --- pipelines

    def _pipeline(self, context: str, closing: str = tokens.RIGHT) -> Pipeline:
        at = self._peek(skipping=True).at
        names, assigns = self._declarations(context)
        commands: list[Node] = []
        while True:
            token = self._next()
            if token.kind == closing:
                break
            if token.kind not in _OPERANDS and (token.kind, token.text) not in (("keyword", "."), ("keyword", "nil")):
                raise self._unexpected(token, context)
            self._at -= 1
            commands.append(self._command())
        if not commands:
            raise self._error(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if command.data[0].kind in CONSTANTS:
                raise self._error(f"non executable command in pipeline stage {stage}")
        return Pipeline(at, names, assigns, commands)

    def _declarations(self, context: str) -> tuple[list[str], bool]:
        """The names before a := or =, and whether it was the latter."""
        names: list[str] = []
        while self._peek(skipping=True).kind == "variable":
            begun = self._at
            name, following = self._next().text, self._peek(skipping=True)
            if following.kind not in (":=", "=", ","):
                self._at = begun
                break
            self._at += 1
            names.append(name)
            self._variables.append(name)
            if following.kind != ",":
                return names, following.kind == "="
            if context != "range" or len(names) > 1:
                raise self._error(f"too many declarations in {context}")
            if self._peek(skipping=True).kind not in ("variable", tokens.RIGHT, ")"):
                raise self._error("range can only initialize variables")
        return names, False

    def _command(self) -> Node:
        at = self._peek(skipping=True).at
        operands: list[Node] = []
        while True:
            operand = self._operand()
            if operand is not None:
                operands.append(operand)
            token = self._next(skipping=False)
            if token.kind == tokens.SPACE:
                continue
            if token.kind in (tokens.RIGHT, ")"):
                self._at -= 1
            elif token.kind != "|":
                raise self._unexpected(token, "operand")
            break
        if not operands:
            raise self._error("empty command")
        return Node("command", at, " ".join(node.text for node in operands), operands)

    def _operand(self) -> Node | None:
        node = self._term()
        if node is None or self._peek().kind != "field":
            return node
        at, fields = self._peek().at, []
        while self._peek().kind == "field":
            fields.append(self._next().text[1:])
        shown = node.text + "".join(f".{field}" for field in fields)
        if node.kind in ("field", "variable"):
            name, own = node.data
            return Node(node.kind, at, shown, (name, own + fields))
        if node.kind in CONSTANTS:
            raise self._error(f"unexpected . after term {go_quote(node.text)}")
        return Node("chain", at, shown, (node, fields))

    def _term(self) -> Node | None:
        token = self._next()
        kind, text, at = token.kind, token.text, token.at
        if kind == "name":
            if text not in FUNCTIONS:
                raise self._error(f"function {go_quote(text)} not defined")
            return Node("function", at, text)
        if kind == "variable":
            if text not in self._variables:
                raise self._error(f"undefined variable {go_quote(text)}")
            return Node("variable", at, text, (text, []))
        if kind == "field":
            return Node("field", at, text, ("", [text[1:]]))
        if kind == "keyword" and text in (".", "nil"):
            return Node("dot" if text == "." else text, at, text)
        if kind == "bool":
            return Node("bool", at, text, text == "true")
        if kind in ('"', "`"):
            return Node("string", at, text, self._unquoted(text))
        if kind in ("number", "'"):
            return self._constant(token)
        if kind == "(":
            inner = self._pipeline("parenthesized pipeline", ")")
            return Node("pipeline", inner.at, f"({inner.text})", inner)
        self._at -= 1
        return None

    def _constant(self, token: Token) -> Node:
        try:
            return Node("number", token.at, token.text, tokens.number(token.text))
        except ValueError as error:
            raise self._error(str(error)) from None

    def _unquoted(self, text: str) -> str:
        if text.startswith("`"):
            return text[1:-1].replace("\r", "")
        try:
            return unquote(text)
        except PathError:
            raise self._error("invalid syntax") from None


def _call(name: str, at: int, pipeline: Pipeline | None) -> Node:
    given = f" {pipeline.text}" if pipeline else ""
    return Node("template", at, f"{{{{template {go_quote(name)}{given}}}}}", (name, pipeline))
