"""The code as text: who may import whom, how long a file may be, what must have a schema, a test, a help text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("apiserver", "minictl", "schemas")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

MAX_LINES = 400
MAX_FUNCTION_LINES = 75

LAYERS = [  # top may import below, never up; those on one line must not know each other
    ["apiserver.__main__"],
    ["apiserver.running"],
    ["apiserver.cluster"],
    ["apiserver.settings"],
    ["apiserver.http", "apiserver.controllers"],
    ["apiserver.reconcile", "apiserver.runtime"],
    ["apiserver.customkinds"],
    ["apiserver.reviews"],
    ["apiserver.subresources", "apiserver.eviction", "apiserver.accounts"],
    ["apiserver.api"],
    ["apiserver.listing"],
    ["apiserver.deletion", "apiserver.parts", "apiserver.replacing"],
    ["apiserver.watching"],
    ["apiserver.admission"],
    ["apiserver.authorization"],
    ["apiserver.kinds"],
    ["apiserver.kind", "apiserver.storage"],
    ["apiserver.objects"],
    ["apiserver.signing", "apiserver.garbage"],
    ["apiserver.errors", "apiserver.clock", "apiserver.call", "apiserver.certificates"],
    ["apiserver.quoting"],
    ["schemas"],
]
MINICTL_LAYERS = [
    ["minictl.__main__"],
    ["minictl.cli"],
    ["minictl.commands"],
    ["minictl.steps"],
    ["minictl.session", "minictl.describe", "minictl.insight"],
    ["minictl.output", "minictl.cluster", "minictl.connecting"],
    ["minictl.manifests"],
    ["minictl.patches", "minictl.resources"],
    [
        "minictl.client",
        "minictl.kubeconfig",
        "minictl.preferences",
        "minictl.tracing",
        "minictl.credentials",
        "minictl.proxies",
    ],
    ["minictl.transport", "minictl.grammar"],
    ["minictl.texts"],
    ["minictl.errors"],
    ["schemas"],
]
SIBLINGS = ("apiserver.controllers", "apiserver.kinds", "minictl.commands")
HOMES = {  # a library's import has one home
    "sqlalchemy": ("apiserver.storage.schema",),
    "uvicorn": ("apiserver.http",),
    "uvloop": ("apiserver.running",),
    "rich": ("minictl.output", "minictl.describe"),
    "cronsim": ("apiserver.objects.schedules",),
    "cel_expr_python": ("apiserver.objects.expressions",),
    "google": ("apiserver.objects.expressions",),
    "cryptography": ("apiserver.certificates", "apiserver.signing", "minictl.commands.create_secret"),
}
TIME = {("time", "time"), ("time", "monotonic"), ("datetime", "now"), ("datetime", "utcnow"), ("time", "sleep")}


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports to run, and the line; `from package import name` counts as package.name too."""
    for node in _that_run(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def _that_run(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree but those that only type checkers see: naming a type is no dependency at run time."""
    yield node
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    for child in ast.iter_child_nodes(node):
        yield from _that_run(child)


def layer_of(name: str, layers: list[list[str]]) -> tuple[int, str] | None:
    """(depth, the entry it falls under), the longest matching entry counting."""
    found = [
        (depth, entry) for depth, row in enumerate(layers) for entry in row if (name + ".").startswith(entry + ".")
    ]
    return max(found, key=lambda pair: len(pair[1]), default=None)


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_imports_go_down(path: Path) -> None:
    name = module(path)
    layers = MINICTL_LAYERS if name.startswith("minictl") else LAYERS
    own = layer_of(name, layers)
    for imported, line in imports(path):
        top = imported.partition(".")[0]
        if top in PACKAGES and top != name.partition(".")[0]:
            assert top == "schemas", f"{path}:{line}: {name} may not know {imported}"
        other = layer_of(imported, layers)
        if own is None or other is None or own[1] == other[1]:
            continue
        assert other[0] > own[0], f"{path}:{line}: {name} is below or beside {imported}"


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_siblings_do_not_know_each_other(path: Path) -> None:
    name = module(path)
    for folder in SIBLINGS:
        if not name.startswith(folder + "."):
            continue
        for imported, line in imports(path):
            same = ".".join(imported.split(".")[:3]) == name
            private = imported.startswith(folder + "._")
            assert same or private or not imported.startswith(folder + "."), f"{path}:{line}: {name} imports {imported}"


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_libraries_have_one_home(path: Path) -> None:
    name = module(path)
    for imported, line in imports(path):
        homes = HOMES.get(imported.partition(".")[0])
        assert homes is None or name.startswith(homes), f"{path}:{line}: {imported} belongs in {homes}"


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_files_and_functions_fit(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MAX_LINES, f"{path}: which noun is hiding in it?"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno
            assert length <= MAX_FUNCTION_LINES, f"{path}:{node.lineno}: {node.name} is {length} lines long"


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{path} has no docstring"


@pytest.mark.parametrize("path", [p for p in SOURCES if module(p).startswith("apiserver")], ids=module)
def test_only_the_clock_asks_the_time(path: Path) -> None:
    if module(path) == "apiserver.clock":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in TIME, f"{path}:{node.lineno} asks the time"


def test_nothing_is_left_unfinished() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error")
    for path in [*SOURCES, *(ROOT / "tests").rglob("*.py")]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert not any(word in line for word in words), f"{path}:{number}: {line.strip()}"


def test_every_kind_has_a_schema_and_a_story() -> None:
    from apiserver.kinds import BUILTIN
    from schemas import load

    stories = "\n".join(p.read_text() for p in (ROOT / "tests").rglob("*") if p.suffix in (".py", ".txt"))
    for kind in BUILTIN:
        assert load(kind.group_version, kind.name).root.properties["metadata"]
        assert kind.name in stories, f"no test mentions {kind.name}"


def test_the_readme_names_every_top_level_folder() -> None:
    readme = (ROOT / "README.md").read_text()
    for folder in ("minictl", "apiserver", "schemas", "tests", "examples", ".ci"):
        assert f"{folder}/" in readme
