"""Operators written with the official Python client find their custom kinds: they list, watch, and report in status."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from tests.apiserver.custom import boat, definition
from tests.server import Server

NAMESPACE = "operator"
GROUP, VERSION, PLURAL = "wire.example.com", "v1", "boats"
WAIT_SECONDS = 15


@pytest.fixture(scope="module")
def kube(server: Server) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import kubernetes
        from kubernetes import config, watch  # noqa: F401  made available as attributes
    server.run("create", "namespace", NAMESPACE)
    with kubernetes.config.new_client_from_config(str(server.kubeconfig)) as client:
        kubernetes.test_client = client
        yield kubernetes


def test_an_operator_s_day(kube: Any, server: Server) -> None:
    extensions = kube.client.ApiextensionsV1Api(kube.test_client)
    extensions.create_custom_resource_definition(definition(group=GROUP))
    server.run("wait", "--for=condition=Established", f"crd/boats.{GROUP}", "--timeout=10s")
    custom = kube.client.CustomObjectsApi(kube.test_client)
    listed = custom.list_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL)
    assert (listed["kind"], listed["items"]) == ("BoatList", [])
    seen: list[tuple[str, Any]] = []

    def operate() -> None:
        watcher = kube.watch.Watch()
        stream = watcher.stream(
            custom.list_namespaced_custom_object, GROUP, VERSION, NAMESPACE, PLURAL,
            resource_version=listed["metadata"]["resourceVersion"], timeout_seconds=WAIT_SECONDS,
        )  # fmt: skip
        for event in stream:
            object = event["object"]
            seen.append((event["type"], object.get("status")))
            if event["type"] == "ADDED":
                status = {"status": {"phase": "Afloat"}}
                custom.patch_namespaced_custom_object_status(GROUP, VERSION, NAMESPACE, PLURAL, "argo", status)
            else:
                watcher.stop()

    operator = threading.Thread(target=operate)
    operator.start()
    wanted = {**boat(), "apiVersion": f"{GROUP}/{VERSION}"}
    custom.create_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, wanted)
    operator.join(WAIT_SECONDS)
    assert seen == [("ADDED", None), ("MODIFIED", {"phase": "Afloat"})]
    with pytest.raises(kube.client.ApiException) as refused:
        custom.patch_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, "argo", {"spec": {"sails": "many"}})
    assert refused.value.status == 422
    extensions.delete_custom_resource_definition(f"boats.{GROUP}")
    server.run("wait", "--for=delete", f"crd/boats.{GROUP}", "--timeout=10s")
    with pytest.raises(kube.client.ApiException) as gone:
        custom.list_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL)
    assert gone.value.status == 404
