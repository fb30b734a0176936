from __future__ import annotations

from apiserver.kinds.namespace import kind

from .pipeline import created, refusals, updated


def test_a_new_namespace_is_active_labelled_and_held() -> None:
    made = created(kind, {"metadata": {"name": "team", "labels": {"kubernetes.io/metadata.name": "other"}}})
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "team"}
    assert made["spec"] == {"finalizers": ["kubernetes"]}
    assert made["status"] == {"phase": "Active"}
    assert kind.holds(made)


def test_own_finalizers_come_before_the_controllers() -> None:
    assert created(kind, {"spec": {"finalizers": ["example.com/x"]}})["spec"]["finalizers"] == [
        "example.com/x",
        "kubernetes",
    ]


def test_an_update_does_not_touch_the_finalizers() -> None:
    old = created(kind, {})
    assert updated(kind, {"spec": {"finalizers": []}}, old)["spec"] == {"finalizers": ["kubernetes"]}


def test_a_finalizer_has_a_domain() -> None:
    assert refusals(kind, {"spec": {"finalizers": ["mine"]}}) == [
        'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'
    ]


def test_the_phase_follows_the_deletion() -> None:
    made = created(kind, {})
    doomed = {**made, "metadata": {**made["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert [cause.field for cause in kind.validate_status(doomed, made)] == ["status.Phase"]
    kind.begin_deletion(doomed)
    assert kind.validate_status(doomed, made) == []
    assert [cause.field for cause in kind.validate_status({**made, "status": {"phase": "Gone"}}, made)] == [
        "status.Phase"
    ]
