"""Causes, given objects."""

from __future__ import annotations

from typing import Any

import pytest

from minictl.insight import causes, claiming, keeping, serving
from minictl.insight.causes import Cause, Surroundings

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
    assert causes.of_pod(pod(status=status), keeper="deployment/web") == [
        Cause(
            "Its container c waits: ImagePullBackOff.",
            "use an image that exists: minictl set image deployment/web c=IMAGE:TAG",
        ),
        Cause(
            "Its container d waits: CrashLoopBackOff; it ended with exit code 3 last.",
            "see what it printed before it ended: minictl logs pod/p -c d --previous",
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
    verdict, found = serving.of_service(service(), [pod(labels=labels)], [])
    assert verdict == "No Pod has the labels it looks for: app=web."
    assert found == [Cause(text, fix)]


def test_pods_of_another_namespace_and_none_at_all() -> None:
    away = pod()
    away["metadata"]["namespace"] = "shop"
    assert "There are such Pods in shop" in serving.of_service(service(), [], [away])[1][0].text
    assert texts(serving.of_service(service(), [], [])[1]) == ["There are no Pods in this namespace."]


def test_only_ready_pods_are_endpoints_and_each_other_says_why() -> None:
    verdict, found = serving.of_service(service(), [pod("a"), pod("b", ready=False)], [])
    assert verdict == "1 of the 2 Pods with app=web are its endpoints."
    assert texts(found) == ["pod/b is none: it is not ready: it will not."]
    assert serving.of_service(service(), [pod("a")], []) == ("The Pod with app=web is its endpoint.", [])
    verdict, _ = serving.of_service(service(publishNotReadyAddresses=True), [pod(ready=False)], [])
    assert verdict == "The Pod with app=web is its endpoint."


def test_ports_that_lead_nowhere() -> None:
    _, found = serving.of_service(service(ports=[{"port": 80, "targetPort": "web"}]), [pod()], [])
    assert texts(found) == [
        "Port 80 leads to the port named web, and no container of pod/p declares it (named ports there: http)."
    ]
    _, found = serving.of_service(service(ports=[{"port": 80, "targetPort": 81}]), [pod()], [])
    assert texts(found) == ["Port 80 leads to 81; pod/p declares 8080: is that meant?"]


def test_services_that_look_for_nobody() -> None:
    assert "no selector" in serving.of_service(service(selector=None) | {"spec": {"ports": []}}, [], [])[0]
    named = service(type="ExternalName", externalName="example.com")
    assert serving.of_service(named, [], []) == ("It is another name for example.com and has no endpoints.", [])


def test_what_keeps_an_owner_from_its_pods() -> None:
    owner = {
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 2, "paused": True},
        "status": {"conditions": [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: q"}]},
    }
    verdict, found = keeping.of_owner(owner, [pod("a"), pod("b", ready=False)])
    assert verdict == "1 of 2 Pods are ready."
    assert texts(found) == [
        "Its rollout is paused: changes of its template wait.",
        "Pods cannot be made: exceeded quota: q",
        "pod/b: it is not ready: it will not.",
    ]
    assert found[1].fix == "ask for less, or raise the quota: minictl describe resourcequota q"


# --- what lies around


def node(name: str, *, ready: bool = True, taints: list[Object] | None = None, **annotations: str) -> Object:
    conditions = [{"type": "Ready", "status": "True" if ready else "Unknown", "message": "Kubelet stopped posting."}]
    metadata = {"name": name, "labels": {}, "annotations": {"minictl.dev/" + k: v for k, v in annotations.items()}}
    return {
        "kind": "Node", "metadata": metadata, "spec": {"taints": taints or []}, "status": {"conditions": conditions},
    }  # fmt: skip


def test_a_node_that_is_down_is_to_blame() -> None:
    around = Surroundings(nodes=[node("node-1", ready=False)])
    assert causes.of_pod(pod(), around) == [
        Cause("Its node node-1 is not ready: Kubelet stopped posting.", "minictl describe node node-1")
    ]
    told = Surroundings(nodes=[node("node-1", ready=False, simulate="Down")])
    assert causes.of_pod(pod(ready=False), told)[0].fix == "minictl simulate node-up node-1"
    going = pod()
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert causes.of_pod(going, around)[0].fix == "minictl delete pod/p --force"


def test_taints_are_named_with_the_nodes_that_have_them() -> None:
    taints = [
        {"key": "a", "value": "b", "effect": "NoSchedule"},
        {"key": "soft", "effect": "PreferNoSchedule"},
        {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
    ]
    around = Surroundings(nodes=[node("node-1", taints=taints[:2]), node("node-2", taints=taints)])
    subject = pending("0/2 nodes are available: 2 node(s) had untolerated taint(s). preemption: ...")
    assert causes.of_pod(subject, around)[1:] == [
        Cause("It does not tolerate the taint a=b:NoSchedule of node-1, node-2.",
              "minictl taint nodes node-1 node-2 a-"),
        Cause("It does not tolerate the taint node.kubernetes.io/unschedulable:NoSchedule of node-2.",
              "minictl uncordon node-2"),
    ]  # fmt: skip
    subject["spec"]["tolerations"] = [{"operator": "Exists"}]
    assert len(causes.of_pod(subject, around)) == 1


@pytest.mark.parametrize(
    ("probe", "text"),
    [
        ({"exec": {"command": ["cat", "/x"]}}, "cat /x"),
        ({"tcpSocket": {"port": 80}}, "tcp port 80"),
        ({"grpc": {"port": 90}}, "grpc port 90"),
        ({"httpGet": {"port": "http"}}, "GET / on port http"),
    ],
)
def test_the_probe_that_fails_is_named(probe: Object, text: str) -> None:
    subject = pod(ready=False)
    subject["spec"]["containers"][0]["readinessProbe"] = probe
    subject["status"]["containerStatuses"] = [{"name": "c", "ready": False}]
    assert causes.of_pod(subject)[0].text == f"Its container c does not pass its readiness probe ({text}) yet."


@pytest.mark.parametrize(
    ("spec", "classes", "text"),
    [
        ({}, [], "It names no StorageClass, and none is the default."),
        ({"storageClassName": ""}, [], "It wants a PersistentVolume that is made by hand, and none fits it."),
        ({"storageClassName": "fsat"}, [{"name": "fast"}], "There is no StorageClass fsat: is fast meant?"),
        (
            {"storageClassName": "local"}, [{"name": "local", "provisioner": "kubernetes.io/no-provisioner"}],
            "Nobody makes volumes of the StorageClass local, and no PersistentVolume fits it.",
        ),
        (
            {"storageClassName": "late"}, [{"name": "late", "volumeBindingMode": "WaitForFirstConsumer"}],
            "The StorageClass late waits until a Pod that uses the claim has a node.",
        ),
        (
            {"storageClassName": "fast"}, [{"name": "fast", "provisioner": "p"}],
            "p, which makes the volumes of fast, has made none.",
        ),
    ],
)  # fmt: skip
def test_why_a_claim_is_not_bound(spec: Object, classes: list[Object], text: str) -> None:
    claim = {"kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}
    around = Surroundings(classes=[{**each, "metadata": {"name": each["name"]}} for each in classes])
    assert texts(claiming.of_claim(claim, around)[1]) == [text]


def test_a_claim_that_has_what_it_wants() -> None:
    claim: Object = {"kind": "PersistentVolumeClaim", "metadata": {"name": "d"}, "spec": {"volumeName": "v"}}
    assert claiming.of_claim({**claim, "status": {"phase": "Bound"}}) == ("It is bound to v.", [])
    assert claiming.of_claim({**claim, "status": {"phase": "Lost"}})[0] == "It is lost."


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ('error looking up service account d/robot: serviceaccount "robot" not found', "create serviceaccount robot"),
        ("forbidden: failed quota: q: must specify limits.cpu", "minictl set resources job/j --requests"),
        ("forbidden: no PriorityClass with name high was found", "create priorityclass high"),
        ("forbidden: maximum cpu usage per Container is 1", "minictl describe limitrange"),
    ],
)
def test_events_tell_why_pods_cannot_be_made(said: str, fix: str) -> None:
    job = {"kind": "Job", "metadata": {"name": "j"}, "spec": {"completions": 1}}
    around = Surroundings(events=[{"reason": "FailedCreate", "message": said}])
    ((cause,),) = (keeping.of_owner(job, [], around)[1],)
    assert said in cause.text
    assert fix in cause.fix


def test_a_job_that_is_suspended() -> None:
    job = {"kind": "Job", "metadata": {"name": "j"}, "spec": {"suspend": True}}
    assert texts(keeping.of_owner(job, [])[1]) == ["It is suspended."]
