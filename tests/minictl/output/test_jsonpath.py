"""kubectl's JSONPath: what templates give, and what their mistakes are called."""

from __future__ import annotations

import pytest

from minictl.errors import CommandError
from minictl.output import jsonpath, walking

POD = {
    "kind": "Pod",
    "metadata": {"name": "web", "labels": {"app": "shop", "app.kubernetes.io/name": "x"}},
    "spec": {
        "paused": True,
        "grace": 30,
        "containers": [
            {"name": "main", "ports": [{"containerPort": 80}, {"containerPort": 443, "name": "tls"}], "args": ["a&b"]},
            {"name": "side", "image": "busybox"},
        ],
    },
}


def render(template: str, name: str = "jsonpath") -> str:
    return jsonpath.printer(name, template, True)(POD)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{.metadata.name}", "web"),
        ("plain {.kind} text", "plain Pod text"),
        (".metadata.name", ".metadata.name"),
        ("{.spec.containers[*].name}", "main side"),
        ("{.spec.containers[-1].name}", "side"),
        ("{.spec.containers[0:1].name}|{.spec.containers[1:].name}|{.spec.containers[::2].name}", "main|side|main"),
        ("{.spec.containers[0,1].name}", "main side"),
        ("{.spec.containers[*]['name','image']}", "main side busybox"),
        ('{.spec.containers[?(@.name=="side")].image}', "busybox"),
        ("{.spec.containers[?(@.image)].name}", "side"),
        ("{.spec.containers[*].ports[?(@.containerPort>100)].name}", "tls"),
        ("{.spec.containers[*].ports[?(@.containerPort<=80)].containerPort}", "80"),
        ("{.spec.paused} {.spec.grace}", "true 30"),
        ("{.metadata.labels.app\\.kubernetes\\.io/name}", "x"),
        ("{['metadata']['name']}", "web"),
        ("{$.kind}/{@.kind}", "Pod/Pod"),
        ("[{.nosuch.deep.er}]", "[]"),
        ("{.spec.containers[0].args}", '["a\\u0026b"]'),
        ("{..containerPort}", "80 443"),
        ("{.metadata.labels.*}", "shop x"),
        ('{range .spec.containers[*]}{.name}{"\\t"}{end}x', "main\tside\tx"),
        ("{range .spec.containers[*]}{range .ports[*]}{.containerPort},{end};{end}", "80,443,;;"),
        ("{range .nosuch[*]}{.name}{end}done", "done"),
        ('{range .spec.containers[*]}{.name}{"\\n"}', "main\nside\n\n"),
        ('{"say \\"hi\\" \\u00e9"}', 'say "hi" é'),
    ],
)
def test_templates(template: str, text: str) -> None:
    assert render(template) == text


def test_as_json() -> None:
    assert render("{.spec.containers[*].name}", "jsonpath-as-json") == '[\n    "main",\n    "side"\n]\n'
    assert render("{.nosuch}", "jsonpath-as-json") == "[]\n"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{.a", "unclosed action"),
        ("{.a[}", "unterminated array"),
        ('{.a[?(@.b=="1"]}', "unterminated filter"),
        ('{"a}', "unterminated quoted string"),
        ("{.a[x]}", "invalid array index x"),
        ("{.a..b....c}", "invalid multiple recursive descent"),
        ('{.a[?(@.b=="x" && @.c==1)]}', "unrecognized character in action: U+0026 '&'"),
    ],
)
def test_templates_that_cannot_be_read(template: str, message: str) -> None:
    with pytest.raises(CommandError) as raised:
        render(template)
    assert raised.value.sentence() == f"error: error parsing jsonpath {template}, {message}"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{.spec.containers[9]}", "array index out of bounds: index 9, length 2"),
        ("{.spec.containers[1:9]}", "array index out of bounds: index 8, length 2"),
        ("{.spec.containers[1:0]}", "starting index 1 is greater than ending index 0"),
        ("{.spec.containers[::-1]}", "step must be > 0"),
        ("{.metadata[0]}", "map[string]interface {} is not array or slice"),
        ("{.metadata.name[0]}", "string is not array or slice"),
        ("{end}", "not in range, nothing to end"),
        ("{nosuch .a}", "unrecognized identifier nosuch"),
        ("{.spec.containers[?(@.name==1)].name}", "incompatible types for comparison"),
    ],
)
def test_templates_that_cannot_be_run(template: str, message: str) -> None:
    with pytest.raises(CommandError) as raised:
        render(template)
    assert f"Error executing template: {message}. Printing more information" in raised.value.message
    assert f"\ttemplate was:\n\t\t{template}\n" in raised.value.message


def test_no_template() -> None:
    with pytest.raises(CommandError, match="template format specified but no template given"):
        jsonpath.printer("jsonpath", "", True)


@pytest.mark.parametrize("path", ["metadata.name", ".metadata.name", "{metadata.name}", "{.metadata.name}"])
def test_relaxed_paths(path: str) -> None:
    assert walking.find(path, POD) == ["web"]


def test_what_is_no_relaxed_path() -> None:
    with pytest.raises(jsonpath.PathError, match="unexpected path string"):
        jsonpath.relaxed("{.metadata.name")


def test_a_missing_key_can_be_an_error() -> None:
    with pytest.raises(CommandError, match="nosuch is not found"):
        jsonpath.printer("jsonpath", "{.nosuch}", False)(POD)
