"""RBAC rules: given rules and a request, what is allowed; given two sets of rules, what one lacks of the other."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.objects.rbac import Attributes, aggregated, allows, compacted, described, missing, reason, subject_of
from apiserver.objects.rbac.controllers import CONTROLLER_ROLES
from apiserver.objects.rbac.defaults import cluster_role_bindings, cluster_roles

Rule = dict[str, Any]

READ_PODS = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}
ONE_SECRET = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a", "b"]}
HEALTH = {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez/*"]}
EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}


@pytest.mark.parametrize(
    ("rule", "wanted", "allowed"),
    [
        (READ_PODS, Attributes("get", "", "pods", name="web"), True),
        (READ_PODS, Attributes("delete", "", "pods", name="web"), False),
        (READ_PODS, Attributes("get", "apps", "pods"), False),
        (READ_PODS, Attributes("get", "", "services"), False),
        (READ_PODS, Attributes("get", "", "pods", "log", name="web"), False),
        ({**READ_PODS, "resources": ["pods/log"]}, Attributes("get", "", "pods", "log"), True),
        ({**READ_PODS, "resources": ["pods/log"]}, Attributes("get", "", "pods"), False),
        ({**READ_PODS, "resources": ["*/log"]}, Attributes("get", "", "pods", "log"), True),
        ({**READ_PODS, "resources": ["*/log"]}, Attributes("get", "", "pods"), False),
        (ONE_SECRET, Attributes("get", "", "secrets", name="b"), True),
        (ONE_SECRET, Attributes("get", "", "secrets", name="c"), False),
        (ONE_SECRET, Attributes("get", "", "secrets"), False),
        (EVERYTHING, Attributes("fly", "example.com", "kites", "string"), True),
        (EVERYTHING, Attributes("get", path="/healthz"), False),
        (HEALTH, Attributes("get", path="/healthz"), True),
        (HEALTH, Attributes("get", path="/healthz/ping"), False),
        (HEALTH, Attributes("get", path="/livez/ping"), True),
        (HEALTH, Attributes("post", path="/healthz"), False),
        (HEALTH, Attributes("get", "", "pods"), False),
        ({"verbs": ["*"], "nonResourceURLs": ["*"]}, Attributes("put", path="/anything"), True),
    ],
)
def test_a_rule_allows_what_it_names_and_nothing_else(rule: Rule, wanted: Attributes, allowed: bool) -> None:
    assert allows(rule, wanted) is allowed


@pytest.mark.parametrize(
    ("owned", "wanted", "lacking"),
    [
        ([READ_PODS], [READ_PODS], []),
        ([EVERYTHING], [READ_PODS, ONE_SECRET], []),
        ([], [{**READ_PODS, "verbs": ["get"]}], ['{APIGroups:[""], Resources:["pods"], Verbs:["get"]}']),
        (
            [READ_PODS],
            [{**READ_PODS, "verbs": ["get", "delete", "list", "watch"]}],
            ['{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}'],
        ),
        ([ONE_SECRET], [{**ONE_SECRET, "resourceNames": ["a"]}], []),
        (
            [ONE_SECRET],
            [{k: v for k, v in ONE_SECRET.items() if k != "resourceNames"}],
            ['{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'],
        ),
        (
            [ONE_SECRET],
            [{**ONE_SECRET, "resourceNames": ["c"]}],
            ['{APIGroups:[""], Resources:["secrets"], ResourceNames:["c"], Verbs:["get"]}'],
        ),
        ([{**READ_PODS, "resources": ["*/log"]}], [{**READ_PODS, "resources": ["pods/log"]}], []),
        ([HEALTH], [{"verbs": ["get"], "nonResourceURLs": ["/livez/ping"]}], []),
        (
            [EVERYTHING],
            [{"verbs": ["get"], "nonResourceURLs": ["/x"]}],
            ['{NonResourceURLs:["/x"], Verbs:["get"]}'],
        ),
    ],
)
def test_what_is_lacking_is_told_piece_by_piece(owned: list[Rule], wanted: list[Rule], lacking: list[str]) -> None:
    assert [described(rule) for rule in compacted(missing(owned, wanted))] == lacking


def binding(*subjects: Rule, namespace: str = "") -> Rule:
    metadata = {"name": "b", **({"namespace": namespace} if namespace else {})}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    return {"metadata": metadata, "roleRef": role, "subjects": list(subjects)}


ALICE = {"kind": "User", "name": "alice"}
DEVS = {"kind": "Group", "name": "devs"}
ROBOT = {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}


@pytest.mark.parametrize(
    ("bound", "user", "groups", "found"),
    [
        (binding(ALICE), "alice", (), ALICE),
        (binding(ALICE), "bob", ("alice",), None),
        (binding(DEVS), "bob", ("devs",), DEVS),
        (binding(DEVS), "devs", (), None),
        (binding(ROBOT), "system:serviceaccount:shop:robot", (), ROBOT),
        (binding(ROBOT), "system:serviceaccount:other:robot", (), None),
        (binding({"kind": "ServiceAccount", "name": "robot"}), "system:serviceaccount::robot", (), None),
        (binding(), "alice", (), None),
    ],
)
def test_a_binding_is_for_its_subjects(bound: Rule, user: str, groups: tuple[str, ...], found: Rule | None) -> None:
    assert subject_of(bound, user, groups) == found


def test_the_reason_names_binding_role_and_subject() -> None:
    everywhere = 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "view" to User "alice"'
    assert reason(binding(ALICE), ALICE) == everywhere
    here = 'RBAC: allowed by RoleBinding "b/shop" of ClusterRole "view" to ServiceAccount "robot/shop"'
    assert reason(binding(ROBOT, namespace="shop"), ROBOT) == here


def test_rules_met_twice_are_kept_once() -> None:
    assert aggregated([[READ_PODS, HEALTH], [HEALTH, ONE_SECRET]]) == [READ_PODS, HEALTH, ONE_SECRET]


def test_the_roles_of_the_beginning_are_whole() -> None:
    roles = {role["metadata"]["name"]: role for role in cluster_roles(CONTROLLER_ROLES)}
    bound = {b["metadata"]["name"]: b for b in cluster_role_bindings(CONTROLLER_ROLES)}
    assert {"cluster-admin", "admin", "edit", "view", "system:discovery", "system:basic-user"} <= roles.keys()
    assert bound.keys() <= roles.keys()
    view, edit, admin = (roles[name]["rules"] for name in ("view", "edit", "admin"))
    assert missing(edit, view) == []
    assert missing(admin, edit) == []
    assert missing(roles["cluster-admin"]["rules"], admin) == []
    secrets = Attributes("get", "", "secrets", namespace="shop", name="a")
    assert not any(allows(rule, secrets) for rule in view)
    assert any(allows(rule, secrets) for rule in edit)
