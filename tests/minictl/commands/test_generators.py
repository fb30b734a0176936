"""What the generators make: nothing here talks to a server."""

import json
from typing import Any

import pytest

from minictl import cli
from minictl.errors import CommandError

Object = dict[str, Any]
HELP = "\nSee 'kubectl {} -h' for help and examples"


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/dev/null")


def made(capsys: pytest.CaptureFixture[str], line: str, *words: str) -> Object:
    cli.run([*line.split(), "--dry-run=client", "-o", "json", *words])
    found: Object = json.loads(capsys.readouterr().out)
    return found


def refused(line: str, *words: str) -> str:
    with pytest.raises(CommandError) as caught:
        cli.run([*line.split(), *words])
    return caught.value.sentence()


def test_a_pod(capsys: pytest.CaptureFixture[str]) -> None:
    pod = made(capsys, "run p --image=busybox --port=80 --labels=a=b --env=X=1 --restart=Never", "--", "sleep", "60")
    assert list(pod) == ["kind", "apiVersion", "metadata", "spec", "status"]
    assert pod["metadata"] == {"name": "p", "labels": {"a": "b"}}
    assert pod["spec"] == {
        "containers": [
            {
                "name": "p",
                "image": "busybox",
                "args": ["sleep", "60"],
                "ports": [{"containerPort": 80}],
                "env": [{"name": "X", "value": "1"}],
                "resources": {},
            }
        ],
        "restartPolicy": "Never",
        "dnsPolicy": "ClusterFirst",
    }


def test_overrides_change_what_was_made(capsys: pytest.CaptureFixture[str]) -> None:
    pod = made(capsys, "run p --image=nginx", '--overrides={"spec":{"nodeSelector":{"disk":"ssd"},"dnsPolicy":null}}')
    assert pod["spec"]["nodeSelector"] == {"disk": "ssd"}
    assert "dnsPolicy" not in pod["spec"]


def test_a_deployment_names_its_containers_after_their_images(capsys: pytest.CaptureFixture[str]) -> None:
    deployment = made(capsys, "create deployment web --image=registry:5000/a/nginx:1.27 --image=redis --replicas=3")
    assert deployment["spec"]["replicas"] == 3
    assert [one["name"] for one in deployment["spec"]["template"]["spec"]["containers"]] == ["nginx", "redis"]
    odd = made(capsys, "create deployment web --image=my_app")
    assert odd["spec"]["template"]["spec"]["containers"][0]["name"].startswith("my-app-")


def test_services(capsys: pytest.CaptureFixture[str]) -> None:
    service = made(capsys, "create service nodeport s --tcp=80:http --tcp=443 --node-port=30080")
    assert service["spec"]["ports"] == [
        {"name": "80-http", "protocol": "TCP", "port": 80, "targetPort": "http", "nodePort": 30080},
        {"name": "443", "protocol": "TCP", "port": 443, "targetPort": 443, "nodePort": 30080},
    ]
    assert made(capsys, "create service externalname e --external-name=db.example.com")["spec"] == {
        "selector": {"app": "e"},
        "type": "ExternalName",
        "externalName": "db.example.com",
    }


def test_the_namespace_stands_in_the_object_only_where_it_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert "namespace" not in made(capsys, "create configmap c")["metadata"]
    assert made(capsys, "create configmap c -n there")["metadata"]["namespace"] == "there"


def test_save_config_keeps_the_order_of_the_fields(capsys: pytest.CaptureFixture[str]) -> None:
    config_map = made(capsys, "create configmap c --from-literal=b=<1> --from-literal=a=2 --save-config")
    assert config_map["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] == (
        '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c"},"data":{"a":"2","b":"\\u003c1\\u003e"}}\n'
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("create configmap",
         "error: exactly one NAME is required, got 0" + HELP.format("create configmap")),
        ("create service clusterip s", "error: at least one tcp port specifier must be provided"),
        ("create service clusterip s --tcp=x", 'error: strconv.ParseUint: parsing "x": invalid syntax'),
        ("create secret tls t --cert=/dev/null", "error: key and cert must be specified"),
        ("create secret tls t --cert=/dev/null --key=/dev/null",
         "error: tls: failed to find any PEM data in certificate input"),
        ("create deployment d", 'error: required flag(s) "image" not set'),
        ("create secret opaque x", "error: unknown command \"opaque x\"" + HELP.format("create secret")),
        ("run p --image=Bad", 'error: Invalid image name "Bad": invalid reference format'),
        ("run p --image=x --expose",
         "error: --port must be set when exposing a service" + HELP.format("run")),
        ("run --image=x", "error: NAME is required for run" + HELP.format("run")),
        ("run p --image=x -i",
         "error: minictl cannot attach to containers: run without --attach, -i/--stdin, -t/--tty and --rm"),
        ("create cm c --dry-run=maybe", 'error: Invalid dry-run value (maybe). Must be "none", "server", or "client".'),
        ("apply", "error: must specify one of -f and -k"),
        ("apply -f x --prune",
         "error: all resources selected for prune without explicitly passing --all. To prune all resources,"
         " pass the --all flag. If you did not mean to prune all resources, specify a label selector"),
        ("apply -f x --force-conflicts", "error: --force-conflicts only works with --server-side"),
        ("delete pod x --now --grace-period=3", "error: --now and --grace-period cannot be specified together"),
        ("patch pod x", "error: must specify --patch or --patch-file containing the contents of the patch"),
        ("patch pod x -p {} --type=magic", 'error: --type must be one of [json merge strategic], not "magic"'),
        ("label", "error: one or more resources must be specified as <resource> <name> or <resource>/<name>"),
        ("label cm c a=1 a-", "error: can not both modify and remove a label in the same command"),
        ("replace -f x --grace-period=0", "error: --grace-period must have --force specified"),
        ("scale deploy x --replicas=-1",
         "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0"),
    ],
)  # fmt: skip
def test_what_is_refused_before_anything_is_sent(line: str, sentence: str) -> None:
    assert refused(line) == sentence


def test_changes_to_files_need_no_server(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    file = tmp_path / "pod.yaml"
    file.write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: a}]}\n")
    patch = '{"spec":{"containers":[{"name":"c","image":"b"},{"name":"d"}]}}'
    cli.run(["patch", "-f", str(file), "--local", "-p", patch, "-o", "jsonpath={.spec.containers}"])
    assert json.loads(capsys.readouterr().out) == [{"name": "c", "image": "b"}, {"name": "d"}]
    cli.run(["label", "-f", str(file), "--local", "x=y", "-o", "jsonpath={.metadata}"])
    assert json.loads(capsys.readouterr().out) == {"name": "p", "labels": {"x": "y"}}
    cli.run(["set", "image", "-f", str(file), "--local", "c=z", "-o", "jsonpath={.spec.containers[0].image}"])
    assert capsys.readouterr().out == "z"
