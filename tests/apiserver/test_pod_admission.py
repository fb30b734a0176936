from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from apiserver import errors
from apiserver.admission.pod import TOKEN_PATH, PodAdmission
from apiserver.call import Call
from apiserver.kind import Kind
from apiserver.kinds import pod, serviceaccount
from apiserver.storage import Record
from tests.apiserver.harness import Harness

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"


class Accounts:
    """A View that holds service accounts of one namespace."""

    def __init__(self, **accounts: dict[str, Any]) -> None:
        self.accounts = accounts

    def find(self, kind: Kind, namespace: str, name: str) -> Record | None:
        if kind != serviceaccount.kind or namespace != "default" or name not in self.accounts:
            return None
        metadata = {"name": name, "namespace": namespace}
        encoded = orjson.dumps({"metadata": metadata, **self.accounts[name]})
        return Record(f"serviceaccounts/default/{name}", 1, 0, 1, False, encoded)

    def list(self, kind: Kind, namespace: str = "", labels: object = None) -> list[Record]:
        return []


def admitted(
    spec: dict[str, Any], account: dict[str, Any] | None = None, old: dict[str, Any] | None = None
) -> dict[str, Any]:
    new = {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"containers": [{"name": "a"}, {"name": "b"}], **copy.deepcopy(spec)},
    }
    view = Accounts(default=account or {}, robot={"automountServiceAccountToken": False})
    stored = None if old is None else {"metadata": new["metadata"], "spec": old}
    PodAdmission().admit(view, "create" if old is None else "update", pod.kind, new, stored, Call())
    return new["spec"]


def test_every_container_gets_the_token() -> None:
    spec = admitted({"initContainers": [{"name": "i", "volumeMounts": [{"name": "x", "mountPath": TOKEN_PATH}]}]})
    (volume,) = spec["volumes"]
    assert volume["name"].startswith("kube-api-access-")
    assert [next(iter(source)) for source in volume["projected"]["sources"]] == [
        "serviceAccountToken", "configMap", "downwardAPI"]  # fmt: skip
    mount = {"name": volume["name"], "readOnly": True, "mountPath": TOKEN_PATH}
    assert [container["volumeMounts"] for container in spec["containers"]] == [[mount], [mount]]
    assert spec["initContainers"][0]["volumeMounts"] == [{"name": "x", "mountPath": TOKEN_PATH}]
    assert spec["serviceAccountName"] == spec["serviceAccount"] == "default"


@pytest.mark.parametrize(
    ("spec", "account"),
    [
        ({"automountServiceAccountToken": False}, {}),
        ({}, {"automountServiceAccountToken": False}),
        ({"serviceAccountName": "robot"}, {}),
    ],
)
def test_the_token_can_be_declined(spec: dict[str, Any], account: dict[str, Any]) -> None:
    assert "volumes" not in admitted(spec, account)


def test_the_pod_decides_over_its_account() -> None:
    assert "volumes" in admitted({"automountServiceAccountToken": True}, {"automountServiceAccountToken": False})


def test_pull_secrets_come_from_the_account_unless_the_pod_names_some() -> None:
    account = {"imagePullSecrets": [{"name": "registry"}]}
    assert admitted({}, account)["imagePullSecrets"] == [{"name": "registry"}]
    assert admitted({"imagePullSecrets": [{"name": "own"}]}, account)["imagePullSecrets"] == [{"name": "own"}]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"serviceAccountName": "ghost"},
            'error looking up service account default/ghost: serviceaccount "ghost" not found',
        ),
    ],
)
def test_refusals(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.Forbidden) as refusal:
        admitted(spec)
    assert refusal.value.message == f'pods "web" is forbidden: {message}'


@pytest.mark.parametrize(
    ("tolerations", "added"),
    [
        ([], [NOT_READY, UNREACHABLE]),
        ([{"key": "gpu", "operator": "Exists"}], [NOT_READY, UNREACHABLE]),
        ([{"key": NOT_READY, "operator": "Exists", "effect": "NoSchedule"}], [NOT_READY, UNREACHABLE]),
        ([{"key": NOT_READY, "operator": "Exists"}], [UNREACHABLE]),
        ([{"operator": "Exists"}], []),
    ],
)
def test_time_to_leave_a_failing_node(tolerations: list[dict[str, Any]], added: list[str]) -> None:
    spec = admitted({"tolerations": tolerations} if tolerations else {})
    assert [t["key"] for t in spec.get("tolerations", [])[len(tolerations) :]] == added
    assert all(t["tolerationSeconds"] == 300 for t in spec.get("tolerations", [])[len(tolerations) :])


async def test_a_pod_waits_for_the_account_that_its_new_namespace_is_about_to_get() -> None:
    async with Harness(nodes=0) as h:
        await h.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fresh"}})
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "early"}, "spec": {"containers": [IMAGE]}}
        made = await h.create(pod, "fresh")
        assert made["spec"]["serviceAccountName"] == "default"


IMAGE = {"name": "c", "image": "app:1"}
