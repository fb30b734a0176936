"""The official Python client works unmodified against the server."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from tests.server import Server

NAMESPACE = "python-client"
WAIT_SECONDS = 15


@pytest.fixture(scope="module")
def kube(server: Server) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client's own imports are not ours to mend
        import kubernetes
        from kubernetes import config, dynamic, utils, watch  # noqa: F401  made available as attributes
    server.run("create", "namespace", NAMESPACE)
    with kubernetes.config.new_client_from_config(str(server.kubeconfig)) as client:
        kubernetes.test_client = client
        yield kubernetes


@pytest.fixture
def core(kube: Any) -> Any:
    return kube.client.CoreV1Api(kube.test_client)


def pod(name: str, **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [{"name": "c", "image": "app:1", "ports": [{"containerPort": 8080}]}]},
    }


def until(what: str, ask: Any) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


def test_the_story(kube: Any, core: Any) -> None:
    service = {
        "metadata": {"name": "backend"},
        "spec": {"selector": {"app": "backend"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    made = core.create_namespaced_service(NAMESPACE, service)
    assert made.spec.type == "ClusterIP"
    for n in range(2):
        core.create_namespaced_pod(NAMESPACE, pod(f"backend-{n}", app="backend"))
    slices = kube.client.DiscoveryV1Api(kube.test_client)

    def ready() -> set[str]:
        found = slices.list_namespaced_endpoint_slice(NAMESPACE, label_selector="kubernetes.io/service-name=backend")
        endpoints = [e for item in found.items for e in item.endpoints or []]
        return {e.target_ref.name for e in endpoints if e.conditions.ready}

    until("two endpoints", lambda: ready() == {"backend-0", "backend-1"})
    core.patch_namespaced_pod("backend-0", NAMESPACE, {"metadata": {"labels": {"app": "other"}}})
    until("one endpoint", lambda: ready() == {"backend-1"})
    core.delete_namespaced_pod("backend-1", NAMESPACE)
    until("no endpoint", lambda: ready() == set())
    assert core.read_namespaced_service("backend", NAMESPACE).spec.cluster_ip == made.spec.cluster_ip


def test_a_watch_tells_what_happens(kube: Any, core: Any) -> None:
    core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "seen"}, "data": {"n": "0"}})
    version = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    core.patch_namespaced_config_map("seen", NAMESPACE, {"data": {"n": "1"}})
    core.delete_namespaced_config_map("seen", NAMESPACE)
    events = []
    for event in kube.watch.Watch().stream(
        core.list_namespaced_config_map, NAMESPACE, resource_version=version, timeout_seconds=10
    ):
        events.append((event["type"], event["object"].metadata.name, event["object"].data))
        if event["type"] == "DELETED":
            break
    assert events == [("MODIFIED", "seen", {"n": "1"}), ("DELETED", "seen", {"n": "1"})]


def test_refusals_are_exceptions_with_a_status(kube: Any, core: Any) -> None:
    refused = kube.client.exceptions.ApiException
    with pytest.raises(refused) as missing:
        core.read_namespaced_pod("nobody", NAMESPACE)
    assert (missing.value.status, missing.value.reason) == (404, "Not Found")
    with pytest.raises(refused) as invalid:
        core.create_namespaced_service(NAMESPACE, {"metadata": {"name": "x"}, "spec": {"ports": [{"port": 0}]}})
    assert invalid.value.status == 422
    assert "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive" in invalid.value.body
    made = core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "locked"}})
    core.patch_namespaced_config_map("locked", NAMESPACE, {"data": {"a": "b"}})
    with pytest.raises(refused) as stale:
        core.replace_namespaced_config_map("locked", NAMESPACE, made)
    assert stale.value.status == 409


def test_the_dynamic_client_discovers_every_kind(kube: Any) -> None:
    dynamic = kube.dynamic.DynamicClient(kube.test_client)
    deployments = dynamic.resources.get(api_version="apps/v1", kind="Deployment")
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "dyn"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "dyn"}},
            "template": {
                "metadata": {"labels": {"app": "dyn"}},
                "spec": {"containers": [{"name": "c", "image": "app:1"}]},
            },
        },
    }
    deployments.create(body=body, namespace=NAMESPACE)
    until("available", lambda: deployments.get(name="dyn", namespace=NAMESPACE).status.availableReplicas == 2)
    applied = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "dyn"},
        "spec": {"minReadySeconds": 1},
    }
    result = deployments.server_side_apply(body=applied, namespace=NAMESPACE, field_manager="python")
    assert {m.manager for m in result.metadata.managedFields} >= {"python"}


def test_strangers_are_turned_away(kube: Any, server: Server) -> None:
    configuration = kube.client.Configuration.get_default_copy()
    configuration.host = kube.test_client.configuration.host
    configuration.ssl_ca_cert = kube.test_client.configuration.ssl_ca_cert
    with kube.client.ApiClient(configuration) as stranger:
        with pytest.raises(kube.client.exceptions.ApiException) as refused:
            kube.client.CoreV1Api(stranger).list_namespace()
        assert refused.value.status == 403
        assert "system:anonymous" in refused.value.body
        assert kube.client.VersionApi(stranger).get_code().minor == "36"
    configuration.api_key = {"authorization": "Bearer guessed"}
    with kube.client.ApiClient(configuration) as stranger:
        with pytest.raises(kube.client.exceptions.ApiException) as refused:
            kube.client.CoreV1Api(stranger).list_namespace()
        assert refused.value.status == 401
