"""ReplicaSets and Deployments on a whole control plane: self-healing, adoption, rollouts, history."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from apiserver.errors import AlreadyExists, NotFound
from tests.apiserver.harness import Harness

Object = dict[str, Any]
REVISION = "deployment.kubernetes.io/revision"


def run(story):
    async def told() -> None:
        async with Harness() as h:
            await story(h)

    asyncio.run(asyncio.wait_for(told(), 30))


def template(image: str = "web:1", **labels: str) -> Object:
    return {
        "metadata": {"labels": labels or {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": image}]},
    }


def replicaset(size: int) -> Object:
    spec = {"replicas": size, "selector": {"matchLabels": {"app": "web"}}, "template": template()}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": spec}


def deployment(size: int = 3, **spec: Any) -> Object:
    base: Object = {"replicas": size, "selector": {"matchLabels": {"app": "web"}}, "template": template()}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {**base, **spec}}


async def change(h: Harness, kind: str, name: str, how) -> None:
    def changed(object: Object) -> Object:
        how(object)
        return object

    await h.api.modify(h.kind(kind), "default", name, changed)
    await h.settle()


async def remove(h: Harness, kind: str, name: str) -> None:
    await h.api.delete(h.kind(kind), "default", name)
    await h.settle()


def image(text: str):
    def how(object: Object) -> None:
        object["spec"]["template"]["spec"]["containers"][0]["image"] = text

    return how


def names(h: Harness, kind: str) -> list[str]:
    return [object["metadata"]["name"] for object in h.list(kind)]


def said(h: Harness, reason: str) -> list[str]:
    return sorted(e["message"] for e in h.list("Event") if e["reason"] == reason)


def images(h: Harness) -> list[str]:
    return sorted(pod["spec"]["containers"][0]["image"] for pod in h.list("Pod"))


def conditions(object: Object) -> dict[str, tuple[str, str]]:
    return {c["type"]: (c["status"], c["reason"]) for c in object["status"].get("conditions", [])}


def sizes(h: Harness) -> dict[str, int]:
    """Image -> replicas of each ReplicaSet."""
    found = h.list("ReplicaSet")
    return {rs["spec"]["template"]["spec"]["containers"][0]["image"]: rs["spec"]["replicas"] for rs in found}


class TestReplicaSet:
    def test_pods_are_made_and_made_again(self):
        async def story(h: Harness) -> None:
            await h.create(replicaset(3))
            await h.settle()
            assert h.get("ReplicaSet", "web")["status"] == {
                "replicas": 3,
                "fullyLabeledReplicas": 3,
                "readyReplicas": 3,
                "availableReplicas": 3,
                "observedGeneration": 1,
                "terminatingReplicas": 0,
            }
            first = names(h, "Pod")
            await remove(h, "Pod", first[0])
            assert len(names(h, "Pod")) == 3
            assert first[0] not in names(h, "Pod")
            assert len(said(h, "SuccessfulCreate")) == 4
            assert said(h, "SuccessfulCreate")[0].startswith("Created pod: web-")
            pod = h.list("Pod")[0]
            assert pod["metadata"]["generateName"] == "web-"
            reference = pod["metadata"]["ownerReferences"][0]
            assert (reference["kind"], reference["controller"], reference["blockOwnerDeletion"]) == (
                "ReplicaSet",
                True,
                True,
            )

        run(story)

    def test_matching_pods_are_adopted_relabelled_ones_replaced_and_the_surplus_removed(self):
        async def story(h: Harness) -> None:
            bare = {"apiVersion": "v1", "kind": "Pod", **template("old")}
            for name in ("one", "two"):
                await h.create({**bare, "metadata": {"name": name, "labels": {"app": "web"}}})
            await h.settle()
            await h.create(replicaset(3))
            await h.settle()
            assert images(h) == ["old", "old", "web:1"]
            await change(h, "Pod", "one", lambda p: p["metadata"].update(labels={"app": "debug"}))
            assert len(names(h, "Pod")) == 4
            assert "ownerReferences" not in h.get("Pod", "one")["metadata"]
            await change(h, "ReplicaSet", "web", lambda rs: rs["spec"].update(replicas=0))
            assert names(h, "Pod") == ["one"]
            await change(h, "Pod", "one", lambda p: p["metadata"].update(labels={"app": "web"}))
            assert names(h, "Pod") == []
            assert "Deleted pod: one" in said(h, "SuccessfulDelete")

        run(story)

    def test_a_template_that_is_refused_is_a_failure_that_heals(self):
        async def story(h: Harness) -> None:
            wrong = replicaset(5)
            wrong["spec"]["template"]["spec"]["serviceAccountName"] = "nobody"
            await h.create(wrong)
            await h.settle()
            status = h.get("ReplicaSet", "web")["status"]
            assert [(c["type"], c["reason"]) for c in status["conditions"]] == [("ReplicaFailure", "FailedCreate")]
            assert said(h, "FailedCreate")[0].startswith('Error creating: pods "web-')
            await h.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody"}})
            for _ in range(8):
                h.clock.advance(60)
                await h.settle()
            assert "conditions" not in h.get("ReplicaSet", "web")["status"]
            assert len(names(h, "Pod")) == 5

        run(story)

    def test_min_ready_seconds_delay_availability(self):
        async def story(h: Harness) -> None:
            slow = replicaset(2)
            slow["spec"]["minReadySeconds"] = 30
            await h.create(slow)
            await h.settle()
            status = h.get("ReplicaSet", "web")["status"]
            assert (status["readyReplicas"], status.get("availableReplicas")) == (2, None)
            h.clock.advance(30)
            await h.settle()
            assert h.get("ReplicaSet", "web")["status"]["availableReplicas"] == 2

        run(story)


class TestDeployment:
    def test_it_settles_as_kubernetes_does(self):
        async def story(h: Harness) -> None:
            await h.create(deployment(3))
            await h.settle()
            found = h.get("Deployment", "web")
            assert (found["metadata"]["generation"], found["metadata"]["annotations"]) == (1, {REVISION: "1"})
            assert {k: v for k, v in found["status"].items() if k != "conditions"} == {
                "observedGeneration": 1,
                "replicas": 3,
                "updatedReplicas": 3,
                "readyReplicas": 3,
                "availableReplicas": 3,
                "terminatingReplicas": 0,
            }
            assert [c["type"] for c in found["status"]["conditions"]] == ["Available", "Progressing"]
            assert conditions(found) == {
                "Available": ("True", "MinimumReplicasAvailable"),
                "Progressing": ("True", "NewReplicaSetAvailable"),
            }
            (rs,) = names(h, "ReplicaSet")
            assert said(h, "ScalingReplicaSet") == [f"Scaled up replica set {rs} from 0 to 3"]
            before = h.api.revision
            await h.settle()
            assert h.api.revision == before

        run(story)

    def test_a_new_template_rolls_and_the_old_one_is_used_again(self):
        async def story(h: Harness) -> None:
            await h.create(deployment(3))
            await h.settle()
            await change(h, "Deployment", "web", image("web:2"))
            assert (images(h), sizes(h)) == (["web:2"] * 3, {"web:1": 0, "web:2": 3})
            first = next(rs for rs in h.list("ReplicaSet") if not rs["spec"]["replicas"])
            await change(h, "Deployment", "web", image("web:1"))
            assert (images(h), sizes(h)) == (["web:1"] * 3, {"web:1": 3, "web:2": 0})
            again = h.get("ReplicaSet", first["metadata"]["name"])
            assert again["metadata"]["uid"] == first["metadata"]["uid"]
            assert again["metadata"]["annotations"][REVISION] == "3"
            assert again["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"
            assert h.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "3"

        run(story)

    def test_a_stuck_rollout_stops_passes_its_deadline_and_is_undone(self):
        async def story(h: Harness) -> None:
            rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
            await h.create(deployment(3, strategy=rolling, progressDeadlineSeconds=30))
            await h.settle()

            def broken(object: Object) -> None:
                image("web:2")(object)
                object["spec"]["template"]["metadata"]["annotations"] = {"minictl.dev/simulate": "Unready"}

            def mended(object: Object) -> None:
                image("web:1")(object)
                object["spec"]["template"]["metadata"].pop("annotations")

            await change(h, "Deployment", "web", broken)
            assert sizes(h) == {"web:1": 3, "web:2": 1}
            assert conditions(h.get("Deployment", "web"))["Progressing"] == ("True", "ReplicaSetUpdated")
            h.clock.advance(32)
            await h.settle()
            found = conditions(h.get("Deployment", "web"))
            assert found["Progressing"] == ("False", "ProgressDeadlineExceeded")
            assert found["Available"] == ("True", "MinimumReplicasAvailable")
            await change(h, "Deployment", "web", mended)
            assert sizes(h) == {"web:1": 3, "web:2": 0}
            assert conditions(h.get("Deployment", "web"))["Progressing"] == ("True", "NewReplicaSetAvailable")

        run(story)

    def test_scaling_is_no_new_revision(self):
        async def story(h: Harness) -> None:
            await h.create(deployment(3))
            await h.settle()
            for size in (5, 1, 0, 2):
                await change(h, "Deployment", "web", lambda d, size=size: d["spec"].update(replicas=size))
                assert len(names(h, "Pod")) == size
            found = h.get("Deployment", "web")
            assert (found["metadata"]["annotations"][REVISION], len(names(h, "ReplicaSet"))) == ("1", 1)
            assert found["status"]["observedGeneration"] == 5

        run(story)

    def test_pausing_holds_a_new_template_back(self):
        async def story(h: Harness) -> None:
            await h.create(deployment(2))
            await h.settle()
            await change(h, "Deployment", "web", lambda d: d["spec"].update(paused=True))
            await change(h, "Deployment", "web", image("web:2"))
            found = h.get("Deployment", "web")
            assert (images(h), found["status"].get("updatedReplicas")) == (["web:1", "web:1"], None)
            assert conditions(found)["Progressing"] == ("Unknown", "DeploymentPaused")
            await change(h, "Deployment", "web", lambda d: d["spec"].update(replicas=3))
            assert images(h) == ["web:1"] * 3
            await change(h, "Deployment", "web", lambda d: d["spec"].pop("paused"))
            assert images(h) == ["web:2"] * 3
            assert conditions(h.get("Deployment", "web"))["Progressing"] == ("True", "NewReplicaSetAvailable")

        run(story)

    def test_recreate_takes_all_old_pods_away_first(self):
        async def story(h: Harness) -> None:
            most = 0

            def count(*_: Any) -> None:
                nonlocal most
                most = max(most, len({pod["spec"]["containers"][0]["image"] for pod in h.list("Pod")}))

            await h.create(deployment(2, strategy={"type": "Recreate"}))
            await h.settle()
            stop = h.api.observe([h.kind("Pod")], count)
            await change(h, "Deployment", "web", image("web:2"))
            stop()
            assert (images(h), most) == (["web:2", "web:2"], 1)

        run(story)

    def test_history_is_kept_to_its_limit(self):
        async def story(h: Harness) -> None:
            await h.create(deployment(1, revisionHistoryLimit=2))
            await h.settle()
            for number in range(2, 6):
                await change(h, "Deployment", "web", image(f"web:{number}"))
            assert sorted(sizes(h)) == ["web:3", "web:4", "web:5"]
            await change(h, "Deployment", "web", lambda d: d["spec"].update(revisionHistoryLimit=0))
            assert sizes(h) == {"web:5": 1}

        run(story)

    def test_annotations_are_copied_and_its_only_replicaset_is_made_anew(self):
        async def story(h: Harness) -> None:
            await h.create(deployment(1))
            await h.settle()
            await change(h, "Deployment", "web", lambda d: d["metadata"]["annotations"].update(note="hello"))
            (rs,) = h.list("ReplicaSet")
            assert rs["metadata"]["annotations"]["note"] == "hello"
            await remove(h, "ReplicaSet", rs["metadata"]["name"])
            (again,) = h.list("ReplicaSet")
            assert again["metadata"]["uid"] != rs["metadata"]["uid"]
            assert again["metadata"]["annotations"][REVISION] == "1"
            assert len(names(h, "Pod")) == 1

        run(story)

    def test_a_name_that_is_taken_is_stepped_around(self):
        async def story(h: Harness) -> None:
            await h.create(deployment(1))
            await h.settle()
            (rs,) = names(h, "ReplicaSet")
            await remove(h, "Deployment", "web")
            foreign = replicaset(0)
            foreign["metadata"]["name"] = rs
            foreign["spec"]["selector"] = {"matchLabels": {"app": "foreign"}}
            foreign["spec"]["template"] = template(app="foreign")
            await h.create(foreign)
            await h.create(deployment(1))
            await h.settle()
            assert h.get("Deployment", "web")["status"]["collisionCount"] == 1
            assert h.get("Deployment", "web")["status"]["availableReplicas"] == 1

        run(story)

    @pytest.mark.parametrize("seed", range(25))
    def test_whatever_is_done_to_it_it_ends_as_its_spec_says(self, seed):
        import random

        async def story(h: Harness) -> None:
            chance = random.Random(seed)
            await h.create(deployment(3))
            limit = 0

            def count(*_: Any) -> None:
                nonlocal limit
                wanted = h.get("Deployment", "web")["spec"]["replicas"]
                alive = [p for p in h.list("Pod") if not p["metadata"].get("deletionTimestamp")]
                limit = max(limit, len(alive) - max(wanted, 8))

            stop = h.api.observe([h.kind("Pod")], count)
            for _ in range(12):
                action = chance.randrange(4)
                if action == 0:
                    size = chance.randrange(7)
                    await h.api.modify(h.kind("Deployment"), "default", "web", lambda d, size=size: _sized(d, size))
                elif action == 1:
                    text = f"web:{chance.randrange(3)}"
                    await h.api.modify(h.kind("Deployment"), "default", "web", lambda d, text=text: _imaged(d, text))
                elif names(h, "Pod"):
                    with contextlib.suppress(NotFound):  # a controller may be deleting it already
                        await h.api.delete(h.kind("Pod"), "default", chance.choice(names(h, "Pod")))
                for _ in range(chance.randrange(30)):
                    await asyncio.sleep(0)
            await h.settle()
            h.clock.advance(5)
            await h.settle()
            stop()
            spec = h.get("Deployment", "web")["spec"]
            assert images(h) == [spec["template"]["spec"]["containers"][0]["image"]] * spec["replicas"]
            assert h.get("Deployment", "web")["status"].get("availableReplicas", 0) == spec["replicas"]
            assert limit <= 0

        run(story)


def _sized(object: Object, size: int) -> Object:
    object["spec"]["replicas"] = size
    return object


def _imaged(object: Object, text: str) -> Object:
    image(text)(object)
    return object


class TestGeneratedNames:
    """A ReplicaSet of a thousand draws a taken name now and then; that must not look like a failure."""

    def test_a_taken_name_is_drawn_again(self, monkeypatch):
        drawn = iter(["aaaaa", "aaaaa", "bbbbb"])
        monkeypatch.setattr("apiserver.objects.meta.random_suffix", lambda: next(drawn))

        async def story(h: Harness) -> None:
            pod = {"apiVersion": "v1", "kind": "Pod", **template()}
            for _ in range(2):
                await h.create({**pod, "metadata": {"generateName": "web-"}, "spec": template()["spec"]})
            assert names(h, "Pod") == ["web-aaaaa", "web-bbbbb"]

        run(story)

    def test_names_that_are_all_taken_are_refused(self, monkeypatch):
        monkeypatch.setattr("apiserver.objects.meta.random_suffix", lambda: "aaaaa")

        async def story(h: Harness) -> None:
            pod = {"apiVersion": "v1", "kind": "Pod", **template()}
            await h.create({**pod, "metadata": {"generateName": "web-"}})
            with pytest.raises(AlreadyExists):
                await h.create({**pod, "metadata": {"generateName": "web-"}})

        run(story)
