"""Causes, given objects."""

from __future__ import annotations

from typing import Any

import pytest

from minictl.insight import causes
from minictl.insight.causes import Cause

Object = dict[str, Any]


def pod(name: str = "p", labels: dict[str, str] | None = None, *, ready: bool = True, **more: Any) -> Object:
    status = {
        "phase": "Running",
        "podIP": "10.244.0.2",
        "conditions": [{"type": "Ready", "status": "True" if ready else "False", "message": "it will not"}],
    }
    container = {"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": labels or {"app": "web"}},
        "spec": {"nodeName": "node-1", "containers": [container]},
        "status": status,
    } | more


def pending(message: str) -> Object:
    conditions = [{"type": "PodScheduled", "status": "False", "message": message}]
    spec = {"containers": [{"name": "c"}]}
    return pod(spec=spec, status={"phase": "Pending", "conditions": conditions})


def service(selector: dict[str, str] | None = None, **spec: Any) -> Object:
    ports = [{"port": 80, "targetPort": 8080}]
    spec = {"type": "ClusterIP", "selector": selector or {"app": "web"}, "ports": ports} | spec
    return {"kind": "Service", "metadata": {"name": "s", "namespace": "default"}, "spec": spec}


def texts(found: list[Cause]) -> list[str]:
    return [cause.text for cause in found]


def test_a_pod_that_is_well_has_no_causes() -> None:
    assert causes.of_pod(pod()) == []


@pytest.mark.parametrize(
    ("message", "text", "fix"),
    [
        (
            "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No victims.",
            "No node takes it: 0/3 nodes are available: 3 Insufficient cpu.",
            "ask for less",
        ),
        ("0/1 nodes are available: 1 node(s) were unschedulable.", "No node takes it", "minictl uncordon"),
        ("0/1 nodes are available: 1 node(s) had untolerated taint {a: b}.", "No node takes it", "minictl taint"),
        ("no nodes available to schedule pods", "No node takes it: no nodes available", "--nodes 3"),
        ("", "The scheduler has not looked at it yet.", ""),
    ],
)
def test_why_a_pod_is_nowhere(message: str, text: str, fix: str) -> None:
    (cause,) = causes.of_pod(pending(message))
    assert cause.text.startswith(text)
    assert fix in cause.fix


def test_why_a_container_waits() -> None:
    waiting = {"name": "c", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    crashing = {
        "name": "d",
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 3}},
    }
    status = {"phase": "Pending", "containerStatuses": [waiting, crashing]}
    assert causes.of_pod(pod(status=status), "deployment/web") == [
        Cause(
            "Its container c waits: ImagePullBackOff.",
            "use an image that exists: minictl set image deployment/web c=IMAGE:TAG",
        ),
        Cause(
            "Its container d waits: CrashLoopBackOff; it ended with exit code 3 last.",
            "see how it ended: minictl describe pod/p",
        ),
    ]


def test_why_a_running_pod_is_not_ready() -> None:
    assert texts(causes.of_pod(pod(ready=False))) == ["It is not ready: it will not."]
    gated = pod(ready=False)
    gated["spec"]["readinessGates"] = [{"conditionType": "example.com/checked"}]
    assert "readiness gate example.com/checked" in causes.of_pod(gated)[0].text
    told = pod(ready=False)
    told["metadata"]["annotations"] = {"minictl.dev/simulate": "Unready"}
    assert causes.of_pod(told)[0].fix == "minictl simulate well pod/p"
    assert texts(causes.of_pod(pod(status={"phase": "Failed", "reason": "Evicted"}))) == [
        "It has ended (Evicted): it will not run again."
    ]


@pytest.mark.parametrize(
    ("labels", "text", "fix"),
    [
        ({"app": "wep"}, "pod/p has app=wep: is app=web meant?", "minictl label pod/p app=web --overwrite"),
        ({"ap": "web"}, "pod/p has ap=web: is app=web meant?", "minictl label pod/p app=web --overwrite"),
        ({"tier": "database"}, "The Pods here have other labels: tier=database.", ""),
    ],
)
def test_labels_that_nearly_match(labels: dict[str, str], text: str, fix: str) -> None:
    verdict, found = causes.of_service(service(), [pod(labels=labels)], [])
    assert verdict == "No Pod has the labels it looks for: app=web."
    assert found == [Cause(text, fix)]


def test_pods_of_another_namespace_and_none_at_all() -> None:
    away = pod()
    away["metadata"]["namespace"] = "shop"
    assert "There are such Pods in shop" in causes.of_service(service(), [], [away])[1][0].text
    assert texts(causes.of_service(service(), [], [])[1]) == ["There are no Pods in this namespace."]


def test_only_ready_pods_are_endpoints_and_each_other_says_why() -> None:
    verdict, found = causes.of_service(service(), [pod("a"), pod("b", ready=False)], [])
    assert verdict == "1 of the 2 Pods with app=web are its endpoints."
    assert texts(found) == ["pod/b is none: it is not ready: it will not."]
    assert causes.of_service(service(), [pod("a")], []) == ("All 1 Pods with app=web are its endpoints.", [])
    verdict, _ = causes.of_service(service(publishNotReadyAddresses=True), [pod(ready=False)], [])
    assert verdict == "All 1 Pods with app=web are its endpoints."


def test_ports_that_lead_nowhere() -> None:
    _, found = causes.of_service(service(ports=[{"port": 80, "targetPort": "web"}]), [pod()], [])
    assert texts(found) == [
        "Port 80 leads to the port named web, and no container of pod/p declares it (named ports there: http)."
    ]
    _, found = causes.of_service(service(ports=[{"port": 80, "targetPort": 81}]), [pod()], [])
    assert texts(found) == ["Port 80 leads to 81; pod/p declares 8080: is that meant?"]


def test_services_that_look_for_nobody() -> None:
    assert "no selector" in causes.of_service(service(selector=None) | {"spec": {"ports": []}}, [], [])[0]
    named = service(type="ExternalName", externalName="example.com")
    assert causes.of_service(named, [], []) == ("It is another name for example.com and has no endpoints.", [])


def test_what_keeps_an_owner_from_its_pods() -> None:
    owner = {
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 2, "paused": True},
        "status": {"conditions": [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: q"}]},
    }
    verdict, found = causes.of_owner(owner, [pod("a"), pod("b", ready=False)])
    assert verdict == "1 of 2 Pods are ready."
    assert texts(found) == [
        "Its rollout is paused: changes of its template wait.",
        "Pods cannot be made: exceeded quota: q",
        "pod/b: it is not ready: it will not.",
    ]
    assert found[1].fix == "minictl describe resourcequota"
