"""The simulated runtime: what it reports, when the annotation says so, when time passes, and after a restart."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.clock import ManualClock, timestamp
from apiserver.objects.podfacts import ContainerFacts, Running, Terminated, Waiting
from apiserver.objects.podstatus import Place, phase_of, status_of
from apiserver.runtime.simulated import ANNOTATION, CRASH, TERMINATION, UNTIL, SimulatedRuntime

Object = dict[str, Any]
PLACE = Place("192.168.0.10", "10.244.0.2")


class Stage:
    """One Pod on one runtime."""

    def __init__(self, behaviour: str = "", policy: str = "Always", **spec: Any) -> None:
        self.clock = ManualClock()
        self.runtime = SimulatedRuntime(self.clock)
        self.pod: Object = {
            "metadata": {"name": "p", "namespace": "shop", "uid": "u", "annotations": {}},
            "spec": {"restartPolicy": policy, "containers": [{"name": "web", "image": "web:1"}], **spec},
        }
        self.behave(behaviour)

    def behave(self, behaviour: str) -> None:
        self.pod["metadata"]["annotations"] = {ANNOTATION: behaviour} if behaviour else {}
        self.runtime.start(self.pod)

    def restart(self) -> None:
        """Another process takes over: it knows only what the status says."""
        self.pod["status"] = status_of(self.pod, self.runtime.observe("u"), PLACE, timestamp(self.clock.now()))
        self.runtime = SimulatedRuntime(self.clock)
        self.runtime.start(self.pod)

    @property
    def container(self) -> ContainerFacts:
        return self.runtime.observe("u").containers[0]

    @property
    def phase(self) -> str:
        return phase_of(self.pod["spec"], self.runtime.observe("u"))


def test_containers_run_and_are_ready_at_once():
    stage = Stage()
    assert stage.container.state == Running("2026-01-01T00:00:00Z")
    assert (stage.container.ready, stage.container.started, stage.container.restarts) == (True, True, 0)
    assert stage.container.container_id.startswith("simulated://")
    assert stage.runtime.observe("u").again_in_seconds is None


def test_starting_again_changes_nothing():
    stage = Stage()
    before = stage.container
    stage.clock.advance(100)
    stage.runtime.start(stage.pod)
    assert stage.container == before


def test_unready_comes_and_goes_without_a_restart():
    stage = Stage()
    started = stage.container.container_id
    stage.behave("Unready")
    assert (stage.container.ready, stage.phase) == (False, "Running")
    stage.behave("")
    assert (stage.container.ready, stage.container.container_id) == (True, started)


@pytest.mark.parametrize(
    ("behaviour", "policy", "phase", "code"),
    [
        ("Completed", "Never", "Succeeded", 0),
        ("Completed", "OnFailure", "Succeeded", 0),
        ("Error", "Never", "Failed", 1),
        ("CrashLoopBackOff", "Never", "Failed", 1),
    ],
)
def test_containers_end_for_good_where_the_policy_says_so(behaviour: str, policy: str, phase: str, code: int):
    stage = Stage(behaviour, policy)
    assert stage.phase == phase
    assert isinstance(stage.container.state, Terminated)
    assert stage.container.state.exit_code == code
    stage.clock.advance(3600)
    stage.behave("")
    assert stage.phase == phase


@pytest.mark.parametrize(
    ("behaviour", "policy", "reason"),
    [
        ("CrashLoopBackOff", "Always", "Error"),
        ("Error", "Always", "Error"),
        ("Error", "OnFailure", "Error"),
        ("Completed", "Always", "Completed"),
    ],
)
def test_others_are_started_again_later_and_later(behaviour: str, policy: str, reason: str):
    stage = Stage(behaviour, policy)
    seen = []
    for _ in range(8):
        facts = stage.runtime.observe("u")
        assert isinstance(facts.containers[0].state, Waiting)
        assert facts.containers[0].state.reason == "CrashLoopBackOff"
        assert facts.containers[0].last is not None
        assert facts.containers[0].last.reason == reason
        assert facts.again_in_seconds is not None
        seen.append((facts.containers[0].restarts, facts.again_in_seconds))
        stage.clock.advance(facts.again_in_seconds)
    assert seen == [(1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 300), (7, 300), (8, 300)]
    assert stage.phase == "Running"


def test_restarts_that_nobody_watched_are_counted():
    stage = Stage("Error")
    stage.clock.advance(10 + 20 + 5)
    assert (stage.container.restarts, stage.runtime.observe("u").again_in_seconds) == (3, 35)


def test_the_back_off_says_how_long_it_is():
    stage = Stage("Error")
    stage.clock.advance(10 + 20 + 40)
    assert stage.container.state == Waiting(
        "CrashLoopBackOff", "back-off 1m20s restarting failed container=web pod=p_shop(u)"
    )


def test_a_container_that_may_live_again_is_restarted_at_once():
    stage = Stage("CrashLoopBackOff")
    stage.behave("")
    assert (stage.phase, stage.container.ready, stage.container.restarts) == ("Running", True, 2)
    assert stage.runtime.observe("u").again_in_seconds is None


def test_an_image_that_cannot_be_pulled_and_then_can():
    stage = Stage("ImagePullBackOff")
    assert stage.container.state == Waiting("ImagePullBackOff", 'Back-off pulling image "web:1"')
    assert (stage.phase, stage.container.restarts) == ("Pending", 0)
    stage.behave("")
    assert (stage.phase, stage.container.restarts) == ("Running", 0)


def test_a_running_job_can_be_completed():
    stage = Stage(policy="OnFailure")
    stage.clock.advance(60)
    stage.behave("Completed")
    state = stage.container.state
    assert isinstance(state, Terminated)
    assert (state.started_at, state.finished_at) == ("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")


def test_a_failing_job_can_be_completed():
    stage = Stage("Error", "OnFailure")
    stage.behave("Completed")
    assert (stage.phase, stage.container.restarts) == ("Succeeded", 2)


def test_a_new_image_is_reported_without_a_restart():
    stage = Stage()
    before = stage.container
    stage.pod["spec"]["containers"][0]["image"] = "web:2"
    stage.runtime.start(stage.pod)
    after = stage.container
    assert (after.image, after.restarts, after.container_id) == ("web:2", 0, before.container_id)


def test_init_containers_are_done_and_sidecars_stay():
    init = [{"name": "migrate", "image": "m"}, {"name": "proxy", "image": "x", "restartPolicy": "Always"}]
    done, sidecar = Stage(initContainers=init).runtime.observe("u").init_containers
    assert isinstance(done.state, Terminated)
    assert isinstance(sidecar.state, Running)
    assert (done.ready, sidecar.ready) == (True, True)


def test_ephemeral_containers_join_a_running_pod():
    stage = Stage()
    stage.pod["spec"]["ephemeralContainers"] = [{"name": "debug", "image": "busybox"}]
    stage.runtime.start(stage.pod)
    (debug,) = stage.runtime.observe("u").ephemeral_containers
    assert isinstance(debug.state, Running)


@pytest.mark.parametrize("behaviour", ["", "Unready", "CrashLoopBackOff", "ImagePullBackOff"])
def test_after_a_restart_of_the_server_nothing_has_changed(behaviour: str):
    init = [{"name": "migrate", "image": "m"}]
    stage = Stage(behaviour, initContainers=init, ephemeralContainers=[{"name": "debug", "image": "b"}])
    stage.clock.advance(12)
    before = stage.runtime.observe("u")
    stage.restart()
    assert stage.runtime.observe("u") == before


def test_a_pod_that_was_stopped_is_unknown():
    stage = Stage()
    stage.runtime.stop("u")
    stage.runtime.stop("u")
    with pytest.raises(KeyError):
        stage.runtime.observe("u")


# -- in time -----------------------------------------------------------------------------------------------------------


def running(command: list[str], policy: str = "Always", **spec: Any) -> Stage:
    return Stage(policy=policy, containers=[{"name": "web", "image": "web:1", "command": command, **spec}])


def test_a_command_takes_its_time_and_ends_with_its_exit_code():
    stage = running(["sh", "-c", "sleep 5; exit 3"], "Never")
    assert (stage.phase, stage.runtime.observe("u").again_in_seconds) == ("Running", 5.0)
    stage.clock.advance(5)
    assert stage.phase == "Failed"
    assert stage.container.state == Terminated(
        3, "Error", "2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z", stage.container.container_id
    )
    assert stage.runtime.observe("u").again_in_seconds is None


@pytest.mark.parametrize(
    ("script", "policy", "phase"),
    [("exit 0", "OnFailure", "Succeeded"), ("exit 1", "OnFailure", "Running"), ("exit 0", "Always", "Running")],
)
def test_restart_policies(script: str, policy: str, phase: str):
    assert running(["sh", "-c", script], policy).phase == phase


def test_restarts_come_later_and_later_and_start_anew_after_a_long_run():
    stage = running(["sleep", "1"])
    for seconds, restarts in ((1, 1), (1, 1), (9, 1), (1, 2), (1, 2), (19, 2), (1, 3)):
        stage.clock.advance(seconds)
        assert stage.container.restarts == restarts
    patient = running(["sleep", "700"])
    patient.clock.advance(700)
    assert patient.container.restarts == 1
    patient.clock.advance(700)
    assert patient.container.restarts == 2
    assert isinstance(patient.container.state, Running)


def test_a_running_command_goes_on_in_another_process():
    stage = running(["sleep", "60"], "Never")
    stage.clock.advance(59)
    stage.restart()
    assert stage.phase == "Running"
    stage.clock.advance(1)
    assert stage.phase == "Succeeded"


def test_init_containers_run_one_after_another_and_sidecars_stay():
    def step(name: str, *command: str, **more: Any) -> Object:
        return {"name": name, "image": "i:1", "command": list(command), **more}

    side = step("side", "serve", restartPolicy="Always", startupProbe={"initialDelaySeconds": 3})
    stage = Stage(initContainers=[step("one", "sleep", "5"), side, step("two", "sleep", "2")])
    waits = {"one": 5, "side": 8, "two": 10}
    assert stage.container.state == Waiting("PodInitializing")
    for second in range(11):
        facts = stage.runtime.observe("u")
        done = [c.name for c in facts.init_containers if c.ready]
        assert done == [name for name, ready in waits.items() if second >= ready], second
        assert isinstance(facts.containers[0].state, Running) == (second >= 10)
        stage.clock.advance(1)
    assert stage.phase == "Running"


def test_an_init_container_that_fails_is_tried_again_or_fails_the_pod():
    init = [{"name": "one", "image": "i:1", "command": ["false"]}]
    again = Stage(initContainers=init)
    assert (again.phase, again.runtime.observe("u").init_containers[0].restarts) == ("Pending", 1)
    assert Stage(policy="Never", initContainers=init).phase == "Failed"


def test_probes_answer_after_their_delay():
    stage = running(["serve"], readinessProbe={"initialDelaySeconds": 5}, startupProbe={"initialDelaySeconds": 2})
    assert (stage.container.started, stage.container.ready) == (False, False)
    assert stage.runtime.observe("u").again_in_seconds == 2.0
    stage.clock.advance(2)
    assert (stage.container.started, stage.container.ready) == (True, False)
    stage.clock.advance(3)
    assert stage.container.ready


def test_an_image_that_is_not_there_is_an_error_and_then_a_back_off():
    stage = Stage(containers=[{"name": "web", "image": "web:absent"}])
    assert isinstance(stage.container.state, Waiting)
    assert stage.container.state.reason == "ErrImagePull"
    stage.clock.advance(10)
    assert stage.container.state.reason == "ImagePullBackOff"
    stage.pod["spec"]["containers"][0]["image"] = "web:2"
    stage.runtime.start(stage.pod)
    assert stage.phase == "Running"


def test_a_slow_node_keeps_pods_waiting():
    clock = ManualClock()
    runtime = SimulatedRuntime(clock, start_seconds=2.0)
    runtime.start(Stage().pod)
    facts = runtime.observe("u")
    assert (facts.sandbox, facts.containers[0].state, facts.again_in_seconds) == (
        False,
        Waiting("ContainerCreating"),
        2,
    )
    clock.advance(2)
    assert runtime.observe("u").containers[0].state == Running("2026-01-01T00:00:02Z")


def test_a_pod_that_is_active_for_too_long_has_failed():
    stage = Stage(activeDeadlineSeconds=30)
    assert stage.runtime.observe("u").again_in_seconds == 30.0
    stage.clock.advance(30)
    status = status_of(stage.pod, stage.runtime.observe("u"), PLACE, timestamp(stage.clock.now()))
    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")
    assert status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137


def test_a_simulation_may_end_by_itself():
    stage = Stage()
    stage.pod["metadata"]["annotations"] = {ANNOTATION: "Unready", UNTIL: "2026-01-01T00:00:30Z"}
    stage.runtime.start(stage.pod)
    assert (stage.container.ready, stage.runtime.observe("u").again_in_seconds) == (False, 30.0)
    stage.clock.advance(30)
    stage.runtime.start(stage.pod)
    assert stage.container.ready


def test_a_crash_happens_once_for_each_new_value():
    stage = Stage()
    for value, restarts in (("web 1", 1), ("web 1", 1), ("other", 1)):
        stage.pod["metadata"]["annotations"] = {CRASH: value}
        stage.runtime.start(stage.pod)
        assert stage.container.restarts == restarts
    stage.pod["metadata"]["annotations"] = {CRASH: "web 2"}
    stage.runtime.start(stage.pod)
    assert stage.container.state.reason == "CrashLoopBackOff"
    stage.clock.advance(10)
    assert stage.container.restarts == 2
    stage.restart()
    assert stage.container.restarts == 2


@pytest.mark.parametrize(
    ("container", "annotations", "seconds"),
    [
        ({}, {}, 0),
        ({"lifecycle": {"preStop": {"sleep": {"seconds": 7}}}}, {}, 7),
        ({"lifecycle": {"preStop": {"exec": {"command": ["sleep", "4"]}}}}, {}, 4),
        ({}, {TERMINATION: "20"}, 20),
    ],
)
def test_how_long_a_pod_takes_to_end(container: Object, annotations: dict[str, str], seconds: float):
    pod = {"metadata": {"annotations": annotations}, "spec": {"containers": [container]}}
    assert SimulatedRuntime(ManualClock()).farewell_seconds(pod) == seconds


def test_what_did_not_run_when_its_pod_was_taken_away_is_lost():
    containers = [{"name": "web", "image": "web:1"}, {"name": "side", "image": "side:absent"}]
    stage = Stage(containers=containers, activeDeadlineSeconds=5)
    stage.clock.advance(5)
    web, side = stage.runtime.observe("u").containers
    assert isinstance(web.state, Terminated)
    assert isinstance(side.state, Terminated)
    assert (web.state.reason, side.state.reason, side.state.finished_at) == ("Error", "ContainerStatusUnknown", "")
    assert (web.ready, web.started) == (False, False)
    stage.restart()
    ended = stage.pod["status"]["containerStatuses"][1]["state"]["terminated"]
    assert ended["startedAt"] is ended["finishedAt"] is None


def test_a_container_is_started_again_where_its_resize_policy_says_so():
    resize = [{"resourceName": "cpu", "restartPolicy": "NotRequired"},
              {"resourceName": "memory", "restartPolicy": "RestartContainer"}]  # fmt: skip
    stage = Stage()

    def give(**requests: str) -> int:
        container = {"name": "web", "image": "web:1", "resizePolicy": resize, "resources": {"requests": requests}}
        stage.pod = {**stage.pod, "spec": {**stage.pod["spec"], "containers": [container]}}
        stage.runtime.start(stage.pod)
        return stage.container.restarts

    assert [give(), give(cpu="1"), give(cpu="1", memory="1Gi"), give(memory="1Gi")] == [0, 0, 1, 1]


def test_a_container_may_have_a_restart_policy_and_rules_of_its_own():
    def ended(code: int, **own: Any) -> Stage:
        container = {"name": "web", "image": "web:1", "command": ["sh", "-c", f"sleep 1; exit {code}"], **own}
        stage = Stage(policy="OnFailure", containers=[container])
        stage.clock.advance(1)
        return stage

    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    assert ended(1).container.restarts == 1
    never = ended(1, restartPolicy="Never")
    assert (never.container.restarts, never.phase) == (0, "Failed")
    always = ended(0, restartPolicy="Always")
    assert (always.container.restarts, always.phase) == (1, "Running")
    assert ended(42, restartPolicy="Never", restartPolicyRules=rules).container.restarts == 1
    assert ended(41, restartPolicy="Never", restartPolicyRules=rules).container.restarts == 0


def test_sidecars_end_when_there_is_nothing_left_to_run_for():
    init = [{"name": "proxy", "image": "x", "restartPolicy": "Always"}]
    containers = [{"name": "web", "image": "web:1", "command": ["sleep", "1"]}]
    stage = Stage(policy="Never", initContainers=init, containers=containers)
    assert isinstance(stage.runtime.observe("u").init_containers[0].state, Running)
    stage.clock.advance(1)
    (sidecar,) = stage.runtime.observe("u").init_containers
    assert isinstance(sidecar.state, Terminated)
    assert (stage.phase, sidecar.state.reason, sidecar.ready, sidecar.restarts) == ("Succeeded", "Completed", False, 0)


@pytest.mark.parametrize(
    ("probe", "started", "ready", "restarts"),
    [("readiness", True, False, 0), ("startup", False, False, 1), ("liveness", True, True, 1)],
)
def test_probes_that_are_known_to_fail(probe: str, started: bool, ready: bool, restarts: int):
    fails = {"exec": {"command": ["false"]}, "initialDelaySeconds": 2, "periodSeconds": 5, "failureThreshold": 2}
    stage = Stage(containers=[{"name": "web", "image": "web:1", f"{probe}Probe": fails}])
    stage.clock.advance(6)
    container = stage.container
    assert (container.started, container.ready, container.restarts) == (started, ready, 0)
    stage.clock.advance(1)
    container = stage.container
    assert container.restarts == restarts
    assert restarts == 0 or (container.last is not None and container.last.exit_code == 137)


@pytest.mark.parametrize(
    ("script", "fields", "message"),
    [
        ("sleep 1; echo Sleep expired > /dev/termination-log", {}, "Sleep expired\n"),
        ("echo bye > /tmp/why; exit 1", {"terminationMessagePath": "/tmp/why"}, "bye\n"),
        ("echo boom; exit 1", {}, ""),
        ("echo boom; exit 1", {"terminationMessagePolicy": "FallbackToLogsOnError"}, "boom\n"),
        ("echo fine", {"terminationMessagePolicy": "FallbackToLogsOnError"}, ""),
    ],
)
def test_a_container_leaves_a_message(script: str, fields: Object, message: str):
    container = {"name": "web", "image": "web:1", "command": ["sh", "-c", script], **fields}
    stage = Stage(policy="Never", containers=[container])
    stage.clock.advance(1)
    state = stage.container.state
    assert isinstance(state, Terminated)
    assert state.message == message
