"""Endpoints, slices and mirrors on a whole control plane: what a user sees after each change."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.apiserver.harness import Harness

Object = dict[str, Any]


def run(story):
    async def told() -> None:
        async with Harness() as h:
            await story(h)

    asyncio.run(asyncio.wait_for(told(), 30))


def pod(name: str, **labels: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "web"}]},
    }


def service(name: str = "web", **spec: Any) -> Object:
    base: Object = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {**base, **spec}}


def manual_endpoints(name: str, ip: str = "203.0.113.7") -> Object:
    subsets = [{"addresses": [{"ip": ip}], "ports": [{"port": 80, "protocol": "TCP"}]}]
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name}, "subsets": subsets}


async def change(h: Harness, kind: str, name: str, how) -> None:
    """Change an object in place with `how`, and let the controllers settle."""

    def changed(object: Object) -> Object:
        how(object)
        return object

    await h.api.modify(h.kind(kind), "default", name, changed)
    await h.settle()


def listed(h: Harness, name: str = "web") -> tuple[list[str], list[str]]:
    """(ready, not ready) Pods of an Endpoints object."""
    found: tuple[list[str], list[str]] = ([], [])
    for subset in h.get("Endpoints", name).get("subsets", []):
        for names, field in zip(found, ("addresses", "notReadyAddresses"), strict=True):
            names += [address["targetRef"]["name"] for address in subset.get(field, [])]
    return sorted(found[0]), sorted(found[1])


def slices(h: Harness, name: str = "web") -> list[Object]:
    every = h.list("EndpointSlice")
    return [s for s in every if s["metadata"]["labels"].get("kubernetes.io/service-name") == name]


def in_slices(h: Harness, name: str = "web") -> list[str]:
    return sorted(e["targetRef"]["name"] for s in slices(h, name) for e in s["endpoints"] or [])


def test_endpoints_follow_pods_labels_readiness_and_deletion():
    async def story(h: Harness) -> None:
        for object in (service(), pod("a"), pod("b"), pod("other", app="api")):
            await h.create(object)
        await h.settle()
        assert listed(h) == (["a", "b"], [])
        assert in_slices(h) == ["a", "b"]
        await change(h, "Pod", "a", lambda p: p["metadata"].update(annotations={"minictl.dev/simulate": "Unready"}))
        assert listed(h) == (["b"], ["a"])
        await change(h, "Pod", "a", lambda p: p["metadata"].pop("annotations"))
        assert listed(h) == (["a", "b"], [])
        await change(h, "Pod", "a", lambda p: p["metadata"].update(labels={"app": "quarantine"}))
        assert (listed(h), in_slices(h)) == ((["b"], []), ["b"])
        await change(h, "Pod", "other", lambda p: p["metadata"].update(labels={"app": "web"}))
        assert listed(h) == (["b", "other"], [])
        await h.api.delete(h.kind("Pod"), "default", "b")
        await h.settle()
        assert (listed(h), in_slices(h)) == ((["other"], []), ["other"])

    run(story)


def test_no_change_no_write():
    async def story(h: Harness) -> None:
        await h.create(service())
        await h.create(pod("a"))
        await h.settle()
        before = h.get("Endpoints", "web"), slices(h)
        await change(h, "Pod", "a", lambda p: p["metadata"].update(annotations={"note": "x"}))
        await change(h, "Service", "web", lambda s: s["metadata"].update(annotations={"note": "x"}))
        assert (h.get("Endpoints", "web"), slices(h)) == before

    run(story)


def test_deleted_and_edited_endpoints_are_restored():
    async def story(h: Harness) -> None:
        await h.create(service())
        await h.create(pod("a"))
        await h.settle()
        await h.api.delete(h.kind("Endpoints"), "default", "web")
        for slice_ in slices(h):
            await h.api.delete(h.kind("EndpointSlice"), "default", slice_["metadata"]["name"])
        await h.settle()
        assert (listed(h), in_slices(h)) == ((["a"], []), ["a"])
        await change(h, "Endpoints", "web", lambda e: e.update(subsets=[]))
        name = slices(h)[0]["metadata"]["name"]
        await change(h, "EndpointSlice", name, lambda s: s["endpoints"][0].update(addresses=["203.0.113.99"]))
        assert (listed(h), in_slices(h)) == ((["a"], []), ["a"])
        assert slices(h)[0]["endpoints"][0]["addresses"] != ["203.0.113.99"]

    run(story)


def test_a_service_that_loses_its_selector_or_its_endpoints_leaves_them_as_they_are():
    async def story(h: Harness) -> None:
        await h.create(pod("a"))
        await h.create(service())
        await h.create(service("ext"))
        await h.settle()

        def external(object: Object) -> None:
            object["spec"].update(type="ExternalName", externalName="db.example.com")
            for field in ("clusterIP", "clusterIPs"):
                object["spec"].pop(field)

        await change(h, "Service", "web", lambda s: s["spec"].pop("selector"))
        await change(h, "Service", "ext", external)
        await h.api.delete(h.kind("Pod"), "default", "a")
        await h.settle()
        assert listed(h) == (["a"], [])
        assert (listed(h, "ext"), in_slices(h, "ext")) == ((["a"], []), ["a"])

    run(story)


def test_a_deleted_service_takes_endpoints_and_slices_along_but_no_pods():
    async def story(h: Harness) -> None:
        await h.create(service())
        await h.create(pod("a"))
        await h.settle()
        await h.api.delete(h.kind("Service"), "default", "web")
        await h.settle()
        assert h.api.find(h.kind("Endpoints"), "default", "web") is None
        assert slices(h) == []
        assert [p["metadata"]["name"] for p in h.list("Pod")] == ["a"]

    run(story)


def test_hand_made_endpoints_are_left_alone_and_mirrored_for_their_service():
    async def story(h: Harness) -> None:
        await h.create(manual_endpoints("nobody"))
        await h.create(service("db", selector=None))
        await h.create(manual_endpoints("db"))
        await h.settle()
        assert slices(h, "nobody") == []
        assert h.get("Endpoints", "nobody")["subsets"]
        (mirror,) = slices(h, "db")
        assert mirror["endpoints"] == [{"addresses": ["203.0.113.7"], "conditions": {"ready": True}}]
        assert mirror["metadata"]["ownerReferences"][0]["kind"] == "Endpoints"
        await change(h, "Endpoints", "db", lambda e: e["subsets"][0]["ports"][0].update(port=15432))
        assert slices(h, "db")[0]["ports"][0]["port"] == 15432
        await h.api.delete(h.kind("Endpoints"), "default", "db")
        await h.settle()
        assert slices(h, "db") == []
        await h.create(manual_endpoints("db"))
        await h.settle()
        await h.api.delete(h.kind("Service"), "default", "db")
        await h.settle()
        assert slices(h, "db") == []
        assert h.api.find(h.kind("Endpoints"), "default", "db") is None

    run(story)


def test_a_terminating_pod_is_in_slices_only():
    async def story(h: Harness) -> None:
        await h.create(service())
        held = pod("draining")
        held["metadata"]["finalizers"] = ["example.com/hold"]
        await h.create(held)
        await h.create(pod("staying"))
        await h.settle()
        await h.api.delete(h.kind("Pod"), "default", "draining")
        await h.settle()
        assert listed(h) == (["staying"], [])
        conditions = {e["targetRef"]["name"]: e["conditions"] for e in slices(h)[0]["endpoints"]}
        assert conditions["draining"] == {"ready": False, "serving": True, "terminating": True}
        await change(h, "Pod", "draining", lambda p: p["metadata"].pop("finalizers"))
        assert in_slices(h) == ["staying"]

    run(story)


def test_the_kubernetes_service_is_there_with_its_endpoints():
    async def story(h: Harness) -> None:
        spec = h.get("Service", "kubernetes")["spec"]
        assert (spec["clusterIP"], spec["ports"][0]["port"]) == ("10.96.0.1", 443)
        assert h.get("Endpoints", "kubernetes")["subsets"][0]["ports"][0]["name"] == "https"
        (slice_,) = slices(h, "kubernetes")
        assert slice_["metadata"]["name"] == "kubernetes"

    run(story)


def test_a_large_service_is_complete_and_one_change_writes_one_slice():
    async def story(h: Harness) -> None:
        await h.create(service())
        await asyncio.gather(*(h.create(pod(f"p{n}")) for n in range(230)))
        await h.settle()
        # In a rush the changes of a Service are taken together: the last of them follow a moment later.
        h.clock.advance(1)
        await h.settle()
        assert len(listed(h)[0]) == 230
        sizes = [len(s["endpoints"]) for s in slices(h)]
        assert sum(sizes) == 230
        assert max(sizes) <= 100
        before = {s["metadata"]["name"]: s["metadata"]["resourceVersion"] for s in slices(h)}
        await change(h, "Pod", "p7", lambda p: p["metadata"].update(annotations={"minictl.dev/simulate": "Unready"}))
        await h.settle()  # at once: it came alone
        after = {s["metadata"]["name"]: s["metadata"]["resourceVersion"] for s in slices(h)}
        assert len(set(after.items()) - set(before.items())) == 1
        assert len(listed(h)[0]) == 229

    run(story)


def test_the_kubernetes_service_is_restored():
    async def story(h: Harness) -> None:
        for kind in ("Endpoints", "EndpointSlice", "Service"):
            await h.api.delete(h.kind(kind), "default", "kubernetes")
            await h.settle()
        assert h.get("Service", "kubernetes")["spec"]["clusterIP"] == "10.96.0.1"
        assert h.get("Endpoints", "kubernetes")["subsets"]
        assert len(slices(h, "kubernetes")) == 1

    run(story)
