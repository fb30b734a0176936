"""ResourceQuotas kept and enforced by a whole control plane."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from apiserver import errors
from apiserver.call import Call
from tests.apiserver.harness import Harness

Object = dict[str, Any]


def quota(hard: dict[str, str], name: str = "q", **spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": {"hard": hard, **spec}}


def pod(name: str, cpu: str = "", memory: str = "", **spec: Any) -> Object:
    amounts = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    container = {"name": "c", "image": "nginx", "resources": {"requests": amounts}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container], **spec}}


def service(name: str, type_: str = "ClusterIP", ports: int = 1) -> Object:
    spec = {"type": type_, "ports": [{"name": f"p{n}", "port": 80 + n} for n in range(ports)]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def secret(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}


async def refusal(h: Harness, object: Object) -> str:
    """ "" or why the object was not created."""
    try:
        await h.create(object)
    except errors.Forbidden as error:
        return error.message.partition("is forbidden: ")[2]
    return ""


def used(h: Harness, name: str = "q") -> dict[str, str]:
    amounts: dict[str, str] = h.get("ResourceQuota", name)["status"]["used"]
    return amounts


async def test_pods_use_what_they_ask_for_until_they_are_gone() -> None:
    async with Harness() as h:
        await h.create(quota({"requests.cpu": "1", "requests.memory": "1Gi", "pods": "2"}))
        await h.settle()
        assert used(h) == {"requests.cpu": "0", "requests.memory": "0", "pods": "0"}
        assert await refusal(h, pod("a", "600m", "600Mi")) == ""
        await h.settle()
        assert used(h) == {"requests.cpu": "600m", "requests.memory": "600Mi", "pods": "1"}
        assert await refusal(h, pod("b", "600m", "600Mi")) == (
            "exceeded quota: q, requested: requests.cpu=600m,requests.memory=600Mi, used: requests.cpu=600m,"
            "requests.memory=600Mi, limited: requests.cpu=1,requests.memory=1Gi"
        )
        assert await refusal(h, pod("c")) == (
            "failed quota: q: must specify requests.cpu for: c; requests.memory for: c"
        )
        await h.api.delete(h.kind("Pod"), "default", "a")
        await h.settle()
        h.clock.advance(60)
        await h.settle()
        assert used(h) == {"requests.cpu": "0", "requests.memory": "0", "pods": "0"}
        assert await refusal(h, pod("b", "1", "1Gi")) == ""


async def test_what_is_invalid_is_said_before_what_is_too_much() -> None:
    async with Harness(nodes=0) as h:
        await h.create(quota({"pods": "0"}))
        with pytest.raises(errors.Invalid):
            await h.create(pod("NOT A NAME"))
        assert await refusal(h, pod("a")) == "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"


async def test_finished_pods_only_count_as_objects() -> None:
    async with Harness() as h:
        await h.create(quota({"pods": "1", "count/pods": "5"}))
        done = pod("done", restartPolicy="Never")
        done["metadata"]["annotations"] = {"minictl.dev/simulate": "Completed"}
        await h.create(done)
        await h.settle()
        assert used(h) == {"pods": "0", "count/pods": "1"}
        assert await refusal(h, pod("next")) == ""


@pytest.mark.parametrize("limit", [1, 3, 7])
async def test_creates_at_once_never_get_more_than_there_is(limit: int) -> None:
    async with Harness(nodes=0) as h:
        await h.create(quota({"pods": str(limit), "count/secrets": str(limit)}))
        for make in (pod, secret):
            outcomes = await asyncio.gather(*(refusal(h, make(f"x{n}")) for n in range(10)))
            assert outcomes.count("") == limit
            assert all("exceeded quota: q" in outcome for outcome in outcomes if outcome)
        await h.settle()
        assert used(h) == {"pods": str(limit), "count/secrets": str(limit)}


async def test_what_was_not_stored_is_not_charged() -> None:
    async with Harness(nodes=0) as h:
        await h.create(quota({"secrets": "2"}))
        await h.create(secret("a"))
        with pytest.raises(errors.AlreadyExists):
            await h.create(secret("a"))
        kind = h.kind("Secret")
        await h.api.create(kind, "default", secret("tried"), Call(dry_run=True))
        assert await refusal(h, secret("b")) == ""
        assert await refusal(h, secret("c")) == (
            "exceeded quota: q, requested: secrets=1, used: secrets=2, limited: secrets=2"
        )
        await h.api.delete(kind, "default", "a")
        assert await refusal(h, secret("c")) == ""


async def test_a_quota_that_grows_or_comes_late_counts_what_is_there() -> None:
    async with Harness(nodes=0) as h:
        await h.create(secret("before"))
        await h.create(quota({"secrets": "1"}))
        assert "used: secrets=1" in await refusal(h, secret("a"))

        def grown(found: Object) -> Object:
            found["spec"]["hard"] = {"secrets": "2"}
            return found

        await h.api.modify(h.kind("ResourceQuota"), "default", "q", grown)
        assert await refusal(h, secret("a")) == ""
        assert "used: secrets=2" in await refusal(h, secret("b"))


async def test_services_use_ports_and_may_come_to_use_more() -> None:
    async with Harness(nodes=0) as h:
        await h.create(quota({"services": "9", "services.nodeports": "2", "services.loadbalancers": "0"}))
        assert await refusal(h, service("a", "NodePort", ports=2)) == ""
        assert await refusal(h, service("b", "NodePort")) == (
            "exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=2, "
            "limited: services.nodeports=2"
        )
        assert "services.loadbalancers=1" in await refusal(h, service("b", "LoadBalancer"))
        assert await refusal(h, service("b")) == ""

        def opened(found: Object) -> Object:
            return {**found, "spec": {**found["spec"], "type": "NodePort"}}

        with pytest.raises(errors.Forbidden, match="exceeded quota"):
            await h.api.modify(h.kind("Service"), "default", "b", opened)
        await h.settle()
        assert used(h) == {"services": "3", "services.nodeports": "2", "services.loadbalancers": "0"}


@pytest.mark.parametrize(
    ("scopes", "counted"),
    [
        ({"scopes": ["BestEffort"]}, ["plain", "elsewhere", "hurried", "important"]),
        ({"scopes": ["NotBestEffort"]}, ["hungry"]),
        ({"scopes": ["Terminating"]}, ["hurried"]),
        ({"scopes": ["NotTerminating", "NotBestEffort"]}, ["hungry"]),
        ({"scopes": ["CrossNamespacePodAffinity"]}, ["elsewhere"]),
        ({"scopes": ["PriorityClass"]}, ["important"]),
        ({"scopeSelector": ("PriorityClass", "In", "system-node-critical")}, ["important"]),
        ({"scopeSelector": ("PriorityClass", "NotIn", "system-node-critical")}, [
            "plain", "hungry", "hurried", "elsewhere"]),
        ({"scopeSelector": ("PriorityClass", "DoesNotExist")}, ["plain", "hungry", "hurried", "elsewhere"]),
    ],
)  # fmt: skip
async def test_scopes_choose_pods(scopes: dict[str, Any], counted: list[str]) -> None:
    if "scopeSelector" in scopes:
        name, operator, *values = scopes["scopeSelector"]
        scopes = {"scopeSelector": {"matchExpressions": [{"scopeName": name, "operator": operator, "values": values}]}}
    term = {"labelSelector": {}, "namespaces": ["other"], "topologyKey": "kubernetes.io/hostname"}
    away = {
        "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]}
    }
    async with Harness(nodes=0) as h:
        await h.create(quota({"pods": "0"}, **scopes))
        pods = {
            "plain": pod("plain"),
            "hungry": pod("hungry", "1"),
            "hurried": pod("hurried", activeDeadlineSeconds=5),
            "elsewhere": pod("elsewhere", affinity=away),
            "important": pod("important", priorityClassName="system-node-critical"),
        }
        refused = [name for name, one in pods.items() if await refusal(h, one)]
        assert sorted(refused) == sorted(counted)


async def test_each_quota_has_a_say() -> None:
    async with Harness(nodes=0) as h:
        await h.create(quota({"pods": "5"}, "loose"))
        await h.create(quota({"pods": "1"}, "tight"))
        assert await refusal(h, pod("a")) == ""
        assert (await refusal(h, pod("b"))).startswith("exceeded quota: tight,")
        await h.settle()
        assert (used(h, "loose"), used(h, "tight")) == ({"pods": "1"}, {"pods": "1"})


async def test_a_replicaset_says_what_the_quota_says() -> None:
    async with Harness() as h:
        await h.create(quota({"pods": "2"}))
        labels = {"app": "web"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
        spec = {"replicas": 4, "selector": {"matchLabels": labels}, "template": template}
        await h.create({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": spec})
        await h.settle()
        assert len(h.list("Pod")) == 2
        (condition,) = h.get("ReplicaSet", "web")["status"]["conditions"]
        assert condition["message"].endswith("exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2")
