"""Who may do what, asked of a whole cluster; and what nobody may grant."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.authorization import Authorizer
from apiserver.call import Call, Identity
from apiserver.errors import Forbidden, NotFound
from apiserver.http.authorization import attributes_of, impersonated
from apiserver.kinds.clusterrole import kind as CLUSTERROLE
from apiserver.kinds.role import kind as ROLE
from apiserver.kinds.rolebinding import kind as ROLEBINDING
from apiserver.objects.rbac import Attributes
from tests.apiserver.harness import Harness

GROUP = "rbac.authorization.k8s.io"
ALICE = Identity("alice", ("system:authenticated",))
Object = dict[str, Any]


def role_ref(kind: str, name: str) -> Object:
    return {"apiGroup": GROUP, "kind": kind, "name": name}


async def bind(h: Harness, role: Object, namespace: str = "default", user: str = "alice") -> None:
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    name = f"{user}-{role['name']}"
    subjects = [{"kind": "User", "name": user}]
    binding = {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": name}}
    await h.create({**binding, "roleRef": role, "subjects": subjects}, namespace or "default")


async def test_a_role_counts_where_it_is_bound() -> None:
    get_here, get_there = (Attributes("get", "", "pods", namespace=n, name="web") for n in ("default", "kube-system"))
    everywhere = Attributes("list", "", "pods")
    async with Harness() as h:
        may = Authorizer(h.api).decide
        assert not may(ALICE, get_here).allowed
        await bind(h, role_ref("ClusterRole", "view"))
        decision = may(ALICE, get_here)
        assert decision.allowed
        assert decision.reason == (
            'RBAC: allowed by RoleBinding "alice-view/default" of ClusterRole "view" to User "alice"'
        )
        assert not may(ALICE, get_there).allowed
        assert not may(ALICE, everywhere).allowed
        await bind(h, role_ref("ClusterRole", "view"), namespace="")
        assert may(ALICE, get_there).allowed
        assert may(ALICE, everywhere).allowed
        assert not may(ALICE, Attributes("delete", "", "pods", namespace="default", name="web")).allowed


async def test_a_role_that_is_not_there_allows_nothing_and_is_told_of() -> None:
    async with Harness() as h:
        await bind(h, role_ref("Role", "ghost"))
        decision = Authorizer(h.api).decide(ALICE, Attributes("get", "", "pods", namespace="default"))
        assert decision == (False, f'RBAC: role.{GROUP} "ghost" not found')


async def test_masters_may_do_anything_and_anonymous_only_look_at_health() -> None:
    async with Harness() as h:
        may = Authorizer(h.api).decide
        assert may(Identity("root", ("system:masters",)), Attributes("fly", path="/moon")).allowed
        nobody = Identity("system:anonymous", ("system:unauthenticated",))
        assert may(nobody, Attributes("get", path="/healthz")).allowed
        assert may(nobody, Attributes("get", path="/version")).allowed
        assert not may(nobody, Attributes("get", path="/api")).allowed
        assert may(ALICE, Attributes("get", path="/api")).allowed


@pytest.mark.parametrize(
    ("method", "path", "query", "wanted"),
    [
        ("GET", "api/v1/namespaces/a/pods", {}, ("list", "", "pods", "", "a", "")),
        ("HEAD", "api/v1/namespaces/a/pods", {}, ("list", "", "pods", "", "a", "")),
        ("GET", "api/v1/pods", {"watch": "true"}, ("watch", "", "pods", "", "", "")),
        ("GET", "api/v1/watch/namespaces/a/pods/p", {}, ("watch", "", "pods", "", "a", "p")),
        ("GET", "api/v1/namespaces/a/pods/p", {"watch": "true"}, ("get", "", "pods", "", "a", "p")),
        ("GET", "api/v1/pods", {"fieldSelector": "metadata.name=p"}, ("list", "", "pods", "", "", "p")),
        ("GET", "api/v1/namespaces/a/pods/p/log", {}, ("get", "", "pods", "log", "a", "p")),
        ("POST", "apis/apps/v1/namespaces/a/deployments", {}, ("create", "apps", "deployments", "", "a", "")),
        ("PUT", "apis/apps/v1/namespaces/a/deployments/d", {}, ("update", "apps", "deployments", "", "a", "d")),
        ("PATCH", "api/v1/nodes/n/status", {}, ("patch", "", "nodes", "status", "", "n")),
        ("DELETE", "api/v1/namespaces/a/pods", {}, ("deletecollection", "", "pods", "", "a", "")),
        ("DELETE", "api/v1/namespaces/a", {}, ("delete", "", "namespaces", "", "a", "a")),
    ],
)
def test_a_request_asks_for_a_verb(method: str, path: str, query: dict[str, str], wanted: tuple[str, ...]) -> None:
    asked = attributes_of(method, f"/{path}", path.split("/"), query)
    assert asked[:6] == wanted
    assert asked.path == ""


def test_a_path_that_is_no_resource_is_asked_about_as_it_is() -> None:
    assert attributes_of("GET", "/apis/apps/v1", ["apis", "apps", "v1"], {}) == Attributes("get", path="/apis/apps/v1")
    assert attributes_of("POST", "/", [], {}) == Attributes("post", path="/")


# -- granting ----------------------------------------------------------------------------------------------------------

BY_ALICE = Call(user="alice", groups=("system:authenticated",))


async def test_nobody_grants_more_than_they_hold() -> None:
    rule = {"verbs": ["get", "delete"], "apiGroups": [""], "resources": ["pods"]}
    async with Harness() as h:
        await bind(h, role_ref("ClusterRole", "view"))
        with pytest.raises(Forbidden) as refused:
            await h.api.create(ROLE, "default", {"metadata": {"name": "r"}, "rules": [rule]}, BY_ALICE)
        assert refused.value.message == (
            f'roles.{GROUP} "r" is forbidden: user "alice" (groups=["system:authenticated"]) is attempting to grant '
            "RBAC permissions not currently held:\n"
            '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}'
        )
        reading = {**rule, "verbs": ["get"]}
        await h.api.create(ROLE, "default", {"metadata": {"name": "r"}, "rules": [reading]}, BY_ALICE)
        with pytest.raises(Forbidden):
            await h.api.update(ROLE, "default", "r", {"metadata": {"name": "r"}, "rules": [rule]}, call=BY_ALICE)


async def test_nobody_binds_a_role_beyond_what_they_hold_but_with_the_verb_bind() -> None:
    edit = {"metadata": {"name": "mine"}, "roleRef": role_ref("ClusterRole", "edit")}
    ghost = {"metadata": {"name": "mine"}, "roleRef": role_ref("ClusterRole", "ghost")}
    binder = {"verbs": ["bind"], "apiGroups": [GROUP], "resources": ["clusterroles"], "resourceNames": ["edit"]}
    async with Harness() as h:
        with pytest.raises(Forbidden, match="attempting to grant RBAC permissions not currently held"):
            await h.api.create(ROLEBINDING, "default", dict(edit), BY_ALICE)
        with pytest.raises(NotFound, match=f'clusterrole.{GROUP} "ghost" not found'):
            await h.api.create(ROLEBINDING, "default", ghost, BY_ALICE)
        await h.create({"apiVersion": f"{GROUP}/v1", "kind": "Role", "metadata": {"name": "binder"}, "rules": [binder]})
        await bind(h, role_ref("Role", "binder"))
        await h.api.create(ROLEBINDING, "default", dict(edit), BY_ALICE)


async def test_an_aggregation_rule_needs_all_there_is_or_the_verb_escalate() -> None:
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}
    made = {"metadata": {"name": "sum"}, "aggregationRule": selectors}
    escalate = {"verbs": ["escalate"], "apiGroups": [GROUP], "resources": ["clusterroles"]}
    async with Harness() as h:
        with pytest.raises(Forbidden, match="must have cluster-admin privileges to use an aggregationRule"):
            await h.api.create(CLUSTERROLE, "", dict(made), BY_ALICE)
        await h.create(
            {"apiVersion": f"{GROUP}/v1", "kind": "ClusterRole", "metadata": {"name": "up"}, "rules": [escalate]}
        )
        await bind(h, role_ref("ClusterRole", "up"), namespace="")
        await h.api.create(CLUSTERROLE, "", dict(made), BY_ALICE)


# -- impersonation -----------------------------------------------------------------------------------------------------

ADMIN = Identity("root", ("system:masters",))


@pytest.mark.parametrize(
    ("headers", "user", "groups"),
    [
        ([("user", "ann")], "ann", ("system:authenticated",)),
        ([("user", "ann"), ("group", "a"), ("group", "b")], "ann", ("a", "b", "system:authenticated")),
        ([("user", "ann"), ("group", "system:unauthenticated")], "ann", ("system:unauthenticated",)),
        ([("user", "system:anonymous")], "system:anonymous", ("system:unauthenticated",)),
        (
            [("user", "system:serviceaccount:shop:robot")],
            "system:serviceaccount:shop:robot",
            ("system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"),
        ),
    ],
)
async def test_the_administrator_may_be_anybody(
    headers: list[tuple[str, str]], user: str, groups: tuple[str, ...]
) -> None:
    raw = [(f"impersonate-{name}".encode(), value.encode()) for name, value in headers]
    async with Harness() as h:
        who = impersonated(Authorizer(h.api), ADMIN, [(b"host", b"x"), *raw])
    assert (who.user, who.groups) == (user, groups)


async def test_others_need_the_verb_impersonate_for_each_part() -> None:
    rule = {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["users"], "resourceNames": ["bob"]}
    as_bob, as_group = (b"impersonate-user", b"bob"), (b"impersonate-group", b"system:masters")
    async with Harness() as h:
        authorizer = Authorizer(h.api)
        refused = (
            'users "bob" is forbidden: User "alice" cannot impersonate resource "users" in API group "" '
            "at the cluster scope"
        )
        with pytest.raises(Forbidden) as error:
            impersonated(authorizer, ALICE, [as_bob])
        assert error.value.message == refused
        await h.create(
            {"apiVersion": f"{GROUP}/v1", "kind": "ClusterRole", "metadata": {"name": "as"}, "rules": [rule]}
        )
        await bind(h, role_ref("ClusterRole", "as"), namespace="")
        assert impersonated(authorizer, ALICE, [as_bob]).user == "bob"
        with pytest.raises(Forbidden, match='groups "system:masters" is forbidden'):
            impersonated(authorizer, ALICE, [as_bob, as_group])
