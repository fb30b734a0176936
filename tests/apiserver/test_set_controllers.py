"""StatefulSets, DaemonSets and ReplicationControllers on a whole control plane: order, updates, nodes, history."""

from __future__ import annotations

import asyncio
from typing import Any

from apiserver.objects.replicas import ready_since
from tests.apiserver.harness import Harness
from tests.apiserver.lasting import LastingLog
from tests.apiserver.test_workload_controllers import change, image, images, names, remove, run, said, template

Object = dict[str, Any]
UNREADY = {"minictl.dev/simulate": "Unready"}


def statefulset(size: int = 3, **spec: Any) -> Object:
    base: Object = {
        "replicas": size,
        "serviceName": "web",
        "selector": {"matchLabels": {"app": "web"}},
        "template": template(),
    }
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": {**base, **spec}}


def with_claims(**spec: Any) -> Object:
    """Its Pods wait for volumes that nobody makes."""
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claims = [{"metadata": {"name": "data"}, "spec": {**asked, "storageClassName": ""}}]
    return statefulset(2, podManagementPolicy="Parallel", volumeClaimTemplates=claims, **spec)


def daemonset(**spec: Any) -> Object:
    base: Object = {"selector": {"matchLabels": {"app": "web"}}, "template": template()}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "web"}, "spec": {**base, **spec}}


def unready(**spec: Any) -> Object:
    made = template(**spec)
    made["metadata"]["annotations"] = dict(UNREADY)
    return made


def heal(pod: Object) -> None:
    pod["metadata"]["annotations"].pop("minictl.dev/simulate", None)


async def end(h: Harness, pod: str) -> None:
    """Have a Pod fail for good: it was evicted, say."""

    def failed(object: Object) -> Object:
        object["status"]["phase"] = "Failed"
        return object

    await h.api.modify(h.kind("Pod"), "default", pod, failed, "status")
    await h.settle()


def numbers(h: Harness) -> dict[int, str]:
    """Revision number -> image."""
    return {
        one["revision"]: one["data"]["spec"]["template"]["spec"]["containers"][0]["image"]
        for one in h.list("ControllerRevision")
    }


def nodes(h: Harness) -> list[str]:
    return sorted(pod["spec"].get("nodeName", "") for pod in h.list("Pod"))


class TestStatefulSet:
    def test_each_pod_waits_for_the_one_before(self):
        async def story(h: Harness) -> None:
            await h.create(statefulset(template=unready()))
            await h.settle()
            assert names(h, "Pod") == ["web-0"]
            await change(h, "Pod", "web-0", heal)
            assert names(h, "Pod") == ["web-0", "web-1"]
            await change(h, "Pod", "web-1", heal)
            await change(h, "Pod", "web-2", heal)
            status = h.get("StatefulSet", "web")["status"]
            assert [status[n] for n in ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas")] == [3] * 4
            assert status["currentRevision"] == status["updateRevision"] == names(h, "ControllerRevision")[0]
            assert said(h, "SuccessfulCreate") == [
                f"Create Pod web-{number} in StatefulSet web successful" for number in range(3)
            ]

        run(story)

    def test_in_parallel_nobody_waits(self):
        async def story(h: Harness) -> None:
            await h.create(statefulset(template=unready(), podManagementPolicy="Parallel", ordinals={"start": 7}))
            await h.settle()
            assert names(h, "Pod") == ["web-7", "web-8", "web-9"]

        run(story)

    def test_a_pod_comes_back_under_its_name(self):
        async def story(h: Harness) -> None:
            await h.create(statefulset())
            await h.settle()
            before = h.get("Pod", "web-1")
            await remove(h, "Pod", "web-1")
            after = h.get("Pod", "web-1")
            assert after["metadata"]["uid"] != before["metadata"]["uid"]
            assert (after["spec"]["hostname"], after["spec"]["subdomain"]) == ("web-1", "web")
            await end(h, "web-0")
            assert h.get("StatefulSet", "web")["status"]["readyReplicas"] == 3

        run(story)

    def test_scaling_down_takes_the_highest(self):
        async def story(h: Harness) -> None:
            await h.create(statefulset(4))
            await h.settle()
            await change(h, "StatefulSet", "web", lambda sts: sts["spec"].update(replicas=2))
            assert names(h, "Pod") == ["web-0", "web-1"]
            assert said(h, "SuccessfulDelete") == [
                "Delete Pod web-2 in StatefulSet web successful",
                "Delete Pod web-3 in StatefulSet web successful",
            ]

        run(story)

    def test_an_update_stops_at_the_partition_and_a_rollback_renumbers(self):
        async def story(h: Harness) -> None:
            rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
            await h.create(statefulset(updateStrategy=rolling))
            await h.settle()
            await change(h, "StatefulSet", "web", image("web:2"))
            assert images(h) == ["web:1", "web:1", "web:2"]
            status = h.get("StatefulSet", "web")["status"]
            assert (status["currentReplicas"], status["updatedReplicas"]) == (2, 1)
            await remove(h, "Pod", "web-0")
            assert h.get("Pod", "web-0")["spec"]["containers"][0]["image"] == "web:1"

            def all_of_them(sts: Object) -> None:
                sts["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 0

            await change(h, "StatefulSet", "web", all_of_them)
            assert images(h) == ["web:2"] * 3
            assert numbers(h) == {1: "web:1", 2: "web:2"}
            await change(h, "StatefulSet", "web", image("web:1"))
            assert images(h) == ["web:1"] * 3
            assert numbers(h) == {2: "web:2", 3: "web:1"}

        run(story)

    def test_history_is_kept_up_to_its_limit(self):
        async def story(h: Harness) -> None:
            await h.create(statefulset(1, revisionHistoryLimit=1))
            await h.settle()
            for number in (2, 3, 4):
                await change(h, "StatefulSet", "web", image(f"web:{number}"))
            assert numbers(h) == {3: "web:3", 4: "web:4"}

        run(story)

    def test_on_delete_waits_for_somebody_to_delete(self):
        async def story(h: Harness) -> None:
            await h.create(statefulset(2, updateStrategy={"type": "OnDelete"}))
            await h.settle()
            await change(h, "StatefulSet", "web", image("web:2"))
            assert images(h) == ["web:1", "web:1"]
            await remove(h, "Pod", "web-0")
            assert images(h) == ["web:1", "web:2"]

        run(story)

    def test_pods_must_be_ready_for_long_enough(self):
        async def story(h: Harness) -> None:
            await h.create(statefulset(2, minReadySeconds=30))
            await h.settle()
            assert names(h, "Pod") == ["web-0"]
            h.clock.advance(31)
            await h.settle()
            assert names(h, "Pod") == ["web-0", "web-1"]
            assert h.get("StatefulSet", "web")["status"]["availableReplicas"] == 1

        run(story)

    def test_only_pods_with_its_names_are_adopted(self):
        async def story(h: Harness) -> None:
            for name in ("web-0", "stray"):
                await h.create({"apiVersion": "v1", "kind": "Pod", **template(), "metadata": {
                    "name": name, "labels": {"app": "web"}}})  # fmt: skip
            await h.create(statefulset(1))
            await h.settle()
            owners = {pod["metadata"]["name"]: pod["metadata"].get("ownerReferences") for pod in h.list("Pod")}
            assert owners["stray"] is None
            assert owners["web-0"][0]["kind"] == "StatefulSet"
            labels = h.get("Pod", "web-0")["metadata"]["labels"]
            assert labels["statefulset.kubernetes.io/pod-name"] == "web-0"

        run(story)

    def test_a_name_that_is_taken_is_counted_as_a_collision(self):
        async def story(h: Harness) -> None:
            await h.create(statefulset(1))
            await h.settle()
            revision = h.list("ControllerRevision")[0]
            await remove(h, "StatefulSet", "web")
            await h.create({**revision, "apiVersion": "apps/v1", "kind": "ControllerRevision",
                            "metadata": {"name": revision["metadata"]["name"]}})  # fmt: skip
            await h.create(statefulset(1))
            await h.settle()
            status = h.get("StatefulSet", "web")["status"]
            assert status["collisionCount"] == 1
            assert status["currentRevision"] != revision["metadata"]["name"]

        run(story)

    def test_claims_stay_when_their_pods_go(self):
        async def story(h: Harness) -> None:
            await h.create(with_claims())
            await h.settle()
            assert names(h, "PersistentVolumeClaim") == ["data-web-0", "data-web-1"]
            claim = h.get("PersistentVolumeClaim", "data-web-1")
            assert claim["metadata"]["labels"] == {"app": "web"}
            assert "ownerReferences" not in claim["metadata"]
            volume = h.get("Pod", "web-1")["spec"]["volumes"][0]
            assert volume == {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-1"}}
            assert "Create Claim data-web-1 Pod web-1 in StatefulSet web success" in said(h, "SuccessfulCreate")
            await change(h, "StatefulSet", "web", lambda sts: sts["spec"].update(replicas=1))
            await remove(h, "StatefulSet", "web")
            assert names(h, "Pod") == []
            assert names(h, "PersistentVolumeClaim") == ["data-web-0", "data-web-1"]

        run(story)

    def test_claims_go_where_the_policy_says_so(self):
        async def story(h: Harness) -> None:
            policy = {"whenScaled": "Delete", "whenDeleted": "Delete"}
            await h.create(with_claims(persistentVolumeClaimRetentionPolicy=policy))
            await h.settle()
            owner = h.get("PersistentVolumeClaim", "data-web-0")["metadata"]["ownerReferences"][0]
            assert (owner["kind"], owner["name"]) == ("StatefulSet", "web")
            before = h.get("PersistentVolumeClaim", "data-web-1")["metadata"]["uid"]
            await change(h, "StatefulSet", "web", lambda sts: sts["spec"].update(replicas=1))
            assert names(h, "PersistentVolumeClaim") == ["data-web-0"]
            await change(h, "StatefulSet", "web", lambda sts: sts["spec"].update(replicas=2))
            assert h.get("PersistentVolumeClaim", "data-web-1")["metadata"]["uid"] != before
            assert names(h, "Pod") == ["web-0", "web-1"]
            await remove(h, "StatefulSet", "web")
            assert names(h, "PersistentVolumeClaim") == []

        run(story)

    def test_a_claim_that_is_missing_is_made_again(self):
        async def story(h: Harness) -> None:
            await h.create(with_claims())
            await h.settle()
            await remove(h, "PersistentVolumeClaim", "data-web-0")
            assert names(h, "PersistentVolumeClaim") == ["data-web-0", "data-web-1"]

        run(story)

    def test_what_fails_is_said(self):
        async def story(h: Harness) -> None:
            given = statefulset(1)
            given["spec"]["template"]["spec"]["serviceAccountName"] = "nobody"
            await h.create(given)
            await h.settle()
            assert said(h, "FailedCreate") == [
                'Create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: error looking up '
                'service account default/nobody: serviceaccount "nobody" not found'
            ]

        run(story)


class TestDaemonSet:
    def test_each_node_gets_one(self):
        async def story(h: Harness) -> None:
            await h.create(daemonset())
            await h.settle()
            assert nodes(h) == ["node-1", "node-2", "node-3"]
            assert h.get("DaemonSet", "web")["status"] == {
                "currentNumberScheduled": 3,
                "numberMisscheduled": 0,
                "desiredNumberScheduled": 3,
                "numberReady": 3,
                "observedGeneration": 1,
                "updatedNumberScheduled": 3,
                "numberAvailable": 3,
            }
            gone = names(h, "Pod")[0]
            await remove(h, "Pod", gone)
            assert nodes(h) == ["node-1", "node-2", "node-3"]
            assert len(said(h, "SuccessfulCreate")) == 4

        run(story)

    def test_pods_follow_the_nodes(self):
        async def story(h: Harness) -> None:
            ssd = template()
            ssd["spec"]["nodeSelector"] = {"disk": "ssd"}
            await h.create(daemonset(template=ssd))
            await h.settle()
            assert nodes(h) == []

            async def node(name: str, how) -> None:
                def changed(object: Object) -> Object:
                    how(object)
                    return object

                await h.api.modify(h.kind("Node"), "", name, changed)
                await h.settle()

            await node("node-2", lambda one: one["metadata"]["labels"].update(disk="ssd"))
            assert nodes(h) == ["node-2"]
            taint = {"key": "x", "effect": "NoExecute"}
            await node("node-2", lambda one: one["spec"].update(taints=[taint]))
            assert nodes(h) == []

        run(story)

    def test_an_update_goes_node_by_node(self):
        async def story(h: Harness) -> None:
            await h.create(daemonset())
            await h.settle()
            broken = unready()
            broken["spec"]["containers"][0]["image"] = "web:2"
            await change(h, "DaemonSet", "web", lambda ds: ds["spec"].update(template=broken))
            assert images(h) == ["web:1", "web:1", "web:2"]
            assert h.get("DaemonSet", "web")["status"]["numberUnavailable"] == 1
            assert h.get("DaemonSet", "web")["metadata"]["annotations"] == {
                "deprecated.daemonset.template.generation": "2"
            }
            await change(h, "DaemonSet", "web", image("web:1"))
            await change(h, "DaemonSet", "web", lambda ds: ds["spec"].update(template=template("web:3")))
            assert images(h) == ["web:3"] * 3
            pod = h.list("Pod")[0]
            newest = max(h.list("ControllerRevision"), key=lambda one: one["revision"])
            hash_ = newest["metadata"]["labels"]["controller-revision-hash"]
            assert pod["metadata"]["labels"]["controller-revision-hash"] == hash_
            assert newest["metadata"]["name"] == f"web-{hash_}"

        run(story)

    def test_a_surge_never_leaves_a_node_without(self):
        async def story(h: Harness) -> None:
            rolling = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
            await h.create(daemonset(updateStrategy=rolling))
            await h.settle()
            least = [3]

            def watch(*_: Any) -> None:
                ready = (pod["spec"]["nodeName"] for pod in h.list("Pod") if ready_since(pod))
                least[0] = min(least[0], len(set(ready)))

            stop = h.api.observe([h.kind("Pod")], watch)
            await change(h, "DaemonSet", "web", image("web:2"))
            stop()
            assert images(h) == ["web:2"] * 3
            assert least == [3]

        run(story)

    def test_a_failed_pod_is_replaced_later_and_later(self):
        async def story(h: Harness) -> None:
            await h.create(daemonset())
            await h.settle()

            async def fails_on(node: str) -> str:
                pod = next(one for one in h.list("Pod") if one["spec"]["nodeName"] == node)
                await end(h, pod["metadata"]["name"])
                return pod["metadata"]["name"]

            first = await fails_on("node-1")
            second = await fails_on("node-1")
            assert first not in names(h, "Pod")
            assert second in names(h, "Pod")
            assert await fails_on("node-2") not in names(h, "Pod")
            h.clock.advance(1)
            await h.settle()
            assert second not in names(h, "Pod")
            assert nodes(h) == ["node-1", "node-2", "node-3"]
            message = f"Found failed daemon pod default/{first} on node node-1, will try to kill it"
            assert message in said(h, "FailedDaemonPod")

        run(story)

    def test_no_daemonset_that_goes_makes_pods(self):
        async def story(h: Harness) -> None:
            await h.create(daemonset())
            await h.settle()
            await remove(h, "DaemonSet", "web")
            assert names(h, "Pod") == []
            assert names(h, "ControllerRevision") == []

        run(story)


class TestReplicationController:
    def test_it_keeps_its_pods_and_lets_go_of_relabelled_ones(self):
        async def story(h: Harness) -> None:
            spec = {"replicas": 2, "template": template()}
            await h.create({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "web"},
                            "spec": spec})  # fmt: skip
            await h.settle()
            assert h.get("ReplicationController", "web")["status"] == {
                "replicas": 2,
                "fullyLabeledReplicas": 2,
                "readyReplicas": 2,
                "availableReplicas": 2,
                "observedGeneration": 1,
            }
            first = names(h, "Pod")[0]
            await change(h, "Pod", first, lambda pod: pod["metadata"].update(labels={"app": "other"}))
            assert len(names(h, "Pod")) == 3
            assert "ownerReferences" not in h.get("Pod", first)["metadata"]

        run(story)


def test_everything_survives_a_restart():
    """The controllers keep nothing: over the same log they find all as it was, and write nothing."""

    async def told() -> None:
        log = LastingLog()
        async with Harness(log) as h:
            await h.create(statefulset())
            await h.create(daemonset() | {"metadata": {"name": "agent"}})
            await h.settle()
            before = {k: h.list(k) for k in ("Pod", "StatefulSet", "DaemonSet", "ControllerRevision")}
        async with Harness(log) as h:
            assert {kind: h.list(kind) for kind in before} == before

    asyncio.run(asyncio.wait_for(told(), 30))
