"""Garbage collection, namespaces, and what every namespace has."""

from __future__ import annotations

import asyncio
from typing import Any

from apiserver.deletion import DeleteOptions
from tests.apiserver.harness import Harness

Object = dict[str, Any]


def run(story):
    async def told() -> None:
        async with Harness() as h:
            await story(h)

    asyncio.run(asyncio.wait_for(told(), 30))


def config(name: str, *owners: Object, **metadata: Any) -> Object:
    references = [
        {"apiVersion": o["apiVersion"], "kind": o["kind"], "name": o["metadata"]["name"], "uid": o["metadata"]["uid"]}
        for o in owners
    ]
    metadata = {"name": name, **metadata, **({"ownerReferences": references} if references else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def deployment() -> Object:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "web"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


async def delete(h: Harness, kind: str, name: str, propagation: Any = "", namespace: str = "default") -> None:
    options = DeleteOptions(propagation=propagation)
    await h.api.delete(h.kind(kind), namespace if h.kind(kind).namespaced else "", name, options)
    await h.settle()


def names(h: Harness, kind: str, namespace: str = "default") -> list[str]:
    every = [object["metadata"]["name"] for object in h.list(kind, namespace)]
    return [name for name in every if name != "kube-root-ca.crt"]


class TestGarbage:
    def test_a_deployment_takes_its_replicasets_and_pods_along(self):
        async def story(h: Harness) -> None:
            for propagation in ("", "Background", "Foreground"):
                await h.create(deployment())
                await h.settle()
                assert len(names(h, "Pod")) == 2
                await delete(h, "Deployment", "web", propagation)
                assert (names(h, "Deployment"), names(h, "ReplicaSet"), names(h, "Pod")) == ([], [], [])

        run(story)

    def test_in_the_foreground_the_owner_goes_last(self):
        async def story(h: Harness) -> None:
            order: list[str] = []
            await h.create(deployment())
            await h.settle()

            def gone(kind: Any, old: Object | None, new: Object | None) -> None:
                if new is None:
                    order.append(kind.name)

            stop = h.api.observe([h.kind(k) for k in ("Deployment", "ReplicaSet", "Pod")], gone)
            await delete(h, "Deployment", "web", "Foreground")
            stop()
            assert order == ["Pod", "Pod", "ReplicaSet", "Deployment"]

        run(story)

    def test_orphans_stay_and_are_adopted_again(self):
        async def story(h: Harness) -> None:
            await h.create(deployment())
            await h.settle()
            pods = names(h, "Pod")
            await delete(h, "Deployment", "web", "Orphan")
            (rs,) = h.list("ReplicaSet")
            assert "ownerReferences" not in rs["metadata"]
            await h.create(deployment())
            await h.settle()
            (again,) = h.list("ReplicaSet")
            assert again["metadata"]["ownerReferences"][0]["kind"] == "Deployment"
            assert names(h, "Pod") == pods

        run(story)

    def test_a_dependent_whose_owner_never_was_is_collected(self):
        async def story(h: Harness) -> None:
            owner = await h.create(config("owner"))
            never = {**owner, "metadata": {**owner["metadata"], "uid": "00000000-0000-0000-0000-000000000000"}}
            await h.create(config("of-another-uid", never))
            absent = {**owner, "metadata": {**owner["metadata"], "name": "absent"}}
            await h.create(config("of-nobody", absent))
            await h.create(config("mine", owner))
            await h.settle()
            assert names(h, "ConfigMap") == ["mine", "owner"]

        run(story)

    def test_of_two_owners_only_the_dead_one_is_forgotten(self):
        async def story(h: Harness) -> None:
            one, two = await h.create(config("one")), await h.create(config("two"))
            await h.create(config("both", one, two))
            await h.settle()
            await delete(h, "ConfigMap", "one")
            owners = h.get("ConfigMap", "both")["metadata"]["ownerReferences"]
            assert [reference["name"] for reference in owners] == ["two"]
            await delete(h, "ConfigMap", "two")
            assert names(h, "ConfigMap") == []

        run(story)

    def test_an_owner_in_another_namespace_is_no_owner(self):
        async def story(h: Harness) -> None:
            owner = await h.create(config("far"), "kube-system")
            await h.create(config("near", owner))
            await h.settle()
            assert names(h, "ConfigMap") == []

        run(story)

    def test_owners_of_unknown_kinds_and_nodes_are_respected(self):
        async def story(h: Harness) -> None:
            unknown = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t", "uid": "u"}}
            await h.create(config("thing", unknown))
            await h.create(config("node", h.get("Node", "node-1")))
            await h.settle()
            assert names(h, "ConfigMap") == ["node", "thing"]

        run(story)

    def test_finalizers_hold_dependents_and_so_the_foreground_owner(self):
        async def story(h: Harness) -> None:
            owner = await h.create(config("owner"))
            held = config("held", owner, finalizers=["example.com/hold"])
            held["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] = True
            await h.create(held)
            await h.settle()
            await delete(h, "ConfigMap", "owner", "Foreground")
            assert names(h, "ConfigMap") == ["held", "owner"]

            def released(object: Object) -> Object:
                object["metadata"].pop("finalizers")
                return object

            await h.api.modify(h.kind("ConfigMap"), "default", "held", released)
            await h.settle()
            assert names(h, "ConfigMap") == []

        run(story)


class TestNamespaces:
    def test_a_new_one_gets_an_account_and_the_ca(self):
        async def story(h: Harness) -> None:
            await h.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}})
            await h.settle()
            assert names(h, "ServiceAccount", "new") == ["default"]
            assert h.get("ConfigMap", "kube-root-ca.crt", "new")["data"] == {"ca.crt": "CA\n"}
            await delete(h, "ServiceAccount", "default", namespace="new")
            await delete(h, "ConfigMap", "kube-root-ca.crt", namespace="new")
            assert names(h, "ServiceAccount", "new") == ["default"]

            def forged(object: Object) -> Object:
                object["data"] = {"ca.crt": "another"}
                return object

            await h.api.modify(h.kind("ConfigMap"), "new", "kube-root-ca.crt", forged)
            await h.settle()
            assert h.get("ConfigMap", "kube-root-ca.crt", "new")["data"] == {"ca.crt": "CA\n"}

        run(story)

    def test_the_first_ones_are_there(self):
        async def story(h: Harness) -> None:
            first = {"default", "kube-node-lease", "kube-public", "kube-system"}
            assert first <= set(names(h, "Namespace"))

        run(story)

    def test_a_deleted_one_takes_everything_along(self):
        async def story(h: Harness) -> None:
            await h.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}})
            await h.create(config("settings"), "new")
            await h.create(deployment(), "new")
            await h.settle()
            await delete(h, "Namespace", "new")
            assert "new" not in names(h, "Namespace")
            left = [r.key for kind in h.cluster.kinds if kind.namespaced for r in h.api.list(kind, "new")]
            assert left == []

        run(story)

    def test_what_is_held_holds_it_and_is_named(self):
        async def story(h: Harness) -> None:
            await h.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}})
            await h.create(config("held", finalizers=["example.com/hold"]), "new")
            await h.settle()
            await delete(h, "Namespace", "new")
            status = h.get("Namespace", "new")["status"]
            assert status["phase"] == "Terminating"
            assert [(c["type"], c["status"]) for c in status["conditions"]] == [
                ("NamespaceDeletionDiscoveryFailure", "False"),
                ("NamespaceDeletionGroupVersionParsingFailure", "False"),
                ("NamespaceDeletionContentFailure", "False"),
                ("NamespaceContentRemaining", "True"),
                ("NamespaceFinalizersRemaining", "True"),
            ]
            assert status["conditions"][3]["message"] == (
                "Some resources are remaining: configmaps. has 1 resource instances"
            )

            def released(object: Object) -> Object:
                object["metadata"].pop("finalizers")
                return object

            await h.api.modify(h.kind("ConfigMap"), "new", "held", released)
            await h.settle()
            assert "new" not in names(h, "Namespace")

        run(story)
