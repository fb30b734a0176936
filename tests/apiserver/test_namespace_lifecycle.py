from __future__ import annotations

import orjson
import pytest

from apiserver import errors
from apiserver.admission.namespace_lifecycle import NamespaceLifecycle
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.kinds import configmap, lease, namespace
from apiserver.objects.selectors import LabelSelector
from apiserver.storage import Record


class Namespaces:
    """Two namespaces: one is on its way out."""

    PHASES = {"shop": "Active", "doomed": "Terminating"}

    def find(self, kind: Kind, place: str, name: str) -> Record | None:
        if kind != namespace.kind or name not in self.PHASES:
            return None
        object = {"metadata": {"name": name}, "status": {"phase": self.PHASES[name]}}
        return Record(name, 1, 0, 1, False, orjson.dumps(object))

    def list(self, kind: Kind, place: str = "", labels: LabelSelector | None = None) -> list[Record]:
        return []


def create(kind: Kind, **metadata: str) -> None:
    NamespaceLifecycle().admit(Namespaces(), "create", kind, {"metadata": metadata}, None, Call())


def test_nothing_is_created_in_a_namespace_that_is_not_there() -> None:
    create(configmap.kind, name="a", namespace="shop")
    with pytest.raises(errors.NotFound) as refused:
        create(configmap.kind, name="a", namespace="bank")
    assert refused.value.message == 'namespaces "bank" not found'


@pytest.mark.parametrize(("kind", "resource"), [(configmap.kind, "configmaps"), (lease.kind, "leases")])
def test_nothing_is_created_in_a_namespace_that_ends(kind: Kind, resource: str) -> None:
    with pytest.raises(errors.Forbidden) as refused:
        create(kind, generateName="a-", namespace="doomed")
    because = "unable to create new content in namespace doomed because it is being terminated"
    assert refused.value.message == f'{kind.resource} "a-" is forbidden: {because}'
    details = refused.value.status()["details"]
    assert details["kind"] == resource
    assert details["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": "namespace doomed is being terminated",
            "field": "metadata.namespace",
        }
    ]


def test_what_is_there_may_still_change_and_go() -> None:
    old: Object = {"metadata": {"name": "a", "namespace": "doomed"}}
    for verb, new in (("update", old), ("delete", None)):
        NamespaceLifecycle().admit(Namespaces(), verb, configmap.kind, new, old, Call())  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_some_namespaces_do_not_go(name: str) -> None:
    with pytest.raises(errors.Forbidden, match="this namespace may not be deleted"):
        NamespaceLifecycle().admit(Namespaces(), "delete", namespace.kind, None, {"metadata": {"name": name}}, Call())


def test_other_namespaces_do() -> None:
    old: Object = {"metadata": {"name": "shop"}}
    NamespaceLifecycle().admit(Namespaces(), "delete", namespace.kind, None, old, Call())
