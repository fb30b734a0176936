"""Go's text/template: from text to a tree. Running the tree is template.py's part.

    text {{.spec.replicas}} {{range $i, $p := .items}}{{$p.metadata.name | printf "%q"}}{{else}}none{{end}}

Nodes carry where they stand and their own text, because errors quote both. Left out: {{block}} inheritance across files
(there is one file), complex numbers, method calls (JSON values have no methods).
"""

from __future__ import annotations

import re

from minictl.errors import go_quote
from minictl.output.jsonpath import PathError, unquote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    |(?P<char>'(?:[^'\\\n]|\\.)+')
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)(?![A-Za-z]))
    |(?P<field>\.[A-Za-z_]\w*)
    |(?P<variable>\$\w*)
    |(?P<dot>\.)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<mark>:=|[=|(),])""",
    re.VERBOSE,
)
FUNCTIONS = frozenset((
    "and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js", "urlquery", "call",
    "eq", "ne", "lt", "le", "gt", "ge", "base64decode", "exists",
))  # fmt: skip


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

    def __init__(self, at: int, names: list[str], assigns: bool, commands: list[Node], text: str) -> None:
        self.at = at
        self.names = names
        self.assigns = assigns
        self.commands = commands
        self.text = text


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
        self._at = 0
        self._trim_next = False
        self._defined: dict[str, list[Node]] = {}
        self._variables: list[str] = ["$"]
        self._tokens: list[tuple[str, str, int]] = []
        self._loops = 0

    def tree(self) -> Tree:
        nodes, ended = self._block()
        if ended:
            raise self._error(f"unexpected {{{{{ended}}}}}")
        return Tree(self._source, nodes, self._defined)

    def _error(self, message: str) -> TemplateError:
        line = self._source.count("\n", 0, self._at) + 1
        return TemplateError(f"template: output:{line}: {message}")

    # --- text and actions

    def _block(self) -> tuple[list[Node], str]:
        """Nodes up to an {{end}} or {{else}} of an outer block, and which of these it was ("" at the end of the
        text)."""
        nodes: list[Node] = []
        while True:
            text = self._text()
            if text:
                nodes.append(Node("text", self._at, text))
            if self._at >= len(self._source):
                return nodes, ""
            if not self._action():
                continue
            keyword = self._tokens[0][1] if self._tokens and self._tokens[0][0] == "word" else ""
            if keyword in ("end", "else"):
                return nodes, keyword
            node = self._statement(keyword)
            if node is not None:
                nodes.append(node)

    def _text(self) -> str:
        start = self._source.find("{{", self._at)
        end = len(self._source) if start < 0 else start
        text = self._source[self._at : end]
        if self._trim_next:
            text = text.lstrip(" \t\r\n")
        if start >= 0 and re.match(r"-[ \t\r\n]", self._source[end + 2 : end + 4]):
            text = text.rstrip(" \t\r\n")
        self._at = end
        return text

    def _action(self) -> bool:
        """Reads the tokens of one {{...}}; False for a comment."""
        at = self._at + 2
        if re.match(r"-[ \t\r\n]", self._source[at : at + 2]):
            at += 2
        comment = re.compile(r"\s*/\*").match(self._source, at) if self._source[at : at + 2] == "/*" else None
        if comment or self._source[at:].lstrip().startswith("/*"):
            return self._comment(at)
        self._tokens = []
        while True:
            close = re.compile(r"([ \t\r\n]+-)?\}\}").match(self._source, at)
            if close:
                self._trim_next = bool(close.group(1))
                self._at = close.end()
                return True
            match = _TOKEN.match(self._source, at)
            if not match:
                raise self._bad_character(at)
            if match.lastgroup != "space":
                self._tokens.append((str(match.lastgroup), match.group(), at))
            elif self._tokens:
                self._tokens.append(("space", " ", at))
            at = match.end()

    def _comment(self, at: int) -> bool:
        end = self._source.find("*/", at)
        close = re.compile(r"([ \t\r\n]+-)?\}\}").match(self._source, end + 2)
        if end < 0:
            raise self._error("unclosed comment")
        if not close:
            raise self._error("comment ends before closing delimiter")
        self._trim_next = bool(close.group(1))
        self._at = close.end()
        return False

    def _bad_character(self, at: int) -> TemplateError:
        if at >= len(self._source):
            return self._error("unclosed action")
        char = self._source[at]
        if char == '"':
            return self._error("unterminated quoted string")
        if char == "`":
            return self._error("unterminated raw quoted string")
        if char == "'":
            return self._error("unterminated character constant")
        if char == "{" or char == "}":
            return self._error(f"unexpected {go_quote(char)} in command")
        return self._error(f"unrecognized character in action: U+{ord(char):04X} '{char}'")

    # --- statements

    def _statement(self, keyword: str) -> Node | None:
        at = self._tokens[0][2] if self._tokens else self._at
        if keyword in ("if", "with", "range"):
            del self._tokens[0]
            return self._branch(keyword, at)
        if keyword in ("define", "block"):
            del self._tokens[0]
            return self._define(keyword, at)
        if keyword == "template":
            del self._tokens[0]
            name = self._string("template")
            self._skip()
            pipeline = self._pipeline("template") if self._tokens else None
            return Node("template", at, name, pipeline)
        if keyword in ("break", "continue"):
            if not self._loops:
                raise self._error(f"{{{{{keyword}}}}} outside {{{{range}}}}")
            return Node(keyword, at, keyword)
        pipeline = self._pipeline("command")
        self._variables += [name for name in pipeline.names if not pipeline.assigns]
        return Node("action", at, pipeline.text, pipeline)

    def _branch(self, keyword: str, at: int) -> Node:
        known = len(self._variables)
        pipeline = self._pipeline(keyword)
        self._variables += [name for name in pipeline.names if not pipeline.assigns]
        self._loops += keyword == "range"
        body, ended = self._block()
        self._loops -= keyword == "range"
        otherwise: list[Node] = []
        if ended == "else":
            rest = [token for token in self._tokens[1:] if token[0] != "space"]
            if rest and rest[0][1] in ("if", "with") and keyword in ("if", "with"):
                self._tokens = self._tokens[2:]
                self._skip()
                del self._tokens[0]
                otherwise = [self._branch(rest[0][1], at)]
                del self._variables[known:]
                return Node(keyword, at, pipeline.text, (pipeline, body, otherwise))
            otherwise, ended = self._block()
        if ended != "end":
            raise self._error("unexpected EOF" if not ended else f"unexpected {{{{{ended}}}}}")
        del self._variables[known:]
        return Node(keyword, at, pipeline.text, (pipeline, body, otherwise))

    def _define(self, keyword: str, at: int) -> Node | None:
        name = self._string(keyword)
        self._skip()
        pipeline = self._pipeline("block") if keyword == "block" else None
        outer, self._variables = self._variables, ["$"]
        body, ended = self._block()
        self._variables = outer
        if ended != "end":
            raise self._error("unexpected EOF")
        self._defined[name] = body
        return Node("template", at, name, pipeline) if keyword == "block" else None

    def _string(self, context: str) -> str:
        self._skip()
        if not self._tokens or self._tokens[0][0] != "string":
            raise self._error(f"unexpected {self._next_text()} in {context} clause")
        return self._unquoted(self._tokens.pop(0)[1])

    # --- pipelines

    def _skip(self) -> None:
        while self._tokens and self._tokens[0][0] == "space":
            del self._tokens[0]

    def _next_text(self) -> str:
        return f"<{self._tokens[0][1]}>" if self._tokens else "{{end}}"

    def _pipeline(self, context: str, closing: str = "") -> Pipeline:
        self._skip()
        at = self._tokens[0][2] if self._tokens else self._at
        names, assigns = self._declarations(context)
        commands: list[Node] = []
        while True:
            self._skip()
            if not self._tokens or (closing and self._tokens[0][1] == closing):
                break
            commands.append(self._command(closing))
            self._skip()
            if self._tokens and self._tokens[0][1] == "|":
                del self._tokens[0]
                self._skip()
                if not self._tokens:
                    raise self._error("missing value for command")
        if not commands:
            raise self._error(f"missing value for {context}")
        if closing:
            if not self._tokens:
                raise self._error("unclosed left paren")
            del self._tokens[0]
        shown = " | ".join(command.text for command in commands)
        if names:
            shown = f"{', '.join(names)} {'=' if assigns else ':='} {shown}"
        return Pipeline(at, names, assigns, commands, shown)

    def _declarations(self, context: str) -> tuple[list[str], bool]:
        names: list[str] = []
        ahead = [token for token in self._tokens if token[0] != "space"]
        while ahead and ahead[0][0] == "variable":
            names.append(ahead[0][1])
            following = ahead[1][1] if len(ahead) > 1 else ""
            if following in (":=", "="):
                end = self._tokens.index(ahead[1])
                del self._tokens[: end + 1]
                return names, following == "="
            if following != "," or context != "range":
                break
            ahead = ahead[2:]
        return [], False

    def _command(self, closing: str) -> Node:
        at = self._tokens[0][2]
        operands: list[Node] = []
        while True:
            self._skip()
            if not self._tokens or self._tokens[0][1] in ("|", closing):
                break
            operands.append(self._operand())
            if self._tokens and self._tokens[0][0] != "space" and self._tokens[0][1] not in ("|", ")"):
                raise self._error(f"unexpected {self._next_text()} in operand")
        if not operands:
            raise self._error("empty command")
        return Node("command", at, " ".join(node.text for node in operands), operands)

    def _operand(self) -> Node:
        kind, text, at = self._tokens.pop(0)
        node = self._term(kind, text, at)
        fields: list[str] = []
        second = 0
        while self._tokens and self._tokens[0][0] == "field":
            _, field, position = self._tokens.pop(0)
            second = second or position
            fields.append(field[1:])
        if not fields:
            return node
        shown = node.text + "".join(f".{field}" for field in fields)
        if node.kind in ("field", "variable"):
            name, own = node.data
            return Node(node.kind, second, shown, (name, own + fields))
        if node.kind in ("string", "number", "bool", "nil"):
            raise self._error(f"unexpected . after term {go_quote(node.text)}")
        return Node("chain", second, shown, (node, fields))

    def _term(self, kind: str, text: str, at: int) -> Node:
        if kind == "field":
            return Node("field", at, text, ("", [text[1:]]))
        if kind == "dot":
            return Node("dot", at, ".")
        if kind == "variable":
            if text not in self._variables:
                raise self._error(f"undefined variable {go_quote(text)}")
            return Node("variable", at, text, (text, []))
        if kind == "string":
            return Node("string", at, text, self._unquoted(text))
        if kind == "number":
            return Node("number", at, text, self._number(text))
        if kind == "char":
            return Node("number", at, text, ord(self._unquoted(f'"{text[1:-1]}"')))
        if kind == "word":
            if text in ("true", "false"):
                return Node("bool", at, text, text == "true")
            if text == "nil":
                return Node("nil", at, text)
            if text not in FUNCTIONS:
                raise self._error(f"function {go_quote(text)} not defined")
            return Node("function", at, text)
        if text == "(":
            inner = self._pipeline("parenthesized pipeline", closing=")")
            return Node("pipeline", at, f"({inner.text})", inner)
        raise self._error(f"unexpected <{text}> in operand")

    def _number(self, text: str) -> int | float:
        digits = text.replace("_", "")
        try:
            if re.fullmatch(r"[+-]?0[0-7]+", digits):
                return int(digits, 8)
            return int(digits, 0)
        except ValueError:
            return float(digits)

    def _unquoted(self, text: str) -> str:
        if text.startswith("`"):
            return text[1:-1]
        try:
            return unquote(text)
        except PathError:
            raise self._error("invalid syntax") from None
