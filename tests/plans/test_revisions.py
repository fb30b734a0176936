"""The history of a StatefulSet or a DaemonSet."""

from __future__ import annotations

from typing import Any

from apiserver.objects import revisions

Object = dict[str, Any]


def owner(image: str = "web:1", **status: Any) -> Object:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"image": image}]}}
    metadata = {"name": "web", "namespace": "default", "annotations": {"a": "b"}}
    return {"metadata": metadata, "spec": {"template": template}, "status": status}


def revision(number: int, image: str = "web:1") -> Object:
    made = revisions.revision_of(owner(image), {"uid": "1"}, number, "hash")
    made["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    return made


def test_a_revision_gives_its_owner_the_template_back():
    made = revision(3)
    hash_ = made["metadata"]["labels"]["hash"]
    assert made["metadata"]["name"] == f"web-{hash_}"
    assert made["metadata"]["labels"] == {"app": "web", "hash": hash_}
    assert made["metadata"]["annotations"] == {"a": "b"}
    assert made["metadata"]["ownerReferences"] == [{"uid": "1"}]
    assert made["revision"] == 3
    assert made["data"]["spec"]["template"]["$patch"] == "replace"
    assert revisions.template_of(made) == owner()["spec"]["template"]


def test_names_differ_by_template_and_by_collisions():
    names = {
        revisions.revision_of(one, {}, 1, "hash")["metadata"]["name"]
        for one in (owner(), owner("web:2"), owner(collisionCount=1))
    }
    assert len(names) == 3
    assert revisions.short_hash({"b": 1, "a": 2}) == revisions.short_hash({"a": 2, "b": 1})


def test_the_newest_has_the_highest_number():
    known = [revision(3), revision(1, "web:2"), revision(2, "web:3")]
    assert [one["revision"] for one in revisions.oldest_first(known)] == [1, 2, 3]
    assert revisions.next_number(known) == 4
    assert revisions.next_number([]) == 1
    assert revisions.same_as(owner("web:2"), known) == [known[1]]


def test_live_revisions_are_not_history():
    known = [revision(number, f"web:{number}") for number in (4, 2, 3, 1)]
    live = {known[1]["metadata"]["name"]}
    assert [one["revision"] for one in revisions.surplus(known, live, 1)] == [1, 3]
    assert revisions.surplus(known, live, 3) == []
    assert revisions.surplus(known, live, -1) == []
