"""The reviews: questions about users in the form of objects. They are created, answered and never stored
(apiserver/reviews.py has the answers)."""

from __future__ import annotations

from apiserver.kind import Kind

AUTHENTICATION, AUTHORIZATION = "authentication.k8s.io/v1", "authorization.k8s.io/v1"


def _review(group_version: str, name: str, *, namespaced: bool = False) -> Kind:
    return Kind(group_version, name, name.lower() + "s", namespaced=namespaced, verbs=("create",), stored=False)


SELF_SUBJECT_REVIEW = _review(AUTHENTICATION, "SelfSubjectReview")
TOKEN_REVIEW = _review(AUTHENTICATION, "TokenReview")
LOCAL_ACCESS_REVIEW = _review(AUTHORIZATION, "LocalSubjectAccessReview", namespaced=True)
SELF_ACCESS_REVIEW = _review(AUTHORIZATION, "SelfSubjectAccessReview")
RULES_REVIEW = _review(AUTHORIZATION, "SelfSubjectRulesReview")
ACCESS_REVIEW = _review(AUTHORIZATION, "SubjectAccessReview")

kinds = (
    SELF_SUBJECT_REVIEW,
    TOKEN_REVIEW,
    LOCAL_ACCESS_REVIEW,
    SELF_ACCESS_REVIEW,
    RULES_REVIEW,
    ACCESS_REVIEW,
)
