"""Given a Pod and facts about its containers, what its status should say."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.objects.podevents import happenings, killings
from apiserver.objects.podfacts import ContainerFacts, PodFacts, Running, Terminated, Waiting
from apiserver.objects.podstatus import Place, phase_of, status_of

Object = dict[str, Any]
NOW, EARLIER = "2026-01-01T00:10:00Z", "2026-01-01T00:00:00Z"
PLACE = Place("192.168.0.10", "10.244.0.2")


def a_pod(*names: str, policy: str = "Always", init: tuple[Object, ...] = (), **more: Any) -> Object:
    spec: Object = {"restartPolicy": policy, "nodeName": "node-1", **more}
    spec["containers"] = [{"name": name, "image": f"{name}:1"} for name in names or ("web",)]
    if init:
        spec["initContainers"] = list(init)
    metadata = {"name": "p", "namespace": "shop", "uid": "u-1", "generation": 1}
    return {"metadata": metadata, "spec": spec, "status": {"phase": "Pending", "qosClass": "BestEffort"}}


def running(name: str = "web", ready: bool = True) -> ContainerFacts:
    return ContainerFacts(name, f"{name}:1", Running(EARLIER), "simulated://0123456789", ready=ready, started=True)


def ended(name: str = "web", code: int = 0) -> ContainerFacts:
    state = Terminated(code, "Error" if code else "Completed", EARLIER, NOW, "simulated://0123456789")
    return ContainerFacts(name, f"{name}:1", state, "simulated://0123456789", ready=False)


def waiting(name: str = "web", reason: str = "ContainerCreating", last: Terminated | None = None) -> ContainerFacts:
    return ContainerFacts(name, f"{name}:1", Waiting(reason), last=last, restarts=1 if last else 0)


CRASHED = Terminated(1, "Error", EARLIER, NOW)


def status(pod: Object, *containers: ContainerFacts, init: tuple[ContainerFacts, ...] = ()) -> Object:
    return status_of(pod, PodFacts(containers, init), PLACE, NOW)


def condition(status: Object, kind: str) -> Object:
    return next(c for c in status["conditions"] if c["type"] == kind)


@pytest.mark.parametrize(
    ("policy", "containers", "phase"),
    [
        ("Always", [running()], "Running"),
        ("Always", [waiting()], "Pending"),
        ("Always", [running("a"), waiting("b")], "Pending"),
        ("Always", [waiting(reason="CrashLoopBackOff", last=CRASHED)], "Running"),
        ("Always", [ended()], "Running"),
        ("OnFailure", [ended()], "Succeeded"),
        ("OnFailure", [ended(code=1)], "Running"),
        ("OnFailure", [waiting(reason="CrashLoopBackOff", last=CRASHED)], "Running"),
        ("Never", [ended()], "Succeeded"),
        ("Never", [ended(code=1)], "Failed"),
        ("Never", [ended("a"), ended("b", 3)], "Failed"),
        ("Never", [ended("a"), running("b")], "Running"),
        ("Always", [], "Pending"),
    ],
)
def test_the_phase_follows_from_the_containers(policy: str, containers: list[ContainerFacts], phase: str):
    spec = a_pod(*[c.name for c in containers], policy=policy)["spec"]
    assert phase_of(spec, PodFacts(tuple(containers))) == phase


@pytest.mark.parametrize(
    ("policy", "init", "phase"),
    [
        ("Always", ended("init"), "Running"),
        ("Always", running("init"), "Pending"),
        ("Always", ended("init", 1), "Pending"),
        ("OnFailure", ended("init", 1), "Pending"),
        ("Never", ended("init", 1), "Failed"),
    ],
)
def test_init_containers_come_first(policy: str, init: ContainerFacts, phase: str):
    pod = a_pod(policy=policy, init=({"name": "init", "image": "init:1"},))
    assert phase_of(pod["spec"], PodFacts((running(),), (init,))) == phase


def test_a_sidecar_that_runs_does_not_hold_the_pod_back_and_counts_for_readiness():
    pod = a_pod(init=({"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"},))
    assert status(pod, running(), init=(running("proxy"),))["phase"] == "Running"
    unready = status(pod, running(), init=(running("proxy", ready=False),))
    assert condition(unready, "Ready")["message"] == "containers with unready status: [proxy]"


def test_a_running_pod_in_full():
    pod = a_pod()
    pod["spec"]["containers"][0] |= {
        "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "1"}},
        "volumeMounts": [{"name": "token", "mountPath": "/run/token", "readOnly": True}],
    }
    when = {"lastProbeTime": None, "lastTransitionTime": NOW, "observedGeneration": 1}
    assert status(pod, running()) == {
        "qosClass": "BestEffort",
        "observedGeneration": 1,
        "phase": "Running",
        "conditions": [
            {"type": kind, "status": "True", **when}
            for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
        ],
        "hostIP": "192.168.0.10",
        "hostIPs": [{"ip": "192.168.0.10"}],
        "podIP": "10.244.0.2",
        "podIPs": [{"ip": "10.244.0.2"}],
        "startTime": NOW,
        "containerStatuses": [
            {
                "name": "web",
                "state": {"running": {"startedAt": EARLIER}},
                "lastState": {},
                "ready": True,
                "restartCount": 0,
                "image": "web:1",
                "imageID": "",
                "containerID": "simulated://0123456789",
                "started": True,
                "allocatedResources": {"cpu": "100m"},
                "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "100m"}},
                "volumeMounts": [
                    {"name": "token", "mountPath": "/run/token", "readOnly": True, "recursiveReadOnly": "Disabled"}
                ],
            }
        ],
    }


def test_a_status_computed_twice_is_the_same_and_keeps_its_times():
    pod = a_pod()
    pod["status"] = status(pod, running())
    later = status_of(pod, PodFacts((running(),)), PLACE, "2026-01-01T05:00:00Z")
    assert later == pod["status"]


def test_only_conditions_that_change_get_a_new_time():
    pod = a_pod()
    pod["status"] = status(pod, running())
    changed = status_of(pod, PodFacts((running(ready=False),)), PLACE, "2026-01-01T05:00:00Z")
    assert condition(changed, "Ready")["lastTransitionTime"] == "2026-01-01T05:00:00Z"
    assert condition(changed, "Initialized")["lastTransitionTime"] == NOW


def test_unready_containers_are_named_in_both_conditions():
    found = status(a_pod("a", "b"), running("a", ready=False), running("b", ready=False))
    for kind in ("Ready", "ContainersReady"):
        assert condition(found, kind) | {"lastProbeTime": None} == {
            "type": kind,
            "status": "False",
            "lastProbeTime": None,
            "lastTransitionTime": NOW,
            "observedGeneration": 1,
            "reason": "ContainersNotReady",
            "message": "containers with unready status: [a b]",
        }


@pytest.mark.parametrize(
    ("code", "reason", "initialized"), [(0, "PodCompleted", "PodCompleted"), (1, "PodFailed", None)]
)
def test_a_finished_pod_is_not_ready_and_says_why(code: int, reason: str, initialized: str | None):
    found = status(a_pod(policy="Never"), ended(code=code))
    assert {k: condition(found, "Ready").get(k) for k in ("status", "reason", "message")} == {
        "status": "False",
        "reason": reason,
        "message": None,
    }
    assert condition(found, "Initialized").get("reason") == initialized
    assert condition(found, "PodReadyToStartContainers")["status"] == "False"


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ([], 'corresponding condition of pod readiness gate "lb" does not exist.'),
        ([{"type": "lb", "status": "False"}], 'the status of pod readiness gate "lb" is not "True", but False'),
        ([{"type": "lb", "status": "True"}], None),
    ],
)
def test_readiness_gates_wait_for_conditions_that_others_set(conditions: list[Object], message: str | None):
    pod = a_pod(readinessGates=[{"conditionType": "lb"}])
    pod["status"]["conditions"] = conditions
    found = status(pod, running())
    ready = condition(found, "Ready")
    assert (ready["status"], ready.get("message")) == ("False" if message else "True", message)
    assert condition(found, "ContainersReady")["status"] == "True"
    assert found["conditions"][: len(conditions)] == conditions


def test_incomplete_init_containers_are_named():
    pod = a_pod(init=({"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}))
    found = status(pod, waiting(reason="PodInitializing"), init=(ended("a"), running("b")))
    assert condition(found, "Initialized")["message"] == "containers with incomplete status: [b]"
    assert found["phase"] == "Pending"


def test_a_crash_loop_shows_the_last_end():
    found = status(a_pod(), waiting(reason="CrashLoopBackOff", last=CRASHED))["containerStatuses"][0]
    assert found["state"] == {"waiting": {"reason": "CrashLoopBackOff"}}
    assert found["lastState"]["terminated"]["exitCode"] == 1
    assert found["restartCount"] == 1


def said(pod: Object, *containers: ContainerFacts) -> list[tuple[str, str]]:
    return [(h.reason, h.message) for h in happenings(pod, PodFacts(containers))]


def test_a_new_container_was_pulled_created_and_started():
    assert said(a_pod(), running()) == [
        ("Pulled", 'Container image "web:1" already present on machine'),
        ("Created", "Container created"),
        ("Started", "Container started"),
    ]
    assert happenings(a_pod(), PodFacts((running(),)))[0].field_path == "spec.containers{web}"


def test_what_the_status_knows_is_not_said_again():
    pod = a_pod()
    pod["status"] = status(pod, running())
    assert said(pod, running()) == []
    assert [(h.reason, h.message) for h in killings(pod)] == [("Killing", "Stopping container web")]


def test_back_off_is_said_when_it_begins_and_at_every_restart():
    pod = a_pod()
    crashing = waiting(reason="CrashLoopBackOff", last=CRASHED)
    text = "Back-off restarting failed container web in pod p_shop(u-1)"
    assert said(pod, crashing) == [("BackOff", text)]
    pod["status"] = status(pod, crashing)
    assert said(pod, crashing) == []
    assert said(a_pod(), waiting(reason="ImagePullBackOff")) == [("BackOff", 'Back-off pulling image "web:1"')]
