"""Random JSONPath and Go templates, from a grammar: mostly right, about things that are there, and sometimes neither.

Maps are only descended into where one way leads to a result, for Go goes through maps in no order.
"""

from __future__ import annotations

import random
from typing import Any

OBJECT: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Thing",
    "metadata": {"name": "a", "labels": {"app": "shop", "app.kubernetes.io/name": "web", "z": "y"}},
    "data": {"key": "aGVsbG8=", "short": "aGk", "bad": "%%%"},
    "spec": {
        "replicas": 3,
        "neg": -4,
        "zero": 0,
        "big": 4000000000000,
        "ratio": 1.5,
        "tiny": 1e-7,
        "wide": 1234567.5,
        "huge": 1.5e21,
        "on": True,
        "off": False,
        "none": None,
        "empty": "",
        "text": "a<b> & \"c\" 'd' = é\n\tx",
        "items": [],
        "map": {},
        "containers": [
            {"name": "main", "image": "nginx:1", "ports": [{"name": "http", "port": 80}, {"port": 443}], "weight": 2},
            {"name": "side", "image": "busybox", "ports": [], "weight": 2.5, "ready": True},
            {"name": "third", "args": ["sh", "-c"], "ports": None, "ready": False},
        ],
        "mixed": [1, "1", True, None, 2.5, {"a": 1}, [1, 2]],
        "numbers": [3, 1, 2, 10],
        "words": ["b", "a", "", "ü"],
        "matrix": [[1, 2], [3, 4], []],
    },
}  # the label z is what has kubectl print the object: `label --local z=y` changes nothing

LITERALS = ("0", "1", "2", "3", "80", "-4", "1.5", "2.5", "true", "false", '"main"', "'side'", '"1"', "'a'", '""', "10")
ROOT_PATHS = (
    ".kind", ".metadata.name", ".metadata.labels", ".spec",
    ".spec.replicas", ".spec.neg", ".spec.ratio", ".spec.tiny",
    ".spec.huge", ".spec.big", ".spec.wide", ".spec.on", ".spec.off", ".spec.none", ".spec.empty", ".spec.text",
    ".spec.items", ".spec.map",
    ".spec.containers", ".spec.mixed", ".spec.numbers", ".spec.words", ".spec.matrix", ".data.key", ".data.bad",
    ".data.short", ".nosuch", ".spec.nosuch.deep", ".metadata.name.first", ".spec.none.x", ".spec.zero",
)  # fmt: skip
KEYED_PATHS = (
    "['metadata']['name']", "['spec'].words", "['kind','apiVersion']", ".metadata['name','nosuch']",
    ".metadata.labels.app\\.kubernetes\\.io/name", ".metadata.labels['app\\.kubernetes\\.io/name']",
)  # fmt: skip
LIST_PATHS = (".spec.containers", ".spec.mixed", ".spec.numbers", ".spec.words", ".spec.matrix", ".spec.items")
CALLED = (
    "printf", "printf", "index", "len", "slice", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "print",
    "println", "html", "js", "urlquery", "base64decode", "exists", "call",
)  # fmt: skip
ENDS_OF_PIPES = (
    "len", "print", "not", "html", "js", "urlquery", "base64decode", 'printf "%v"', "eq 3",
    "index .spec.words", "and true",
    "or 0", 'printf "%q %d" "a"',
)  # fmt: skip


ALPHABETS = (
    "ab c", "a: #-", "01.e+_-x:", "\n ab", "\t\n '\"\\", "é\u00a0 a\U0001f600\x07", "{}[],&*!|>%@`?-", "yno tfalse",
    "0123456789-:T.Z ",
)  # fmt: skip


def document(seed: int) -> dict[str, Any]:
    """An object whose texts, numbers and keys are hard to write down."""
    rnd = random.Random(seed)

    def text() -> str:
        if rnd.random() < 0.3:
            words = rnd.choices("abcd:#-,'\"", k=rnd.randint(1, 14)), rnd.choices("abcd", k=rnd.randint(1, 14))
            return " ".join("".join(rnd.choice(words)) for _ in range(rnd.randint(1, 40)))
        return "".join(rnd.choices(rnd.choice(ALPHABETS), k=rnd.choice([0, 1, 1, 2, 3, 5, 8, 30, 90, 200])))

    def number() -> float:
        mantissa, power = rnd.uniform(-1, 1), rnd.randint(-12, 25)
        return rnd.choice([mantissa * 10**power, float(rnd.randint(-1000, 1000)) * 10 ** rnd.randint(0, 22), power])

    spec = {
        "texts": [text() for _ in range(150)],
        "numbers": [number() for _ in range(40)],
        "keys": {text()[:100]: at for at in range(40)},
        "values": {f"k{at}": text() for at in range(150)},
    }
    return {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a", "labels": {"z": "y"}}, "spec": spec}


class Expressions:
    """Expressions of one seed, the same ones each time."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._variables: list[str] = []
        self._depth = 0
        self._in_range = 0

    def _one(self, *choices: Any) -> Any:
        return self._random.choice(choices)

    def _chance(self, of: float) -> bool:
        return self._random.random() < of

    def _damaged(self, text: str) -> str:
        """The text with one character gone, doubled or another one."""
        if not text or self._chance(0.88):
            return text
        at = self._random.randrange(len(text))
        return text[:at] + self._one("", text[at] * 2, self._one(*'{}[]().|"$-@,:=x')) + text[at + 1 :]

    # --- JSONPath

    def jsonpath(self) -> str:
        parts = [self._part() for _ in range(self._random.randint(1, 3))]
        return self._damaged("".join(parts))

    def _part(self) -> str:
        roll = self._random.random()
        if roll < 0.12:
            return self._one(
                " and ", "x", '{"\\n"}', '{"\\t"}', '{"a b"}', "{'c'}", '{"\\u00e9"}', "{true}", "{12}", "{-1.5}"
            )
        if roll < 0.3 and self._depth < 2:
            self._depth += 1
            of = (
                self._one(*LIST_PATHS, ".spec.nosuch", ".spec.containers")
                if self._depth == 1
                else self._one(".ports", ".args", ".*", "")
            )
            body = "".join(
                self._part() if self._chance(0.3) else self._inner() for _ in range(self._random.randint(1, 2))
            )
            self._depth -= 1
            end = "{end}" if self._chance(0.93) else self._one("", "{end}{end}")
            return f"{{range {of}[*]}}{body}{end}"
        return "{" + self._one("", "", "$", "@") + self._path() + "}"

    def _inner(self) -> str:
        return self._one(
            "{.name}", "{.port}", "{@}", "{.}", ",", '{"\\t"}', "{.ports[*].port}", "{.weight} ", "{$.name}"
        )

    def _path(self) -> str:
        roll = self._random.random()
        if roll < 0.25:
            return str(self._one(*ROOT_PATHS)) + (self._step() if self._chance(0.2) else "")
        if roll < 0.33:
            return str(
                self._one(
                    "..port",
                    ".spec.containers..name",
                    ".spec.matrix..",
                    "..args",
                    "..nosuch",
                    ".spec..a",
                    "..ports[0].port",
                )
            )
        if roll < 0.38:
            return str(self._one(*KEYED_PATHS))
        return f"{self._one(*LIST_PATHS)}{self._step()}" + (self._after() if self._chance(0.7) else "")

    def _step(self) -> str:
        roll = self._random.random()
        if roll < 0.15:
            return str(self._one("[*]", ".*"))
        if roll < 0.35:
            return f"[{self._random.randint(-4, 4)}]"
        if roll < 0.55:
            return f"[{self._bound()}:{self._bound()}{self._one('', '', f':{self._random.randint(-1, 3)}', ':')}]"
        if roll < 0.65:
            return f"[{self._random.randint(-3, 2)},{self._one('', ' ')}{self._random.randint(-3, 3)}]"
        return f"[?({self._filter()})]"

    def _bound(self) -> str:
        return "" if self._chance(0.3) else str(self._random.randint(-4, 4))

    def _filter(self) -> str:
        left = self._one(
            "@.name",
            "@.weight",
            "@.ready",
            "@.ports",
            "@.ports[0].port",
            "@",
            "@.nosuch",
            "@.args[*]",
            "@[0]",
            "@.name",
            "@.weight",
        )
        if self._chance(0.2):
            return str(left)
        operator = self._one("==", "!=", "<", "<=", ">", ">=", "==", "==", "=", "<>", "=~", "&&")
        space = self._one("", " ")
        right = (
            self._one(*LITERALS)
            if self._chance(0.85)
            else self._one("@.weight", "@.name", "@.nosuch", "@", "@.ports[*].port")
        )
        return f"{left}{space}{operator}{space}{right}"

    def _after(self) -> str:
        return str(
            self._one(
                ".name",
                ".port",
                ".ports[*].port",
                ".ports[0].name",
                ".nosuch",
                "[0]",
                "['name','image']",
                ".a",
                ".ports",
            )
        )

    # --- Go templates

    def template(self) -> str:
        self._variables, self._depth, self._in_range = [], 0, 0
        text = "".join(self._node() for _ in range(self._one(1, 1, 2)))
        if self._chance(0.12):
            name = self._one('"t"', "`u`")
            body = self._one("<{{.}}>", "{{.name}}", "{{$}}", "{{len .}}", "{{range .}}{{.}};{{end}}")
            text += self._one(f"{{{{define {name}}}}}{body}{{{{end}}}}{{{{template {name} {self._operand()}}}}}",
                              f"{{{{block {name} {self._operand()}}}}}{body}{{{{end}}}}",
                              f"{{{{template {name}}}}}")  # fmt: skip
        return self._damaged(text)

    def _open(self) -> str:
        return "{{- " if self._chance(0.08) else self._one("{{", "{{", "{{ ")

    def _close(self) -> str:
        return " -}}" if self._chance(0.08) else self._one("}}", "}}", " }}")

    def _action(self, text: str) -> str:
        return f"{self._open()}{text}{self._close()}"

    def _node(self) -> str:
        roll = self._random.random()
        if roll < 0.12:
            return str(self._one(" x ", "\n", "a b", "{{/* gone */}}", "{{- /* gone */ -}}", " é "))
        if roll < 0.2:
            return self._assignment()
        if roll < 0.42 and self._depth < 2:
            return self._statement()
        if roll < 0.45 and (self._in_range or self._chance(0.1)):
            return str(self._one("{{break}}", "{{continue}}"))
        return self._action(self._pipeline())

    def _assignment(self) -> str:
        if self._variables and self._chance(0.4):
            return self._action(f"{self._one(*self._variables)} = {self._pipeline()}")
        value = self._pipeline()
        name = f"$v{len(self._variables)}"
        self._variables.append(name)
        return self._action(f"{name} := {value}")

    def _statement(self) -> str:
        self._depth += 1
        known, keyword = len(self._variables), self._one("if", "range", "with", "range")
        head = self._pipeline() if keyword == "if" else self._one(*LIST_PATHS, *ROOT_PATHS, self._pipeline())
        if keyword == "range":
            if self._chance(0.4):
                names = self._one(["$i", "$e"], ["$e"])
                head = f"{', '.join(names)} := {head}"
                self._variables += names
            self._in_range += 1
        elif self._chance(0.15):
            head = f"$w := {head}"
            self._variables.append("$w")
        body = "".join(self._node() for _ in range(self._random.randint(1, 2)))
        if keyword != "if" and self._chance(0.6):
            body += self._one("{{.}}", "{{.name}}", "{{.}},", "{{.port}}", "{{$.kind}}")
        self._in_range -= keyword == "range"
        text = self._action(f"{keyword} {head}") + body
        if self._chance(0.35):
            text += self._action(self._one("else", "else", f"{self._one('else if', 'else with')} {self._pipeline()}"))
            text += self._one("none", "{{.}}", "", "{{$.kind}}")
        del self._variables[known:]
        self._depth -= 1
        return text + (self._action("end") if self._chance(0.97) else "")

    def _pipeline(self) -> str:
        text = self._call() if self._chance(0.7) else self._operand()
        if self._chance(0.15):
            text += " | " + self._one(*ENDS_OF_PIPES)
        return text

    def _call(self) -> str:
        operand = self._operand
        name = self._one(*CALLED)
        if name == "printf":
            return f"printf {self._form()} {' '.join(operand() for _ in range(self._one(0, 1, 1, 1, 2)))}".rstrip()
        if name == "index":
            keys = [
                self._one("0", "1", "7", "-1", '"name"', '"a"', '"ports"', ".kind", "1.5", "true", "nil")
                for _ in range(self._one(1, 1, 2))
            ]
            return f"index {operand()} {' '.join(keys)}"
        if name == "slice":
            bounds = [str(self._one(0, 1, 2, 3, 9, -1)) for _ in range(self._one(0, 1, 2, 2, 3))]
            return f"slice {operand()} {' '.join(bounds)}".rstrip()
        if name == "exists":
            keys = self._one('"name"', '"spec"', "0", "9", '"spec" "containers" 0 "name"')
            return f"exists {operand()} {keys}"
        few = {
            "len": (1, 1, 1, 1, 1, 2),
            "not": (1, 1, 1, 1, 0),
            "base64decode": (1, 1, 1, 2),
            "call": (1, 2),
            "eq": (2, 2, 2, 2, 3, 1),
        }
        many = (2, 2, 2, 2, 2, 2, 1, 3) if name in ("ne", "lt", "le", "gt", "ge") else (1, 2, 3, 0)
        return f"{name} {' '.join(operand() for _ in range(self._one(*few.get(name, many))))}".rstrip()

    def _operand(self) -> str:
        roll = self._random.random()
        if roll < 0.45:
            return str(self._one(*ROOT_PATHS))
        if roll < 0.7:
            return str(
                self._one(
                    "0",
                    "1",
                    "3",
                    "-4",
                    "1.5",
                    '"a"',
                    '"main"',
                    "`raw`",
                    "'x'",
                    "true",
                    "false",
                    "nil",
                    "0x10",
                    "1e3",
                    '"é\\n"',
                    "1_000",
                    "0b11",
                    "017",
                    "1.",
                )
            )
        if roll < 0.8 and self._variables:
            return str(self._one(*self._variables)) + self._one("", "", ".name")
        if roll < 0.9 and self._depth < 2:
            self._depth += 1
            text = f"({self._pipeline()})" + self._one("", "", "", ".name")
            self._depth -= 1
            return text
        return str(self._one(".", "$", "$.kind", "$.spec.replicas", ".name"))

    def _form(self) -> str:
        verb = self._one(*"vdsqxXobctTeEfFgGUO", "z", "%")
        marks = self._one("", "", "", "", "+", "-", "#", "0", " ", "+#")
        width = self._one("", "", "", "6", "12", "06", "-8")
        precision = self._one("", "", "", ".2", ".0", ".", ".12")
        before, after = self._one("", "<"), self._one("", ">", " %v", "%")
        return f'"{before}%{marks}{width}{precision}{verb}{after}"'
