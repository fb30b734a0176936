"""Server-side apply: given a live object and a manifest, the new object and who owns it, or the conflict."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiserver import errors
from apiserver.objects.decoding import decode_value
from apiserver.objects.fields import record_update
from apiserver.objects.managedfields.sets import Tree
from apiserver.objects.managedfields.typed import Unreadable, check
from apiserver.objects.patch.apply import LAST_APPLIED, apply
from schemas import Document, load

Object = dict[str, Any]

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"


def applied(
    live: Object | None, config: Object, manager: str, *, force: bool = False, now: str = NOW, subresource: str = ""
) -> Object:
    before = copy.deepcopy((live, config))
    schema = load(config["apiVersion"], config["kind"])
    result = apply(schema, config["kind"], live, config, manager, force, now, subresource)
    assert (live, config) == before
    return stored(result)


def stored(object: Object) -> Object:
    """As the API stores it: without nulls and what Go omits."""
    return decode_value(copy.deepcopy(object), load(object["apiVersion"], object["kind"])).object


def updated(live: Object, new: Object, manager: str, now: str = NOW) -> Object:
    new = copy.deepcopy(new)
    new["metadata"]["managedFields"] = copy.deepcopy(live["metadata"].get("managedFields", []))
    record_update(load(new["apiVersion"], new["kind"]), live, new, manager, now, "", new["apiVersion"])
    return new


def config(data: Any = None, **metadata: Any) -> Object:
    object: Object = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c", **metadata}}
    return {**object, "data": data} if data is not None else object


def service(*ports: Object, **spec: Any) -> Object:
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {"name": "s"},
        "spec": {"ports": list(ports), **spec} if ports else spec,
    }


def port(number: int, **more: Any) -> Object:
    return {"port": number, "protocol": "TCP", **more}


def owners(object: Object) -> dict[str, Tree]:
    return {entry["manager"]: entry["fieldsV1"] for entry in object["metadata"].get("managedFields", [])}


def test_create_owns_what_the_manifest_says_and_no_structs() -> None:
    created = applied(None, config({"a": "1", "b": "2"}, labels={"tier": "x"}), "alice")
    assert created["data"] == {"a": "1", "b": "2"}
    assert created["metadata"]["managedFields"] == [
        {
            "manager": "alice",
            "operation": "Apply",
            "apiVersion": "v1",
            "time": NOW,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {"f:a": {}, "f:b": {}}, "f:metadata": {"f:labels": {"f:tier": {}}}},
        }
    ]


def test_what_is_given_up_goes_with_the_map_that_held_it() -> None:
    created = applied(None, config({"a": "1", "b": "2"}, labels={"tier": "x"}), "alice")
    again = applied(created, config({"a": "1"}), "alice", now=LATER)
    assert again["data"] == {"a": "1"}
    assert "labels" not in again["metadata"]
    assert owners(again) == {"alice": {"f:data": {"f:a": {}}}}
    assert again["metadata"]["managedFields"][0]["time"] == LATER


def test_what_another_owns_stays() -> None:
    live = applied(None, config({"shared": "1", "mine": "1"}), "alice")
    live = applied(live, config({"shared": "1", "his": "1"}), "bob", now=LATER)
    assert owners(live)["alice"] == {"f:data": {"f:mine": {}, "f:shared": {}}}
    live = applied(live, config({}), "alice", now=LATER)
    assert live["data"] == {"shared": "1", "his": "1"}
    assert owners(live) == {"alice": {"f:data": {}}, "bob": {"f:data": {"f:his": {}, "f:shared": {}}}}
    live = applied(live, config({"his": "1"}), "bob", now=LATER)
    assert live["data"] == {"his": "1"}


def test_what_nobody_applied_stays() -> None:
    live = applied(None, config({"a": "1"}), "alice")
    live = updated(live, config({"a": "1", "hand": "made"}), "editor", LATER)
    live = applied(live, config(), "alice", now=LATER)
    assert live["data"] == {"hand": "made"}


def test_a_manifest_that_says_nothing_owns_nothing() -> None:
    assert "managedFields" not in applied(None, config(), "alice")["metadata"]


def test_items_are_merged_by_key_with_its_defaults() -> None:
    live = applied(None, service(port(80, targetPort=8080), selector={"app": "a"}), "base")
    live = applied(live, service({"port": 9100, "name": "metrics"}), "extra", now=LATER)
    assert [p["port"] for p in live["spec"]["ports"]] == [80, 9100]
    key = 'k:{"port":9100,"protocol":"TCP"}'
    assert owners(live)["extra"] == {"f:spec": {"f:ports": {key: {".": {}, "f:name": {}, "f:port": {}}}}}
    assert owners(live)["base"]["f:spec"]["f:selector"] == {}
    live = applied(live, service(), "extra", now=LATER)
    assert [p["port"] for p in live["spec"]["ports"]] == [80]


def test_a_conflict_names_the_owner_and_the_path() -> None:
    live = applied(None, service(port(80, targetPort=8080)), "base")
    theft = service(port(80, targetPort=3000))
    path = '.spec.ports[port=80,protocol="TCP"].targetPort'
    with pytest.raises(errors.ApplyConflict) as caught:
        applied(live, theft, "thief")
    assert caught.value.message == f'Apply failed with 1 conflict: conflict with "base": {path}'
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "base"', "field": path}
    assert caught.value.details == {"causes": [cause]}
    taken = applied(live, theft, "thief", force=True, now=LATER)
    assert taken["spec"]["ports"][0]["targetPort"] == 3000
    key = 'k:{"port":80,"protocol":"TCP"}'
    assert owners(taken)["base"]["f:spec"]["f:ports"][key] == {".": {}, "f:port": {}, "f:protocol": {}}


def test_several_conflicts_are_listed_by_manager() -> None:
    live = applied(None, config({"a": "1", "b": "1"}), "bob")
    live = updated(live, config({"a": "1", "b": "1", "c": "1"}), "edit", LATER)
    with pytest.raises(errors.ApplyConflict) as caught:
        applied(live, config({"a": "2", "b": "2", "c": "2"}), "carol")
    assert caught.value.message == (
        'Apply failed with 3 conflicts: conflicts with "bob":\n- .data.a\n- .data.b\n'
        'conflicts with "edit" using v1:\n- .data.c'
    )


def test_agreeing_is_sharing_and_takes_no_time() -> None:
    live = applied(None, config({"a": "1"}), "alice")
    shared = applied(live, config({"a": "1"}), "bob", now=LATER)
    assert owners(shared) == {"alice": {"f:data": {"f:a": {}}}, "bob": {"f:data": {"f:a": {}}}}
    again = applied(live, config({"a": "1"}), "alice", now=LATER)
    assert again == live


def test_null_in_a_manifest_claims_the_field() -> None:
    live = applied(None, service(port(80), type="NodePort"), "base")
    manifest = service()
    manifest["spec"] = None
    result = applied(live, manifest, "other", now=LATER)
    assert result["spec"] == live["spec"]
    assert owners(result)["other"] == {"f:spec": {}}


def test_status_is_a_subresource_of_its_own() -> None:
    live = applied(None, service(port(80)), "base")
    manifest = {**service(type="NodePort"), "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}
    result = applied(live, manifest, "lb", subresource="status", now=LATER)
    entry = next(e for e in result["metadata"]["managedFields"] if e["manager"] == "lb")
    assert entry["subresource"] == "status"
    assert entry["fieldsV1"] == {"f:status": {"f:loadBalancer": {"f:ingress": {}}}}


def test_kubectl_may_take_back_what_its_client_side_apply_left() -> None:
    last = json.dumps(config({"a": "1", "b": "1"}))
    created = config({"a": "1", "b": "changed"}, annotations={LAST_APPLIED: last})
    live = copy.deepcopy(created)
    record_update(load("v1", "ConfigMap"), None, live, "kubectl-client-side-apply", NOW, "", "v1")
    taken = applied(live, config({"a": "2"}), "kubectl", now=LATER)
    assert taken["data"]["a"] == "2"
    assert json.loads(taken["metadata"]["annotations"][LAST_APPLIED]) == config({"a": "2"})
    with pytest.raises(errors.ApplyConflict, match=r"\.data\.b$"):
        applied(live, config({"a": "2", "b": "2"}), "kubectl")
    with pytest.raises(errors.ApplyConflict, match=r"\.data\.a$"):
        applied(live, config({"a": "2"}), "flux")


def deployment(**spec: Any) -> Object:
    return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "d", "namespace": "n"}, "spec": spec}


def pod_template(*containers: Any) -> Object:
    return deployment(template={"spec": {"containers": list(containers)}})


UNREADABLE: list[tuple[Object, str]] = [
    (deployment(colour="red"), ".spec.colour: field not declared in schema"),
    (deployment(replicas="two"), ".spec.replicas: expected numeric (int or float), got string"),
    (deployment(paused="yes"), ".spec.paused: expected boolean, got &{yes}"),
    (deployment(template=[1]), ".spec.template: expected map, got &{[1]}"),
    (pod_template({"name": "a"}, {"name": "a"}),
     '.spec.template.spec.containers: duplicate entries for key [name="a"]'),
    (pod_template("a"),
     ".spec.template.spec.containers: element 0: associative list with keys may not have non-map elements"),
    (pod_template({"name": "a", "image": 1}),
     '.spec.template.spec.containers[name="a"].image: expected string, got &value.valueUnstructured{Value:1}'),
    (pod_template({"name": "a", "args": {"x": 1}}),
     '.spec.template.spec.containers[name="a"].args: expected list, got &{map[x:1]}'),
    (deployment(paused="yes", replicas="two"),
     "errors:\n  .spec.paused: expected boolean, got &{yes}\n"
     "  .spec.replicas: expected numeric (int or float), got string"),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "problem"), UNREADABLE, ids=[case[1][:60] for case in UNREADABLE])
def test_what_does_not_fit_the_schema(manifest: Object, problem: str) -> None:
    with pytest.raises(errors.Unexplained) as caught:
        applied(None, manifest, "alice")
    assert caught.value.message == f"failed to create typed patch object (n/d; apps/v1, Kind=Deployment): {problem}"


def test_items_without_any_key_and_default_cannot_be_told_apart() -> None:
    item = {"type": "object", "properties": {"host": {"type": "string"}, "port": {"type": "integer"}}}
    keys = ["host", "port"]
    node = {"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys}
    field = Document("", {"type": "object", "properties": {"peers": node}}).resolve("#")
    check(field, {"peers": [{"host": "a"}, {"host": "a", "port": 1}, {"port": 1}]})
    with pytest.raises(Unreadable) as caught:
        check(field, {"peers": [{"host": "a"}, {}]})
    assert str(caught.value) == (
        '.peers: element 1: associative list with keys has an element that omits all key fields ["host" "port"] '
        "(and doesn't have default values for any key fields)"
    )


def test_quantities_may_be_numbers() -> None:
    container = {"name": "a", "resources": {"limits": {"cpu": 1, "memory": "1Gi"}}, "ports": [{"containerPort": 80}]}
    assert applied(None, pod_template(container), "alice")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"data": {}}, "invalid object type: /, Kind="),
        ({"apiVersion": "v1", "kind": "Secret"}, "invalid object type: /v1, Kind=Secret"),
        ({"apiVersion": "apps/v1", "kind": "ConfigMap"}, "invalid object type: apps/v1, Kind=ConfigMap"),
        (config(managedFields=[{"manager": "x"}]), "metadata.managedFields must be nil"),
    ],
)
def test_refused(manifest: Object, message: str) -> None:
    with pytest.raises(errors.BadRequest) as caught:
        apply(load("v1", "ConfigMap"), "ConfigMap", None, manifest, "alice", False, NOW, "")
    assert caught.value.message == message


def manifest_of(data: Any, labels: Any, finalizers: Any) -> Object:
    """A manifest that leaves out what is empty: an empty map is no wish that the server could keep."""
    said = {"labels": labels, "finalizers": finalizers}
    return config(data or None, **{name: value for name, value in said.items() if value})


KEYS = st.sampled_from("abcd")
MANIFESTS = st.builds(
    manifest_of,
    st.dictionaries(KEYS, st.sampled_from("12"), max_size=4),
    st.dictionaries(KEYS, st.sampled_from("12"), max_size=2),
    st.lists(st.sampled_from(["x/a", "x/b", "x/c"]), unique=True, max_size=3),
)


@given(st.lists(st.tuples(st.sampled_from(["one", "two"]), MANIFESTS), min_size=1, max_size=5))
def test_applying_twice_is_applying_once_and_gives_what_was_asked(applies: list[tuple[str, Object]]) -> None:
    live: Object | None = None
    for minute, (manager, manifest) in enumerate(applies):
        now = f"2026-01-01T00:{minute:02}:00Z"
        live = applied(live, manifest, manager, force=True, now=now)
        for key, value in manifest.get("data", {}).items():
            assert live["data"][key] == value
        assert set(manifest["metadata"].get("finalizers", ())) <= set(live["metadata"].get("finalizers") or ())
        assert live["metadata"]["name"] == "c"
        assert applied(live, manifest, manager, now=LATER) == live
    assert live is not None
    owned = {step for tree in owners(live).values() for step in tree.get("f:data", {})} - {"."}
    assert owned == {"f:" + key for key in live.get("data") or {}}


NUMBERS = st.lists(st.integers(1, 6), unique=True, max_size=5)


@given(NUMBERS, NUMBERS)
def test_a_merged_list_has_everything_once_in_the_manifests_order(first: list[int], second: list[int]) -> None:
    live = applied(None, service(*map(port, first), type="ClusterIP"), "one")
    merged = applied(live, service(*map(port, second), type="ClusterIP"), "two", now=LATER)
    numbers = [p["port"] for p in merged["spec"].get("ports", [])]
    assert sorted(numbers) == sorted({*first, *second})
    assert [n for n in numbers if n in second] == second
