"""The kubelets of the simulated nodes, in a whole cluster."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.controllers.kubelet import RECONCILE_SECONDS
from apiserver.deletion import DeleteOptions
from tests.apiserver.harness import Harness
from tests.apiserver.lasting import LastingLog

Object = dict[str, Any]


def pod(name: str = "web", behaviour: str = "", **spec: Any) -> Object:
    metadata: Object = {"name": name, "labels": {"app": name}}
    if behaviour:
        metadata["annotations"] = {"minictl.dev/simulate": behaviour}
    if "finalizers" in spec:
        metadata["finalizers"] = spec.pop("finalizers")
    containers = [{"name": "main", "image": "nginx"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, **spec}}


async def run(h: Harness, *pods: Object) -> None:
    for one in pods:
        await h.create(one)
    await h.settle()


async def behave(h: Harness, name: str, behaviour: str) -> None:
    def changed(object: Object) -> Object:
        object["metadata"]["annotations"] = {"minictl.dev/simulate": behaviour} if behaviour else {}
        return object

    await h.api.modify(h.kind("Pod"), "default", name, changed)
    await h.settle()


async def delete(h: Harness, name: str, **options: Any) -> None:
    await h.api.delete(h.kind("Pod"), "default", name, DeleteOptions(**options))
    await h.settle()


def names(h: Harness) -> list[str]:
    return [p["metadata"]["name"] for p in h.list("Pod")]


def condition(pod: Object, kind: str = "Ready") -> str:
    return next(str(c["status"]) for c in pod["status"]["conditions"] if c["type"] == kind)


def said(h: Harness, about: str = "web") -> list[tuple[str, int]]:
    events = [e for e in h.list("Event") if e["involvedObject"]["name"] == about]
    return [(e["reason"], e["count"]) for e in events]


async def test_a_pod_runs_at_once_and_its_story_is_told_in_order():
    async with Harness() as h:
        await run(h, pod())
        web = h.get("Pod", "web")
        assert (web["status"]["phase"], condition(web)) == ("Running", "True")
        assert web["status"]["podIP"].startswith("10.244.")
        assert said(h) == [("Scheduled", 1), ("Pulled", 1), ("Created", 1), ("Started", 1)]
        started = h.list("Event")[-1]
        assert started["source"] == {"component": "kubelet", "host": web["spec"]["nodeName"]}
        assert started["involvedObject"]["fieldPath"] == "spec.containers{main}"
        assert started["involvedObject"]["uid"] == web["metadata"]["uid"]


async def test_nothing_is_written_when_nothing_changes():
    async with Harness() as h:
        await run(h, pod())
        revision = h.api.revision
        await h.settle()
        assert h.api.revision == revision


@pytest.mark.parametrize(
    ("behaviour", "policy", "phase", "reason"),
    [
        ("Unready", "Always", "Running", None),
        ("CrashLoopBackOff", "Always", "Running", "CrashLoopBackOff"),
        ("ImagePullBackOff", "Always", "Pending", "ImagePullBackOff"),
        ("Completed", "Never", "Succeeded", "Completed"),
        ("Error", "Never", "Failed", "Error"),
    ],
)
async def test_the_annotation_decides_what_is_reported(behaviour: str, policy: str, phase: str, reason: str | None):
    async with Harness() as h:
        await run(h, pod(behaviour=behaviour, restartPolicy=policy))
        web = h.get("Pod", "web")
        assert (web["status"]["phase"], condition(web)) == (phase, "False")
        (state,) = web["status"]["containerStatuses"][0]["state"].values()
        assert state.get("reason") == reason


async def test_the_annotation_may_change_at_any_time():
    async with Harness() as h:
        await run(h, pod(behaviour="Unready"))
        await behave(h, "web", "")
        assert condition(h.get("Pod", "web")) == "True"
        await behave(h, "web", "Unready")
        assert condition(h.get("Pod", "web")) == "False"
        assert h.get("Pod", "web")["status"]["containerStatuses"][0]["restartCount"] == 0


async def test_a_crash_loop_goes_on_with_time_and_its_events_are_counted():
    async with Harness() as h:
        await run(h, pod(behaviour="CrashLoopBackOff"))
        assert h.get("Pod", "web")["status"]["containerStatuses"][0]["restartCount"] == 1
        h.clock.advance(10)
        await h.settle()
        assert h.get("Pod", "web")["status"]["containerStatuses"][0]["restartCount"] == 2
        assert dict(said(h)) == {"Scheduled": 1, "Pulled": 2, "Created": 2, "Started": 2, "BackOff": 2}


async def test_readiness_gates_hold_a_pod_back_until_somebody_opens_them():
    async with Harness() as h:
        await run(h, pod(readinessGates=[{"conditionType": "example.com/lb"}]))
        assert condition(h.get("Pod", "web")) == "False"
        assert condition(h.get("Pod", "web"), "ContainersReady") == "True"

        def opened(object: Object) -> Object:
            object["status"]["conditions"].append({"type": "example.com/lb", "status": "True"})
            return object

        await h.api.modify(h.kind("Pod"), "default", "web", opened, "status")
        await h.settle()
        web = h.get("Pod", "web")
        assert (condition(web), condition(web, "example.com/lb")) == ("True", "True")


async def test_what_others_say_of_a_pod_stands_until_there_is_news_or_the_kubelet_compares():
    def contested(object: Object) -> Object:
        object["status"]["message"] = "hello"
        return object

    async def time_passes() -> None:
        h.clock.advance(RECONCILE_SECONDS)
        await h.settle()

    async with Harness() as h:
        await run(h, pod())
        for news in (lambda: behave(h, "web", "Unready"), time_passes):
            await h.api.modify(h.kind("Pod"), "default", "web", contested, "status")
            await h.settle()
            assert h.get("Pod", "web")["status"]["message"] == "hello"
            await news()
            assert "message" not in h.get("Pod", "web")["status"]


async def test_a_deleted_pod_goes_at_once_and_its_address_is_not_used_again_soon():
    async with Harness() as h:
        await run(h, pod())
        before = h.get("Pod", "web")["status"]["podIP"]
        await delete(h, "web")
        assert names(h) == []
        assert ("Killing", 1) in said(h)
        await run(h, pod())
        assert h.get("Pod", "web")["status"]["podIP"] != before


async def test_a_finalizer_holds_a_deleted_pod_as_it_was():
    async with Harness() as h:
        await run(h, pod(finalizers=["example.com/hold"]))
        before = h.get("Pod", "web")["status"]
        await delete(h, "web")
        held = h.get("Pod", "web")
        assert held["metadata"]["deletionGracePeriodSeconds"] == 0
        assert held["status"] == before

        def released(object: Object) -> Object:
            del object["metadata"]["finalizers"]
            return object

        await h.api.modify(h.kind("Pod"), "default", "web", released)
        await h.settle()
        assert names(h) == []


async def test_pods_on_somebody_elses_node_stay_as_they_are():
    async with Harness() as h:
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "theirs"}, "spec": {}}
        await h.create(node)
        await run(h, pod(nodeName="theirs"), pod("nowhere", nodeName="no-such-node"))
        for name in ("web", "nowhere"):
            assert h.get("Pod", name)["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
        await delete(h, "web")
        assert "deletionTimestamp" in h.get("Pod", "web")["metadata"]


async def test_pods_on_the_host_network_have_its_address():
    async with Harness() as h:
        await run(h, pod(hostNetwork=True), pod("other"))
        status = h.get("Pod", "web")["status"]
        assert status["podIP"] == status["hostIP"]
        assert h.get("Pod", "other")["status"]["podIP"].startswith("10.244.")


async def test_after_a_restart_containers_and_addresses_are_what_they_were():
    log = LastingLog()
    async with Harness(log) as h:
        await run(h, pod(), pod("failing", "CrashLoopBackOff"), pod("done", "Completed", restartPolicy="Never"))
        before = {p["metadata"]["name"]: p["status"] for p in h.list("Pod")}
        events = len(h.list("Event"))
    async with Harness(log) as h:
        assert {p["metadata"]["name"]: p["status"] for p in h.list("Pod")} == before
        assert len(h.list("Event")) == events
        await run(h, *(pod(f"new-{i}") for i in range(6)))
        addresses = [p["status"]["podIP"] for p in h.list("Pod")]
        assert len(set(addresses)) == len(addresses)


async def test_a_pod_that_was_deleted_while_nobody_looked_is_ended():
    log = LastingLog()
    async with Harness(log) as h:
        await run(h, pod())
        assert h.cluster.runner is not None
        await h.cluster.runner.stop()
        await h.api.delete(h.kind("Pod"), "default", "web")
        assert names(h) == ["web"]
    async with Harness(log) as h:
        assert names(h) == []


async def test_a_node_that_is_down_runs_nothing_until_it_is_back():
    async with Harness(nodes=1) as h:

        def said_to_be(behaviour: str) -> Any:
            def changed(node: Object) -> Object:
                node["metadata"]["annotations"]["minictl.dev/simulate"] = behaviour
                return node

            return changed

        await h.api.modify(h.kind("Node"), "", "node-1", said_to_be("Down"))
        await h.settle()
        await run(h, pod())
        assert h.get("Pod", "web")["status"]["phase"] == "Pending"
        await h.api.modify(h.kind("Node"), "", "node-1", said_to_be(""))
        await h.settle()
        assert h.get("Pod", "web")["status"]["phase"] == "Running"


async def test_many_pods_run_at_once_and_the_rest_of_their_story_follows():
    async with Harness(nodes=1) as h:
        await run(h, *(pod(f"p{i}") for i in range(40)))
        assert {p["status"]["phase"] for p in h.list("Pod")} == {"Running"}
        told = sum(e["reason"] == "Started" for e in h.list("Event"))
        assert 33 <= told < 40
        for _ in range(20):
            h.clock.advance(0.1)
            await h.settle()
        assert sum(e["reason"] == "Started" for e in h.list("Event")) == 40


async def test_a_pod_with_a_farewell_serves_until_it_is_over():
    async with Harness() as h:
        main = {"name": "main", "image": "nginx", "lifecycle": {"preStop": {"sleep": {"seconds": 10}}}}
        await h.create(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "web"},
                "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
            }
        )
        await run(h, pod(containers=[main]))
        await delete(h, "web")
        h.clock.advance(9)
        await h.settle()
        assert names(h) == ["web"]
        (endpoint,) = next(s for s in h.list("EndpointSlice") if s["metadata"]["name"].startswith("web"))["endpoints"]
        assert endpoint["conditions"] == {"ready": False, "serving": True, "terminating": True}
        h.clock.advance(1)
        await h.settle()
        assert names(h) == []


async def test_a_farewell_ends_with_the_grace_period():
    async with Harness() as h:
        slow = pod()
        slow["metadata"]["annotations"] = {"minictl.dev/termination-seconds": "600"}
        await run(h, slow)
        await delete(h, "web", grace_seconds=5)
        h.clock.advance(4)
        await h.settle()
        assert names(h) == ["web"]
        h.clock.advance(1)
        await h.settle()
        assert names(h) == []


async def test_a_pod_that_was_active_for_too_long_fails_and_says_so():
    async with Harness() as h:
        await run(h, pod(activeDeadlineSeconds=30))
        h.clock.advance(30)
        await h.settle()
        web = h.get("Pod", "web")
        assert (web["status"]["phase"], web["status"]["reason"]) == ("Failed", "DeadlineExceeded")
        assert ("DeadlineExceeded", 1) in said(h)


async def test_an_absent_image_is_told_about():
    async with Harness() as h:
        await run(h, pod(containers=[{"name": "main", "image": "web:absent"}]))
        h.clock.advance(10)
        await h.settle()
        assert said(h) == [("Scheduled", 1), ("Failed", 1), ("Failed", 1), ("BackOff", 1)]


async def test_a_resize_is_granted_or_said_to_be_infeasible():
    def asked(cpu: str) -> Object:
        return {"name": "main", "image": "nginx", "resources": {"requests": {"cpu": cpu}}}

    async def resize(h: Harness, cpu: str) -> Object:
        def resized(object: Object) -> Object:
            object["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu}}
            return object

        await h.api.modify(h.kind("Pod"), "default", "web", resized, "resize")
        await h.settle()
        return dict(h.get("Pod", "web")["status"])

    async with Harness() as h:
        web = pod()
        web["spec"]["containers"] = [asked("1")]
        await run(h, web)
        for cpu, given, pending in (("2", "2", []), ("100", "2", ["PodResizePending"]), ("3", "3", [])):
            status = await resize(h, cpu)
            assert status["containerStatuses"][0]["resources"] == {"requests": {"cpu": given}}
            assert [c["type"] for c in status["conditions"] if c["type"].startswith("PodResize")] == pending
            if pending:
                said_so = status["conditions"][0]
                text = "Node didn't have enough capacity: cpu, requested: 100000, capacity: 32000"
                assert (said_so["reason"], said_so["message"]) == ("Infeasible", text)


async def test_a_failing_probe_is_told_about():
    fails = {"exec": {"command": ["false"]}, "failureThreshold": 1}
    async with Harness() as h:
        for name, probe in (("live", "livenessProbe"), ("slow", "readinessProbe")):
            web = pod(name)
            web["spec"]["containers"][0][probe] = fails | {"initialDelaySeconds": 3}
            await run(h, web)
        assert [reason for reason, _ in said(h, "slow")][-1] == "Unhealthy"
        h.clock.advance(3)
        await h.settle()
        reasons = [reason for reason, _ in said(h, "live")]
        assert reasons[-2:] == ["Unhealthy", "Killing"]
        killing = next(e for e in h.list("Event") if e["reason"] == "Killing")
        assert killing["message"] == "Container main failed liveness probe, will be restarted"
