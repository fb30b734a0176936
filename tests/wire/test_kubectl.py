"""Stock kubectl, where there is one, tells the same story against the same server."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.server import Server

KUBECTL = shutil.which("kubectl")
NAMESPACE = "stock-kubectl"
WAIT_SECONDS = 15

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="there is no kubectl on this machine")


class Kubectl:
    def __init__(self, server: Server) -> None:
        self._environment = {**server.environment, "KUBECONFIG": str(server.kubeconfig), "HOME": str(server.folder)}

    def __call__(self, *arguments: str, stdin: str = "", status: int = 0) -> str:
        done = subprocess.run(
            [str(KUBECTL), "-n", NAMESPACE, *arguments],
            env=self._environment, input=stdin, capture_output=True, text=True, timeout=40, check=False,
        )  # fmt: skip
        assert done.returncode == status, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout if status == 0 else done.stderr

    def until(self, want: str, *arguments: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while (got := self(*arguments)) != want:
            assert time.monotonic() < deadline, f"kubectl {' '.join(arguments)}: {got!r}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def kubectl(server: Server) -> Iterator[Kubectl]:
    made = Kubectl(server)
    made("create", "namespace", NAMESPACE)
    yield made
    made("delete", "namespace", NAMESPACE)


def test_the_story(kubectl: Kubectl) -> None:
    kubectl("create", "deployment", "web", "--image=web:1", "--replicas=2", "--port=8080")
    kubectl("expose", "deployment", "web", "--port=80", "--target-port=8080")
    kubectl("rollout", "status", "deployment/web", "--timeout=20s")
    address = kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}")
    first = set(kubectl("get", "pods", "-o", "jsonpath={.items[*].status.podIP}").split())
    kubectl("delete", "pods", "--all")
    kubectl.until("2/2", "get", "deployment", "web", "-o", "jsonpath={.status.readyReplicas}/{.status.replicas}")
    second = set(kubectl("get", "pods", "-o", "jsonpath={.items[*].status.podIP}").split())
    assert not first & second
    kubectl("wait", "--for=jsonpath={.subsets[0].addresses[1].ip}", "endpoints/web", "--timeout=20s")
    assert kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}") == address


def test_typed_commands_send_protobuf(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "c", "--from-literal=a=b")
    kubectl("create", "secret", "generic", "s", "--from-literal=k=v")
    kubectl("create", "service", "nodeport", "n", "--tcp=80:8080")
    kubectl("create", "serviceaccount", "robot")
    service = json.loads(kubectl("get", "service", "n", "-o", "json"))
    assert service["spec"]["ports"][0]["targetPort"] == 8080
    assert service["spec"]["ports"][0]["nodePort"] >= 30000
    assert kubectl("get", "secret", "s", "-o", "jsonpath={.data.k}") == "dg=="
    assert kubectl("get", "configmap", "c", "-o", "jsonpath={.data.a}") == "b"


def test_apply_edits_and_apply_again(kubectl: Kubectl) -> None:
    manifest = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: a}, ports: [{name: p, port: %d}]}\n"
    )
    assert kubectl("apply", "-f", "-", stdin=manifest % 80) == "service/a created\n"
    assert kubectl("apply", "-f", "-", stdin=manifest % 80) == "service/a unchanged\n"
    assert kubectl("apply", "-f", "-", stdin=manifest % 81) == "service/a configured\n"
    assert kubectl("get", "service", "a", "-o", "jsonpath={.spec.ports[*].port}") == "81"
    assert "spec.ports[0].port: Invalid value: 0" in kubectl("apply", "-f", "-", stdin=manifest % 0, status=1)


def test_explain_and_api_resources(kubectl: Kubectl) -> None:
    assert "FIELD: ports <[]ServicePort>" in kubectl("explain", "service.spec.ports")
    names = kubectl("api-resources", "-o", "name").split()
    assert {"pods", "services", "deployments.apps", "endpointslices.discovery.k8s.io"} <= set(names)


def test_a_dying_namespace_takes_everything_with_it(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "short-lived")
    kubectl("create", "deployment", "d", "--image=x", "-n", "short-lived")
    kubectl("delete", "namespace", "short-lived", "--timeout=20s")
    assert "not found" in kubectl("get", "namespace", "short-lived", status=1)
