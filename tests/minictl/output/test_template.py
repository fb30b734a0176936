"""Go templates: what they give, and Go's sentences for their mistakes."""

from __future__ import annotations

import pytest

from minictl.errors import CommandError
from minictl.output import template

DEPLOY = {
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web", "tier": "front"}},
    "spec": {"replicas": 3, "paused": True, "containers": [{"name": "main", "image": "nginx"}, {"name": "side"}]},
}


def render(text: str, lenient: bool = True) -> str:
    return template.printer("go-template", text, lenient)(DEPLOY)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{{.metadata.name}} {{.nosuch}} {{.nosuch.deep}}", "web <no value> <no value>"),
        ("{{range .spec.containers}}{{.name}},{{end}}", "main,side,"),
        ("{{range $i, $c := .spec.containers}}{{if $i}}; {{end}}{{$i}}={{$c.name}}{{end}}", "0=main; 1=side"),
        ("{{range $k, $v := .metadata.labels}}{{$k}}:{{$v}} {{end}}", "app:web tier:front "),
        ("{{range .nosuch}}x{{else}}none{{end}}", "none"),
        ('{{range .spec.containers}}{{if eq .name "side"}}{{break}}{{end}}{{.name}}{{end}}', "main"),
        ('{{if and .spec.paused (eq .kind "Deployment")}}y{{else}}n{{end}}', "y"),
        ("{{if false}}a{{else if .spec.paused}}b{{else}}c{{end}}", "b"),
        ("{{with .spec.nosuch}}a{{else}}b{{end}}{{with $x := .kind}}{{$x}}{{end}}", "bDeployment"),
        ("{{$x := 5}}{{range .spec.containers}}{{$x = 7}}{{end}}{{$x}}", "7"),
        ('a  {{- /* gone */ -}}  b {{- "c" -}} \n d', "abcd"),
        ('{{index .spec.containers 0 "name"}} {{(index .spec.containers 1).name}}', "main side"),
        ("{{len .metadata.labels}} {{len .kind}} {{slice .kind 1 3}}", "2 10 ep"),
        ('{{printf "%5d|%-5s|%05d|%x|%q" .spec.replicas .kind 7 255 .kind}}', '    3|Deployment|00007|ff|"Deployment"'),
        ('{{printf "%.0f %d" .spec.replicas "x"}}', "%!f(int64=3) %!d(string=x)"),
        ("{{.metadata.labels}}", "map[app:web tier:front]"),
        ('{{not .spec.paused}} {{or .nosuch "z"}} {{and 1 0}}', "false z 0"),
        ("{{eq 1 2 1}} {{ne 1 2}} {{lt 1 2}} {{ge 2 2}}", "true true true true"),
        ('{{.kind | printf "%s-%s" "a"}}', "a-Deployment"),
        ('{{"YWRh" | base64decode}} {{exists . "metadata" "labels" "app"}}', "ada true"),
        ('{{html "<a>"}} {{print 1 2 "a" 3}}', "&lt;a&gt; 1 2a3"),
        ('{{define "t"}}<{{.}}>{{end}}{{template "t" .kind}}', "<Deployment>"),
        ('{{`raw "text"`}}', 'raw "text"'),
    ],
)
def test_templates(text: str, wanted: str) -> None:
    assert render(text) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{.a", "template: output:1: unclosed action"),
        ("{{range .items}}", "template: output:1: unexpected EOF"),
        ("\n{{end}}", "template: output:2: unexpected {{end}}"),
        ("{{nosuch .a}}", 'template: output:1: function "nosuch" not defined'),
        ("{{$y}}", 'template: output:1: undefined variable "$y"'),
        ("{{if}}{{end}}", "template: output:1: missing value for if"),
        ('{{"a}}', "template: output:1: unterminated quoted string"),
    ],
)
def test_templates_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(CommandError) as raised:
        render(text)
    assert raised.value.message == f"error parsing template {text}, {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{{.kind.x.y}}",
            'output:1:7: executing "output" at <.kind.x.y>: can\'t evaluate field x in type interface {}',
        ),
        ("{{index .metadata 0}}", "error calling index: value has type int; should be string"),
        ("{{index .spec.containers 7}}", "error calling index: index out of range: 7"),
        ('{{eq "a" 1}}', "error calling eq: incompatible types for comparison"),
        ("{{range .kind}}x{{end}}", "range can't iterate over Deployment"),
    ],
)
def test_templates_that_cannot_be_run(text: str, message: str) -> None:
    with pytest.raises(CommandError) as raised:
        render(f"before {text}")
    error = raised.value
    assert error.message.startswith('error executing template "before ')
    assert message.rpartition(">: ")[2] in error.message
    assert error.printed.startswith("before Error executing template: template: output:1:")


def test_positions_point_at_the_second_field_of_a_chain() -> None:
    with pytest.raises(CommandError) as raised:
        render("{{.metadata.name.first}}")
    assert "template: output:1:11: executing" in raised.value.message


def test_a_missing_key_can_be_an_error() -> None:
    with pytest.raises(CommandError, match='map has no entry for key "nosuch"'):
        render("{{.nosuch}}", lenient=False)
