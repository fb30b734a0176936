"""Strategic merge patch: given a Deployment or a Service and a patch, the lists that come out, or the refusal."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiserver import errors
from apiserver.objects.patch import strategic
from schemas import load

DEPLOYMENT = load("apps/v1", "Deployment")

Object = dict[str, Any]


def deployment(**pod: Any) -> Object:
    containers = [
        {
            "name": "web",
            "image": "web:1",
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "ports": [{"containerPort": 80, "protocol": "TCP"}],
        },
        {"name": "log", "image": "log:1"},
    ]
    spec = {"containers": containers, "tolerations": [{"key": "k1", "operator": "Exists"}], **pod}
    return {
        "metadata": {"name": "d", "labels": {"a": "1", "b": "2"}, "finalizers": ["x/a"]},
        "spec": {
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
            "template": {"metadata": {"labels": {"app": "d"}}, "spec": spec},
        },
    }


def patched(patch: Object, old: Object | None = None) -> Object:
    old = old or deployment()
    before = copy.deepcopy((old, patch))
    result = strategic.apply(DEPLOYMENT, old, patch)
    assert (old, patch) == before
    return result


def pod_patch(**spec: Any) -> Object:
    return {"spec": {"template": {"spec": spec}}}


def pod_of(object: Object) -> Any:
    return object["spec"]["template"]["spec"]


def names(items: list[Object], key: str = "name") -> list[Any]:
    return [item[key] for item in items]


def test_items_are_merged_by_key_and_what_only_the_patch_has_goes_before_what_only_the_server_has() -> None:
    env = [{"name": "B", "value": "two"}, {"name": "C", "value": "3"}]
    pod = pod_of(patched(pod_patch(containers=[{"name": "web", "env": env}, {"name": "new", "image": "new:1"}])))
    assert names(pod["containers"]) == ["web", "new", "log"]
    assert [(e["name"], e["value"]) for e in pod["containers"][0]["env"]] == [("A", "1"), ("B", "two"), ("C", "3")]
    assert pod["containers"][0]["image"] == "web:1"


def test_a_new_item_alone_goes_first() -> None:
    pod = pod_of(patched(pod_patch(containers=[{"name": "new", "image": "new:1"}])))
    assert names(pod["containers"]) == ["new", "web", "log"]
    ports = [{"containerPort": 443}]
    pod = pod_of(patched(pod_patch(containers=[{"name": "web", "ports": ports}])))
    assert names(pod["containers"][0]["ports"], "containerPort") == [443, 80]


def test_lists_without_strategy_are_replaced() -> None:
    pod = pod_of(patched(pod_patch(tolerations=[{"key": "k2", "operator": "Exists"}])))
    assert names(pod["tolerations"], "key") == ["k2"]


def test_delete_an_item() -> None:
    pod = pod_of(patched(pod_patch(containers=[{"$patch": "delete", "name": "log"}])))
    assert names(pod["containers"]) == ["web"]


def test_replace_a_list() -> None:
    env = [{"$patch": "replace"}, {"name": "ONLY", "value": "x"}]
    pod = pod_of(patched(pod_patch(containers=[{"name": "web", "env": env}])))
    assert pod["containers"][0]["env"] == [{"name": "ONLY", "value": "x"}]


def test_replace_and_empty_a_map() -> None:
    assert patched({"metadata": {"labels": {"$patch": "replace", "v": "2"}}})["metadata"]["labels"] == {"v": "2"}
    assert patched({"metadata": {"labels": {"$patch": "delete"}}})["metadata"]["labels"] == {}


def test_retain_keys() -> None:
    result = patched({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}})
    assert result["spec"]["strategy"] == {"type": "Recreate"}


def test_scalars_are_united_and_taken_out() -> None:
    assert patched({"metadata": {"finalizers": ["x/b"]}})["metadata"]["finalizers"] == ["x/b", "x/a"]
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["x/a"], "finalizers": ["x/b"]}}
    assert patched(patch)["metadata"]["finalizers"] == ["x/b"]


def test_element_order() -> None:
    order = [{"name": "log"}, {"name": "new"}, {"name": "web"}]
    patch = pod_patch(**{"$setElementOrder/containers": order, "containers": [{"name": "new", "image": "n"}]})
    pod = pod_of(patched(patch))
    assert names(pod["containers"]) == ["log", "new", "web"]
    assert not any(key.startswith("$") for key in pod)
    only_order = pod_patch(**{"$setElementOrder/containers": order[::-1]})
    assert names(pod_of(patched(only_order))["containers"]) == ["web", "log"]


def test_null_removes_and_nulls_in_what_is_new_are_dropped() -> None:
    result = patched({"metadata": {"labels": {"a": None, "zz": None}, "annotations": {"x": None, "y": "1"}}})
    assert result["metadata"]["labels"] == {"b": "2"}
    assert result["metadata"]["annotations"] == {"y": "1"}


NO_KEY = "does not contain declared merge key: name"

REFUSED: list[tuple[Object, type[errors.APIError], str]] = [
    (pod_patch(containers=[{"image": "nginx"}]), errors.Unexplained, f"map: map[image:nginx] {NO_KEY}"),
    (pod_patch(containers=[{"$setElementOrder/containers": [], "image": "x"}]), errors.Unexplained,
     f"map: map[$setElementOrder/containers:[] image:x] {NO_KEY}"),
    (pod_patch(containers=[{"$patch": "delete"}]), errors.Unexplained, f"map: map[$patch:delete] {NO_KEY}"),
    (pod_patch(containers=[{"$patch": "merge", "name": "web"}]), errors.Unexplained,
     "merging lists cannot yet be specified in the patch"),
    ({"spec": {"$patch": "explode"}}, errors.Unexplained, "unknown patch type: explode in map: map[$patch:explode]"),
    ({"spec": {"$patch": "merge"}}, errors.Unexplained, "unknown patch type: merge in map: map[$patch:merge]"),
    (pod_patch(containers=[{"name": "a"}, "b"]), errors.Unexplained, "list element types are not identical"),
    ({"spec": {"strategy": {"$retainKeys": "type"}}}, errors.BadRequest, strategic.BAD_RETAIN_KEYS),
    ({"spec": {"strategy": {"$retainKeys": [], "type": "x"}}}, errors.BadRequest, strategic.BAD_RETAIN_KEYS),
    ({"metadata": {"$deleteFromPrimitiveList": []}}, errors.BadRequest, strategic.BAD_DELETE_FROM),
    (pod_patch(**{"$setElementOrder": []}), errors.BadRequest, strategic.BAD_ELEMENT_ORDER),
    (pod_patch(**{"$setElementOrder/containers": "x"}), errors.Unexplained,
     "expected a []interface {}, but received a string"),
    (pod_patch(**{"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}],
                  "containers": [{"name": "a"}, {"name": "b"}]}), errors.Unexplained,
     "The order in patch list:\n[map[name:a] map[name:b]]\n doesn't match $setElementOrder list:\n"
     "[map[name:b] map[name:a]]\n"),
    (pod_patch(containers=[[]]), errors.Unprocessable, "rejected our request"),
]  # fmt: skip


@pytest.mark.parametrize(("patch", "kind", "message"), REFUSED, ids=[case[2][:40] for case in REFUSED])
def test_refused(patch: Object, kind: type[errors.APIError], message: str) -> None:
    with pytest.raises(kind) as caught:
        patched(patch)
    assert message in caught.value.message


def test_what_is_no_object() -> None:
    with pytest.raises(errors.BadRequest) as caught:
        strategic.apply(DEPLOYMENT, {}, "not json")
    assert caught.value.message == "json: cannot unmarshal string into Go value of type map[string]interface {}"


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
CONTAINERS = st.lists(NAMES, unique=True, max_size=5).map(lambda ns: [{"name": n, "image": n} for n in ns])


@given(CONTAINERS, CONTAINERS)
def test_merging_keeps_all_keeps_the_order_of_both_and_is_done_once(old: list[Object], new: list[Object]) -> None:
    before = deployment(containers=old)
    patch = pod_patch(containers=new)
    once = strategic.apply(DEPLOYMENT, before, patch)
    merged = names(pod_of(once)["containers"])
    assert sorted(merged) == sorted({*names(old), *names(new)})
    assert [n for n in merged if n in names(new)] == names(new)
    only_old = [n for n in names(old) if n not in names(new)]
    assert [n for n in merged if n in only_old] == only_old
    assert strategic.apply(DEPLOYMENT, once, patch) == once
