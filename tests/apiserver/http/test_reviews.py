"""Reviews: questions that are answered and not stored, and what is wrong with some of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import Answer, Client

AUTHORIZATION, AUTHENTICATION = "/apis/authorization.k8s.io/v1", "/apis/authentication.k8s.io/v1"
ONE_OF_TWO = (
    "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes "
    "must be specified"
)
SOMEBODY = 'spec.user: Invalid value: "": at least one of user or group must be specified'
PODS = {"verb": "get", "resource": "pods", "namespace": "default"}


async def post(path: str, body: Any, **headers: str) -> Answer:
    async with Harness() as h:
        return await Client(h)("POST", path, body, **headers)


async def test_a_subject_learns_who_it_is() -> None:
    answer = await post(f"{AUTHENTICATION}/selfsubjectreviews", {"kind": "SelfSubjectReview"}, impersonate_user="ann")
    assert answer.status == 201
    assert answer.json == {
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
        "status": {"userInfo": {"username": "ann", "groups": ["system:authenticated"]}},
    }


async def test_a_subject_learns_what_it_may() -> None:
    body = {"spec": {"resourceAttributes": PODS}}
    answer = await post(f"{AUTHORIZATION}/selfsubjectaccessreviews", body)
    assert (answer.status, answer.json["kind"]) == (201, "SelfSubjectAccessReview")
    assert answer.json["status"] == {"allowed": True}
    answer = await post(f"{AUTHORIZATION}/selfsubjectaccessreviews", body, impersonate_user="ann")
    assert answer.json["status"] == {"allowed": False}
    version = {"spec": {"nonResourceAttributes": {"path": "/version", "verb": "get"}}}
    answer = await post(f"{AUTHORIZATION}/selfsubjectaccessreviews", version, impersonate_user="ann")
    assert answer.json["status"]["reason"].startswith('RBAC: allowed by ClusterRoleBinding "system:')


async def test_all_that_a_subject_may_is_listed() -> None:
    body = {"spec": {"namespace": "default"}}
    answer = await post(f"{AUTHORIZATION}/selfsubjectrulesreviews", body)
    assert answer.json["kind"] == "SelfSubjectRulesReview"
    status = answer.json["status"]
    assert {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]} in status["resourceRules"]
    assert {"verbs": ["*"], "nonResourceURLs": ["*"]} in status["nonResourceRules"]
    assert status["incomplete"] is False
    assert (await post(f"{AUTHORIZATION}/selfsubjectrulesreviews", {"spec": {}})).message == "no namespace on request"


@pytest.mark.parametrize(
    ("path", "spec", "complaint"),
    [
        ("selfsubjectaccessreviews", {}, ONE_OF_TWO),
        ("subjectaccessreviews", {}, f"[{ONE_OF_TWO}, {SOMEBODY}]"),
        ("subjectaccessreviews", {"resourceAttributes": PODS}, SOMEBODY),
        (
            "selfsubjectaccessreviews",
            {"resourceAttributes": PODS, "nonResourceAttributes": {"path": "/x"}},
            'spec.nonResourceAttributes: Invalid value: {"path":"/x"}: '
            "cannot be specified in combination with resourceAttributes",
        ),
        (
            "namespaces/kube-system/localsubjectaccessreviews",
            {"user": "ann", "resourceAttributes": PODS},
            'spec.resourceAttributes.namespace: Invalid value: "default": must match metadata.namespace',
        ),
    ],
)
async def test_a_question_has_one_subject_and_one_object(path: str, spec: dict[str, Any], complaint: str) -> None:
    answer = await post(f"{AUTHORIZATION}/{path}", {"spec": spec})
    assert answer.status == 422
    assert answer.message == f'.authorization.k8s.io "" is invalid: {complaint}'
    assert {k: v for k, v in answer.json["details"].items() if k != "causes"} == {"group": "authorization.k8s.io"}


async def test_whoever_may_ask_for_a_namespace_asks_a_local_review() -> None:
    path = f"{AUTHORIZATION}/namespaces/default/localsubjectaccessreviews"
    answer = await post(path, {"spec": {"user": "ann", "resourceAttributes": PODS}})
    assert (answer.status, answer.json["kind"]) == (201, "LocalSubjectAccessReview")
    assert answer.json["metadata"]["namespace"] == "default"
    assert answer.json["status"] == {"allowed": False}


async def test_a_token_has_to_be_there_to_be_reviewed() -> None:
    answer = await post(f"{AUTHENTICATION}/tokenreviews", {"kind": "TokenReview", "spec": {}})
    assert (answer.status, answer.message) == (400, "token is required for TokenReview in authentication")


async def test_reviews_are_not_kept() -> None:
    async with Harness() as h:
        client, before = Client(h), h.api.revision
        assert (await client("POST", f"{AUTHENTICATION}/selfsubjectreviews", {})).status == 201
        assert (await client("GET", f"{AUTHENTICATION}/selfsubjectreviews")).status == 405
        assert h.api.revision == before
