from __future__ import annotations

from typing import Any

import pytest

from apiserver.kinds.node import kind as node
from apiserver.kinds.pod import kind as pod
from apiserver.objects.validation.meta import validate_label_selector, validate_meta, validate_meta_update

OWNER = {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "1"}


def named(**metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web", "namespace": "default", **metadata}}


def sentences(*, new: dict[str, Any], old: dict[str, Any] | None = None) -> list[str]:
    return [str(c) for c in (validate_meta(pod, new) if old is None else validate_meta_update(new, old))]


def test_good_metadata() -> None:
    labels = {"app": "web", "example.com/Tier_1": ""}
    assert not sentences(new=named(labels=labels, annotations={"Any.Case/X": "é\n"}, finalizers=["example.com/f"]))


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"name": ""}, "metadata.name: Required value: name or generateName is required"),
        ({"namespace": ""}, "metadata.namespace: Required value"),
        ({"generation": -1}, "metadata.generation: Invalid value: -1: must be greater than or equal to 0"),
        ({"labels": {"/x": "y"}}, 'metadata.labels: Invalid value: "/x": prefix part must be non-empty'),
        ({"annotations": {"a": "x" * 262144}}, "metadata.annotations: Too long: may not be more than 262144 bytes"),
        (
            {"finalizers": ["mine"]},
            'metadata.finalizers[0]: Invalid value: "mine": '
            "name is neither a standard finalizer name nor is it fully qualified",
        ),
        (
            {"finalizers": ["orphan", "foregroundDeletion"]},
            'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: '
            "finalizer orphan and foregroundDeletion cannot be both set",
        ),
        (
            {"ownerReferences": [{**OWNER, "uid": ""}]},
            'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
        ),
        (
            {"ownerReferences": [{**OWNER, "kind": "Event"}]},
            'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"n","uid":"1"}: '
            "/v1, Kind=Event is disallowed from being an owner",
        ),
        (
            {"managedFields": [{"operation": "Guess", "manager": "m"}]},
            'metadata.managedFields[0].operation: Invalid value: "Guess": must be `Apply` or `Update`',
        ),
    ],
)
def test_bad_metadata(metadata: dict[str, Any], expected: str) -> None:
    assert sentences(new=named(**metadata)) == [expected]


def test_one_controller_only() -> None:
    owners = [{**OWNER, "controller": True}, {**OWNER, "name": "m", "controller": True}]
    (text,) = sentences(new=named(ownerReferences=owners))
    assert text.endswith(
        'Only one reference can have Controller set to true. Found "true" in references for Node/n and Node/m'
    )


def test_cluster_scoped_objects_have_no_namespace() -> None:
    assert [str(c) for c in validate_meta(node, named())] == ["metadata.namespace: Forbidden: not allowed on this type"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"uid": "1"}, {"uid": "2"}, 'metadata.uid: Invalid value: "2": field is immutable'),
        ({"generation": 3}, {"generation": 2}, "metadata.generation: Invalid value: 2: must not be decremented"),
        (
            {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a.example/x"]},
            {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a.example/x", "a.example/y"]},
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
            'found new finalizers []string{"a.example/y"}',
        ),
        (
            {},
            {"labels": {"a": "v" * 64}},
            f'metadata.labels: Invalid value: "{"v" * 64}": must be no more than 63 bytes',
        ),
    ],
)
def test_what_an_update_may_not_change(before: dict[str, Any], after: dict[str, Any], expected: str) -> None:
    assert sentences(new=named(**after), old=named(**before)) == [expected]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"key": "a", "operator": "In", "values": ["x"]}, None),
        ({"key": "a", "operator": "In"}, "s.matchExpressions[0].values: Required value: "
         "must be specified when `operator` is 'In' or 'NotIn'"),
        ({"key": "a", "operator": "Exists", "values": ["x"]}, "s.matchExpressions[0].values: Forbidden: "
         "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        ({"key": "a", "operator": "Like"}, 's.matchExpressions[0].operator: Invalid value: "Like": '
         "not a valid selector operator"),
    ],
)  # fmt: skip
def test_selector_expressions(expression: dict[str, Any], expected: str | None) -> None:
    found = [str(c) for c in validate_label_selector("s", {"matchExpressions": [expression]})]
    assert found == ([expected] if expected else [])
