"""Roles and their bindings: what is refused, what is defaulted, what a table shows."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.errors import Invalid
from apiserver.kinds.clusterrole import kind as CLUSTERROLE
from apiserver.kinds.clusterrolebinding import kind as CLUSTERROLEBINDING
from apiserver.kinds.role import kind as ROLE
from apiserver.kinds.rolebinding import kind as ROLEBINDING
from tests.apiserver.harness import Harness

from .pipeline import cells, created, refusals, update_refusals

GROUP = "rbac.authorization.k8s.io"
Object = dict[str, Any]


def test_rules_say_verbs_groups_and_resources() -> None:
    assert refusals(ROLE, {"rules": [{}]}) == [
        "rules[0].verbs: Required value: verbs must contain at least one value",
        "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
        "rules[0].resources: Required value: resource rules must supply at least one resource",
    ]
    named = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets", "pods"], "resourceNames": ["a"]}
    assert refusals(ROLE, {"rules": [named]}) == []
    assert refusals(ROLE, {"rules": None}) == []


def test_paths_are_for_clusterroles_alone_and_go_with_no_resources() -> None:
    paths = {"verbs": ["get"], "nonResourceURLs": ["/healthz"]}
    assert refusals(CLUSTERROLE, {"rules": [paths]}) == []
    alone = 'Invalid value: ["/healthz"]: namespaced rules cannot apply to non-resource URLs'
    assert refusals(ROLE, {"rules": [paths]}) == [f"rules[0].nonResourceURLs: {alone}"]
    both = 'Invalid value: ["/healthz"]: rules cannot apply to both regular resources and non-resource URLs'
    mixed = {**paths, "apiGroups": [""], "resources": ["pods"]}
    assert refusals(CLUSTERROLE, {"rules": [mixed]}) == [f"rules[0].nonResourceURLs: {both}"]


def test_an_aggregation_rule_selects_something() -> None:
    text = "at least one clusterRoleSelector required if aggregationRule is non-nil"
    assert refusals(CLUSTERROLE, {"aggregationRule": {}}) == [
        f"aggregationRule.clusterRoleSelectors: Required value: {text}"
    ]
    selectors = [{"matchLabels": {"a": "b"}}]
    assert refusals(CLUSTERROLE, {"aggregationRule": {"clusterRoleSelectors": selectors}}) == []


def binding(kind: str = "Role", *subjects: Object) -> Object:
    return {"roleRef": {"apiGroup": GROUP, "kind": kind, "name": "reader"}, "subjects": list(subjects)}


def test_a_binding_names_a_role_it_can_grant() -> None:
    assert refusals(ROLEBINDING, binding()) == []
    assert refusals(CLUSTERROLEBINDING, binding()) == [
        'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'
    ]
    assert refusals(ROLEBINDING, {"roleRef": {"apiGroup": "x", "kind": "Pod"}}) == [
        f'roleRef.apiGroup: Unsupported value: "x": supported values: "{GROUP}"',
        'roleRef.kind: Unsupported value: "Pod": supported values: "Role", "ClusterRole"',
        "roleRef.name: Required value",
    ]


def test_subjects_are_users_groups_or_serviceaccounts() -> None:
    account, nobody = {"kind": "ServiceAccount", "name": "robot"}, {"kind": "User"}
    assert refusals(ROLEBINDING, binding("Role", account)) == []
    assert refusals(CLUSTERROLEBINDING, binding("ClusterRole", account)) == ["subjects[0].namespace: Required value"]
    assert refusals(ROLEBINDING, binding("Role", nobody, {"kind": "Pod", "name": "web"})) == [
        "subjects[0].name: Required value",
        'subjects[0].name: Invalid value: "": user name cannot be empty',
        'subjects[1].kind: Unsupported value: "Pod": supported values: "ServiceAccount", "User", "Group"',
    ]


def test_api_groups_are_defaulted() -> None:
    given = {"roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "name": "a"}]}
    made = created(ROLEBINDING, given)
    assert made["roleRef"]["apiGroup"] == GROUP
    assert made["subjects"][0]["apiGroup"] == GROUP


def test_the_role_of_a_binding_is_for_good() -> None:
    changed = {**binding(), "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": "writer"}}
    shown = f'{{"APIGroup":"{GROUP}","Kind":"Role","Name":"writer"}}'
    assert update_refusals(ROLEBINDING, changed, binding()) == [
        f"roleRef: Invalid value: {shown}: cannot change roleRef"
    ]


def test_tables_show_when_roles_were_made_and_whom_bindings_are_for() -> None:
    assert cells(ROLE, {"metadata": {"name": "r", "creationTimestamp": "2026-01-01T00:00:00Z"}}) == {
        "Name": "r",
        "Created At": "2026-01-01T00:00:00Z",
    }
    users = [{"kind": "User", "name": "a"}, {"kind": "User", "name": "b"}, {"kind": "Group", "name": "devs"}]
    account = {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}
    row = cells(ROLEBINDING, {"metadata": {"name": "b"}, **binding("Role", *users, account)})
    assert {k: v for k, v in row.items() if k != "Age"} == {
        "Name": "b", "Role": "Role/reader", "Users": "a, b", "Groups": "devs", "ServiceAccounts": "shop/robot",
    }  # fmt: skip


async def test_names_only_have_to_fit_in_a_path() -> None:
    async with Harness() as h:
        await h.create({"apiVersion": f"{GROUP}/v1", "kind": "Role", "metadata": {"name": "Ann:Role_1"}})
        with pytest.raises(Invalid, match="may not contain '/'"):
            await h.create({"apiVersion": f"{GROUP}/v1", "kind": "Role", "metadata": {"name": "a/b"}})


async def test_a_clusterrole_gets_the_rules_of_those_it_selects_and_loses_them_again() -> None:
    def role(name: str, **fields: Any) -> Object:
        labels = {"part-of": "whole"} if name.startswith("part") else {}
        return {
            "apiVersion": f"{GROUP}/v1", "kind": "ClusterRole", "metadata": {"name": name, "labels": labels}, **fields,
        }  # fmt: skip

    pods = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
    nodes = {"verbs": ["get"], "apiGroups": [""], "resources": ["nodes"]}
    selectors = [{"matchLabels": {"part-of": "whole"}}]
    async with Harness() as h:
        await h.create(role("whole", aggregationRule={"clusterRoleSelectors": selectors}))
        await h.create(role("part-1", rules=[pods]))
        await h.create(role("part-2", rules=[nodes, pods]))
        await h.settle()
        assert h.get("ClusterRole", "whole")["rules"] == [pods, nodes]
        await h.api.delete(CLUSTERROLE, "", "part-1")
        await h.settle()
        assert h.get("ClusterRole", "whole")["rules"] == [nodes, pods]
        await h.create(role("part-3", rules=[{**pods, "verbs": ["watch"]}]))
        await h.settle()
        assert len(h.get("ClusterRole", "whole")["rules"]) == 3


async def test_a_new_cluster_has_the_default_roles_and_aggregation_finds_them_as_they_should_be() -> None:
    async with Harness() as h:
        roles = {role["metadata"]["name"]: role for role in h.list("ClusterRole")}
        assert roles["view"]["metadata"]["labels"]["kubernetes.io/bootstrapping"] == "rbac-defaults"
        for name in ("admin", "edit", "view"):
            managers = {entry["manager"] for entry in roles[name]["metadata"]["managedFields"]}
            assert managers == {"kube-apiserver"}, f"{name} was written again"
