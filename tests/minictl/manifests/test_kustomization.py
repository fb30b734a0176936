"""Kustomizations: what they make of their resources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from minictl.errors import CommandError
from minictl.manifests import kustomization

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: site}
spec:
  selector: {matchLabels: {app: site}}
  template:
    metadata: {labels: {app: site}}
    spec:
      containers:
      - {name: web, image: "nginx", envFrom: [{configMapRef: {name: settings}}]}
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: site}\nspec: {selector: {app: site}, ports: [{port: 80}]}\n"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "deployment.yaml").write_text(DEPLOYMENT)
    (folder / "service.yaml").write_text(SERVICE)
    (folder / "motd.txt").write_text("welcome\n")
    write(folder, "resources: [deployment.yaml, service.yaml]\n")
    return folder


def write(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "kustomization.yaml").write_text(text)


def built(folder: Path) -> dict[str, Any]:
    return {one["kind"]: one for one in kustomization.build(str(folder))}


def test_everything_at_once(base: Path) -> None:
    write(
        base,
        "namePrefix: prod-\nresources: [deployment.yaml, service.yaml]\n"
        "labels: [{pairs: {env: prod}, includeSelectors: true}]\n"
        'images: [{name: nginx, newTag: "1.29"}]\nreplicas: [{name: site, count: 3}]\n'
        "configMapGenerator: [{name: settings, literals: [MODE=fast], files: [motd.txt]}]\n"
        "patches:\n- target: {kind: Service, name: site}\n"
        '  patch: |-\n    [{"op": "replace", "path": "/spec/ports/0/port", "value": 8080}]\n'
        "- patch: |-\n"
        "    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: site}\n    spec: {paused: true}\n",
    )
    made = built(base)
    assert list(made) == ["ConfigMap", "Service", "Deployment"]
    # the hash is the one that kustomize gives this content
    assert made["ConfigMap"]["metadata"] == {"name": "prod-settings-dck257t26c", "labels": {"env": "prod"}}
    assert made["ConfigMap"]["data"] == {"MODE": "fast", "motd.txt": "welcome\n"}
    assert made["Service"]["spec"] == {"selector": {"app": "site", "env": "prod"}, "ports": [{"port": 8080}]}
    deployment = made["Deployment"]
    assert deployment["metadata"]["name"] == "prod-site"
    assert (deployment["spec"]["replicas"], deployment["spec"]["paused"]) == (3, True)
    assert deployment["spec"]["selector"]["matchLabels"] == {"app": "site", "env": "prod"}
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "nginx:1.29"
    assert container["envFrom"] == [{"configMapRef": {"name": "prod-settings-dck257t26c"}}]


def test_a_folder_above_another(base: Path) -> None:
    above = base.parent / "above"
    write(
        above,
        'resources: [../base]\nnamespace: shop\nnameSuffix: "-x"\ncommonLabels: {team: a}\ncommonAnnotations: {note: b}'
        "\n"
        "secretGenerator: [{name: key, literals: [a=b]}]\ngeneratorOptions: {disableNameSuffixHash: true}\n",
    )
    made = built(above)
    assert made["Secret"] == {
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"a": "Yg=="},
        "metadata": {"name": "key-x", "namespace": "shop", "labels": {"team": "a"}, "annotations": {"note": "b"}},
    }  # fmt: skip
    assert made["Service"]["metadata"]["name"] == "site-x"
    assert made["Deployment"]["spec"]["template"]["metadata"]["labels"] == {"app": "site", "team": "a"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo: bar\n", 'invalid Kustomization: json: unknown field "foo"'),
        ("# nothing\n", "kustomization.yaml is empty"),
        ("helmCharts: []\n", "the field helmCharts of a kustomization is not supported by minictl"),
        ("resources: [nosuch.yaml]\n", "accumulating resources from 'nosuch.yaml'"),
        ("resources: [service.yaml, service.yaml]\n", "may not add resource with an already registered id"),
        ("resources: [../base]\n", "cycle detected"),
    ],
)
def test_mistakes(base: Path, text: str, message: str) -> None:
    write(base, text)
    with pytest.raises(CommandError) as raised:
        kustomization.build(str(base))
    assert message in raised.value.message


def test_a_folder_without_one(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="unable to find one of 'kustomization"):
        kustomization.build(str(tmp_path))
