"""lightkube, which has types for everything, applies on the server, and reads lists in pages."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from lightkube import ApiError, Client
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.core_v1 import Container, PodSpec, PodTemplateSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Pod

NAMESPACE = os.environ["NAMESPACE"]
LABELS = {"app": "web"}


def config_map(name: str, **data: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace=NAMESPACE), data=data)


def deployment(replicas: int) -> Deployment:
    pod = PodSpec(containers=[Container(name="c", image="web:1")])
    return Deployment(
        apiVersion="apps/v1", kind="Deployment", metadata=ObjectMeta(name="web", namespace=NAMESPACE),
        spec=DeploymentSpec(
            replicas=replicas, selector=LabelSelector(matchLabels=LABELS),
            template=PodTemplateSpec(metadata=ObjectMeta(labels=LABELS), spec=pod),
        ),
    )  # fmt: skip


def refusal(ask: Callable[[], Any]) -> Any:
    try:
        ask()
    except ApiError as error:
        return error.status
    raise AssertionError("it was not refused")


def workloads(client: Client) -> None:
    made = client.apply(deployment(2))
    assert made.metadata.managedFields[0].manager == "lightkube"
    client.wait(Deployment, "web", for_conditions=["Available"])
    pods = list(client.list(Pod, labels=LABELS))
    assert len(pods) == 2
    assert all(pod.status.podIP for pod in pods)
    scale = client.get(Deployment.Scale, "web")
    scale.spec.replicas = 1
    assert client.replace(scale, "web").spec.replicas == 1
    patched = client.patch(Deployment, "web", {"metadata": {"annotations": {"note": "seen"}}})
    assert patched.metadata.annotations["note"] == "seen"
    assert refusal(lambda: client.apply(deployment(3), field_manager="other")).code == 409
    assert client.apply(deployment(3), field_manager="other", force=True).spec.replicas == 3
    client.delete(Deployment, "web")


def pages(client: Client) -> None:
    for n in range(7):
        client.create(config_map(f"page-{n}", n=str(n)))
    names = [found.metadata.name for found in client.list(ConfigMap, chunk_size=2)]
    assert [name for name in names if name.startswith("page-")] == [f"page-{n}" for n in range(7)]


def following(client: Client) -> None:
    version = client.create(config_map("seen", n="0")).metadata.resourceVersion
    client.patch(ConfigMap, "seen", {"data": {"n": "1"}})
    client.delete(ConfigMap, "seen")
    told = []
    for event, seen in client.watch(ConfigMap, fields={"metadata.name": "seen"}, resource_version=version):
        told.append((event, seen.data))
        if event == "DELETED":
            break
    assert told == [("MODIFIED", {"n": "1"}), ("DELETED", {"n": "1"})]


def refusals(client: Client) -> None:
    missing = refusal(lambda: client.get(Pod, "nobody"))
    assert (missing.code, missing.message) == (404, 'pods "nobody" not found')
    invalid = refusal(lambda: client.create(config_map("Not A Name")))
    assert (invalid.code, invalid.details.causes[0].field) == (422, "metadata.name")


for tell in (workloads, pages, following, refusals):
    tell(Client(namespace=NAMESPACE, field_manager="lightkube"))
